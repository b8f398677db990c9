"""What a check could have caught: every known fault put into the reference, and judged as the check would judge it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck_rnn.compare import ERROR_BARS, compare_gradients
from gradcheck_rnn.diagnose.scene import Scene
from gradcheck_rnn.diagnose.witness import Gradients, Witness, negligible, residual
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.estimate import NumericGradient
from gradcheck_rnn.numeric.screen.parameter import Screened

# a fault that changes no parameter by more than this share of it, at any point, cannot happen to this net: a matrix
# that is not square has no wrong way round
NO_EFFECT = 1e-14


@dataclass(frozen=True)
class Compared:
    """A described problem at which the check compares: its numeric gradient, and the rounding that is allowed for.

    Of a parameter that was `screened`, `numeric` holds a few entries.
    """

    name: str
    problem: Problem
    numeric: NumericGradient
    rounding: Mapping[str, float]
    screened: Mapping[str, Screened] = field(default_factory=dict)


@dataclass(frozen=True)
class Sight:
    """How a check sees one fault at its points.

    `shares` are those of a parameter's gradient that it changes, `caught_at` says whether the check fails there.
    """

    fault: Fault
    shares: tuple[float, ...]
    caught_at: tuple[bool, ...]

    @property
    def caught(self) -> bool:
        """Whether the check as a whole fails."""
        return any(self.caught_at)

    @property
    def reason(self) -> str:
        """Why it is missed."""
        return f"its share is {max(self.shares):.0e} of the gradient"


@dataclass(frozen=True)
class Power:
    """How a check sees the known faults of its net; of several variants of one name the hardest counts."""

    sights: tuple[Sight, ...]

    @property
    def known(self) -> int:
        """Number of faults."""
        return len(self.sights)

    @property
    def missed(self) -> tuple[Sight, ...]:
        """Those that the check would pass."""
        return tuple(sight for sight in self.sights if not sight.caught)


class Judge:
    """Puts faults into the reference at the points of a check, and judges the gradients as the check would."""

    @np.errstate(all="ignore")
    def __init__(self, points: Sequence[Compared], *, tolerance: float) -> None:
        self.points, self.tolerance = points, tolerance
        self.right = [reference_gradients(point.problem) for point in points]
        self.scenes = [Scene(Witness(point.problem, right)) for point, right in zip(points, self.right, strict=True)]
        self.floors = [negligible(right) for right in self.right]

    @np.errstate(all="ignore")  # a fault may make the chain explode; what is not finite is caught
    def power(self, faults: Sequence[Fault]) -> Power:
        """Judge every fault, at the points from the last to the first until one catches it."""
        sights: dict[str, Sight] = {}
        for fault in faults:
            sight = self._sight(fault, self._until_caught(fault))
            if sight is not None and (fault.name not in sights or not sight.caught):
                sights[fault.name] = sight
        return Power(tuple(sights.values()))

    @np.errstate(all="ignore")
    def sight(self, fault: Fault) -> Sight | None:
        """Judge one fault at every point; None where it changes nothing."""
        return self._sight(fault, [self._at(i, fault) for i in range(len(self.points))])

    def _sight(self, fault: Fault, looks: Sequence[tuple[float, bool]]) -> Sight | None:
        if max(share for share, _ in looks) <= NO_EFFECT:
            return None
        return Sight(fault, tuple(share for share, _ in looks), tuple(caught for _, caught in looks))

    def _until_caught(self, fault: Fault) -> list[tuple[float, bool]]:
        looks = []
        for i in reversed(range(len(self.points))):
            looks.append(self._at(i, fault))
            if looks[-1][1]:
                break
        return looks

    def _at(self, i: int, fault: Fault) -> tuple[float, bool]:
        """Share of a parameter's gradient that the fault changes at a point, and whether the check fails there."""
        wrong, right, floor = self.scenes[i].with_fault(fault), self.right[i], self.floors[i]
        share = max(residual(wrong[name], right[name], floor) for name in wrong)
        return share, share > NO_EFFECT and self._fails(i, wrong)

    def _fails(self, i: int, wrong: Gradients) -> bool:
        """Whether the check fails at a point where these gradients are wrong, the others right."""
        point, floor = self.points[i], self.floors[i]
        if any(self._fails_plainly(point, name, wrong[name], floor) for name in point.numeric if name in wrong):
            return True
        judged = compare_gradients(
            {**self.right[i], **wrong},
            point.numeric,
            point.problem.net.shapes,
            tolerance=self.tolerance,
            rounding=point.rounding,
            screened=point.screened,
        )
        return any(each.verdict == "fail" for each in judged.values())

    def _fails_plainly(self, point: Compared, name: str, gradient: Array, floor: float) -> bool:
        """Whether the entry with the largest gap is wrong, which decides nearly every time."""
        numeric = point.numeric[name]
        if not numeric.indices.size or not np.isfinite(gradient).all():
            return False
        values = gradient.reshape(-1)[numeric.indices]
        gap = np.abs(values - numeric.value) - numeric.kink
        at = int(np.argmax(gap))
        scale = max(abs(float(values[at])), abs(float(numeric.value[at])), floor)
        error = float(numeric.error[at]) + point.rounding[name]
        return bool(gap[at] > self.tolerance * scale and gap[at] > ERROR_BARS * error)
