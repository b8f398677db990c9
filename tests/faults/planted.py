"""Which fault of the library is which bug of the oracle, mapped by hand: the same mistake, made in two programs.

A bug that the library has no fault for stands in no table here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from gradcheck_rnn.faults.elman import named_constant
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.library import known_faults
from gradcheck_rnn.faults.taps import clip_fault, window_fault
from gradcheck_rnn.model.net import Net
from tests.oracle.broken import BY_IDENTIFIER
from tests.oracle.broken_bug import SLOPE, Bug

PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "h0")
ACCUMULATED = PARAMETERS[:-1]
HIDDEN = PARAMETERS[:3]
CELLS = ("tanh", "relu", "sigmoid")
# whose amount is not in the library: the bug's own is put in its place
OPEN = (Damage.SCALE, Damage.BOUND, Damage.REGULARISE)


@dataclass(frozen=True)
class Variant:
    """One fault of the library, and for which nets it is the bug's.

    `name` is the bug's own where it is empty. `amount`, `other` and `taps` tell faults of one name and damage apart.
    """

    damage: Damage
    name: str = ""
    amount: float | None = None
    other: str | None = None
    taps: tuple[str, ...] | None = None
    cells: tuple[str, ...] = CELLS
    steps: tuple[str, ...] = ("all", "last")
    learned: bool = True

    def fits(self, net: Net) -> bool:
        return net.cell in self.cells and net.loss.steps in self.steps and (self.learned or not net.learned)

    def matches(self, fault: Fault, name: str) -> bool:
        amount_is_open = self.damage in OPEN and self.amount not in (0.0, -1.0)
        return (
            (fault.name, fault.damage) == (name, self.damage)
            and (self.amount is None or amount_is_open or fault.amount == self.amount)
            and (self.other is None or fault.other == self.other)
            and (self.taps is None or fault.taps == self.taps)
        )


@cache
def faults_of(net: Net, length: int | None = None) -> tuple[Fault, ...]:
    """Every known fault of a net, windows of all lengths that show on `length` steps."""
    return known_faults(
        net.cell,
        length=net.sizes.length if length is None else length,
        loss=net.loss.kind,
        steps=net.loss.steps,
        learned=net.learned,
        batched=net.sizes.batch is not None,
        parameters=net.shapes,
    )


def has_counterpart(bug: Bug) -> bool:
    return bug.identifier in {*PLANTED, *CONSTANTS, *WINDOWS, *CLIPS}


def counterpart(bug: Bug, net: Net) -> Fault | None:
    """The library's fault; None where this net has no such fault, or codes it otherwise."""
    if bug.identifier in CONSTANTS:
        constant = CONSTANTS[bug.identifier]
        return None if "B" in str(constant) and net.sizes.batch is None else named_constant(constant)
    if bug.identifier in CLIPS:
        return clip_fault(*CLIPS[bug.identifier])
    if bug.identifier in WINDOWS:
        # where the carry is cut as it is made, a learned state lies one lag further away than the first step
        is_further = net.learned and bug.identifier.endswith("cut where made")
        return None if is_further else window_fault(*WINDOWS[bug.identifier])
    variant = PLANTED[bug.identifier]
    if not variant.fits(net):
        return None
    name = variant.name or f"{bug.kind}:{bug.term.replace(SLOPE, f'{net.cell}{chr(39)}')}"
    return found(faults_of(net), variant, name)


def found(faults: Sequence[Fault], variant: Variant, name: str) -> Fault:
    """The first fault of the library that is the variant, with the bug's amount where that is open."""
    matching = [fault for fault in faults if variant.matches(fault, name)]
    if not matching:
        raise LookupError(f"the library has no {name} with {variant}")
    return matching[0] if variant.amount is None else replace(matching[0], amount=variant.amount)


def _of_each(parameters: Sequence[str], pattern: str, damage: Damage, **fields: object) -> dict[str, Variant]:
    return {pattern.format(name): Variant(damage, **fields) for name in parameters}  # type: ignore[arg-type]


