"""Faults of the chain: they damage what flows from step to step, and with it the gradient of every hidden parameter."""

from .broken_bug import EVERYTHING, HIDDEN, SLOPE, Bug, Edit, Insertion, above, below, bug, names

# Landmarks in broken_net.py.
LOOP, HIDDEN_LOOP = "    steps = list(", "output_steps = list("
OWN, ARRIVING, SLOPES, DELTA = "own = V.T", "run.ds[t][:, t] += own", "slope = derivative", "run.da[t] = slope"
USE, NEXT_STEP, CARRY = "run.ds[t] = run.carry", "for run in runs:  # what step t passes on", "run.carry = W.T"


def _hidden(kind: str, term: str, variant: str, *edits: Edit | Insertion, **fields: object) -> Bug:
    return bug(kind, term, variant, *edits, **{"touches": HIDDEN} | fields)


def _slope(new: str) -> Edit:
    return Edit(SLOPES, "derivative(spec.cell, run.s[t])", new)


def _weight(new: str) -> Edit:
    return Edit(CARRY, "W.T @ ", new)


# Where only the last step counts, all that is left of these is the last step's own error.
_ALONE = names("missing-term:dh_next", "forward-order-loop:loop", "wrong-operand:W_hh", "truncated-chain:0")

_ACCUMULATE = "so_far = so_far + sum(np.outer(total(run.da[t]), run.s[t - 1]) for run in runs)"

CARRY_BUGS = (
    _hidden("missing-term", "dh_next", "never added", below(USE, "run.ds[t] *= 0.0"), accepted_last=_ALONE),
    _hidden("missing-term", "dh_next", "never updated", below(CARRY, "run.carry *= 0.0"), accepted_last=_ALONE),
    _hidden("missing-term", "W_hh", "", _weight("1.0 * ")),
    _hidden("untransposed-weight", "W_hh", "", _weight("W @ ")),
    _hidden("untransposed-weight", "W_hy", "", Edit(OWN, "V.T", "V"), needs=("O = H",)),
    _hidden(
        "wrong-operand",
        "W_hh",
        "gradient with this step",
        above(HIDDEN_LOOP, "so_far = np.zeros_like(W)"),
        above(NEXT_STEP, _ACCUMULATE),
        _weight("so_far.T @ "),
    ),
    _hidden(
        "wrong-operand",
        "W_hh",
        "gradient before this step",
        above(HIDDEN_LOOP, "so_far = np.zeros_like(W)"),
        above(NEXT_STEP, "before = so_far", _ACCUMULATE),
        _weight("before.T @ "),
        accepted_last=_ALONE,
    ),
    _hidden("wrong-operand", "W_hh", "W_xh in its place", _weight("U.T @ "), needs=("I = H",), lenient=True),
    _hidden("bypassed-activation", "dh_next", "", Edit(CARRY, "run.da[t]", "run.ds[t]")),
    _hidden("sign-flip", "dh_next", "where added", below(USE, "run.ds[t] *= -1.0")),
    _hidden("sign-flip", "dh_next", "where made", below(CARRY, "run.carry *= -1.0")),
    _hidden("double-counted-term", "dh_next", "where added", below(USE, "run.ds[t] *= 2.0")),
    _hidden("double-counted-term", "dh_next", "where made", below(CARRY, "run.carry *= 2.0")),
    _hidden(
        "double-counted-term", "dh_next", "never set anew", Edit(CARRY, "run.carry = ", "run.carry = run.carry + ")
    ),
    _hidden(
        "overwritten-carry",
        "dh",
        "",
        Edit(ARRIVING, "own", "own if t == steps[0] else 0.0 * own"),
        needs=("all steps",),
    ),
)

LOOP_BUGS = (
    bug(
        "forward-order-loop",
        "loop",
        "",
        Edit(LOOP, "reversed(range(T))", "range(T)"),
        touches=HIDDEN,
        accepted_last=_ALONE,
    ),
    *(
        bug(
            "skipped-step",
            step,
            variant,
            place(line, f"steps = [t for t in steps if {kept}]"),
            touches=touches,
            needs=needs,
        )
        for step, kept, needs in (("first", "t > 0", ()), ("last", "t < T - 1", ("all steps",)))
        for variant, place, line, touches in (
            ("hidden part", below, HIDDEN_LOOP, HIDDEN),
            ("everything", above, HIDDEN_LOOP, EVERYTHING),
        )
    ),
)


