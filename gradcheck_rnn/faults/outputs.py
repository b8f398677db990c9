"""Faults of the errors of the outputs: as they are computed, and as they reach the chain."""

from collections.abc import Iterator

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.taps import SHIFTS, STALE


def output_term_faults(name: str, into: str) -> Iterator[Fault]:
    """Faults of the term of `into` that comes from the step's own output."""
    lost = f"the carry overwrites {into}: each step's own error is lost, the last step's aside"
    yield Fault("overwritten-carry", into, lost, (name,), Damage.ONLY_WITHOUT_CARRY)


def output_error_faults(loss: str, steps: str) -> Iterator[Fault]:
    """Faults of dy, the gradient of the loss with respect to the outputs."""
    tap = ("output error",)
    yield from _upstream_faults() if loss == "projection" else _loss_faults(loss)
    if steps == "last":
        says = "dy is injected at every step, though the loss is on the last one"
        yield Fault("error-at-every-step", "dy", says, tap, Damage.EVERY_STEP)
        yield Fault("error-at-every-step", "dy", says, ("dy in dh",), Damage.EVERY_STEP)
        yield Fault("error-at-every-step", "dy", says, ("dy in dh",), Damage.STALE_LAST)
    for damage in SHIFTS:
        for shift in (-1, 1):
            says = f"dh is built from dy[t{shift:+d}]"
            yield Fault("wrong-time-index", "dy", says, ("dy in dh",), damage, amount=shift)


def _upstream_faults() -> Iterator[Fault]:
    """Faults of an upstream gradient that is given for every step."""
    tap = ("output error",)
    yield Fault("missing-target", "dy", "the upstream gradient is taken to be ones", tap, Damage.ONES)
    says = "of the upstream gradients only that of the last step is taken"
    yield Fault("missing-term", "dy", says, tap, Damage.KEEP_FIRST_VISITED)
    for damage, term in ((Damage.SKIP_FIRST, "first"), (Damage.SKIP_LAST, "last")):
        yield Fault("skipped-step", term, f"the upstream gradient of the {term} step is not taken", tap, damage)
    for damage, which in STALE.items():
        yield Fault("stale-cache", "dy", f"the upstream gradient of the {which} step is taken at all", tap, damage)
    for other, words in (("sigmoid'", "h * (1 - h)"), ("tanh'", "1 - h**2")):
        says = f"the upstream gradient is multiplied by a derivative, {words}, before it reaches h"
        yield Fault("wrong-activation-derivative", "dy", says, tap, Damage.SPURIOUS_SLOPE, other=other)


def _loss_faults(loss: str) -> Iterator[Fault]:
    """Faults of dy that are made where it is computed from outputs and targets."""
    tap = ("output error",)
    yield Fault("missing-target", "dy", "dy lacks the target: it is the prediction alone", tap, Damage.NO_TARGET)
    yield Fault("sign-flip", "target", "the target is added to dy where it is subtracted", tap, Damage.TARGET_ADDED)
    if loss == "softmax_cross_entropy":
        says = "the softmax's Jacobian is taken elementwise: its entries off the diagonal are missing"
        yield Fault("diagonal-softmax", "dy", says, tap, Damage.DIAGONAL)
        says = "dy is the gradient with respect to the probabilities: the softmax's Jacobian is missing"
        yield Fault("missing-activation-derivative", "softmax'", says, tap, Damage.UNFINISHED)
        says = "dy is p - onehot already, and goes through the softmax's Jacobian once more"
        yield Fault("double-counted-term", "softmax'", says, tap, Damage.TWICE)
    for other, words in (("sigmoid'", "p * (1 - p)"), ("tanh'", "1 - y**2")):
        says = f"dy is multiplied by a derivative, {words}, of an activation that the output does not have"
        yield Fault("wrong-activation-derivative", "dy", says, tap, Damage.SPURIOUS_SLOPE, other=other)
