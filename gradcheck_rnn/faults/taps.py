"""Faults by the kind of tap that they are done at: a cell gets its faults by naming its taps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gradcheck_rnn.faults.fault import AMOUNT, Damage, Fault
from gradcheck_rnn.faults.products import Product

# a bound that tutorials clip at
USUAL_BOUND = 5.0
# damage to rows that takes those of another step: what happens at the ends differs from code to code
SHIFTS = (Damage.SHIFT_DROPPED, Damage.SHIFT_CLAMPED, Damage.SHIFT_WRAPPED)
# states stand in a list with or without the initial one
STATE_SHIFTS = (*SHIFTS, Damage.OWN_SHIFT_DROPPED, Damage.OWN_SHIFT_CLAMPED, Damage.OWN_SHIFT_WRAPPED)
UNITS = {
    Damage.FIRST_UNIT: "the first unit",
    Damage.LAST_UNIT: "the last unit",
    Damage.MEAN_UNIT: "the mean of all units",
}
# slopes that leaky activations usually have
LEAKS = (0.01, 0.1, 0.2)
STALE = {Damage.STALE_LAST: "last", Damage.STALE_FIRST: "first"}
# quantities whose names do not say what they are
IN_WORDS = {"own dz": "dz without the carry", "h'": "the derivative f'"}
# a cut that is made when a carry is made, not when it is used
WHERE_MADE = "where made"


@dataclass(frozen=True)
class Mistakes:
    """A parameter's product, and quantities that may be mistaken for its operands.

    `instead` are those for the right one, each with the kind and term of that fault; `left_instead` those for the left.
    `in_term` is what a finding's term adds to the left operand, where there are several products with it.
    """

    product: Product
    instead: tuple[tuple[str, str, str], ...] = ()
    left_instead: tuple[str, ...] = ()
    in_term: str = ""


def carry_faults(name: str, into: str) -> Iterator[Fault]:
    """Faults of a carry `name` that is a term of `into`."""
    drop = f"the carry {name} never reaches {into}: the chain ends after one step"
    yield Fault("missing-term", name, drop, (name,), Damage.DROP)
    made = f"{name} made"  # where it is assigned for the step before: the initial state's gradient is damaged too
    yield Fault("missing-term", name, drop, (made,), Damage.DROP)
    yield Fault("sign-flip", name, f"{name} is subtracted where it is added", (name,), Damage.NEGATE)
    yield Fault("sign-flip", name, f"{name} has the wrong sign", (made,), Damage.NEGATE)
    yield Fault("double-counted-term", name, f"{name} is counted twice", (name,), Damage.DOUBLE)
    yield Fault("double-counted-term", name, f"{name} is twice what it should be", (made,), Damage.DOUBLE)
    added = f"{name} is added up from step to step and never set anew"
    yield Fault("double-counted-term", name, added, (made,), Damage.ACCUMULATE)
    yield clip_fault(name, USUAL_BOUND, Damage.CLIP)


def late_carry_fault(name: str, slope: str, after: str) -> Fault:
    """A carry that is added to the delta of `after`, which an activation's derivative `slope` leads from or to."""
    says = f"{name} is added on the wrong side of the derivative {slope}"
    return Fault("missing-activation-derivative", f"{slope} of {name}", says, (name,), Damage.ELSEWHERE, other=after)


def clip_fault(name: str, bound: float, damage: Damage) -> Fault:
    """A carry or a delta, or as `dh_next and dc_next` two, clipped at a bound inside the recurrence."""
    what = name if damage is Damage.CLIP else f"the norm of {name}"
    says = f"{what} {'are' if ' and ' in name else 'is'} clipped at {AMOUNT} inside the recurrence"
    taps = tuple(f"{each} made" if each.endswith("_next") else each for each in name.split(" and "))
    return Fault("clipped-gradient", name, says, taps, damage, amount=bound)