CHAIN = {
    "missing-term:dh_next/never added": Variant(Damage.DROP),
    "missing-term:dh_next/never updated": Variant(Damage.RESET),
    "missing-term:W_hh": Variant(Damage.DROP),
    "untransposed-weight:W_hh": Variant(Damage.UNTRANSPOSE),
    "untransposed-weight:W_hy": Variant(Damage.UNTRANSPOSE),
    "wrong-operand:W_hh/gradient with this step": Variant(Damage.GRADIENT),
    "bypassed-activation:dh_next": Variant(Damage.OTHER, other="dh"),
    "sign-flip:dh_next/where added": Variant(Damage.NEGATE),
    "sign-flip:dh_next/where made": Variant(Damage.NEGATE, learned=False),  # that reaches a learned state too
    "double-counted-term:dh_next/where added": Variant(Damage.DOUBLE),
    "double-counted-term:dh_next/where made": Variant(Damage.DOUBLE, learned=False),
    "double-counted-term:dh_next/never set anew": Variant(Damage.ACCUMULATE),
    "overwritten-carry:dh": Variant(Damage.ONLY_WITHOUT_CARRY),
    "forward-order-loop:loop": Variant(Damage.FORWARD),
    "skipped-step:first/hidden part": Variant(Damage.SKIP_FIRST, taps=("loop",)),
    "skipped-step:first/everything": Variant(Damage.SKIP_FIRST, taps=("loop", "output loop")),
    "skipped-step:last/hidden part": Variant(Damage.SKIP_LAST, taps=("loop",)),
    "skipped-step:last/everything": Variant(Damage.SKIP_LAST, taps=("loop", "output loop")),
}

SLOPES = {
    f"missing-activation-derivative:{SLOPE}": Variant(Damage.DROP),
    f"missing-activation-derivative:{SLOPE} of dh_next": Variant(Damage.AFTER_SLOPE),
    f"wrong-activation-derivative:{SLOPE}/first unit's for all": Variant(Damage.ONE_UNIT),
    **{
        f"wrong-activation-derivative:{SLOPE}/{variant}": Variant(Damage.OTHER_SLOPE, other=other, cells=cells)
        for variant, other, cells in (
            ("of the activated value", "f'(f(z))", ("tanh", "sigmoid")),
            ("f itself", "f", CELLS),
            ("one minus f", "1 - f", ("tanh", "sigmoid")),
            ("tanh's formula", "tanh'", ("relu", "sigmoid")),
            ("sigmoid's formula", "sigmoid'", ("tanh", "relu")),
            ("relu's mask", "relu'", ("tanh",)),
            ("tanh's formula at z", "f'(z) as value", ("tanh",)),
            ("sigmoid's formula at z", "f'(z) as value", ("sigmoid",)),
            ("tanh' at z", "tanh' of z", ("relu", "sigmoid")),
            ("sigmoid' at z", "sigmoid' of z", ("tanh", "relu")),
        )
    },
    f"wrong-time-index:{SLOPE}/step before, state at the edge": Variant(Damage.SHIFT_DROPPED, amount=-1),
    f"wrong-time-index:{SLOPE}/step after, clamped": Variant(Damage.SHIFT_CLAMPED, amount=1),
    f"wrong-time-index:{SLOPE}/step after, wrapped to the state": Variant(Damage.SHIFT_WRAPPED, amount=1),
}

_STACKS = ("x[t] in W_xh", "h[t-1] in W_hh", "h[t] in W_hy", "f'")

CACHES = {
    "stale-cache:cache/last, output too": Variant(Damage.STALE_LAST, taps=_STACKS),
    "stale-cache:cache/first, output too": Variant(Damage.STALE_FIRST, taps=_STACKS),
    "stale-cache:cache/last, only in the derivative": Variant(Damage.STALE_LAST, taps=("f'",)),
    "stale-cache:cache/first, only in the derivative": Variant(Damage.STALE_FIRST, taps=("f'",)),
    **{
        f"stale-cache:{stack}/{which}": Variant(damage)
        for stack in ("x[t]", "h[t-1]", "h[t]")
        for which, damage in (("last", Damage.STALE_LAST), ("first", Damage.STALE_FIRST))
    },
}

