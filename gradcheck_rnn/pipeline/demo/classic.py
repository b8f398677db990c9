"""The classic gradient check, as tutorials have it: one step, one tolerance, no error bars."""

from collections.abc import Mapping

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.estimate import EPS
from gradcheck_rnn.report.demo.chapters import Alarm

STEP = 1e-5
TOLERANCE = 1e-5


def classic_differences(problem: Problem) -> dict[str, Array]:
    """(L(w + h) - L(w - h)) / 2h for every entry w, as a loop over entries computes it, rounding included."""
    moved = problem.at({name: value.copy() for name, value in problem.parameters.items()})
    return {name: _differences(moved, value) for name, value in moved.parameters.items()}


def _differences(moved: Problem, value: Array) -> Array:
    numeric = np.empty_like(value)
    for index in np.ndindex(value.shape):
        kept = value[index]
        value[index] = kept + STEP
        above = described_loss(moved)
        value[index] = kept - STEP
        numeric[index] = (above - described_loss(moved)) / (2 * STEP)
        value[index] = kept
    return numeric


def classic_errors(analytic: Mapping[str, Array], numeric: Mapping[str, Array]) -> dict[str, Array]:
    """|a - n| / |a + n| for every entry; 0 where the two are equal."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            name: np.where(analytic[name] == value, 0.0, abs(analytic[name] - value) / abs(analytic[name] + value))
            for name, value in numeric.items()
        }


def worst_alarm(problem: Problem, analytic: Mapping[str, Array], numeric: Mapping[str, Array]) -> Alarm | None:
    """Find the worst entry of right gradients that the classic check calls wrong; None where it passes them."""
    errors = classic_errors(analytic, numeric)
    name = max(errors, key=lambda each: float(errors[each].max()))
    at = np.unravel_index(int(errors[name].argmax()), errors[name].shape)
    error, value = float(errors[name][at]), float(numeric[name][at])
    if error <= TOLERANCE:
        return None
    loss, difference = described_loss(problem), 2 * STEP * value
    return Alarm(
        parameter=name,
        index=tuple(int(i) for i in at),
        analytic=float(analytic[name][at]),
        numeric=value,
        error=error,
        loss=loss,
        difference=difference,
        digits=max(0.0, float(np.log10(max(abs(difference / loss) / EPS, 1.0)))),
    )
