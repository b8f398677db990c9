"""What a numeric differentiation returns: for each entry a value and how far it may be off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Estimate:
    """Derivatives of a loss by K entries of one parameter; every array is (K,).

    `indices` count the entries in C order of the parameter's own shape. `error` bounds |value - derivative| up to a
    small factor. `kink` is half the distance between the two one-sided derivatives where they disagree, else 0.
    """

    indices: Indices
    value: Values
    error: Values
    kink: Values

    @property
    def largest(self) -> float:
        """Largest magnitude among the values, 0 for no entries."""
        return float(np.abs(self.value).max(initial=0.0))


NumericGradient = Mapping[str, Estimate]


def joined(parts: Sequence[Estimate]) -> Estimate:
    """Put the shards of one parameter together, in the order given; of none, there are no entries."""
    if not parts:
        return Estimate(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0), np.empty(0))
    return Estimate(
        indices=np.concatenate([part.indices for part in parts]),
        value=np.concatenate([part.value for part in parts]),
        error=np.concatenate([part.error for part in parts]),
        kink=np.concatenate([part.kink for part in parts]),
    )


def picked(estimate: Estimate, at: Indices) -> Estimate:
    """Return some of the entries, `at` their places among those that are there."""
    return Estimate(estimate.indices[at], estimate.value[at], estimate.error[at], estimate.kink[at])


def scaled(estimate: Estimate, factor: float) -> Estimate:
    """Return the estimate for a loss multiplied by `factor`."""
    size = abs(factor)
    return Estimate(estimate.indices, estimate.value * factor, estimate.error * size, estimate.kink * size)


def never_below_median(estimate: Estimate) -> Estimate:
    """Raise error estimates that came out small by chance to the median of their tensor.

    An error estimate is itself a random number: in a tensor of many entries some are small by luck alone.
    """
    if not estimate.error.size:
        return estimate
    error = np.maximum(estimate.error, np.median(estimate.error))
    return Estimate(estimate.indices, estimate.value, error, estimate.kink)
