"""Bugs between the layers of a stack: what the upper one passes down, and what belongs to the other of the two."""

from collections.abc import Iterator

from .broken_bug import Edit, above
from .deep_bug import NET, DeepBug, in_cell, in_net
from .deep_cell import SLOPES, at_place, initial_gradient
from .deep_spec import DeepSpec
from .gated_bug import Deletion, Way, bug
from .gated_bugs_shared import H_PREV
from .gated_spec import CANDIDATES

PASSED = ("dx", "dh", "x", "h", "W_xh", "W_x")  # the error that goes down, and what it goes to
WITH_DY = ("dy", "W_hy", *PASSED)
CARRIED = ("dh_next", "dh")
RESULT, FORWARD_IS_DONE = "    return d\n", "T, B = len(states)"
OTHERS = ("wrong-operand", "double-counted-term")
SWAPPED = ("swapped-gates",)


def layer_bugs(spec: DeepSpec) -> Iterator[DeepBug]:
    """Those of each pair of neighbours."""
    for lower, upper in zip(spec.places, spec.places[1:], strict=False):
        yield from _passed_down(spec, lower, upper)
        for place, other in ((lower, upper), (upper, lower)):
            yield from other_bugs(spec, "layers", place, other)
            yield from _inputs_of_the_other(spec, place, other)
    if spec.layers == 2:
        yield from _crossed_carries(spec)


def _passed_down(spec: DeepSpec, lower: str, upper: str) -> Iterator[DeepBug]:
    """On the line that gives the lower layer its dh."""
    line, dx = f'cache{lower}[t]["dh"] =', f'cache{upper}[t]["dx"]'

    def one(kind: str, subject: str, formula: str, **fields: object) -> DeepBug:
        fields = {"terms": PASSED, "places": (lower, upper)} | fields
        return in_net("layers", kind, f"dx{upper} in dh{lower}/{subject}", Edit(line, dx, formula), **fields)

    def at(index: str) -> str:
        return f'cache{upper}[{index}]["dx"]'

    only = ("truncated-chain", "skipped-step")
    yield one("missing-term", "none of it", f"0 * {dx}")
    yield one("missing-term", "the last step's alone", f"{dx} * (t == T - 1)", also=only)
    steps = {"first": "t > 0", "last": "t < T - 1"}
    for step, kept in steps.items():
        words = (*PASSED, step)
        yield one("skipped-step", f"{step} step", f"{dx} * ({kept})", terms=words, also=("missing-term",))
    yield one("wrong-time-index", "of step t+1", at("min(t + 1, T - 1)"))
    yield one("wrong-time-index", "of step t-1", at("max(t - 1, 0)"), also=("wrapped-index",))
    yield one("wrong-time-index", "of step t-1, wrapped", at("t - 1"), also=("wrapped-index",))
    yield one("forward-order-loop", "in reversed order", at("T - 1 - t"), also=("wrong-time-index", "wrong-operand"))
    top = f'cache{spec.places[-1]}[t]["dh"]'
    yield one("double-counted-term", "the output's error as well", f"{dx} + {top}", also=OTHERS, terms=WITH_DY)
    alone = ("missing-term", "bypassed-activation")
    yield one("wrong-operand", "the output's error alone", top, also=alone, terms=WITH_DY)


def other_bugs(spec: DeepSpec, group: str, place: str, other: str) -> Iterator[DeepBug]:
    """What belongs to another layer or direction, used in this one."""

    def one(kind: str, subject: str, *ways: object, **fields: object) -> DeepBug:
        planted = bug(spec.family, kind, f"{subject} of {other}", *ways, **fields)
        return in_cell(planted, place, group=group, elsewhere=(NET, beside(place, other)))

    for k in spec.gates:
        name, line = f"W_h{k}", f'p["W_h{k}"].T'
        yield one("wrong-operand", f"{name} in dh_next", Edit(line, name, name + other), terms=(name,), also=SWAPPED)
        sums = f'd["{name}"] +='
        words = (name, "h[t-1]", "h", "h_prev")
        yield one(
            "wrong-operand",
            f"h[t-1] in {name}",
            Edit(sums, "h_prev", 'previous["other"]["h"]'),
            terms=words,
            also=SWAPPED,
        )
        yield _slope_of_the_other(spec, group, place, other, k)
    also = ("missing-initial-state", "wrong-time-index")
    start = Edit(H_PREV, 'previous["h"]', '(previous["h"] if t > 0 else start["other"]["h"])')
    words = ("h0", "h[t-1]", "h", "h_prev", *(f"W_h{k}" for k in spec.gates))
    yield one("wrong-operand", "h0", start, terms=words, also=also)
    whole = [f"{stem}{k}" for k in spec.gates for stem in (("W_h", "b_") if spec.biases else ("W_h",))]
    for name in (*whole, *(f"{state}0" for state in spec.states if spec.learned)):
        way = (above(RESULT, f'd["{name}{place}"] = d["{name}{other}"]'),)
        subject = f"d{name}{other} for d{name}{place}"
        yield in_net(group, "wrong-operand", subject, way, terms=(name,), places=(place,), also=SWAPPED)


