"""Which fault of the library is which bug of the oracle, mapped by hand: the same mistake, made in two programs.

A bug that the library has no fault for stands in no table here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from gradcheck_rnn.faults.elman import named_constant
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import bound_fault, norm_bound_fault, regulariser_fault
from gradcheck_rnn.faults.library import known_faults
from gradcheck_rnn.faults.taps import clip_fault, short_loop_fault, window_fault
from gradcheck_rnn.model.net import Net
from tests.oracle.broken import BY_IDENTIFIER
from tests.oracle.broken_bug import SLOPE, Bug, Edit, bug

PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y", "h0")
ACCUMULATED = PARAMETERS[:-1]
HIDDEN = PARAMETERS[:3]
CELLS = ("tanh", "relu", "sigmoid")
# whose amount is not in the library: the bug's own is put in its place
OPEN = (Damage.SCALE, Damage.BOUND, Damage.BOUND_NORM, Damage.REGULARISE)


@dataclass(frozen=True)
class Variant:
    """One fault of the library, and for which nets it is the bug's.

    `name` is the bug's own where it is empty. `amount`, `other` and `taps` tell faults of one name and damage apart;
    `constant` is the name of the number that a scaled gradient is multiplied by.
    """

    damage: Damage
    name: str = ""
    amount: float | None = None
    other: str | None = None
    taps: tuple[str, ...] | None = None
    cells: tuple[str, ...] = CELLS
    steps: tuple[str, ...] = ("all", "last")
    learned: bool = True
    constant: str = ""

    def fits(self, net: Net) -> bool:
        there = net.sizes.batch is not None or "B" not in self.constant
        return there and net.cell in self.cells and net.loss.steps in self.steps and (self.learned or not net.learned)

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
        net.structure,
        length=net.sizes.length if length is None else length,
        loss=net.loss.kind,
        steps=net.loss.steps,
        batched=net.sizes.batch is not None,
        parameters=net.shapes,
    )


def has_counterpart(planted: Bug) -> bool:
    return planted.identifier in {*PLANTED, *CONSTANTS, *WINDOWS, *SHORT_LOOPS, *CLIPS, *OF_ALL}


def counterpart(planted: Bug, net: Net) -> Fault | None:
    """The library's fault; None where this net has no such fault, or codes it otherwise."""
    if planted.identifier in CONSTANTS:
        constant = CONSTANTS[planted.identifier]
        return None if "B" in str(constant) and net.sizes.batch is None else named_constant(constant)
    if planted.identifier in CLIPS:
        return clip_fault(*CLIPS[planted.identifier])
    if planted.identifier in WINDOWS:
        return window_fault(*WINDOWS[planted.identifier])
    if planted.identifier in SHORT_LOOPS:
        return short_loop_fault(SHORT_LOOPS[planted.identifier], "loop")
    if planted.identifier in OF_ALL:
        return OF_ALL[planted.identifier](tuple(net.shapes))
    variant = PLANTED[planted.identifier]
    if not variant.fits(net):
        return None
    name = variant.name or f"{planted.kind}:{planted.term.replace(SLOPE, f'{net.cell}{chr(39)}')}"
    return found(faults_of(net), variant, name)


def found(faults: Sequence[Fault], variant: Variant, name: str) -> Fault:
    """The first fault of the library that is the variant, with the bug's amount where that is open."""
    matching = [fault for fault in faults if variant.matches(fault, name)]
    if not matching:
        raise LookupError(f"the library has no {name} with {variant}")
    if variant.constant:
        return replace(matching[0], other=variant.constant)
    return matching[0] if variant.amount is None else replace(matching[0], amount=variant.amount)


def _of_each(parameters: Sequence[str], pattern: str, damage: Damage, **fields: object) -> dict[str, Variant]:
    return {pattern.format(name): Variant(damage, **fields) for name in parameters}  # type: ignore[arg-type]  # fields by name


_EDGES = {"dropped": Damage.SHIFT_DROPPED, "clamped": Damage.SHIFT_CLAMPED, "wrapped": Damage.SHIFT_WRAPPED}
_SIDES = {"step before": -1, "step after": 1}

