"""How far one value of a loss may be off by rounding, measured rather than assumed.

Source: Moré & Wild, Estimating Computational Noise, SIAM J. Sci. Comput. 33 (2011).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from gradcheck_rnn.model.net import Parameters
from gradcheck_rnn.numeric.estimate import EPS

# loss values along one line, and their spacing as a share of each parameter's root mean square: wide enough that
# float32 arithmetic sees it, narrow enough that fourth differences of a smooth loss vanish
POINTS = 9
SPACING = 1e-7
# the median over several lines, so that a kink on one of them does no harm
LINES = 3
ORDER = 4
# relative noise above which a float64 computation has float32 inside (float32 rounds at 6e-8)
FLOAT32_NOISE = 1e-10


def line(parameters: Parameters, rng: np.random.Generator, points: int) -> list[dict[str, np.ndarray]]:
    """Equally spaced points on a random line through the parameters, the parameters themselves in the middle."""
    direction = {name: rng.standard_normal(value.shape) * _size(value) for name, value in parameters.items()}
    offsets = SPACING * (np.arange(points) - points // 2)
    return [
        {name: (value + k * direction[name]).astype(value.dtype) for name, value in parameters.items()} for k in offsets
    ]


def fourth_difference_noise(values: Sequence[np.ndarray | float]) -> np.ndarray:
    """Standard deviation of the rounding error in equally spaced values of a smooth function (entrywise).

    Var(fourth difference) = (1 + 16 + 36 + 16 + 1) Var(error) = 70 Var(error).
    """
    differences = np.diff(np.asarray(values, dtype=np.float64), n=ORDER, axis=0)
    return np.asarray(np.sqrt((differences**2).mean(axis=0) / math.comb(2 * ORDER, ORDER)))


def loss_noise(
    loss: Callable[[Parameters], float], parameters: Parameters, rng: np.random.Generator, *, scale: float
) -> float:
    """Absolute rounding error of one loss value: measured, and at least eps times `scale`, the loss's usual size."""
    measured = [
        float(fourth_difference_noise([loss(point) for point in line(parameters, rng, POINTS)])) for _ in range(LINES)
    ]
    return max(float(np.median(measured)), EPS * scale)


def _size(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(value**2))) or 1.0