def beside(place: str, other: str) -> Way:
    """The values of the other one, at hand in each step of this one."""
    lines = (f"for s, other in zip(cache{place}, cache{other}):", '    s["other"] = other')
    return (above(FORWARD_IS_DONE, *lines, f'start{place}["other"] = start{other}'),)


def _slope_of_the_other(spec: DeepSpec, group: str, place: str, other: str, k: str) -> DeepBug:
    if spec.family == "elman":
        theirs = 's["other"]["h"]'
        slope, name, line = SLOPES[spec.cell], f"{spec.cell}'", "dz = dh"
        edit = Edit(line, slope, slope.replace("h", theirs))
        words: tuple[str, ...] = (name,)
    else:
        theirs = f's["other"]["{k}"]'
        slope = f"(1 - {k}**2)" if k in CANDIDATES else f"{k} * (1 - {k})"
        edit = Edit(f"da_{k} = ", f"d{k} * {slope}", f"d{k} * {slope.replace(k, theirs)}")
        words = (k,)
    planted = bug(
        spec.family,
        "wrong-operand",
        f"slope of {k} of {other}",
        edit,
        terms=words,
        also=("wrong-activation-derivative", "wrong-time-index", "swapped-gates"),
    )
    return in_cell(planted, place, group=group, elsewhere=(NET, beside(place, other)))


def _inputs_of_the_other(spec: DeepSpec, place: str, other: str) -> Iterator[DeepBug]:
    """Another input in the gradient of W_x, another W_x on the way down."""
    for k in spec.gates:
        name = f"W_x{k}"
        edits = {
            f"x in {name}": Edit(f'd["{name}"] +=', "x.T", 's["other"]["x"].T'),
            f"{name} in dx": Edit(f'p["{name}"].T', name, name + other),
        }
        for subject, edit in edits.items():
            planted = bug(
                spec.family,
                "wrong-operand",
                f"{subject} of {other}",
                edit,
                terms=(name, "x[t]", "x", "h", "h[t]"),
                also=SWAPPED,
                needs=("lowest I = H",),
            )
            yield in_cell(planted, place, group="layers", elsewhere=(NET, beside(place, other)))


def _crossed_carries(spec: DeepSpec) -> Iterator[DeepBug]:
    """Both layers go back step by step together, and take each other's carry or share one variable."""
    crossings = {
        "dh_next_1 in layer 2": (("dh_next_1", "dh_next_1"), ("_2",)),
        "dh_next_2 in layer 1": (("dh_next_2", "before_2"), ("_1",)),
        "dh_next of either in the other": (("dh_next_1", "before_2"), ("_1", "_2")),
        "one dh_next for both": (("dh_next_1", "dh_next_2"), ("_1", "_2")),
    }
    for subject, ((into_2, into_1), places) in crossings.items():
        way = _together(spec, into_2, into_1)
        yield in_net(
            "layers",
            "wrong-operand",
            subject,
            way,
            terms=CARRIED,
            places=places,
            also=("overwritten-carry", "swapped-gates", "stale-cache"),
        )


def _together(spec: DeepSpec, into_2: str, into_1: str) -> Way:
    """The two calls become one loop, and `into` is what each of them has for its dh_next."""
    carried = {place: ", ".join(f"d{state}_next{place}" for state in spec.states) for place in spec.places}
    zeros = {place: ", ".join(f'np.zeros_like(start{place}["{s}"])' for s in spec.states) for place in spec.places}
    cell = {place: f", dc_next{place}" if spec.cell == "lstm" else "" for place in spec.places}

    def step(place: str, error: str, carry: str) -> str:
        arguments = f"p, d, cache{place}, start{place}, t, {error} + {carry}{cell[place]}"
        return f"        {carried[place]} = backward_step{place}({arguments})"

    lines = [
        f"{carried['_1']} = {zeros['_1']}",
        f"    {carried['_2']} = {zeros['_2']}",
        "    for t in reversed(range(T)):",
        "        before_2 = dh_next_2",
        step("_2", 'cache_2[t]["dh"]', into_2),
        step("_1", 'cache_2[t]["dx"]', into_1),
    ]
    if spec.learned:
        lines += [
            at_place(initial_gradient(spec, state), place).replace("_next", f"_next{place}")
            for place in spec.places
            for state in spec.states
        ]
    upper = "backward_cell_2(p, d, cache_2, start_2)"
    return Edit(upper, upper, "\n".join(lines)), Deletion("backward_cell_1(")