# a carry is added to dh at one step, and made for the step before or, by the first step, for a learned initial state:
# only there does it make a difference which of the two goes wrong
_USED, _MADE = ("dh_next",), ("dh_next made",)

CHAIN = {
    "missing-term:dh_next/never added": Variant(Damage.DROP, learned=False),
    "missing-term:dh_next/never updated": Variant(Damage.DROP, taps=_MADE),
    "missing-term:W_hh": Variant(Damage.DROP),
    "untransposed-weight:W_hh": Variant(Damage.UNTRANSPOSE),
    "untransposed-weight:W_hy": Variant(Damage.UNTRANSPOSE),
    "wrong-operand:W_hh/gradient with this step": Variant(Damage.GRADIENT, amount=1),
    "wrong-operand:W_hh/gradient before this step": Variant(Damage.GRADIENT, amount=0),
    "wrong-operand:W_hh/W_xh in its place": Variant(Damage.OTHER, other="W_xh"),
    "bypassed-activation:dh_next": Variant(Damage.OTHER, other="dh"),
    "sign-flip:dh_next/where added": Variant(Damage.NEGATE, learned=False),
    "sign-flip:dh_next/where made": Variant(Damage.NEGATE, taps=_MADE),
    "double-counted-term:dh_next/where added": Variant(Damage.DOUBLE, learned=False),
    "double-counted-term:dh_next/where made": Variant(Damage.DOUBLE, taps=_MADE),
    "double-counted-term:dh_next/never set anew": Variant(Damage.ACCUMULATE),
    "overwritten-carry:dh": Variant(Damage.ONLY_WITHOUT_CARRY),
    "forward-order-loop:loop": Variant(Damage.FORWARD),
    "skipped-step:first/hidden part": Variant(Damage.SKIP_FIRST, taps=("loop",)),
    "skipped-step:first/everything": Variant(Damage.SKIP_FIRST, taps=("loop", "output loop")),
    "skipped-step:last/hidden part": Variant(Damage.SKIP_LAST, taps=("loop",)),
    "skipped-step:last/everything": Variant(Damage.SKIP_LAST, taps=("loop", "output loop")),
}

WHERE_ADDED = {
    "missing-term:dh_next/never added": Variant(Damage.DROP, taps=_USED),
    "sign-flip:dh_next/where added": Variant(Damage.NEGATE, taps=_USED),
    "double-counted-term:dh_next/where added": Variant(Damage.DOUBLE, taps=_USED),
}

SLOPES = {
    f"missing-activation-derivative:{SLOPE}": Variant(Damage.DROP),
    f"missing-activation-derivative:{SLOPE} of dh_next": Variant(Damage.ELSEWHERE),
    f"missing-activation-derivative:{SLOPE} of dy": Variant(Damage.ELSEWHERE),
    f"wrong-activation-derivative:{SLOPE}/first unit's for all": Variant(Damage.FIRST_UNIT),
    f"wrong-activation-derivative:{SLOPE}/last unit's for all": Variant(Damage.LAST_UNIT),
    f"wrong-activation-derivative:{SLOPE}/mean of all units": Variant(Damage.MEAN_UNIT),
    f"wrong-activation-derivative:{SLOPE}/leaky": Variant(Damage.AT_LEAST, amount=0.1),
    **{
        f"wrong-activation-derivative:{SLOPE}/{variant}": Variant(Damage.OTHER_SLOPE, other=other, cells=cells)
        for variant, other, cells in (
            ("of the activated value", "f'(f(z))", ("tanh", "sigmoid")),
            ("f itself", "f", CELLS),
            ("one minus f", "1 - f", CELLS),
            ("f squared", "f**2", CELLS),
            ("one plus f squared", "1 + f**2", CELLS),
            ("dot product for square", "1 - f @ f", CELLS),
            ("tanh's formula", "tanh'", ("relu", "sigmoid")),
            ("sigmoid's formula", "sigmoid'", ("tanh", "relu")),
            ("relu's mask", "relu'", ("tanh",)),
            ("tanh's formula at z", "tanh' formula at z", CELLS),
            ("sigmoid's formula at z", "sigmoid' formula at z", CELLS),
            ("tanh' at h", "tanh' of h", CELLS),
            ("sigmoid' at h", "sigmoid' of h", CELLS),
            ("tanh' at z", "tanh' of z", ("relu", "sigmoid")),
            ("sigmoid' at z", "sigmoid' of z", ("tanh", "relu")),
        )
    },
    f"wrong-time-index:{SLOPE}/step before, state at the edge": Variant(Damage.SHIFT_DROPPED, amount=-1),
    f"wrong-time-index:{SLOPE}/step after, clamped": Variant(Damage.SHIFT_CLAMPED, amount=1),
    f"wrong-time-index:{SLOPE}/step after, wrapped to the state": Variant(Damage.SHIFT_WRAPPED, amount=1),
    f"wrong-time-index:{SLOPE}/step before, dropped": Variant(Damage.OWN_SHIFT_DROPPED, amount=-1),
    f"wrong-time-index:{SLOPE}/step before, clamped": Variant(Damage.OWN_SHIFT_CLAMPED, amount=-1),
    f"wrong-time-index:{SLOPE}/step before, wrapped": Variant(Damage.OWN_SHIFT_WRAPPED, amount=-1),
    f"wrong-time-index:{SLOPE}/step after, wrapped to the first": Variant(Damage.OWN_SHIFT_WRAPPED, amount=1),
}

