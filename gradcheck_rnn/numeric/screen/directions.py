"""Random directions through one parameter: how the loss changes along them, and what a gradient says it should.

A direction moves every entry up or down by a random half to three halves of the same length. A single wrong entry
shows along each of them, whatever the others do; two equal errors do not cancel, as they may where all lengths are one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import Estimate, Values

# from how much to how much of the same length each entry is moved
LEAST, MOST = 0.5, 1.5
# root mean square of that
MEAN = math.sqrt((MOST**3 - LEAST**3) / (3 * (MOST - LEAST)))

# entries of a parameter from one index to another on each axis, (start, stop)
Box = tuple[tuple[int, int], ...]


def whole(shape: Sequence[int]) -> Box:
    """Return the box of all entries."""
    return tuple((0, length) for length in shape)


def slab(box: Box, axis: int, start: int, stop: int) -> Box:
    """Cut a box on one axis."""
    return (*box[:axis], (start, stop), *box[axis + 1 :])


def size_of(box: Box) -> int:
    """Count the entries of a box."""
    return math.prod(stop - start for start, stop in box)


def slices(box: Box) -> tuple[slice, ...]:
    """Return a box as an index."""
    return tuple(slice(start, stop) for start, stop in box)


def signs(shape: Sequence[int], seed: int, number: int) -> Array:
    """Draw the direction of that number: of every entry its sign, and its length as a share of the mean one."""
    rng = np.random.default_rng([seed, number])
    return (2.0 * rng.integers(2, size=shape) - 1.0) * rng.uniform(LEAST, MOST, tuple(shape))


def reach(box: Box) -> float:
    """How far each entry of a box is moved by a step of 1, on the average.

    A matrix of m x n random signs has a norm of about sqrt(m) + sqrt(n): so scaled, a step moves what it is multiplied
    with about as far as the same step in a single entry does, and has the same truncation error.
    """
    longest = max((stop - start for start, stop in box), default=1)
    return 1 / math.sqrt(max(longest, size_of(box) // longest))


def move(box: Box, direction: Array) -> Array:
    """What a step of 1 along a direction adds to the parameter, entries outside the box left where they are."""
    moved = np.zeros_like(direction)
    np.multiply(direction[slices(box)], reach(box), out=moved[slices(box)])
    return moved


@dataclass(frozen=True)
class Slopes:
    """What one gradient says of K directions, and how far that is from the measured slopes; every array is (K,).

    `bar` is the error bar of the gap, `scale` the size that a slope has along such a direction: that of the terms which
    the gradient adds up, or the measured one where that is larger.
    """

    gap: Values
    bar: Values
    scale: Values


@dataclass(frozen=True)
class Along:
    """Measured slopes of the loss along directions through a whole parameter; the estimate's indices number them."""

    shape: tuple[int, ...]
    seed: int
    estimate: Estimate

    def __len__(self) -> int:
        return len(self.estimate.indices)

    @property
    def usual(self) -> float:
        """Size that a slope has, 0 for none."""
        known = self.estimate.value[np.isfinite(self.estimate.value)]
        return _norm(known) / math.sqrt(max(known.size, 1))

    @property
    def norm(self) -> float:
        """Norm of the gradient, as random directions estimate it: E <g, v>**2 = |g|**2 E v_i**2."""
        return self.usual / (MEAN * reach(whole(self.shape)))

    def compared(self, gradient: Array, *, rounding: float) -> Slopes:
        """Hold a finite gradient, each entry of which may be off by `rounding`, against the slopes."""
        box = whole(self.shape)
        moves = (move(box, signs(self.shape, self.seed, int(number))) for number in self.estimate.indices)
        return compared(gradient.reshape(self.shape), list(moves), self.estimate, rounding=rounding)


def slopes_of(gradient: Estimate, shape: Sequence[int], seed: int, count: int) -> Along:
    """Work out the slopes that the estimate of a whole gradient says the loss has along the first directions."""
    order = np.argsort(gradient.indices)
    value, error, kink = (each[order].reshape(tuple(shape)) for each in (gradient.value, gradient.error, gradient.kink))
    moves = [move(whole(shape), signs(shape, seed, number)) for number in range(count)]
    slopes = Estimate(
        np.arange(count),
        np.array([(each * value).sum() for each in moves]),
        np.array([(np.abs(each) * error).sum() for each in moves]),
        np.array([(np.abs(each) * kink).sum() for each in moves]),
    )
    return Along(tuple(shape), seed, slopes)


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def compared(gradient: Array, moves: Sequence[Array], estimate: Estimate, *, rounding: float) -> Slopes:
    """Hold a finite gradient against the slopes along some moves."""
    terms = [each * gradient for each in moves]
    said = np.array([term.sum() for term in terms])
    # the rounding of an entry has nothing to do with the random sign that it is added up with
    rounded = rounding * np.array([_norm(each) for each in moves])
    size = np.array([_norm(term) for term in terms])
    gap = np.maximum(np.abs(said - estimate.value) - estimate.kink, 0.0)
    return Slopes(gap, estimate.error + rounded, np.fmax(size, np.abs(estimate.value)))


def _norm(values: Array) -> float:
    return float(np.linalg.norm(values.reshape(-1)))
