"""Plain central differences at many steps: what the classic check computes, at the step of your choice and all others.

The differences of `carried` and `ladder` are better ones. These are here to be looked at.
"""

from collections.abc import Callable, Sequence

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import Session
from gradcheck_rnn.model.net import Net, Parameters
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.estimate import Indices, Values
from gradcheck_rnn.numeric.moved import moved_losses

# from h = 1 down to where rounding is all that is left, two in each decade
STEPS = tuple(10.0 ** (-k / 2) for k in range(25))

# entries of one parameter on which the user's loss is differenced: a call of it may take a millisecond
USER_ENTRIES = 10
# and on which the described loss is, whose runs stand side by side
DESCRIBED_ENTRIES = 256
# multiplications for one parameter that are done within seconds
MULTIPLICATIONS = 2 * 10**9


def central_differences(losses: Callable[[float], Values], steps: Sequence[float]) -> Values:
    """D(h) = (L(+h) - L(-h)) / 2h for each of S steps, (S, K), from the losses (K,) of moved entries."""
    return np.array([(losses(h) - losses(-h)) / (2 * h) for h in steps])


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which is shown as no number
def described_differences(problem: Problem, name: str, indices: Indices, steps: Sequence[float]) -> Values:
    """Differences of the described loss by entries of one parameter, flat in C order: (S, K)."""
    return central_differences(lambda offset: moved_losses(problem, name, indices, offset), steps)


@np.errstate(all="ignore")
def user_differences(session: Session, point: Point, name: str, indices: Indices, steps: Sequence[float]) -> Values:
    """Task: differences of the user's loss by entries of one parameter, flat in C order: (S, K)."""

    def losses(offset: float) -> Values:
        return np.array(
            session.losses(point, [_moved(point.parameters, name, int(index), offset) for index in indices])
        )

    return central_differences(losses, steps)


def described_entries(net: Net) -> int:
    """How many entries of one parameter the described loss can be differenced by, at all steps, within seconds."""
    sizes = net.sizes
    products = sizes.hidden_size * (sizes.hidden_size + sizes.output_size)
    each = 2 * len(STEPS) * sizes.length * (sizes.batch or 1) * products
    return max(USER_ENTRIES, min(DESCRIBED_ENTRIES, MULTIPLICATIONS // each))


def _moved(parameters: Parameters, name: str, index: int, offset: float) -> Parameters:
    value = parameters[name].copy()
    value.reshape(-1)[index] += offset
    return {**parameters, name: value}
