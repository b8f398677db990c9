"""Faults of one parameter: the stream is right, and what is made of it for one gradient is wrong."""

from dataclasses import dataclass

from .broken_bug import Bug, Edit, Name, bug, names

RESULT = 'd = {"W_xh"'
DELTA, ERROR = "total(run.da[t])", "run.e[t]"


@dataclass(frozen=True)
class Part:
    """Where a parameter stands in broken_net.py.

    Args:
        name: the parameter.
        own: its array.
        gradient: its accumulator.
        error: what its contribution of one step is made of.
        factor: what the error is multiplied by, None for a bias.
        square: what makes its matrix square.
    """

    name: str
    own: str
    gradient: str
    error: str
    factor: str | None = None
    square: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """Landmark of one step's contribution."""
        return f"{self.gradient}_t = "


W_XH = Part("W_xh", "U", "dU", DELTA, "run.x[t]", ("I = H",))
W_HH = Part("W_hh", "W", "dW", DELTA, "run.s[t - 1]")
B_H = Part("b_h", "b", "db", DELTA)
W_HY = Part("W_hy", "V", "dV", ERROR, "run.s[t]", ("O = H",))
B_Y = Part("b_y", "c", "dc", ERROR)
H0 = Part("h0", "parameters.get('h0', 0.0)", "dh0", "total(run.carry)")

WEIGHTS = (W_XH, W_HH, W_HY)
HIDDEN_PARTS = (W_XH, W_HH, B_H)
ACCUMULATED = (*HIDDEN_PARTS, W_HY, B_Y)
PARTS = (*ACCUMULATED, H0)


def _part(kind: str, part: Part, variant: str, *edits: Edit, term: str = "{}", **fields: object) -> Bug:
    return bug(kind, term.format(part.name), variant, *edits, **{"touches": (part.name,)} | fields)


def _contribution(part: Part, old: str, new: str) -> Edit:
    return Edit(part.line, old, new)


def _returned(part: Part, formula: str) -> Edit:
    """The finished gradient becomes the formula in `{g}`."""
    return Edit(RESULT, "d = {", f"{part.gradient} = {formula.format(g=part.gradient)}\n    d = {{")


def _at(fragment: str, offset: int, edge: str) -> str:
    """The fragment, which ends in [t] or [t]), taken `offset` steps off, and what happens where there is no such step.

    dropped: zeros. clamped: the nearest step that is there. wrapped: the other end of the sequence.
    """
    index = f"t {offset:+d}"
    if edge == "dropped":
        return f"({fragment.replace('[t]', f'[({index}) % T]')} * (0 <= {index} < T))"
    inside = {"clamped": f"min(max({index}, 0), T - 1)", "wrapped": f"({index}) % T"}[edge]
    return fragment.replace("[t]", f"[{inside}]")


SHIFTS = [(offset, edge) for offset in (-1, 1) for edge in ("dropped", "clamped", "wrapped")]
SIDES = {-1: "step before", 1: "step after"}

ACCUMULATOR_BUGS = (
    *(
        _part("overwritten-accumulator", part, "", Edit(line, f"= {part.gradient} + ", "= "))
        for part in ACCUMULATED
        for line in [f"{part.gradient} = {part.gradient} + "]
    ),
    *(
        _part(
            "double-counted-term",
            part,
            "",
            Edit(line, f"= {part.gradient} +", f"= {part.gradient} + {part.gradient} +"),
        )
        for part in ACCUMULATED
        for line in [f"{part.gradient} = {part.gradient} + "]
    ),
    *(_part("missing-gradient", part, "", _returned(part, "0.0 * {g}")) for part in PARTS),
)

_TWICE = {part: names(f"double-counted-term:{part.name}") for part in PARTS}

