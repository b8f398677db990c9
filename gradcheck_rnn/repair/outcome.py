"""What gradients are at several targets, beside what they must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.repair.target import Mask, Target

# an edit that mends no entry may lead on if it brings the gradients so much closer
CLOSER = 0.9

Gradients = Mapping[str, Array | None]


@dataclass(frozen=True)
class Run:
    """What one call returned, and whether it left its arguments as they were."""

    gradients: Gradients
    keeps_arguments: bool


@dataclass(frozen=True)
class Outcome:
    """Which of `count` entries are right, over several runs, and how far each run's parameters are off.

    `right` holds a bit for each entry, and behind those of a run one that says whether it has left its arguments as
    they were; `distances` and `angles` hold a number for each run and parameter, see Target.
    """

    count: int
    right: bytes
    distances: tuple[float, ...]
    angles: tuple[float, ...]

    @cached_property
    def mask(self) -> Mask:
        """Whether each entry is right."""
        return np.unpackbits(np.frombuffer(self.right, np.uint8), count=self.count).astype(bool)

    @property
    def is_right(self) -> bool:
        """Whether all entries are."""
        return bool(self.mask.all())

    def mends(self, before: "Outcome") -> Mask:
        """Which entries are right that were wrong before."""
        return self.mask & ~before.mask

    def breaks(self, before: "Outcome") -> bool:
        """Whether an entry is wrong that was right before."""
        return bool((before.mask & ~self.mask).any())

    def leads_on(self, before: "Outcome") -> bool:
        """Whether something is mended, or the gradients are closer, as they are or with constants divided out."""
        if self.mends(before).any():
            return True
        pairs = (self.distances, before.distances), (self.angles, before.angles)
        return any(sum(now) < CLOSER * sum(then) for now, then in pairs)


def outcome_of(targets: Sequence[Target], runs: Sequence[Run]) -> Outcome:
    """Compare what several runs gave with their targets."""
    pairs = list(zip(targets, runs, strict=True))
    right = np.concatenate([right_of(target, run) for target, run in pairs])
    return Outcome(
        len(right),
        np.packbits(right).tobytes(),
        tuple(off for target, run in pairs for off in target.distances(run.gradients)),
        tuple(off for target, run in pairs for off in target.angles(run.gradients)),
    )


def right_of(target: Target, run: Run) -> Mask:
    """Which entries of a run are right, and whether it has left its arguments as they were, (N + 1,)."""
    return np.append(target.right(run.gradients), run.keeps_arguments)
