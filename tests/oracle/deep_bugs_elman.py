"""Single bugs of one Elman layer or direction: its derivative, its carry, its gradients. Named as in one layer."""

from .broken_bug import Edit
from .deep_cell import SLOPES
from .deep_spec import DeepSpec
from .gated_bug import Bug, bug
from .gated_bugs_shared import H_PREV, carry_bugs, loop_bugs
from .gated_spec import Layout

DZ, CARRY = "dz = dh", 'p["W_hh"].T'
OTHER_SLOPES = {
    "tanh": {"sigmoid's formula": "h * (1 - h)", "of the activated value": "(1 - np.tanh(h) ** 2)"},
    "sigmoid": {"tanh's formula": "(1 - h**2)", "one minus the value": "(1 - h)"},
    "relu": {"the value itself": "h", "sigmoid's formula": "h * (1 - h)"},
}
NAMES = ("W_xh", "W_hh", "b_h")
STATE = ("h[t-1]", "h_prev", "h", "W_hh")


def elman_bugs(spec: DeepSpec) -> tuple[Bug, ...]:
    """All that fit a cell of this activation."""
    return (
        *_slope_bugs(spec.cell),
        *carry_bugs("elman"),
        *_weight_bugs(spec.text_layout),
        *loop_bugs("elman"),
        *_state_bugs(),
        *_sum_bugs(),
    )


def _elman(kind: str, subject: str, *ways: object, **fields: object) -> Bug:
    return bug("elman", kind, subject, *ways, **fields)


def _slope_bugs(cell: str) -> list[Bug]:
    right, name = SLOPES[cell], f"{cell}'"
    apart = ("bypassed-activation", "wrong-activation-derivative")
    return [
        _elman("missing-activation-derivative", name, Edit(DZ, f" * {right}", ""), terms=(name,)),
        *(
            _elman("wrong-activation-derivative", f"{name}/{variant}", Edit(DZ, right, formula), terms=(name,))
            for variant, formula in OTHER_SLOPES[cell].items()
        ),
        _elman(
            "missing-activation-derivative",
            f"{name} of dh_next",
            Edit(DZ, f"dh * {right}", f'cache[t]["dh"] * {right} + (dh - cache[t]["dh"])'),
            terms=(name, "dh_next", "dh"),
            also=apart,
        ),
        _elman(
            "missing-activation-derivative",
            f"{name} of the error from above",
            Edit(DZ, f"dh * {right}", f'cache[t]["dh"] + (dh - cache[t]["dh"]) * {right}'),
            terms=(name, "dh", "dx", "dy"),
            also=apart,
        ),
        _elman(
            "wrong-time-index",
            f"{name} of h[t-1]",
            Edit(DZ, right, right.replace("h", "h_prev")),
            terms=(name,),
        ),
    ]


def _weight_bugs(layout: Layout) -> list[Bug]:
    return [
        _elman("missing-term", "W_hh", Edit("dh_prev = ", layout.backward("dz", "W_hh"), "dz"), terms=("W_hh",)),
        _elman("untransposed-weight", "W_hh", Edit(CARRY, CARRY, 'p["W_hh"]'), terms=("W_hh",)),
        _elman(
            "bypassed-activation",
            "dh_next",
            Edit(CARRY, "dz", "dh"),
            terms=("dh_next", "dh"),
            also=("missing-activation-derivative",),
        ),
    ]


def _state_bugs() -> list[Bug]:
    line = 'd["W_hh"] +='
    wrapped = ("wrong-time-index",)
    skipped = ("skipped-step", "wrong-time-index")
    return [
        _elman("wrong-time-index", "h[t-1]/h[t]", Edit(line, "h_prev", "h"), terms=(*STATE, "h[t]")),
        _elman(
            "wrapped-index", "h[t-1]", Edit(H_PREV, 'previous["h"]', 'cache[t - 1]["h"]'), terms=STATE, also=wrapped
        ),
        _elman(
            "missing-initial-state",
            "h[t-1]",
            Edit(H_PREV, 'previous["h"]', 'previous["h"] * (t > 0)'),
            terms=(*STATE, "h0"),
            also=skipped,
        ),
    ]


def _sum_bugs() -> list[Bug]:
    """The sums over the steps."""
    kinds = {"overwritten-accumulator": "=", "sign-flip": "-=", "missing-gradient": "+= 0 *"}
    return [
        _elman(kind, name, Edit(f'd["{name}"] +=', "+=", new), terms=(name,))
        for name in NAMES
        for kind, new in kinds.items()
    ]
