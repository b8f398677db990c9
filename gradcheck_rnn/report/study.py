"""What is looked into beyond the verdict, for a report that has room for pictures, as one plain value."""

from dataclasses import dataclass

from gradcheck_rnn.diagnose.vanishing import Vanishing
from gradcheck_rnn.report.sweep.curves import Sweep
from gradcheck_rnn.report.value import PointName


@dataclass(frozen=True)
class Reach:
    """How far an error reaches back at a point that is drawn as the YAML says, over `length` steps."""

    point: PointName
    length: int
    chain: Vanishing


@dataclass(frozen=True)
class Study:
    """Curves over the step and over T, and the reach of the chain; `reaches` are empty where no net is described."""

    sweep: Sweep
    reaches: tuple[Reach, ...]