def weight_faults(
    weight: str, where: str, *, gradient: bool, others: tuple[str, ...] = (), kind_of_others: str = "wrong-operand"
) -> Iterator[Fault]:
    """Faults of a weight that the chain is multiplied by, transposed, in `where`.

    What may be taken in its place: its own `gradient`, `others`.
    """
    tap = f"{weight} in {where}"
    says = f"{where} is multiplied by {weight}, not by its transpose"
    yield Fault("untransposed-weight", weight, says, (tap,), Damage.UNTRANSPOSE)
    says = f"{where} is not multiplied by {weight} at all"
    yield Fault("missing-term", weight, says, (tap,), Damage.DROP)
    if gradient:
        says = f"{where} is multiplied by the gradient d{weight} in place of {weight}"
        yield Fault("wrong-operand", weight, says, (tap,), Damage.GRADIENT, amount=1)
        yield Fault("wrong-operand", weight, says, (tap,), Damage.GRADIENT)
    for other in others:
        says = f"{where} is multiplied by {other} in place of {weight}"
        yield Fault(kind_of_others, weight, says, (tap,), Damage.OTHER, other=other)


def bypass_faults(operand: str, other: str, carry: str) -> Iterator[Fault]:
    """A carry that is built from `other`, which lies behind the activation, in place of `operand`."""
    says = f"{carry} is built from {other}, not from {operand}: it skips the activation's derivative"
    yield Fault("bypassed-activation", carry, says, (f"{operand} in {carry}",), Damage.OTHER, other=other)


def slope_faults(tap: str, term: str, others: Mapping[str, str]) -> Iterator[Fault]:
    """Faults of an activation's derivative; `others` are the functions that are taken for it, in words."""
    missing = f"the derivative {term} is missing"
    yield Fault("missing-activation-derivative", term, missing, (tap,), Damage.DROP)
    for other, words in others.items():
        says = f"{term} is taken as {words}"
        yield Fault("wrong-activation-derivative", term, says, (tap,), Damage.OTHER_SLOPE, other=other)
    for damage, unit in UNITS.items():
        says = f"{term} of {unit} is used for all units"
        yield Fault("wrong-activation-derivative", term, says, (tap,), damage)
    for bound in LEAKS:
        says = f"{term} is at least {bound}: a leaky one that the forward pass does not have"
        yield Fault("wrong-activation-derivative", term, says, (tap,), Damage.AT_LEAST, amount=bound)
    yield from operand_shift_faults(tap, term, f"{term} is taken", STATE_SHIFTS)


def loop_faults(*loops: str) -> Iterator[Fault]:
    """Faults of the loop over time; `loops` are the taps of all loops, the hidden one first."""
    says = "the backward loop runs forward in time: the carry goes from t to t+1"
    yield Fault("forward-order-loop", "loop", says, loops, Damage.FORWARD)
    for damage, term in ((Damage.SKIP_FIRST, "first"), (Damage.SKIP_LAST, "last")):
        says = f"the backward loop leaves out the {term} step"
        yield Fault("skipped-step", term, says, loops[:1], damage)
        yield Fault("skipped-step", term, says, loops, damage)
    says = "the backward loop runs on to t = -1, which is the last step again"
    yield Fault("wrapped-index", "t", says, loops[:1], Damage.ONE_TOO_FAR)
    yield Fault("wrapped-index", "t", says, loops, Damage.ONE_TOO_FAR)


def window_fault(lags: int, damage: Damage = Damage.WINDOW, other: str = "") -> Fault:
    """A chain that is cut after `lags` lags, or at multiples of that length.

    `other` is WHERE_MADE where the cut is made when a carry is made, not when it is used: then the initial state gets
    one lag less.
    """
    how = {
        Damage.WINDOW: f"the chain is cut: the error of step t reaches back to step t-{lags} and no further",
        Damage.CHUNKS: f"the chain is cut at every multiple of {lags} steps",
        Damage.CHUNKS_FROM_END: f"the chain is cut at every multiple of {lags} steps, counted from the end",
    }[damage]
    return Fault("truncated-chain", str(lags), how, ("chain",), damage, amount=lags, other=other)


def short_loop_fault(lags: int, *loops: str) -> Fault:
    """A backward loop that ends `lags` steps before the last one."""
    says = f"the backward loop covers the last {_steps(lags + 1)} only"
    return Fault("truncated-chain", str(lags), says, loops, Damage.LAST_STEPS, amount=lags)


def _steps(count: int) -> str:
    return "step" if count == 1 else f"{count} steps"