_X, _H_PREV, _H, _SLOPE = "x[t] in W_xh", "h[t-1] in W_hh", "h[t] in W_hy", "h'"

CACHES = {
    "stale-cache:cache/last, output too": Variant(Damage.STALE_LAST, taps=(_X, _H_PREV, _H, _SLOPE)),
    "stale-cache:cache/first, output too": Variant(Damage.STALE_FIRST, taps=(_X, _H_PREV, _H, _SLOPE)),
    "stale-cache:cache/last, only in the derivative": Variant(Damage.STALE_LAST, taps=(_SLOPE,)),
    "stale-cache:cache/first, only in the derivative": Variant(Damage.STALE_FIRST, taps=(_SLOPE,)),
    "stale-cache:cache/last, hidden part": Variant(Damage.STALE_LAST, taps=(_X, _H_PREV, _SLOPE)),
    "stale-cache:cache/first, hidden part": Variant(Damage.STALE_FIRST, taps=(_X, _H_PREV, _SLOPE)),
    "stale-cache:cache/states share one buffer": Variant(Damage.STALE_FINAL, taps=(_H_PREV, _H, _SLOPE)),
    "stale-cache:cache/states share one buffer, derivative right": Variant(Damage.STALE_FINAL, taps=(_H_PREV, _H)),
    "stale-cache:h[t-1]/last state": Variant(Damage.STALE_FINAL),
    **{
        f"stale-cache:{stack}/{which}": Variant(damage)
        for stack in ("x[t]", "h[t-1]", "h[t]")
        for which, damage in (("last", Damage.STALE_LAST), ("first", Damage.STALE_FIRST))
    },
}

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
    **{
        f"wrong-time-index:{name}/{side}, {edge}": Variant(damage, amount=shift)
        for name in ACCUMULATED
        for side, shift in _SIDES.items()
        for edge, damage in _EDGES.items()
        if not (name in ("b_h", "b_y") and edge == "wrapped")  # a sum does not care where it starts
    },
    **_of_each(("W_xh", "W_hh", "W_hy"), "transposed-gradient:{}", Damage.TRANSPOSE),
    **_of_each(HIDDEN, "missing-activation-derivative:{}", Damage.OTHER, other="dh"),
    **_of_each(HIDDEN, "missing-term:dh_next in {}", Damage.OTHER, other="own dz"),
    **{
        f"wrong-operand:{name}/h[t] for dz": Variant(Damage.OTHER, other="h[t]", taps=(f"dz in {name}",))
        for name in HIDDEN
    },
    **_of_each(HIDDEN, "wrong-operand:{}/dh_next for dz", Damage.OTHER, other="dh_next"),
    **{
        f"wrong-operand:{name}/{other} for dz": Variant(Damage.OTHER, other=taken, taps=(f"dz in {name}",))
        for name in HIDDEN
        for other, taken in (("z[t]", "z"), ("f'", "h'"))
    },
    **_of_each(("W_hy", "b_y"), "wrong-operand:{}/output for dy", Damage.OTHER, other="prediction"),
    **_of_each(("W_hy", "b_y"), "wrong-operand:{}/target for dy", Damage.OTHER, other="target"),
    "wrong-operand:W_hh/z[t] for h[t-1]": Variant(Damage.OTHER, other="z", taps=("h[t-1] in W_hh",)),
    "wrong-operand:W_hh/z[t-1] for h[t-1]": Variant(Damage.OTHER, other="z[t-1]"),
    "wrong-operand:W_hh/dz for h[t-1]": Variant(Damage.OTHER, other="dz"),
    "wrong-operand:W_hy/dz for h[t]": Variant(Damage.OTHER, other="dz"),
    "wrong-operand:W_hh/x[t] for h[t-1]": Variant(Damage.OTHER, other="x[t]"),
    "wrong-operand:W_xh/h[t-1] for x[t]": Variant(Damage.OTHER, other="h[t-1]", taps=("x[t] in W_xh",)),
    "wrong-operand:W_xh/h[t] for x[t]": Variant(Damage.OTHER, other="h[t]", taps=("x[t] in W_xh",)),
    "wrong-operand:W_hy/z[t] for h[t]": Variant(Damage.OTHER, other="z"),
    "missing-initial-state:h[t-1]": Variant(Damage.ZERO_FIRST),
    "wrapped-index:h[t-1]": Variant(Damage.WRAP_FIRST),
    "wrong-time-index:h[t-1]/h[t]": Variant(Damage.SHIFT_DROPPED, amount=1),
    "wrong-time-index:h[t-1]/h[t-2], dropped": Variant(Damage.SHIFT_DROPPED, amount=-1),
    "wrong-time-index:h[t-1]/h[t-2], clamped": Variant(Damage.SHIFT_CLAMPED, amount=-1),
    "wrong-time-index:h[t-1]/h[t-2], wrapped": Variant(Damage.SHIFT_WRAPPED, amount=-1),
    "wrong-time-index:h[t-1]/h[t-2], dropped without the state": Variant(Damage.OWN_SHIFT_DROPPED, amount=-1),
    "wrong-time-index:h[t-1]/h[t-2], clamped without the state": Variant(Damage.OWN_SHIFT_CLAMPED, amount=-1),
    "wrong-time-index:h[t-1]/h[t-2], wrapped without the state": Variant(Damage.OWN_SHIFT_WRAPPED, amount=-1),
    "wrong-time-index:h[t]/step before, dropped": Variant(Damage.OWN_SHIFT_DROPPED, amount=-1),
    "wrong-time-index:h[t]/step before, clamped": Variant(Damage.OWN_SHIFT_CLAMPED, amount=-1),
    "wrong-time-index:h[t]/step before, wrapped": Variant(Damage.OWN_SHIFT_WRAPPED, amount=-1),
    "wrong-time-index:h[t]/step after, wrapped": Variant(Damage.OWN_SHIFT_WRAPPED, amount=1),
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
    **_of_each(PARAMETERS, "clipped-gradient:{}/by norm at 0.1", Damage.BOUND_NORM, amount=0.1),
    **{
        f"scaled-gradient:{name}/{constant}": Variant(Damage.SCALE, name=f"scaled-gradient:{name}", constant=constant)
        for name in PARAMETERS
        for constant in ("T", "1/T", "1/B")
    },
    "missing-activation-derivative:h0": Variant(Damage.OTHER, other="dh through W_hh"),
    "unexplained:/weight untransposed in h0": Variant(
        Damage.UNTRANSPOSE, name="untransposed-weight:W_hh", taps=("h0",)
    ),
    "unexplained:/dh of the first step for h0": Variant(Damage.OTHER, name="missing-term:W_hh in h0", other="dh"),
    "unexplained:/dz of the first step for h0": Variant(Damage.OTHER, name="missing-term:W_hh in h0", other="dz"),
}

