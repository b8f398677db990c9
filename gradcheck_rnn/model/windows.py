"""Chains that are cut: the backward loop run for each step's error apart, and only what the cut leaves is kept."""

from collections.abc import Sequence

import numpy as np

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.taps import Rows


def sources(dy: Array) -> Array:
    """Output errors (T, B, O) apart from each other: (T, S, B, O), zero where t is not s."""
    T = len(dy)
    apart = np.zeros((T, T, *dy.shape[1:]), dtype=dy.dtype)
    apart[np.arange(T), np.arange(T)] = dy
    return apart


def kept_by_source(value: Array, visits: Rows, faults: Sequence[Fault], length: int) -> Array:
    """Sum (V, S, B, H) over the sources S that the cut chain still brings to each visited step.

    What leaves the first step, (1, S, B, H), counts as that step's.
    """
    at = visits if len(value) == len(visits) else np.zeros(1, dtype=np.int64)
    kept = np.ones((len(at), length), dtype=bool)
    for fault in faults:
        kept &= reached(at, length, fault)
    return np.asarray(np.einsum("vs,vs...->v...", kept.astype(value.dtype), value))


def reached(at: Rows, length: int, fault: Fault) -> Array:
    """Whether the error of step s reaches step `at`, (V, S), under a fault of the chain."""
    s, t = np.arange(length)[None, :], at[:, None]
    lags = int(fault.amount)
    match fault.damage:
        case Damage.CHUNKS:
            return np.asarray(s // lags == t // lags)
        case Damage.CHUNKS_FROM_END:
            return np.asarray((length - 1 - s) // lags == (length - 1 - t) // lags)
    return np.asarray(s - t <= lags)