def cache_faults(
    inputs: tuple[str, ...], states: tuple[str, ...], outputs: tuple[str, ...], slopes: tuple[str, ...]
) -> Iterator[Fault]:
    """Faults of caches: one step's values are used at all steps.

    In every tap, in all but the output's, in the states alone (which share one buffer), in the derivatives alone.
    """
    for damage, which in STALE.items():
        says = f"the {which} step's cache is used at all steps"
        yield Fault("stale-cache", "cache", says, (*inputs, *states, *outputs, *slopes), damage)
        yield Fault("stale-cache", "cache", says, (*inputs, *states, *slopes), damage)
    says = "all states share one buffer: the last state is used at all steps"
    yield Fault("stale-cache", "cache", says, (*states, *outputs, *slopes), Damage.STALE_FINAL)
    yield Fault("stale-cache", "cache", says, (*states, *outputs), Damage.STALE_FINAL)
    yield Fault("stale-cache", "cache", says, (*states, *slopes), Damage.STALE_FINAL)
    for damage, which in STALE.items():
        says = f"the {which} step's activation is used in the derivative of all steps"
        yield Fault("stale-cache", "cache", says, slopes, damage)


def accumulator_faults(mistakes: Mistakes) -> Iterator[Fault]:
    """Faults of one parameter's gradient alone."""
    name, right = mistakes.product.parameter, mistakes.product.right
    each = [*_left_faults(mistakes), *_accumulation(name)]
    for other, kind, term in mistakes.instead:
        says = f"d{name} is built from {IN_WORDS.get(other, other)}, not from {right}"
        each.append(Fault(kind, term, says, (f"{right} in {name}",), Damage.OTHER, other=other))
    for damage in SHIFTS:
        for shift in (-1, 1):
            says = f"d{name} takes {right} of step t{shift:+d}"
            each.append(Fault("wrong-time-index", name, says, (f"{right} in {name}",), damage, amount=shift))
    says = f"d{name} is assigned at each step (=), not added to (+=): one step is left"
    each.append(Fault("overwritten-accumulator", name, says, (name,), Damage.KEEP_FIRST_VISITED))
    yield from (replace(fault, parameter=name) for fault in each)


def _accumulation(name: str) -> Iterator[Fault]:
    says = f"d{name} is assigned at each step (=), not added to (+=): one step is left"
    yield Fault("overwritten-accumulator", name, says, (name,), Damage.KEEP_LAST_VISITED)
    says = f"d{name} is that of the last sequence of the batch only"
    yield Fault("overwritten-accumulator", name, says, (name,), Damage.LAST_SEQUENCE)
    for damage, which in ((Damage.SKIP_FIRST, "first"), (Damage.SKIP_LAST, "last")):
        says = f"the {which} step's contribution to d{name} is missing"
        yield Fault("skipped-step", name, says, (name,), damage)
    says = f"d{name} is added to itself at every step"
    yield Fault("double-counted-term", name, says, (name,), Damage.ADD_ITSELF)


def _left_faults(mistakes: Mistakes) -> Iterator[Fault]:
    name, left = mistakes.product.parameter, mistakes.product.left
    if left is None:
        return
    says = f"the outer product of d{name} is taken the wrong way round"
    yield Fault("transposed-gradient", name, says, (name,), Damage.TRANSPOSE)
    tap, term = (f"{left} in {name}",), left + mistakes.in_term
    if left == "h[t-1]":
        says = f"d{name} takes zeros for the initial state"
        yield Fault("missing-initial-state", term, says, tap, Damage.ZERO_FIRST)
        says = f"d{name} takes index -1, the last state, for the state before the first step"
        yield Fault("wrapped-index", term, says, tap, Damage.WRAP_FIRST)
    yield from operand_shift_faults(
        tap[0], term, f"{left} in d{name} is taken", SHIFTS if left == "x[t]" else STATE_SHIFTS
    )
    yield from stale_operand_faults(tap[0], term, f"{left} in d{name}")
    for other in mistakes.left_instead:
        says = f"d{name} is built from {other}, not from {left}"
        yield Fault("wrong-operand", name, says, tap, Damage.OTHER, other=other)


def stale_operand_faults(tap: str, term: str, what: str) -> Iterator[Fault]:
    """An operand that is taken from one and the same step at all steps."""
    for damage, which in {**STALE, Damage.STALE_FINAL: "very last"}.items():
        yield Fault("stale-cache", term, f"{what} is taken from the {which} step at all steps", (tap,), damage)


def operand_shift_faults(tap: str, term: str, says: str, shifts: tuple[Damage, ...]) -> Iterator[Fault]:
    """An operand that is taken from the step before or after."""
    for shift in (1, -1):
        for damage in shifts:
            words = f"{says} one step too {'late' if shift > 0 else 'early'}"
            yield Fault("wrong-time-index", term, words, (tap,), damage, amount=shift)
