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
EPS_FLOAT32 = float(np.finfo(np.float32).eps)


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
    """Absolute rounding error of one loss value: measured, and at least eps times `scale`, the loss's usual size.

    A loss that is a float32 number moves in steps, between which nothing can be measured: its eps is float32's.
    """
    lines = [[loss(point) for point in line(parameters, rng, POINTS)] for _ in range(LINES)]
    measured = float(np.median([float(fourth_difference_noise(values)) for values in lines]))
    with np.errstate(over="ignore"):  # a loss beyond float32's range is none of its numbers
        single = bool(np.all(np.asarray(lines).astype(np.float32) == np.asarray(lines)))
    return max(measured, (EPS_FLOAT32 if single else EPS) * scale)


def _size(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(value**2))) or 1.0
