"""How far one value of a loss may be off by rounding, measured rather than assumed.

Source: Moré & Wild, Estimating Computational Noise, SIAM J. Sci. Comput. 33 (2011).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from gradcheck_rnn.model.net import Parameters

# loss values along one line, and their spacing as a share of each parameter's root mean square: narrow enough that
# fourth differences of a smooth loss vanish, and wider only where a coarse loss repeats itself from point to point
POINTS = 9
SPACING = 1e-7
SPACINGS = (SPACING, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
# the median over several lines, so that a kink on one of them does no harm
LINES = 3
ORDER = 4


def line(
    parameters: Parameters, rng: np.random.Generator, points: int, *, spacing: float = SPACING
) -> list[dict[str, np.ndarray]]:
    """Equally spaced points on a random line through the parameters, the parameters themselves in the middle."""
    direction = {name: rng.standard_normal(value.shape) * _size(value) for name, value in parameters.items()}
    offsets = spacing * (np.arange(points) - points // 2)
    return [
        {name: np.asarray(value + k * direction[name], value.dtype) for name, value in parameters.items()}
        for k in offsets
    ]


def fourth_difference_noise(values: Sequence[np.ndarray | float]) -> np.ndarray:
    """Standard deviation of the rounding error in equally spaced values of a smooth function (entrywise).

    Var(fourth difference) = (1 + 16 + 36 + 16 + 1) Var(error) = 70 Var(error).
    """
    with np.errstate(over="ignore", invalid="ignore"):  # of huge values nothing is known: the noise is infinite
        differences = np.diff(np.asarray(values, dtype=np.float64), n=ORDER, axis=0)
        noise = np.sqrt((differences**2).mean(axis=0) / math.comb(2 * ORDER, ORDER))
    return np.asarray(np.where(np.isfinite(noise), noise, np.inf))


# parameters of several points -> the loss at each
Losses = Callable[[Sequence[Parameters]], Sequence[float]]


def loss_noise(losses: Losses, parameters: Parameters, rng: np.random.Generator, *, scale: float) -> float:
    """Absolute rounding error of one loss value: measured, and at least eps times `scale`, the loss's usual size.

    A loss in single precision moves in steps: it repeats itself until the points lie far enough apart.
    """
    measured = float(np.median([_noise_on_a_line(losses, parameters, rng) for _ in range(LINES)]))
    dtype = np.result_type(*parameters.values())
    return max(measured, float(np.finfo(dtype).eps) * scale)


def _noise_on_a_line(losses: Losses, parameters: Parameters, rng: np.random.Generator) -> float:
    noise = 0.0
    for spacing in SPACINGS:
        values = np.array(losses(line(parameters, rng, POINTS, spacing=spacing)))
        noise = float(fourth_difference_noise(list(values)))
        if (np.diff(values) != 0).all():
            break
    return noise


def _size(value: np.ndarray) -> float:
    return float(np.sqrt(np.mean(value**2))) or 1.0
