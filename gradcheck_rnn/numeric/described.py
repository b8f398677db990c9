"""Numeric gradient of the described loss by the method that the user chose."""

from collections.abc import Mapping

import numpy as np

from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.carried.differences import Form
from gradcheck_rnn.numeric.carried.gradient import carried_gradient
from gradcheck_rnn.numeric.estimate import EPS, Estimate, Indices, Values, never_below_median
from gradcheck_rnn.numeric.interrupted import gathered
from gradcheck_rnn.numeric.ladder import derivatives
from gradcheck_rnn.numeric.moved import moved_losses
from gradcheck_rnn.numeric.noise import loss_noise
from gradcheck_rnn.numeric.progress import ForeseeSeconds, Progress, Watch
from gradcheck_rnn.numeric.spread import IN_TURN, Spread

# an imaginary step has no rounding to balance: its square vanishes beside 1
COMPLEX_STEP = 1e-30
# rounding of a complex evaluation, as a share of the tensor's largest entry
COMPLEX_ROUNDING = 16 * EPS


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def described_gradient(
    problem: Problem,
    indices: Mapping[str, Indices],
    check: CheckSettings,
    rng: np.random.Generator,
    *,
    progress: Progress,
    foresee: ForeseeSeconds = lambda _seconds: None,
    spread: Spread = IN_TURN,
) -> dict[str, Estimate]:
    """Differentiate the described loss by the given entries of each parameter, `indices[name]` (K,).

    Args:
        problem: expansion point.
        indices: entries by parameter, flat in C order.
        check: method and step.
        rng: chooses the samples on which errors are measured.
        progress: told the number of finished and of all entries.
        foresee: told how many seconds of work the default method has for one worker, once that is known.
        spread: where the blocks of the default method are worked out.
    Raises:
        InterruptedDifferencesError: Ctrl-C was pressed.
    """
    exact, total = problem.in_double_precision(), sum(map(len, indices.values()))
    match check.method:
        case "auto" | "direct":
            form: Form = "direct" if check.method == "direct" else "exact"
            watch = Watch(total, progress, foresee)
            return carried_gradient(exact, indices, rng=rng, step=check.step, form=form, spread=spread, watch=watch)
        case "complex_step":
            parts = ((name, _complex_step(exact, name, entries, check.step)) for name, entries in indices.items())
            return gathered(parts, indices)
    base = described_loss(exact)
    noise = loss_noise(
        lambda points: [described_loss(exact.at(each)) for each in points], exact.parameters, rng, scale=abs(base)
    )
    parts = (
        (name, _from_losses(exact, name, entries, check, base=base, noise=noise)) for name, entries in indices.items()
    )
    return gathered(parts, indices)


def _from_losses(
    problem: Problem, name: str, indices: Indices, check: CheckSettings, *, base: float, noise: float
) -> Estimate:
    def losses(entries: Indices, offset: float) -> tuple[Values, Values]:
        # the offset is added to the pre-activation, not to the stored entry, so that it is never rounded
        return moved_losses(problem, name, entries, offset), np.full(len(entries), offset)

    found = derivatives(losses, indices, method=check.method, step=check.step, base=base, noise=noise)
    return found if check.method == "central" else never_below_median(found)


def _complex_step(problem: Problem, name: str, indices: Indices, step: float | None) -> Estimate:
    """Im L(theta + i h) / h.

    Source: Squire & Trapp, Using Complex Variables to Estimate Derivatives of Real Functions (1998).
    """
    h = step or COMPLEX_STEP
    value = moved_losses(problem, name, indices, 1j * h).imag / h
    error = np.full(len(indices), COMPLEX_ROUNDING * float(np.abs(value).max(initial=0.0)))
    return Estimate(indices, value, error, np.zeros(len(indices)))
