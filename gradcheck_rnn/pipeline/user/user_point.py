"""User code at one point, and a numeric gradient of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from gradcheck_rnn.analytic.inspection import Inspection
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import own_shapes
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.numeric.black_box import Foresee, user_gradient, user_loss_noise
from gradcheck_rnn.numeric.estimate import Estimate, Indices
from gradcheck_rnn.numeric.progress import Counter
from gradcheck_rnn.numeric.screen.parameter import Screened
from gradcheck_rnn.pipeline.measurement import Plan
from gradcheck_rnn.pipeline.user.forward import Forward
from gradcheck_rnn.pipeline.user.net import UserNet
from gradcheck_rnn.report.value import PointName


@dataclass(frozen=True)
class UserPoint:
    """User code at one point: where, what its calls showed, what is known of its loss, rounding of its gradients."""

    plan: Plan
    user: UserNet
    name: PointName
    point: Point
    seen: Inspection
    forward: Forward
    rounding: Mapping[str, float]

    @property
    def is_reduced(self) -> bool:
        """Whether its parameters are smaller than the configured ones."""
        return own_shapes(self.point.parameters) != own_shapes(self.user.configured.parameters)

    @property
    def base(self) -> float:
        """The loss with nothing moved; 0 where the user's code has none."""
        return self.seen.loss or 0.0

    @cached_property
    def loss_noise(self) -> float:
        """Absolute rounding error of one value of the user's loss, measured by calls of it.

        Raises:
            UserCodeError: the loss raised, hung, crashed or returned no number.
        """
        seed, scale = self.plan.settings.seed, max(abs(self.base), self.forward.usual)
        # noted in a journal, like a shard
        (noise,) = self.user.runner.run_all(user_loss_noise, [(self.point, seed, scale)])
        return noise

    def differentiated(self, indices: Mapping[str, Indices], foresee: Foresee, count: Counter) -> dict[str, Estimate]:
        """Differentiate the user's loss by entries of each parameter, which are counted as they are done.

        Raises:
            UserCodeError: the loss raised, hung, crashed or returned no number.
            InterruptedDifferencesError: Ctrl-C was pressed.
        """
        return user_gradient(
            self.user.runner,
            self.point,
            indices,
            self.plan.settings.check,
            noise=self.loss_noise,
            base=self.base,
            count=count,
            foresee=foresee,
        )

    def progress(self, done: int, total: int) -> None:
        """Say how far the differentiation is."""
        self.plan.progress(self.name, done, total)


@dataclass(frozen=True)
class Differenced:
    """A numeric gradient under the user's names, whose loss was differenced, and whether it came to its end.

    Of a parameter that was `screened`, `numeric` holds a few entries.
    """

    loss: Literal["user", "described"]
    numeric: dict[str, Estimate]
    notes: tuple[Finding, ...] = ()
    screened: Mapping[str, Screened] = field(default_factory=dict)
    is_complete: bool = True
