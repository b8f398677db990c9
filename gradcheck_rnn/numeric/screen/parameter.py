"""One parameter screened: along random directions, at the entries that count most, and where a gap comes from.

Nothing that agrees here has been looked at entry by entry. What disagrees is traced to a box of entries, some of which
are then looked at one by one, so that what fails does so by the same rule as everywhere.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import Estimate, Indices, Values, joined, never_below_median, scaled
from gradcheck_rnn.numeric.ladder import ROUNDING_GAIN, MovedLosses, derivatives, rungs_from
from gradcheck_rnn.numeric.screen.directions import Along, Box, compared, move, signs, size_of, whole
from gradcheck_rnn.numeric.screen.trace import corner, traced

# directions through a whole parameter: errors that cancel along one do not along all
DIRECTIONS = 4
# largest entries of the gradient, and entries of a box with a gap, that are looked at one by one
LARGEST = 2
LOOKED_AT = 4
# up to so many entries there is nothing to save
FEW = DIRECTIONS + LARGEST
# error bars beyond which a gap is followed; no verdict, which the entries give
SUSPICIOUS = 3.0

# values of one parameter -> the loss at each, the other parameters left where they are
Losses = Callable[[Iterator[Array]], Sequence[float]]


@dataclass(frozen=True)
class Subject:
    """One parameter to be screened: its value, and the gradient under test, which may be off by `rounding` an entry.

    `base` is the loss with nothing moved, `noise` the rounding error of one loss, `seed` draws the directions.
    """

    value: Array
    analytic: Array
    rounding: float
    base: float
    noise: float
    seed: int
    check: CheckSettings


@dataclass(frozen=True)
class Screened:
    """What a screening measured: slopes along directions, entries one by one, and the box that a gap was traced to.

    `place` is None where no direction shows a gap.
    """

    along: Along
    entries: Estimate
    place: Box | None = None

    def scaled(self, factor: float) -> "Screened":
        """Return what a screening measures of a loss multiplied by `factor`."""
        along = replace(self.along, estimate=scaled(self.along.estimate, factor))
        return Screened(along, scaled(self.entries, factor), self.place)


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def screen(losses: Losses, subject: Subject) -> Screened:
    """Screen one parameter; what has few entries is looked at entry by entry."""
    shape, size = subject.value.shape, subject.value.size
    look, along = _Look(losses, subject), slopes_along(losses, subject)
    if not len(along):
        return Screened(along, look.entries(np.arange(size)))
    screened = Screened(along, look.entries(_largest(subject.analytic)))
    number = look.suspicious(along)
    if number is None:
        return screened
    finer = look.within_boxes(number, float(along.estimate.error[number]))
    place = traced(finer, whole(shape))
    entries = look.also(screened.entries, _members(place, shape, np.random.default_rng([subject.seed, DIRECTIONS])))
    if not look.any_wrong(entries):
        entries = look.also(entries, _members(corner(finer, place), shape))
    return Screened(along, entries, place)


@np.errstate(all="ignore")
def slopes_along(losses: Losses, subject: Subject, count: int = DIRECTIONS) -> Along:
    """Take the slopes of the loss along directions through one parameter; none where it has few entries."""
    shape, size = subject.value.shape, subject.value.size
    slopes = _Look(losses, subject).along(count if size > FEW else 0)
    return Along(shape, subject.seed, slopes)


class _Look:
    """Slopes of the loss along moves of one parameter, beside what the gradient says of them."""

    def __init__(self, losses: Losses, subject: Subject) -> None:
        self.losses, self.subject = losses, subject
        self.gradient = subject.analytic.astype(np.float64)
        rounded = np.finfo(subject.value.dtype).eps / 2 * subject.value * self.gradient
        # along a direction each entry is rounded as it is moved, and with it the loss
        self.noise = math.hypot(subject.noise, float(np.linalg.norm(rounded[np.isfinite(rounded)])))

    def along(self, count: int) -> Estimate:
        """Slopes along the first directions through the whole parameter."""
        moves = [move(whole(self.subject.value.shape), self._signs(number)) for number in range(count)]
        return never_below_median(self._slopes(moves))

    def entries(self, indices: Indices) -> Estimate:
        """Derivatives by single entries."""
        return never_below_median(self._derivatives(self._entries_moved, indices, self.subject.noise))

    def also(self, known: Estimate, indices: Indices) -> Estimate:
        """Add single entries to those that are known."""
        return joined([known, self.entries(np.setdiff1d(indices, known.indices))])

    def suspicious(self, along: Along) -> int | None:
        """Number of the direction whose gap is the most error bars; None where none is more than a few."""
        if not np.isfinite(self.gradient).all():
            return None  # those entries are looked at, and are what is wrong
        slopes = along.compared(self.gradient, rounding=self.subject.rounding)
        bars = np.nan_to_num(slopes.gap / slopes.bar, nan=0.0)
        return int(np.argmax(bars)) if (bars > SUSPICIOUS).any() else None

    def within_boxes(self, number: int, error: float) -> Callable[[Box], bool]:
        """Ask whether the slope along a box's part of a direction is wrong, at the step that suited the whole of it."""
        direction = self._signs(number)
        every = rungs_from(self.subject.check.step)
        fitting = tuple(h for h in every if ROUNDING_GAIN * self.noise / h <= error)
        rungs = fitting[-1:] or every[:1]

        def is_wrong(box: Box) -> bool:
            moves = [move(box, direction)]
            found = self._slopes(moves, rungs)
            slopes = compared(self.gradient, moves, found, rounding=self.subject.rounding)
            return bool(slopes.gap[0] > SUSPICIOUS * slopes.bar[0])

        return is_wrong

    def any_wrong(self, entries: Estimate) -> bool:
        """Whether some entry is off by more than its error bars and the tolerance."""
        analytic = self.gradient.reshape(-1)[entries.indices]
        gap = np.abs(analytic - entries.value) - entries.kink
        scale = np.maximum(np.abs(analytic), np.abs(entries.value))
        bars = SUSPICIOUS * (entries.error + self.subject.rounding)
        return bool(((gap > bars) & (gap > self.subject.check.tolerance * scale)).any())

    def _signs(self, number: int) -> Array:
        return signs(self.subject.value.shape, self.subject.seed, number)

    def _slopes(self, moves: Sequence[Array], rungs: tuple[float, ...] | None = None) -> Estimate:
        def moved(numbers: Indices, offset: float) -> tuple[Values, Values]:
            at = (self._moved(offset * moves[number]) for number in numbers)
            return np.array(self.losses(at), dtype=np.float64), np.full(len(numbers), offset)

        return self._derivatives(moved, np.arange(len(moves)), self.noise, rungs)

    def _moved(self, way: Array) -> Array:
        way += self.subject.value
        return way.astype(self.subject.value.dtype, copy=False)

    def _entries_moved(self, indices: Indices, offset: float) -> tuple[Values, Values]:
        value = self.subject.value
        to = value.reshape(-1)[indices] + value.dtype.type(offset)

        def moved(index: int, entry: float) -> Array:
            copy = value.copy()
            copy.reshape(-1)[index] = entry
            return copy

        at = (moved(index, entry) for index, entry in zip(indices, to, strict=True))
        return np.array(self.losses(at), dtype=np.float64), (to - value.reshape(-1)[indices]).astype(np.float64)

    def _derivatives(
        self, moved: MovedLosses, at: Indices, noise: float, rungs: tuple[float, ...] | None = None
    ) -> Estimate:
        base, check = self.subject.base, self.subject.check
        return derivatives(moved, at, method=check.method, step=check.step, base=base, noise=noise, rungs=rungs)


def _largest(gradient: Array) -> Indices:
    """The entries that are largest in the gradient, those first that are no numbers."""
    size = np.nan_to_num(np.abs(gradient.reshape(-1).astype(np.float64)), nan=np.inf)
    return np.sort(np.argpartition(-size, LARGEST)[:LARGEST])


def _members(box: Box, shape: tuple[int, ...], rng: np.random.Generator | None = None) -> Indices:
    """A few random entries of a box, or all if there are no more, flat in C order."""
    count = size_of(box)
    within = np.arange(count) if count <= LOOKED_AT or rng is None else rng.choice(count, LOOKED_AT, replace=False)
    lengths = [stop - start for start, stop in box]
    at = [index + start for index, (start, _) in zip(np.unravel_index(within, lengths), box, strict=True)]
    return np.sort(np.ravel_multi_index(at, shape))
