"""What an error does as the step falls: truncation falls as h**2, rounding grows as 1/h, a wrong gradient stays.

Source: Press et al., Numerical Recipes, sec. 5.7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from gradcheck_rnn.numeric.estimate import Values

TRUNCATION, FLAT, ROUNDING = 2.0, 0.0, -1.0
# how far a fitted slope may be off its name: rounding is random, a wrong gradient is not
NEAR = {TRUNCATION: 0.3, FLAT: 0.1, ROUNDING: 0.4}
# points of a local fit: two decades at two steps a decade
WINDOW = 5
# fits in a row that make a stretch: the bottom of a V is level on one at most
LEAST_WINDOWS = 2


@dataclass(frozen=True)
class Stretch:
    """Steps from `finest` to `coarsest` over which the error goes like h**slope; `level` is its median there."""

    slope: float
    finest: float
    coarsest: float
    level: float


@dataclass(frozen=True)
class Regimes:
    """The longest stretch of each kind, None where there is none, and the step with the least error."""

    truncation: Stretch | None
    flat: Stretch | None
    rounding: Stretch | None
    best_step: float | None
    least_error: float | None

    @property
    def is_v(self) -> bool:
        """Whether the curve falls to a minimum on one side and rises on the other, as a right gradient's does."""
        return self.truncation is not None and self.rounding is not None


def find_regimes(steps: Sequence[float], errors: Sequence[float | None]) -> Regimes:
    """Name the slopes of an error over steps; None is no number, and 0 has no place on a logarithmic scale."""
    known = sorted((h, error) for h, error in zip(steps, errors, strict=True) if error is not None)
    best = min(known, key=lambda pair: (pair[1], -pair[0]), default=(None, None))
    positive = [(h, error) for h, error in known if error > 0]
    x, y = np.log10(np.array(positive).reshape(-1, 2).T)
    windows = [_slope(x[k : k + WINDOW], y[k : k + WINDOW]) for k in range(len(x) - WINDOW + 1)]
    truncation, flat, rounding = (_longest(kind, windows, x, y) for kind in (TRUNCATION, FLAT, ROUNDING))
    return Regimes(truncation, flat, rounding, *best)


def _longest(kind: float, windows: list[float], x: Values, y: Values) -> Stretch | None:
    """The longest run of windows whose slope is near that of the kind."""
    near = [abs(slope - kind) <= NEAR[kind] for slope in windows]
    runs = [[k for k, _ in run] for is_near, run in groupby(enumerate(near), key=lambda each: each[1]) if is_near]
    longest = max(runs, key=len, default=[])
    if len(longest) < LEAST_WINDOWS:
        return None
    x, y = (values[longest[0] : longest[-1] + WINDOW] for values in (x, y))
    return Stretch(_slope(x, y), float(10 ** x[0]), float(10 ** x[-1]), float(10 ** np.median(y)))


def _slope(x: Values, y: Values) -> float:
    """Slope of the least squares line."""
    return float(np.dot(x - x.mean(), y) / np.dot(x - x.mean(), x - x.mean()))
