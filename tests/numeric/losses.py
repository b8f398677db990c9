"""Losses of one variable each, in the form in which the ladder asks for them."""

from collections.abc import Callable

import numpy as np

from gradcheck_rnn.numeric.ladder import MovedLosses

EPS = 2.0**-52
Function = Callable[[np.ndarray], np.ndarray]


def moved(f: Function, at: np.ndarray, *, noise: float = 0.0, seed: int = 0) -> MovedLosses:
    """Entry k is the variable of a loss of its own, f(at[k]); each value is off by normal noise."""
    rng = np.random.default_rng(seed)

    def losses(indices: np.ndarray, offset: float) -> tuple[np.ndarray, np.ndarray]:
        x = at[indices] + offset
        return f(x) + noise * rng.standard_normal(len(indices)), x - at[indices]

    return losses


def same_point(x: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` entries at one point, for statistics over the noise: indices and points."""
    return np.arange(count), np.full(count, x)