_EDGES = {"dropped": Damage.SHIFT_DROPPED, "clamped": Damage.SHIFT_CLAMPED, "wrapped": Damage.SHIFT_WRAPPED}
_SIDES = {"step before": -1, "step after": 1}

OUTPUT_ERRORS = {
    "missing-target:dy": Variant(Damage.NO_TARGET),
    "sign-flip:target": Variant(Damage.TARGET_ADDED),
    "diagonal-softmax:dy": Variant(Damage.DIAGONAL),
    "missing-activation-derivative:softmax'": Variant(Damage.UNFINISHED),
    "double-counted-term:softmax'": Variant(Damage.TWICE),
    "wrong-activation-derivative:dy/sigmoid's": Variant(Damage.SPURIOUS_SLOPE, other="sigmoid'"),
    "wrong-activation-derivative:dy/tanh's": Variant(Damage.SPURIOUS_SLOPE, other="tanh'"),
    "error-at-every-step:dy/hidden part": Variant(Damage.EVERY_STEP, taps=("dy in dh",)),
    "error-at-every-step:dy/everywhere": Variant(Damage.EVERY_STEP, taps=("output error",)),
    "unexplained:/last step's output error at every step": Variant(
        Damage.STALE_LAST, name="error-at-every-step:dy", steps=("last",)
    ),
    "unexplained:/own error not multiplied by W_hy": Variant(Damage.DROP, name="missing-term:W_hy"),
    **{
        f"wrong-time-index:dy/{side}, {edge}": Variant(damage, amount=shift)
        for side, shift in _SIDES.items()
        for edge, damage in _EDGES.items()
    },
}

ACCUMULATORS = {
    **_of_each(ACCUMULATED, "overwritten-accumulator:{}", Damage.KEEP_LAST_VISITED),
    **_of_each(ACCUMULATED, "double-counted-term:{}", Damage.ADD_ITSELF),
    **_of_each(ACCUMULATED, "skipped-step:{}/first", Damage.SKIP_FIRST),
    **_of_each(ACCUMULATED, "skipped-step:{}/last", Damage.SKIP_LAST),
    **_of_each(ACCUMULATED, "wrong-time-index:{}/step before, dropped", Damage.SHIFT_DROPPED, amount=-1),
    **_of_each(ACCUMULATED, "wrong-time-index:{}/step after, dropped", Damage.SHIFT_DROPPED, amount=1),
    **_of_each(("W_xh", "W_hh", "W_hy"), "transposed-gradient:{}", Damage.TRANSPOSE),
    **_of_each(HIDDEN, "missing-activation-derivative:{}", Damage.OTHER, other="dh"),
    **_of_each(HIDDEN, "missing-term:dh_next in {}", Damage.OTHER, other="own dz"),
    **{
        f"wrong-operand:{name}/h[t] for dz": Variant(Damage.OTHER, other="h[t]", taps=(f"dz in {name}",))
        for name in HIDDEN
    },
    **_of_each(HIDDEN, "wrong-operand:{}/dh_next for dz", Damage.OTHER, other="dh_next"),
    "wrong-operand:W_hh/z[t] for h[t-1]": Variant(Damage.OTHER, other="z"),
    "wrong-operand:W_hh/x[t] for h[t-1]": Variant(Damage.OTHER, other="x[t]"),
    "wrong-operand:W_xh/h[t-1] for x[t]": Variant(Damage.OTHER, other="h[t-1]"),
    "wrong-operand:W_xh/h[t] for x[t]": Variant(Damage.OTHER, other="h[t]", taps=("x[t] in W_xh",)),
    "wrong-operand:W_hy/z[t] for h[t]": Variant(Damage.OTHER, other="z"),
    "missing-initial-state:h[t-1]": Variant(Damage.ZERO_FIRST),
    "wrapped-index:h[t-1]": Variant(Damage.WRAP_FIRST),
    "wrong-time-index:h[t-1]/h[t]": Variant(Damage.SHIFT_DROPPED, amount=1),
    "wrong-time-index:h[t-1]/h[t-2], dropped": Variant(Damage.SHIFT_DROPPED, amount=-1),
    "wrong-time-index:h[t-1]/h[t-2], clamped": Variant(Damage.SHIFT_CLAMPED, amount=-1),
    "wrong-time-index:h[t-1]/h[t-2], wrapped": Variant(Damage.SHIFT_WRAPPED, amount=-1),
    "wrong-time-index:h[t]/step before, state at the edge": Variant(Damage.SHIFT_DROPPED, amount=-1),
    "wrong-time-index:h[t]/step after, dropped": Variant(Damage.SHIFT_DROPPED, amount=1),
    "wrong-time-index:h[t]/step after, clamped": Variant(Damage.SHIFT_CLAMPED, amount=1),
    "wrong-time-index:h[t]/step after, wrapped to the state": Variant(Damage.SHIFT_WRAPPED, amount=1),
    **{
        f"wrong-time-index:x[t]/{side}, {edge}": Variant(damage, amount=shift)
        for side, shift in _SIDES.items()
        for edge, damage in _EDGES.items()
    },
    **{
        f"unexplained:/last sequence alone in {name}": Variant(
            Damage.LAST_SEQUENCE, name=f"overwritten-accumulator:{name}"
        )
        for name in ACCUMULATED
    },
}