PLANTED: dict[str, Variant] = {**CHAIN, **SLOPES, **CACHES, **OUTPUT_ERRORS, **ACCUMULATORS, **FINISHED}

CONSTANTS: dict[str, str | float] = {
    **{f"scaled-gradient:{name}": name for name in ("T", "1/T", "B", "1/B", "T*B", "1/(T*B)", "O", "1/O", "2", "1/2")},
    **{f"scaled-gradient:{number}": float(number) for number in ("0.1", "0.01", "100", "-2")},
    "sign-flip:all": -1.0,
}

WINDOWS: dict[str, tuple[int, Damage, str]] = {
    **{f"truncated-chain:{lags}": (lags, Damage.WINDOW, "") for lags in (1, 2, 3, 4)},
    **{f"truncated-chain:{lags}/cut where made": (lags, Damage.WINDOW, "where made") for lags in (1, 2)},
    **{
        f"truncated-chain:{steps}/chunks from the {end}": (steps, damage, "")
        for steps in (2, 3, 4, 5)
        for end, damage in (("start", Damage.CHUNKS), ("end", Damage.CHUNKS_FROM_END))
    },
}

SHORT_LOOPS = {f"truncated-chain:{lags}/last steps of the sequence alone": lags for lags in (1, 2, 4)}

