"""Faults of the chain: they damage what flows from step to step, and with it the gradient of every hidden parameter."""

from .broken_bug import HIDDEN, SLOPE, Bug, Edit, bug, names

# Landmarks in broken_net.py.
OWN, USE, SLOPES, DELTA, CARRY = (
    "own = V.T",
    "run.ds[t] = run",
    "slope = derivative",
    "run.da[t] = slope",
    "run.carry = W",
)
ARRIVING = "run.ds[t][:, t] += own"
NEXT_STEP = "for run in runs:  # what step t passes on"


def _then(line: str, statement: str, *, depth: int = 3) -> Edit:
    """A statement of its own after the one that ends the landmark's line."""
    return Edit(line, line, f"{line}\n{'    ' * depth}{statement}")


def _hidden(kind: str, term: str, variant: str, *edits: Edit, **fields: object) -> Bug:
    return bug(kind, term, variant, *edits, **{"touches": HIDDEN} | fields)


def _carry(new: str) -> Edit:
    return Edit(CARRY, "W.T @ run.da[t]", new)


def _use(new: str) -> Edit:
    return Edit(USE, "run.carry.copy()", new)


def _slope(new: str) -> Edit:
    return Edit(SLOPES, "derivative(spec.cell, run.s[t])", new)


CARRY_BUGS = (
    _hidden("missing-term", "dh_next", "never added", _use("0.0 * run.carry")),
    _hidden("missing-term", "dh_next", "never updated", _carry("0.0 * run.carry")),
    _hidden("missing-term", "W_hh", "", _carry("1.0 * run.da[t]")),
    _hidden("untransposed-weight", "W_hh", "", _carry("W @ run.da[t]")),
    _hidden("untransposed-weight", "W_hy", "", Edit(OWN, "V.T", "V"), needs=("O = H",)),
    _hidden(
        "wrong-operand",
        "W_hh",
        "gradient with this step",
        Edit("output_steps = list(steps)", "output_steps", "so_far = np.zeros_like(W)\n    output_steps"),
        Edit(
            NEXT_STEP,
            "for run",
            "so_far = so_far + sum(np.outer(total(run.da[t]), run.s[t - 1]) for run in runs)\n        for run",
        ),
        _carry("so_far.T @ run.da[t]"),
    ),
    _hidden(
        "wrong-operand",
        "W_hh",
        "gradient before this step",
        Edit("output_steps = list(steps)", "output_steps", "so_far = np.zeros_like(W)\n    output_steps"),
        _carry(
            "so_far.T @ run.da[t]\n"
            "        so_far = so_far + sum(np.outer(total(run.da[t]), run.s[t - 1]) for run in runs)"
        ),
    ),
    _hidden("wrong-operand", "W_hh", "W_xh in its place", _carry("U.T @ run.da[t]"), needs=("I = H",), lenient=True),
    _hidden("bypassed-activation", "dh_next", "", _carry("W.T @ run.ds[t]")),
    _hidden("sign-flip", "dh_next", "where added", _use("-run.carry")),
    _hidden("sign-flip", "dh_next", "where made", _carry("-(W.T @ run.da[t])")),
    _hidden("double-counted-term", "dh_next", "where added", _use("2.0 * run.carry")),
    _hidden("double-counted-term", "dh_next", "where made", _carry("2.0 * (W.T @ run.da[t])")),
    _hidden("double-counted-term", "dh_next", "never set anew", _carry("run.carry + W.T @ run.da[t]")),
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
        Edit("steps = list(reversed", "reversed(range(T))", "range(T)"),
        touches=HIDDEN,
    ),
    bug(
        "skipped-step",
        "first",
        "hidden part",
        _then("output_steps = list(steps)", "steps.remove(0)", depth=1),
        touches=HIDDEN,
    ),
    bug("skipped-step", "first", "everything", Edit("steps = list(reversed", "range(T)", "range(1, T)")),
    bug(
        "skipped-step",
        "last",
        "hidden part",
        _then("output_steps = list(steps)", "steps.remove(T - 1)", depth=1),
        touches=HIDDEN,
        needs=("all steps",),
    ),
    bug(
        "skipped-step",
        "last",
        "everything",
        Edit("steps = list(reversed", "range(T)", "range(T - 1)"),
        needs=("all steps",),
    ),
)

WINDOW_BUGS = (
    *(
        _hidden("truncated-chain", str(k), "", _then("run.carry = W.T @ run.da[t]", f"run.carry[:, t + {k} :] = 0.0"))
        for k in (1, 2, 3, 4)
    ),
    *(
        _hidden(
            "truncated-chain",
            str(k),
            f"chunks from the {end}",
            _carry(f"(W.T @ run.da[t]) * (({where}) % {k} != 0)"),
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
            _then("output_steps = list(steps)", f"steps = [t for t in steps if t >= T - {k} - 1]", depth=1),
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
    *(
        _hidden("wrong-activation-derivative", SLOPE, variant, _slope(formula))
        for variant, formula in _WRONG_SLOPES.items()
    ),
    *(
        _hidden(
            "wrong-time-index",
            SLOPE,
            variant,
            _slope(f"derivative(spec.cell, run.s[{index}])"),
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
        _slope(f"derivative(spec.cell, run.s[{step}])"),
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
            _slope(f"derivative(spec.cell, run.s[{step}])"),
            accepted=names(f"stale-cache:{SLOPE}"),
        )
        for which, step in (("last", _LAST), ("first", _FIRST))
    ),
    bug(  # the list of states holds one array, which every step overwrote
        "stale-cache",
        "cache",
        "states share one buffer",
        _slope("derivative(spec.cell, run.s[T - 1])"),
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


def _clip(variant: str, edit: Edit) -> Bug:
    others = names("clipped-gradient:dh", "clipped-gradient:dz", "clipped-gradient:da")
    return _hidden("clipped-gradient", "dh_next", variant, edit, accepted=others)


def _summed_into_one(stream: str, clipped: str) -> str:
    """A clip acts on the sum of all columns, so the sum moves into column t."""
    return f"{stream} = np.where(np.arange(T) == t, {clipped.format(f'total({stream})')}[:, None], 0.0)"


_ELEMENTWISE, _NORM = "np.clip({{}}, -{0}, {0})", "(lambda v: v * min(1.0, {0} / max(np.linalg.norm(v), 1e-300)))({{}})"

CLIP_BUGS = tuple(
    _clip(f"{stream} {how} at {bound}", _then(line, _summed_into_one(code, formula.format(bound))))
    for stream, code, line in (
        ("dh_next", "run.carry", "run.carry = W.T @ run.da[t]"),
        ("dh", "run.ds[t]", ARRIVING),
        ("dz", "run.da[t]", "run.da[t] = slope[:, None] * run.ds[t]"),
    )
    for how, formula, bound in (
        ("elementwise", _ELEMENTWISE, 0.01),
        ("elementwise", _ELEMENTWISE, 0.1),
        ("elementwise", _ELEMENTWISE, 1.0),
        ("by norm", _NORM, 0.1),
    )
)

STREAM_BUGS = CARRY_BUGS + LOOP_BUGS + WINDOW_BUGS + SLOPE_BUGS + CACHE_BUGS + CLIP_BUGS
