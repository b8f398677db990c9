"""What a demonstration found, as one plain value: what its chapters tell of, all of it computed."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradcheck_rnn.compare import Verdict
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.repair.patch import FileDiff
from gradcheck_rnn.report.study import Reach
from gradcheck_rnn.report.value import Outcome, Report


@dataclass(frozen=True)
class Rung:
    """The check at one sequence length, at the configured point alone; `wrong` are the parameters that fail."""

    length: int
    entries: int
    verdict: Verdict
    wrong: tuple[str, ...]


@dataclass(frozen=True)
class Alarm:
    """The worst entry that the classic check calls wrong in right code.

    `error` is |analytic - numeric| / |analytic + numeric|, `loss` is near both losses and `difference` what they
    differ by, of which `digits` decimal digits are no rounding.
    """

    parameter: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    loss: float
    difference: float
    digits: float


@dataclass(frozen=True)
class Look:
    """One backward pass as the classic check sees it, the largest error of each parameter, and as this check does."""

    errors: Mapping[str, float]
    outcome: Outcome


@dataclass(frozen=True)
class ClassicCheck:
    """Plain central differences at the configured point: right code, a chain cut after `lags`, the story's own code.

    `share` is the largest share of a parameter's gradient that the cut changes; `own` is None where the story is of
    that very cut; `alarm` is there where right code fails.
    """

    step: float
    tolerance: float
    lags: int
    share: float
    right: Look
    cut: Look
    own: Look | None
    alarm: Alarm | None

    def failing(self, look: Look) -> tuple[str, ...]:
        """Parameters that the classic check calls wrong."""
        return tuple(name for name, error in look.errors.items() if not error <= self.tolerance)

    @property
    def is_blind(self) -> bool:
        """Whether the cut chain fails nowhere but where right code fails too."""
        return set(self.failing(self.cut)) <= set(self.failing(self.right))


@dataclass(frozen=True)
class Story:
    """A fault, from the first sign of it to the code that passes.

    `ladder` are lengths from 1 to the first that fails, or to the configured one where none does; `known` is the
    number of faults that were tried as explanations.
    """

    fault: Fault
    ladder: tuple[Rung, ...]
    broken: Report
    classic: ClassicCheck
    known: int
    mended: Report
    is_first: bool

    @property
    def first_failing(self) -> int | None:
        """The least length at which the code fails at the configured point."""
        return self.ladder[-1].length if self.ladder[-1].verdict == "fail" else None


@dataclass(frozen=True)
class FoundPatch:
    """What a search for edits made of a small program, `name`, that has the story's fault in it.

    `tried` edits led to `diffs`, with which the gradients of all parameters, `gradients` in number, pass the check and
    are right at so many `points` that the search had not seen. None of the check's errors exceeds `max_relative_error`.
    """

    name: str
    diffs: tuple[FileDiff, ...]
    tried: int
    gradients: int
    max_relative_error: float | None
    points: int


@dataclass(frozen=True)
class NamedMap:
    """A chain map and whose code it is of, in a few words."""

    name: str
    chain: ChainMap


@dataclass(frozen=True)
class Lesson:
    """A story with everything that pictures need.

    `maps` are those of right code, of code with a fault to compare with, and of the story's own; there are none where
    the chain cannot be mapped. `reaches` say how far an error reaches back at each point.
    """

    story: Story
    patch: FoundPatch | None
    maps: tuple[NamedMap, ...]
    reaches: tuple[Reach, ...]
