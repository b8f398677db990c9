"""Bugs that both cells can have: of each gate's derivative, weight and gradient, of the loop, the output and scale."""

from itertools import product

from .broken_bug import Edit, Insertion, above, below
from .gated_bug import Bug, Deletion, Way, bug, stays
from .gated_spec import CANDIDATES, GATES

OTHER = {"i": "g", "f": "i", "o": "i", "g": "o", "z": "r", "r": "z", "n": "z"}  # no f: coupled gates have none
STATES = {"lstm": "hc", "gru": "h", "elman": "h"}

OUTPUT_ERROR, ARRIVING, STEP, LOOP, RESULT = (
    "# dL/dy",
    "dh = ",
    "_next = backward_step(",
    "for t in rev",
    "    return d\n",
)
SLOPE_KINDS = ("missing-activation-derivative",)
CUT_KINDS = ("truncated-chain", "overwritten-carry")
CACHE, H_PREV = "s = cache[t]\n", "h_prev = previous"


def shared_bugs(cell: str) -> tuple[Bug, ...]:
    """All that do not depend on the cell's own equations."""
    gates = GATES[cell]
    return (
        *(one for gate in gates for one in _slope_bugs(cell, gate)),
        *(one for gate in gates for one in _weight_bugs(cell, gate)),
        *(one for gate in gates for one in _gradient_bugs(cell, gate)),
        *_accumulator_bugs(cell),
        *_state_bugs(cell),
        *carry_bugs(cell),
        *loop_bugs(cell),
        *_output_bugs(cell),
        *_scale_bugs(cell),
    )


def _slope_bugs(cell: str, k: str) -> list[Bug]:
    """da_k = dk * slope: the slope left out, taken of the activated value, or another function's."""
    right, other = f"{k} * (1 - {k})", f"(1 - {k}**2)"
    activated = f"sigmoid({k}) * (1 - sigmoid({k}))"
    partial = {"the gate itself": k, "one minus the gate": f"(1 - {k})"}
    if k in CANDIDATES:
        right, other = other, right
        activated = f"(1 - np.tanh({k}) ** 2)"
        partial = {"one minus the gate": f"(1 - {k})", "one plus its square": f"(1 + {k}**2)"}
    slope = "tanh'" if k in CANDIDATES else "sigmoid'"
    wrong = {"of the activated value": activated, "the other function's": other} | partial

    def edit(new: str) -> Edit:
        return Edit(f"da_{k} = ", f"d{k} * {right}", new)

    return [
        bug(cell, "missing-activation-derivative", f"{slope} of {k}", edit(f"d{k}"), gate=k),
        *(
            bug(cell, "wrong-activation-derivative", f"{slope} of {k}/{variant}", edit(f"d{k} * {formula}"), gate=k)
            for variant, formula in wrong.items()
        ),
    ]


def _weight_bugs(cell: str, k: str) -> list[Bug]:
    """The path of a gate from step to step through its recurrent weight."""
    name, other = f"W_h{k}", f"W_h{OTHER[k]}"
    line = f'p["{name}"].T'
    path: tuple[Deletion, ...] = (Deletion(line),)
    unslope = Edit(line, f"da_{k}", f"d{k}"), Edit(line, "dm", "(dn * r)")
    if k == "n":  # with reset `before`, the weight stands in a line that makes dr too
        path = (Deletion("+ drh * r"), *path)
    return [
        bug(cell, "missing-term", f"{name} in dh_next", *path, gate=k),
        bug(cell, "untransposed-weight", name, Edit(line, f"{line}", f'p["{name}"]'), gate=k),
        bug(cell, "swapped-gates", f"{other} for {name}", Edit(line, name, other), gate=k, also=("wrong-operand",)),
        bug(cell, "bypassed-activation", f"d{k} for da_{k} in dh_next", *unslope, gate=k, also=SLOPE_KINDS),
    ]


def _gradient_bugs(cell: str, k: str) -> list[Bug]:
    """Gradients of one gate's parameters built from something else."""
    j = OTHER[k]

    def copied(parameter: str) -> Bug:
        line = f'd["{parameter}"] +='
        ways = [Edit(line, used, f"da_{j}") for used in (f"da_{k}", "dm")]
        terms = (k, parameter)
        return bug(cell, "swapped-gates", f"da_{j} in {parameter}", *ways, gate=k, terms=terms, also=("wrong-operand",))

    name = f"W_h{k}"
    recurrent = f'd["{name}"] +='
    unsloped = [
        bug(
            cell,
            "missing-activation-derivative",
            f"{parameter}",
            Edit(f'd["{parameter}"] +=', f"da_{k}", f"d{k}"),
            Edit(f'd["{parameter}"] +=', "dm", "(dn * r)"),
            gate=k,
            terms=(k, parameter),
        )
        for parameter in (f"W_x{k}", name, f"b_{k}")
    ]
    return [
        *(copied(parameter) for parameter in (f"W_x{k}", name, f"b_{k}")),
        *unsloped,
        bug(cell, "wrong-time-index", f"h[t] in {name}", Edit(recurrent, "h_prev", 's["h"]'), gate=k, terms=(k, name)),
        bug(
            cell,
            "missing-initial-state",
            f"h0 in {name}",
            Edit(recurrent, "h_prev", "(h_prev * (t > 0))"),
            gate=k,
            terms=(k, name),
            also=("skipped-step", "wrong-time-index"),
        ),
        bug(
            cell,
            "wrapped-index",
            f"h[t-1] in {name}",
            Edit(recurrent, "h_prev", 'cache[t - 1]["h"]'),
            gate=k,
            terms=(k, name),
            also=("wrong-time-index",),
        ),
    ]