def truncated_to(window: int) -> Bug:
    """The error of step t reaches steps t, ..., t - window; the initial state is used at step 0, as W_hh is."""
    return _hidden("truncated-chain", str(window), "", below(USE, f"run.ds[t][:, t + {window} + 1 :] = 0.0"))


WINDOW_BUGS = (
    *(truncated_to(window) for window in (1, 2, 3, 4)),
    *(
        _hidden("truncated-chain", str(k), "cut where made", below(CARRY, f"run.carry[:, t + {k} :] = 0.0"))
        for k in (1, 2)
    ),
    *(
        _hidden(
            "truncated-chain",
            str(k),
            f"chunks from the {end}",
            below(CARRY, f"run.carry *= ({where}) % {k} != 0 or t == 0"),
            lenient=True,
        )
        for k in (2, 3, 4, 5)
        for end, where in (("start", "t"), ("end", "T - t"))
    ),
    *(
        _hidden(
            "truncated-chain",
            str(k),
            "last steps of the sequence alone",
            below(HIDDEN_LOOP, f"steps = [t for t in steps if t >= T - {k} - 1]"),
            lenient=True,
        )
        for k in (1, 2, 4)
    ),
)

_WRONG_SLOPES = {
    "of the activated value": "derivative(spec.cell, activation(spec.cell, run.s[t]))",
    "f itself": "run.s[t]",
    "one minus f": "1.0 - run.s[t]",
    "f squared": "run.s[t] ** 2",
    "one plus f squared": "1.0 + run.s[t] ** 2",
    "tanh's formula": "derivative('tanh', run.s[t])",
    "sigmoid's formula": "derivative('sigmoid', run.s[t])",
    "relu's mask": "derivative('relu', run.s[t])",
    "tanh's formula at z": "derivative('tanh', run.a[t])",
    "sigmoid's formula at z": "derivative('sigmoid', run.a[t])",
    "tanh' at z": "derivative('tanh', np.tanh(run.a[t]))",
    "sigmoid' at z": "derivative('sigmoid', activation('sigmoid', run.a[t]))",
    "tanh' at h": "derivative('tanh', np.tanh(run.s[t]))",
    "sigmoid' at h": "derivative('sigmoid', activation('sigmoid', run.s[t]))",
    "first unit's for all": "derivative(spec.cell, run.s[t])[0] * np.ones_like(run.s[t])",
    "last unit's for all": "derivative(spec.cell, run.s[t])[-1] * np.ones_like(run.s[t])",
    "mean of all units": "np.mean(derivative(spec.cell, run.s[t])) * np.ones_like(run.s[t])",
    "dot product for square": "(1.0 - run.s[t] @ run.s[t]) * np.ones_like(run.s[t])",
    "leaky": "np.maximum(derivative(spec.cell, run.s[t]), 0.1)",
}

SLOPE_BUGS = (
    _hidden("missing-activation-derivative", SLOPE, "", _slope("np.ones_like(run.s[t])")),
    _hidden(
        "missing-activation-derivative",
        f"{SLOPE} of dh_next",
        "",
        Edit(DELTA, "slope[:, None]", "np.where(np.arange(T) == t, slope[:, None], 1.0)"),
        accepted=names(f"bypassed-activation:{SLOPE} of dh_next"),
    ),
    _hidden(
        "missing-activation-derivative",
        f"{SLOPE} of dy",
        "",
        Edit(DELTA, "slope[:, None]", "np.where(np.arange(T) == t, 1.0, slope[:, None])"),
        accepted=names(f"bypassed-activation:{SLOPE} of dy"),
    ),
    *(
        _hidden("wrong-activation-derivative", SLOPE, variant, _slope(formula), needs=needs)
        for variant, formula in _WRONG_SLOPES.items()
        for needs in [("tanh",) if variant == "relu's mask" else ()]  # for sigmoid it is all ones
    ),
    *(
        _hidden(
            "wrong-time-index",
            SLOPE,
            variant,
            Edit(SLOPES, "run.s[t]", f"run.s[{index}]"),
            accepted=names(f"wrapped-index:{SLOPE}") if "wrap" in variant else frozenset(),
        )
        for variant, index in {
            "step before, state at the edge": "t - 1",
            "step before, clamped": "max(t - 1, 0)",
            "step before, wrapped": "(t - 1) % T",
            "step after, clamped": "min(t + 1, T - 1)",
            "step after, wrapped to the first": "(t + 1) % T",
            "step after, wrapped to the state": "t + 1",
        }.items()
    ),
    _hidden(
        "wrong-time-index",
        SLOPE,
        "step before, dropped",
        _slope("derivative(spec.cell, run.s[t - 1]) * (t > 0)"),
    ),
)