FINISHED = {
    **_of_each(PARAMETERS, "missing-gradient:{}", Damage.SCALE, amount=0.0),
    **_of_each(PARAMETERS, "sign-flip:{}", Damage.SCALE, amount=-1.0),
    **_of_each(PARAMETERS, "scaled-gradient:{}/2", Damage.SCALE, amount=2.0),
    **_of_each(PARAMETERS, "scaled-gradient:{}/1/2", Damage.SCALE, amount=0.5),
    **_of_each(PARAMETERS, "scaled-gradient:{}/0.1", Damage.SCALE, amount=0.1),
    **_of_each(PARAMETERS, "regulariser-mismatch:{}/lambda 0.1", Damage.REGULARISE, amount=0.1),
    **_of_each(PARAMETERS, "regulariser-mismatch:{}/lambda 0.001", Damage.REGULARISE, amount=0.001),
    **_of_each(PARAMETERS, "clipped-gradient:{}/elementwise at 0.01", Damage.BOUND, amount=0.01),
    **_of_each(PARAMETERS, "clipped-gradient:{}/elementwise at 0.1", Damage.BOUND, amount=0.1),
    **_of_each(PARAMETERS, "clipped-gradient:{}/elementwise at 1.0", Damage.BOUND, amount=1.0),
    "unexplained:/dh of the first step for h0": Variant(Damage.OTHER, name="missing-term:W_hh in h0", other="dh"),
    "unexplained:/dz of the first step for h0": Variant(Damage.OTHER, name="missing-term:W_hh in h0", other="dz"),
}

PLANTED: dict[str, Variant] = {**CHAIN, **SLOPES, **CACHES, **OUTPUT_ERRORS, **ACCUMULATORS, **FINISHED}

CONSTANTS: dict[str, str | float] = {
    **{f"scaled-gradient:{name}": name for name in ("T", "1/T", "B", "1/B", "T*B", "1/(T*B)", "O", "1/O", "2", "1/2")},
    **{f"scaled-gradient:{number}": float(number) for number in ("0.1", "0.01", "100", "-2")},
    "sign-flip:all": -1.0,
}

WINDOWS: dict[str, tuple[int, Damage]] = {
    **{f"truncated-chain:{lags}": (lags, Damage.WINDOW) for lags in (1, 2, 3, 4)},
    **{f"truncated-chain:{lags}/cut where made": (lags, Damage.WINDOW) for lags in (1, 2)},
    **{
        f"truncated-chain:{steps}/chunks from the {end}": (steps, damage)
        for steps in (2, 3, 4, 5)
        for end, damage in (("start", Damage.CHUNKS), ("end", Damage.CHUNKS_FROM_END))
    },
}

CLIPS: dict[str, tuple[str, float]] = {
    f"clipped-gradient:dh_next/{stream} elementwise at {bound}": (stream, float(bound))
    for stream in ("dh_next", "dh", "dz")
    for bound in ("0.01", "0.1", "1.0")
}

MAPPED: tuple[Bug, ...] = tuple(bug for bug in BY_IDENTIFIER.values() if has_counterpart(bug))