def _gate_parameters(gates: str, *, biases: bool) -> list[str]:
    stems = ("W_x", "W_h", "b_") if biases else ("W_x", "W_h")
    return [f"{stem}{gate}" for gate in gates for stem in stems]


def _gate_sets(cell: str) -> list[str]:
    """All gates, and all that coupled ones have."""
    return ["ifog", "iog"] if cell == "lstm" else ["zrn"]


def _accumulator_bugs(cell: str) -> list[Bug]:
    """What is added up over the steps: overwritten, never added, subtracted."""
    names = [*_gate_parameters(GATES[cell], biases=True), *(["p_i", "p_f", "p_o"] if cell == "lstm" else [])]

    def line(name: str) -> str:
        return f'd["{name}"] +='

    def overwritten(sets: list[list[str]], subject: str, **fields: object) -> Bug:
        ways = [tuple(Edit(line(name), "+=", "=") for name in known) for known in sets]
        return bug(cell, "overwritten-accumulator", subject, *ways, **fields)

    every = [_gate_parameters(gates, biases=biases) for gates in _gate_sets(cell) for biases in (True, False)]
    fields = {name: _of_parameter(name) for name in [*names, "W_hy", "b_y"]}
    return [
        *(overwritten([[name]], name, **fields[name]) for name in fields),
        overwritten(every, "all gates", terms=("all", "gates", *GATES[cell])),
        *(
            bug(cell, "missing-gradient", name, Deletion(line(name)), **fields[name])
            for name in (*names, "W_hy", "b_y")
        ),
        *(bug(cell, "sign-flip", name, Edit(line(name), "+=", "-="), **fields[name]) for name in (*names, "W_hy")),
    ]


def _of_parameter(name: str) -> dict[str, object]:
    """The gate and the one term of a parameter's bug."""
    gate = name[-1] if name[-1] in "ifogzrn" else ""
    return {"gate": gate, "terms": (name,)}


def _recurrent_operand(cell: str, new: str) -> list[Way]:
    """In the gradients of all recurrent weights, another array for h[t-1]."""
    return [tuple(Edit(f'd["W_h{k}"] +=', "h_prev", new) for k in gates) for gates in _gate_sets(cell)]


def _state_bugs(cell: str) -> list[Bug]:
    """Which h[t-1] the backward step reads, in all its lines or for the recurrent weights alone."""
    weights = ("h[t-1]", "h_prev", "h[t]", "h")
    return [
        bug(cell, "wrong-time-index", "h[t] in all W_h", *_recurrent_operand(cell, 's["h"]'), terms=weights),
        bug(
            cell,
            "wrapped-index",
            "h[t-1]",
            Edit(H_PREV, 'previous["h"]', 'cache[t - 1]["h"]'),
            terms=weights,
            also=("wrong-time-index",),
        ),
        bug(
            cell,
            "missing-initial-state",
            "h0",
            Edit(H_PREV, 'previous["h"]', 'previous["h"] * (t > 0)'),
            terms=("h0", *weights),
            also=("skipped-step", "wrong-time-index"),
        ),
    ]


def carry_bugs(cell: str) -> list[Bug]:
    """What is done to dh_next outside of the step."""
    states = STATES[cell]
    terms = ("dh_next", "dh")
    arriving = "+ dh_next"
    every = tuple(f"d{state}_next" for state in states)
    zeroed = [f"{carry} = 0 * {carry}" for carry in every]
    clipped = {state: f"d{state}_next = np.clip(d{state}_next, -0.1, 0.1)" for state in states}
    return [
        bug(cell, "missing-term", "dh_next", Edit(ARRIVING, f" {arriving}", ""), terms=terms),
        bug(cell, "missing-term", "dh_next/never updated", below(STEP, zeroed[0]), terms=terms),
        bug(cell, "sign-flip", "dh_next", Edit(ARRIVING, arriving, "- dh_next"), terms=terms),
        bug(cell, "double-counted-term", "dh_next", Edit(ARRIVING, arriving, "+ 2 * dh_next"), terms=terms),
        bug(cell, "double-counted-term", "dh", below(ARRIVING, "dh = 2 * dh"), terms=terms),
        bug(
            cell,
            "overwritten-carry",
            "dh",
            below(ARRIVING, "dh = dh_next if t < T - 1 else dh"),
            terms=terms,
            also=("missing-term",),
            needs=("all steps",),
        ),
        bug(
            cell,
            "untransposed-weight",
            "W_hy",
            Edit(ARRIVING, 'p["W_hy"].T', 'p["W_hy"]'),
            terms=("W_hy",),
            needs=("O = H",),
        ),
        *(
            bug(cell, "clipped-gradient", f"d{state}_next", below(STEP, clipped[state]), terms=(f"d{state}_next",))
            for state in states
        ),
        *(
            [
                bug(cell, "missing-term", "dh_next and dc_next", below(STEP, *zeroed), terms=every, also=CUT_KINDS),
                bug(cell, "clipped-gradient", "dh_next and dc_next", below(STEP, *clipped.values()), terms=every),
            ]
            if cell == "lstm"
            else []
        ),
        *_initial_gradient_bugs(cell),
    ]