CLIPS: dict[str, tuple[str, float, Damage]] = {
    f"clipped-gradient:dh_next/{stream} {how} at {bound}": (stream, float(bound), damage)
    for stream in ("dh_next", "dh", "dz")
    for how, damage, bound in (
        ("elementwise", Damage.CLIP, "0.01"),
        ("elementwise", Damage.CLIP, "0.1"),
        ("elementwise", Damage.CLIP, "1.0"),
        ("by norm", Damage.CLIP_NORM, "0.1"),
    )
}

# faults of all parameters at once, by their names
OF_ALL: dict[str, Callable[[tuple[str, ...]], Fault]] = {
    **{
        f"clipped-gradient:all/elementwise at {bound}": partial(bound_fault, bound=float(bound), damage=Damage.BOUND)
        for bound in ("0.01", "0.1", "1.0")
    },
    **{
        f"clipped-gradient:all/each by its norm at {bound}": partial(
            bound_fault, bound=float(bound), damage=Damage.BOUND_NORM
        )
        for bound in ("0.1", "1.0")
    },
    **{
        f"clipped-gradient:all/all by their norm at {bound}": lambda _, bound=bound: norm_bound_fault(float(bound))
        for bound in ("0.1", "1.0")
    },
    **{
        f"regulariser-mismatch:all/lambda {weight}": partial(regulariser_fault, weight=float(weight))
        for weight in ("0.1", "0.001", "-0.1")
    },
}

# what happens at the edges of a list of states that does not hold the initial one
AT_THE_EDGES = (
    bug(
        *("wrong-time-index", "h[t-1]", "h[t-2], dropped without the state"),
        Edit("dW_t =", "run.s[t - 1]", "(run.s[t - 2] * (t > 1))"),
        touches=("W_hh",),
    ),
    bug(
        *("wrong-time-index", "h[t-1]", "h[t-2], clamped without the state"),
        Edit("dW_t =", "run.s[t - 1]", "run.s[max(t - 2, 0)]"),
        touches=("W_hh",),
    ),
)

ON_THE_CHAIN = {*CHAIN, *SLOPES, *CACHES, *OUTPUT_ERRORS, *WINDOWS} - {
    f"stale-cache:{stack}/{which}" for stack in ("x[t]", "h[t-1]", "h[t]") for which in ("last", "first", "last state")
}

MAPPED: tuple[Bug, ...] = tuple(each for each in (*BY_IDENTIFIER.values(), *AT_THE_EDGES) if has_counterpart(each))