RETURNED_BUGS = (
    *(_part("sign-flip", part, "", _returned(part, "-{g}")) for part in PARTS),
    *(
        _part("scaled-gradient", part, constant, _returned(part, f"({code}) * {{g}}"), accepted=accepted)
        for part in PARTS
        for constant, code, accepted in (
            ("2", "2", _TWICE[part]),
            ("1/2", "1 / 2", frozenset()),
            ("T", "T", frozenset()),
            ("1/T", "1 / T", frozenset()),
            ("1/B", "1 / B", frozenset()),
            ("0.1", "0.1", frozenset()),
        )
    ),
    *(
        _part("regulariser-mismatch", part, f"lambda {strength}", _returned(part, f"{{g}} + {strength} * {part.own}"))
        for part in PARTS
        for strength in ("0.1", "0.001")
    ),
    *(
        _part(
            "clipped-gradient", part, f"elementwise at {bound}", _returned(part, f"np.clip({{g}}, -{bound}, {bound})")
        )
        for part in PARTS
        for bound in ("0.01", "0.1", "1.0")
    ),
    *(
        _part(
            "clipped-gradient",
            part,
            "by norm at 0.1",
            _returned(part, "0.1 * {g} / max(0.1, np.linalg.norm({g}))"),
            accepted=names(f"scaled-gradient:{part.name}"),  # one constant at any one point
        )
        for part in PARTS
    ),
)

TRANSPOSED_BUGS = tuple(
    _part("transposed-gradient", part, "", _returned(part, "{g}.T"), needs=part.square) for part in WEIGHTS
)


def _skipped(part: Part, step: str, number: str) -> Bug:
    edit = Edit(part.line, "for run in runs)", f"for run in runs) * (t != {number})")
    if part is W_HH and step == "first":  # the only step where the initial state meets W_hh
        canonical = "missing-initial-state:h[t-1]"
        return bug("skipped-step", "W_hh", step, edit, touches=("W_hh",), accepted=names(canonical))
    return _part("skipped-step", part, step, edit)


STEP_BUGS = (
    *(_skipped(part, "first", "0") for part in ACCUMULATED),
    *(_skipped(part, "last", "T - 1") for part in ACCUMULATED),
    *(
        _part("wrong-time-index", part, f"{SIDES[offset]}, {edge}", _contribution(part, part.error, shifted))
        for part in ACCUMULATED
        for offset, edge in SHIFTS
        for shifted in [_at(part.error, offset, edge)]
        if part.factor or edge != "wrapped"  # a sum over all steps does not care where it starts
    ),
)


def _factor(kind: str, part: Part, term: str, variant: str, code: str, accepted: frozenset[Name] = frozenset()) -> Bug:
    """The weight's gradient built with `code` where the right program has the step's own factor."""
    assert part.factor
    edit = _contribution(part, part.factor, code)
    return bug(kind, term, variant, edit, touches=(part.name,), accepted=accepted)


FACTOR_BUGS = (
    _factor("missing-initial-state", W_HH, "h[t-1]", "", "(run.s[t - 1] * (t > 0))", names("skipped-step:W_hh")),
    _factor("wrapped-index", W_HH, "h[t-1]", "", "run.s[(t - 1) % T]"),
    _factor("wrong-time-index", W_HH, "h[t-1]", "h[t]", "run.s[t]"),
    _factor("wrong-time-index", W_HH, "h[t-1]", "h[t-2], dropped", "(run.s[t - 2] * (t > 0))"),
    _factor("wrong-time-index", W_HH, "h[t-1]", "h[t-2], clamped", "run.s[max(t - 2, -1)]"),
    _factor("wrong-time-index", W_HH, "h[t-1]", "h[t-2], wrapped", "run.s[(t - 2) % (T + 1) if t else T - 1]"),
    _factor("wrong-time-index", W_HH, "h[t-1]", "h[t-2], wrapped without the state", "run.s[(t - 2) % T]"),
    _factor("wrong-time-index", W_HY, "h[t]", "step before, state at the edge", "run.s[t - 1]"),
    _factor("wrong-time-index", W_HY, "h[t]", "step after, wrapped to the state", "run.s[t + 1]"),
    *(
        _factor("wrong-time-index", part, term, f"{SIDES[offset]}, {edge}", _at(f"run.{letter}[t]", offset, edge))
        for part, term, letter in ((W_HY, "h[t]", "s"), (W_XH, "x[t]", "x"))
        for offset, edge in SHIFTS
    ),
    _factor("stale-cache", W_HH, "h[t-1]", "last", "run.s[T - 2]"),
    _factor("stale-cache", W_HH, "h[t-1]", "last state", "run.s[T - 1]"),
    _factor("stale-cache", W_HH, "h[t-1]", "first", "run.s[-1]"),
    _factor("stale-cache", W_XH, "x[t]", "last", "run.x[T - 1]"),
    _factor("stale-cache", W_XH, "x[t]", "first", "run.x[0]"),
    _factor("stale-cache", W_HY, "h[t]", "last", "run.s[T - 1]"),
    _factor("stale-cache", W_HY, "h[t]", "first", "run.s[0]"),
)

