"""Numeric gradient of the described loss by the method that the user chose."""

from collections.abc import Mapping

import numpy as np

from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.carried import carried_gradient
from gradcheck_rnn.numeric.estimate import EPS, Estimate, Indices, Values, never_below_median
from gradcheck_rnn.numeric.ladder import central_difference, richardson, rungs_from
from gradcheck_rnn.numeric.moved import moved_losses
from gradcheck_rnn.numeric.noise import loss_noise
from gradcheck_rnn.numeric.progress import Counter, Progress

# the step of the classic check
CENTRAL_STEP = 1e-5
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
) -> dict[str, Estimate]:
    """Differentiate the described loss by the given entries of each parameter, `indices[name]` (K,).

    `progress` is told the number of finished and of all entries.
    """
    exact, count = problem.in_double_precision(), Counter(sum(map(len, indices.values())), progress)
    match check.method:
        case "auto":
            return {
                name: carried_gradient(exact, name, entries, rng=rng, step=check.step, advance=count.advance)
                for name, entries in indices.items()
            }
        case "complex_step":
            return {name: _complex_step(exact, name, entries, check.step) for name, entries in indices.items()}
    base = described_loss(exact)
    noise = loss_noise(
        lambda points: [described_loss(exact.at(each)) for each in points], exact.parameters, rng, scale=abs(base)
    )
    return {
        name: _from_losses(exact, name, entries, check, base=base, noise=noise) for name, entries in indices.items()
    }


def _from_losses(
    problem: Problem, name: str, indices: Indices, check: CheckSettings, *, base: float, noise: float
) -> Estimate:
    def losses(entries: Indices, offset: float) -> tuple[Values, Values]:
        # the offset is added to the pre-activation, not to the stored entry, so that it is never rounded
        return moved_losses(problem, name, entries, offset), np.full(len(entries), offset)

    if check.method == "central":
        return central_difference(losses, indices, base=base, step=check.step or CENTRAL_STEP, noise=noise)
    return never_below_median(richardson(losses, indices, base=base, noise=noise, rungs=rungs_from(check.step)))


def _complex_step(problem: Problem, name: str, indices: Indices, step: float | None) -> Estimate:
    """Im L(theta + i h) / h.

    Source: Squire & Trapp, Using Complex Variables to Estimate Derivatives of Real Functions (1998).
    """
    h = step or COMPLEX_STEP
    value = moved_losses(problem, name, indices, 1j * h).imag / h
    error = np.full(len(indices), COMPLEX_ROUNDING * float(np.abs(value).max(initial=0.0)))
    return Estimate(indices, value, error, np.zeros(len(indices)))
