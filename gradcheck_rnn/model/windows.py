"""Windows of truncation: the backward loop run for each step's error apart, and only what the window holds is kept."""

from collections.abc import Sequence

import numpy as np

from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.taps import WHERE_MADE
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.taps import Rows


def sources(dy: Array) -> Array:
    """Output errors (T, B, O) apart from each other: (T, S, B, O), zero where t is not s."""
    T = len(dy)
    apart = np.zeros((T, T, *dy.shape[1:]), dtype=dy.dtype)
    apart[np.arange(T), np.arange(T)] = dy
    return apart


def kept_by_source(
    value: Array, visits: Rows, windows: Sequence[Fault], length: int, *, of_initial_state: bool = False
) -> Array:
    """Sum (V, S, B, H) over the sources S that the cut chain still brings to each visited step.

    What leaves the first step for the initial state is (1, S, B, H): that is used at step 0, as W_hh is.
    """
    kept = np.ones((len(value), length), dtype=bool)
    for window in windows:
        one_less = of_initial_state and window.other == WHERE_MADE
        kept &= reached(visits - one_less, length, int(window.amount))
    return np.asarray(np.einsum("vs,vs...->v...", kept.astype(value.dtype), value))


def reached(at: Rows, length: int, lags: int) -> Array:
    """Whether the error of step s reaches step `at`, (V, S), in a chain that is cut after some lags."""
    return np.asarray(np.arange(length)[None, :] - at[:, None] <= lags)
