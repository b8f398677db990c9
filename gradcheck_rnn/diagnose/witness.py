"""What the diagnosis works on: the described problem at several draws, and the gradients that were returned there."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients

Gradients = Mapping[str, Array]

# two gradients that differ by less than this share of their norm are one: rounding stays below 1e-12 at a probe, and a
# wrong term does not come out that small
SAME = 1e-9
# parameters below this share of the whole gradient's norm are judged on that scale
NEGLIGIBLE_SHARE = 1e-10
# factor on W_hy, through which every error enters the recurrence
QUIET = 1e-4


@dataclass(frozen=True)
class Witness:
    """One draw: a described problem in float64, and the gradients under test there, by described name in its shapes.

    They are those of the described loss: a constant factor of the user's loss has been divided out. A parameter
    without a usable gradient is left out.
    """

    problem: Problem
    gradients: Gradients

    def residuals(self, predicted: Gradients) -> dict[str, float]:
        """Distance of the gradients under test to predicted ones, as a share of the larger norm, by parameter."""
        floor = negligible(self.gradients)
        return {name: residual(self.gradients[name], predicted[name], floor) for name in self.gradients}


def quiet(problem: Problem) -> Problem:
    """The same draw with errors so small that nothing which is clipped inside the recurrence reaches its bound."""
    parameters = {name: QUIET * value if name == "W_hy" else value for name, value in problem.parameters.items()}
    return replace(problem, parameters=parameters)


def usable(gradients: Gradients) -> dict[str, Array]:
    """Return the gradients that are finite."""
    return {name: value for name, value in gradients.items() if np.isfinite(value).all()}


def negligible(gradients: Gradients) -> float:
    """Norm below which a parameter's gradient is judged on that scale."""
    return NEGLIGIBLE_SHARE * float(np.linalg.norm([norm(value) for value in gradients.values()]))


def residual(one: Array, other: Array, floor: float = 0.0) -> float:
    """|one - other| over the larger of the two norms (or `floor`); 0 where both are 0, inf where one is not finite."""
    return share(one - other, max(norm(one), norm(other), floor))


def share(gap: Array, scale: float) -> float:
    """|gap| over a scale; 0 where that is 0, inf where one is not finite."""
    if scale == 0:
        return 0.0
    size = norm(gap) / scale
    return size if math.isfinite(size) else math.inf


def norm(value: Array) -> float:
    """Euclidean norm of all entries; of what is not finite, inf."""
    flat = value.reshape(-1)
    size = math.sqrt(flat.dot(flat))  # many small arrays are looked at: np.linalg.norm takes longer to begin
    return size if math.isfinite(size) else math.inf


def largest_residual(
    witnesses: Sequence[Witness], faults: Sequence[Fault], names: Collection[str] | None = None
) -> float:
    """Largest distance to what a backward pass with these faults returns, over all draws and the named parameters."""
    residuals = [witness.residuals(reference_gradients(witness.problem, faults)) for witness in witnesses]
    return max(each[name] for each in residuals for name in names or each)