_COUNTED = "(t in counted) * share * run"


def _operand(part: Part, variant: str, old: str, new: str, **fields: object) -> Bug:
    return _part("wrong-operand", part, variant, _contribution(part, old, new), **fields)


OPERAND_BUGS = (
    *(
        _part("missing-activation-derivative", part, "", _contribution(part, DELTA, "total(run.ds[t])"))
        for part in HIDDEN_PARTS
    ),
    *(
        _part("missing-term", part, "", _contribution(part, DELTA, "run.da[t][:, t]"), term="dh_next in {}")
        for part in HIDDEN_PARTS
    ),
    *(_operand(part, "h[t] for dz", DELTA, "run.s[t]") for part in HIDDEN_PARTS),
    *(_operand(part, "z[t] for dz", DELTA, "run.a[t]") for part in HIDDEN_PARTS),
    *(
        _operand(part, "dh_next for dz", DELTA, "(total(run.ds[t]) - run.ds[t][:, t])", lenient=True)
        for part in HIDDEN_PARTS
    ),
    *(_operand(part, "f' for dz", DELTA, "derivative(spec.cell, run.s[t])") for part in HIDDEN_PARTS),
    _operand(W_HH, "z[t-1] for h[t-1]", "run.s[t - 1]", "(run.a[t - 1] if t > 0 else run.s[-1])"),
    _operand(W_HH, "z[t] for h[t-1]", "run.s[t - 1]", "run.a[t]"),
    _operand(W_HH, "dz for h[t-1]", "run.s[t - 1]", DELTA),
    _operand(W_HH, "x[t] for h[t-1]", "run.s[t - 1]", "run.x[t]", needs=("I = H",)),
    _operand(W_XH, "h[t-1] for x[t]", "run.x[t]", "run.s[t - 1]", needs=("I = H",)),
    _operand(W_XH, "h[t] for x[t]", "run.x[t]", "run.s[t]", needs=("I = H",)),
    _operand(W_HY, "z[t] for h[t]", "run.s[t]", "run.a[t]"),
    _operand(W_HY, "dz for h[t]", "run.s[t]", DELTA),
    *(
        _operand(part, "output for dy", ERROR, f"{_COUNTED}.p[t]", accepted=names(f"missing-target:{part.name}"))
        for part in (W_HY, B_Y)
    ),
    *(_operand(part, "target for dy", ERROR, f"{_COUNTED}.y[t]") for part in (W_HY, B_Y)),
)

INITIAL_STATE_BUGS = (
    _part(  # dh_0 of the first hidden state in place of the one carried out of it
        "missing-activation-derivative", H0, "", Edit("dh0: Array", "total(run.carry)", "W.T @ total(run.ds[0])")
    ),
)

PARAMETER_BUGS = (
    ACCUMULATOR_BUGS + RETURNED_BUGS + TRANSPOSED_BUGS + STEP_BUGS + FACTOR_BUGS + OPERAND_BUGS + INITIAL_STATE_BUGS
)