_LAST, _FIRST = "T - 1", "0"


def _stale(variant: str, step: str, *, output: bool) -> Bug:
    edits = [
        Edit(SLOPES, "run.s[t]", f"run.s[{step}]"),
        Edit("dW_t =", "run.s[t - 1]", f"run.s[({step}) - 1]"),
        Edit("dU_t =", "run.x[t]", f"run.x[{step}]"),
    ]
    if output:
        edits.append(Edit("dV_t =", "run.s[t]", f"run.s[{step}]"))
    touches = (*HIDDEN, "W_hy") if output else HIDDEN
    return bug("stale-cache", "cache", variant, *edits, touches=touches)


CACHE_BUGS = (
    _stale("last, hidden part", _LAST, output=False),
    _stale("first, hidden part", _FIRST, output=False),
    _stale("last, output too", _LAST, output=True),
    _stale("first, output too", _FIRST, output=True),
    *(
        _hidden(
            "stale-cache",
            "cache",
            f"{which}, only in the derivative",
            Edit(SLOPES, "run.s[t]", f"run.s[{step}]"),
            accepted=names(f"stale-cache:{SLOPE}"),
        )
        for which, step in (("last", _LAST), ("first", _FIRST))
    ),
    bug(  # the list of states holds one array, which every step overwrote
        "stale-cache",
        "cache",
        "states share one buffer",
        Edit(SLOPES, "run.s[t]", "run.s[T - 1]"),
        Edit("dW_t =", "run.s[t - 1]", "run.s[T - 1]"),
        Edit("dV_t =", "run.s[t]", "run.s[T - 1]"),
        touches=(*HIDDEN, "W_hy"),
        accepted=names("stale-cache:h[t-1]", "stale-cache:h[t]", f"stale-cache:{SLOPE}"),
    ),
    bug(
        "stale-cache",
        "cache",
        "states share one buffer, derivative right",
        Edit("dW_t =", "run.s[t - 1]", "run.s[T - 1]"),
        Edit("dV_t =", "run.s[t]", "run.s[T - 1]"),
        touches=("W_hh", "W_hy"),
        accepted=names("stale-cache:h[t-1]", "stale-cache:h[t]"),
    ),
)


def _clip(variant: str, edit: Insertion) -> Bug:
    others = names("clipped-gradient:dh", "clipped-gradient:dz", "clipped-gradient:da")
    return _hidden("clipped-gradient", "dh_next", variant, edit, accepted=others)


def _clipped(stream: str, size: str, bound: float) -> str:
    """What is clipped is the sum of all columns, and each column keeps its share of it."""
    return f"{stream} *= np.minimum(1.0, {bound} / np.maximum({size.format(f'total({stream})')}, 1e-300))"


CLIP_BUGS = tuple(
    _clip(f"{stream} {how} at {bound}", below(line, _clipped(code, size, bound)))
    for stream, code, line in (
        ("dh_next", "run.carry", CARRY),
        ("dh", "run.ds[t]", ARRIVING),
        ("dz", "run.da[t]", DELTA),
    )
    for how, size, bound in (
        ("elementwise", "np.abs({})[:, None]", 0.01),
        ("elementwise", "np.abs({})[:, None]", 0.1),
        ("elementwise", "np.abs({})[:, None]", 1.0),
        ("by norm", "np.linalg.norm({})", 0.1),
    )
)

STREAM_BUGS = CARRY_BUGS + LOOP_BUGS + WINDOW_BUGS + SLOPE_BUGS + CACHE_BUGS + CLIP_BUGS
