"""Faults of one parameter: the stream is right, and what is made of it for one gradient is wrong."""

from .broken_bug import Bug, Edit, Insertion, above, names
from .broken_part import (
    ACCUMULATED,
    B_Y,
    DELTA,
    ERROR,
    H0,
    HIDDEN_PARTS,
    PARTS,
    W_HH,
    W_HY,
    W_XH,
    WEIGHTS,
    Part,
    contribution,
    gone,
    multiplied,
    part_bug,
)
from .broken_time import TIME_BUGS

RESULT = 'd = {"W_xh"'


def _returned(part: Part, formula: str) -> Insertion:
    """The finished gradient becomes the formula in `{g}`."""
    return above(RESULT, f"{part.gradient} = {formula.format(g=part.gradient)}")


ACCUMULATOR_BUGS = (
    *(
        part_bug(kind, part, "", Edit(f"{total} = {total} +", f"= {total} +", code), accepted_last=last)
        for part in ACCUMULATED
        for total in [part.gradient]
        for kind, code, last in (
            ("overwritten-accumulator", "=", gone(part)),
            ("double-counted-term", f"= {total} + {total} +", multiplied(part)),
        )
    ),
    *(part_bug("missing-gradient", part, "", _returned(part, "0.0 * {g}"), accepted_last=gone(part)) for part in PARTS),
)

RETURNED_BUGS = (
    *(part_bug("sign-flip", part, "", _returned(part, "-{g}")) for part in PARTS),
    *(
        part_bug("scaled-gradient", part, constant, _returned(part, f"({constant}) * {{g}}"))
        for part in PARTS
        for constant in ("1/2", "T", "1/T", "1/B", "0.1")
    ),
    *(
        part_bug(
            "scaled-gradient",
            part,
            "2",
            _returned(part, "2 * {g}"),
            accepted=names(f"double-counted-term:{part.name}"),
            accepted_last=names("wrong-time-index:b_y") if part is B_Y else frozenset(),
        )
        for part in PARTS
    ),
    *(
        part_bug(
            "regulariser-mismatch", part, f"lambda {strength}", _returned(part, f"{{g}} + {strength} * {part.own}")
        )
        for part in PARTS
        for strength in ("0.1", "0.001")
    ),
    *(
        part_bug(
            "clipped-gradient", part, f"elementwise at {bound}", _returned(part, f"np.clip({{g}}, -{bound}, {bound})")
        )
        for part in PARTS
        for bound in ("0.01", "0.1", "1.0")
    ),
    *(
        part_bug(
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
    part_bug("transposed-gradient", part, "", _returned(part, "{g}.T"), needs=part.square) for part in WEIGHTS
)

_COUNTED = "(t in counted) * share * run"


def _operand(part: Part, variant: str, old: str, new: str, **fields: object) -> Bug:
    return part_bug("wrong-operand", part, variant, contribution(part, old, new), **fields)


OPERAND_BUGS = (
    *(
        part_bug("missing-activation-derivative", part, "", contribution(part, DELTA, "total(run.ds[t])"))
        for part in HIDDEN_PARTS
    ),
    *(
        part_bug("missing-term", part, "", contribution(part, DELTA, "run.da[t][:, t]"), term="dh_next in {}")
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
    part_bug(  # dh_0 of the first hidden state in place of the one carried out of it
        "missing-activation-derivative", H0, "", Edit("dh0: Array", "total(run.carry)", "W.T @ total(run.ds[0])")
    ),
)

PARAMETER_BUGS = ACCUMULATOR_BUGS + RETURNED_BUGS + TRANSPOSED_BUGS + TIME_BUGS + OPERAND_BUGS + INITIAL_STATE_BUGS