def _initial_gradient_bugs(cell: str) -> list[Bug]:
    kinds = {"missing-gradient": "0 * ", "sign-flip": "-"}
    return [
        bug(
            cell,
            kind,
            f"{state}0",
            Edit(f'd["{state}0"] =', f"d{state}_next", f"({sign}d{state}_next)"),
            terms=(f"{state}0",),
        )
        for state, (kind, sign) in product(STATES[cell], kinds.items())
    ]


def loop_bugs(cell: str) -> list[Bug]:
    """The order of the steps, which of them there are, and how far an error goes back."""
    steps = {"first": "range(1, T)", "last": "range(T - 1)"}
    stale_all = above(CACHE, "t = len(cache) - 1")
    return [
        bug(cell, "forward-order-loop", "loop", Edit(LOOP, "reversed(range(T))", "range(T)"), terms=("loop",)),
        *(
            bug(cell, "skipped-step", step, Edit(LOOP, "range(T)", kept), terms=(step,), needs=needs)
            for (step, kept), needs in zip(steps.items(), ((), ("all steps",)), strict=True)
        ),
        bug(cell, "stale-cache", "cache", stale_all, terms=("cache",)),
        bug(
            cell,
            "stale-cache",
            "cache/values of the step alone",
            Edit(CACHE, "cache[t]", "cache[-1]"),
            terms=("cache",),
        ),
        bug(
            cell,
            "stale-cache",
            "cache/of the output too",
            (stale_all, Edit("# of the output", "cache[t]", "cache[-1]")),
            terms=("cache",),
        ),
        *(_truncated(cell, window) for window in (1, 2, 3)),
    ]


def _truncated(cell: str, window: int) -> Bug:
    """The output error of step t reaches the steps t, ..., t - window, and the start if that is among them."""
    carried, summed = "dh", "dh_next = dh_next + dh"
    begin: list[Insertion] = []
    if cell == "lstm":
        carried, summed = "dh, dc", "dh_next, dc_next = dh_next + dh, dc_next + dc"
        begin = [below(ARRIVING, "dc = np.zeros_like(dh)")]
    passed = ", ".join(f"d{state}_next" for state in STATES[cell])
    call = f"{passed} = backward_step(p, d, cache, start, t, {'dh, dc_next' if cell == 'lstm' else 'dh'})"
    lines = (
        f"for step in range(t, max(t - {window}, 0) - 1, -1):",
        f"            {carried} = backward_step(p, d, cache, start, step, {carried})",
        f"        if t <= {window}:",
        f"            {summed}",
    )
    way = (Edit(ARRIVING, " + dh_next", ""), *begin, Edit(STEP, call, "\n".join(lines)))
    return bug(cell, "truncated-chain", str(window), way, terms=(str(window),))


def _output_bugs(cell: str) -> list[Bug]:
    """The error of the output."""
    everywhere = Edit("dy = error if", " if t == T - 1 else np.zeros_like(error)", "")
    hidden = (Edit(ARRIVING, "dy", "error"), stays("dy = error if", "error if"))
    return [
        bug(cell, "missing-target", "dy", Edit(OUTPUT_ERROR, " - target", ""), terms=("dy", "target", "y")),
        bug(cell, "sign-flip", "target", Edit(OUTPUT_ERROR, "- target", "+ target"), terms=("target", "dy")),
        *(
            bug(cell, "error-at-every-step", f"dy/{variant}", edit, terms=("dy",), needs=("last step",))
            for variant, edit in (("everywhere", everywhere), ("hidden part", hidden))
        ),
    ]


def _scale_bugs(cell: str) -> list[Bug]:
    """Everything at once."""

    def every(kind: str, term: str, formula: str) -> Bug:
        edit = above(RESULT, f"d = {{name: {formula} for name, value in d.items()}}")
        return bug(cell, kind, term, edit, terms=(term,))

    factors = {"T": "T", "1/T": "1 / T", "B": "B", "1/B": "1 / B", "2": "2", "1/2": "0.5"}
    return [
        *(every("scaled-gradient", term, f"{factor} * value") for term, factor in factors.items()),
        every("sign-flip", "all", "-value"),
        every("clipped-gradient", "all", "np.clip(value, -0.1, 0.1)"),
    ]
