"""Is the user's loss the described one? Tested by values, at several draws, before any gradient is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.analytic.inspection import gradients, losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.worker import Runner

# relative deviation up to which two losses are the same function in float64, and in float32
SAME_IN_FLOAT64 = 1e-12
SAME_IN_FLOAT32 = 1e-5


@dataclass(frozen=True)
class ForwardMatch:
    """The user's loss over the described one: `factor`, and the largest deviation from it as a share of the loss."""

    factor: float
    deviation: float

    @property
    def exact(self) -> bool:
        """Whether the two are one function, up to the factor and rounding."""
        return self.deviation <= SAME_IN_FLOAT64

    @property
    def to_single_precision(self) -> bool:
        """Whether they would be one function if one of them rounded to float32."""
        return self.deviation <= SAME_IN_FLOAT32


def match_losses(user: Sequence[float], described: Sequence[float]) -> ForwardMatch:
    """Fit one constant between two lists of losses at the same points, the first of which may be degenerate.

    The constant comes from the draw with the largest described loss; deviations are relative to the usual size.
    """
    ours, theirs = np.asarray(described, dtype=np.float64), np.asarray(user, dtype=np.float64)
    at = int(np.argmax(np.abs(ours)))
    factor = float(theirs[at] / ours[at]) if ours[at] else 1.0
    if abs(factor - 1) <= SAME_IN_FLOAT64:
        factor = 1.0
    usual = float(np.median(np.abs(theirs)))
    if not np.isfinite(theirs).all() or usual == 0 or factor == 0:
        return ForwardMatch(factor, float("inf"))
    return ForwardMatch(factor, float((np.abs(theirs - factor * ours) / np.maximum(np.abs(theirs), usual)).max()))


def ignores_initial_state(runner: Runner, points: Sequence[Point], *, has_loss: bool) -> bool:
    """Whether user code gives the same from another initial state, at each point: then it starts from its own zeros."""
    others = [_from_another_state(point) for point in points]
    if has_loss:
        return runner.run(losses, list(points)) == runner.run(losses, others)
    pairs = zip(runner.run(gradients, list(points)), runner.run(gradients, others), strict=True)
    return all(_equal(here[name], there[name]) for here, there in pairs for name in here)


def _from_another_state(point: Point) -> Point:
    moved = {name: state + 0.5 for name, state in point.batch.initial_state.items()}
    return replace(point, batch=replace(point.batch, initial_state=moved))


def _equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return (one is None and other is None) or (
        one is not None and other is not None and np.array_equal(one, other, equal_nan=True)
    )
