"""A small problem and what gradients there must be, entry by entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.compare import ERROR_BARS, NEGLIGIBLE_SHARE
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import Indices, NumericGradient, Values

# the distance of a gradient that has nothing to do with the right one: how much farther says nothing
FAR = 2.0
TINY = float(np.finfo(np.float64).tiny)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Target:
    """A point, its loss (None if user code has none), and the numeric gradient there; N entries of all parameters.

    An entry of `indices[name]`, one parameter after the other, must be `value`, up to `tolerance` of the larger of the
    two or up to `bar`, which holds the errors of both; at a kink anything between `value` +- `kink` is right. Each is
    (N,). What is below `floor` is judged on that scale.
    """

    point: Point
    loss: float | None
    indices: Mapping[str, Indices]
    value: Values
    kink: Values
    bar: Values
    tolerance: float
    floor: float

    def right(self, gradients: Mapping[str, Array | None]) -> Mask:
        """Which entries are right, (N,)."""
        found = self.entries(gradients)
        with np.errstate(all="ignore"):
            gap = np.abs(found - self.value) - self.kink
            scale = np.maximum(np.maximum(np.abs(found), np.abs(self.value)), self.floor)
            close = (gap <= self.tolerance * scale) | (gap <= self.bar)
            return np.asarray(close & np.isfinite(found))  # what is infinite is within any share of itself

    def names_wrong(self, gradients: Mapping[str, Array | None]) -> frozenset[str]:
        """The parameters of which an entry is not right."""
        right, at, wrong = self.right(gradients), 0, set()
        for name, indices in self.indices.items():
            if not right[at : at + len(indices)].all():
                wrong.add(name)
            at += len(indices)
        return frozenset(wrong)

    def distances(self, gradients: Mapping[str, Array | None]) -> list[float]:
        """How far each parameter's gradient is off, as a share of the numeric one's norm; at most FAR."""
        found = self.entries(gradients)
        return _shares(self._norms(found - self.value), self._norms(self.value))

    def angles(self, gradients: Mapping[str, Array | None]) -> list[float]:
        """The same, once the constant is divided out that brings it closest: sine of the angle between the two."""
        found = self.entries(gradients)
        with np.errstate(all="ignore"):
            squares = self._sums(self.value * self.value)
            constants = np.where(squares > 0, self._sums(found * self.value) / squares, 0.0)
            nearest = np.repeat(constants, self._lengths) * self.value
        return _shares(self._norms(found - nearest), self._norms(found))

    @cached_property
    def _lengths(self) -> Indices:
        """How many entries of each parameter are looked at."""
        return np.array([len(indices) for indices in self.indices.values()], dtype=np.intp)

    def _norms(self, entries: Values) -> Values:
        """The norm of each parameter's part."""
        with np.errstate(all="ignore"):
            return np.sqrt(self._sums(entries * entries))

    def _sums(self, entries: Values) -> Values:
        """The sum over each parameter's part; one without entries has none."""
        ends = np.cumsum(self._lengths)
        totals = np.zeros(len(ends))
        some = self._lengths > 0
        if some.any():
            totals[some] = np.add.reduceat(entries, (ends - self._lengths)[some])
        return totals

    def entries(self, gradients: Mapping[str, Array | None]) -> Values:
        """The entries that are looked at, (N,)."""
        parts = [_entries_of(gradients.get(name), indices) for name, indices in self.indices.items()]
        return np.concatenate(parts) if parts else np.empty(0)


def runs_of(targets: Sequence[Target]) -> list[Target]:
    """The targets in the order of their runs, short sequences first, for most edits show there what they are worth.

    The first target comes once more at the end, for what other calls leave behind.
    """
    return [*sorted(targets, key=lambda target: len(target.point.batch.inputs)), targets[0]]


def names_right(targets: Sequence[Target], mask: Mask) -> set[str]:
    """Names of the parameters of which every entry is right in every run of the targets, whose mask that is."""
    wrong, at = set(), 0
    for target in runs_of(targets):
        for name, indices in target.indices.items():
            if not mask[at : at + len(indices)].all():
                wrong.add(name)
            at += len(indices)
        at += 1  # whether the run has left its arguments as they were
    return set(targets[0].indices) - wrong


def target_at(
    point: Point,
    loss: float | None,
    numeric: NumericGradient,
    rounding: Mapping[str, float],
    *,
    tolerance: float,
) -> Target:
    """Make a target from what was measured at a point: the numeric gradient, and the rounding that is allowed for."""
    value = np.concatenate([each.value for each in numeric.values()])
    finite = np.where(np.isfinite(value), value, 0.0)
    return Target(
        point=point,
        loss=loss,
        indices={name: each.indices for name, each in numeric.items()},
        value=value,
        kink=np.concatenate([each.kink for each in numeric.values()]),
        bar=ERROR_BARS * np.concatenate([each.error + rounding[name] for name, each in numeric.items()]),
        tolerance=tolerance,
        floor=NEGLIGIBLE_SHARE * float(np.linalg.norm(finite)),
    )


def _shares(parts: Values, wholes: Values) -> list[float]:
    """Norms of some beside those of others, at most FAR, which is what they are where one is not finite."""
    with np.errstate(all="ignore"):
        shares = parts / np.maximum(wholes, TINY)
    return [float(each) for each in np.where(np.isfinite(shares), np.minimum(shares, FAR), FAR)]


def _entries_of(gradient: Array | None, indices: Indices) -> Values:
    if gradient is None:
        return np.full(len(indices), np.nan)
    return np.asarray(gradient, dtype=np.float64).reshape(-1)[indices]
