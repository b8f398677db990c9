"""What a check could catch, as one plain value: each known fault at both points, and the reach of the chain."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.power import Power, Sight
from gradcheck_rnn.diagnose.vanishing import Vanishing
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.report.value import PointName


@dataclass(frozen=True)
class KnownFault:
    """One known fault, in the way of coding it that is hardest to see: missed in `missed_ways` out of `ways` there.

    "There" is the configured point; `reason` says why it is missed there, empty where it is not.
    """

    sight: Sight
    ways: int
    missed_ways: int
    reason: str


@dataclass(frozen=True)
class PowerTable:
    """Every known fault of the described net at the points of a check.

    `copy` are the sizes of the reduced copy that was judged in place of the configured point; None where the net itself
    was. `unsure` are parameters whose right gradient does not pass at a point, by point: what is said of faults means
    little there. `vanishing` is that of the net itself, at the configured point.
    """

    settings: Settings
    points: tuple[PointName, ...]
    copy: Sizes | None
    unsure: Mapping[PointName, tuple[str, ...]]
    faults: tuple[KnownFault, ...]
    vanishing: Vanishing

    @property
    def power(self) -> Power:
        """Return what the check as a whole sees."""
        return Power(tuple(fault.sight for fault in self.faults))

    @property
    def differences_own_loss(self) -> bool:
        """Whether the check would difference the user's loss as a black box."""
        return self.settings.backward.adapter is not None and self.settings.check.loss == "user"
