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


def kept_by_source(
    value: Array, visits: Rows, faults: Sequence[Fault], length: int, *, of_initial_state: bool = False
) -> Array:
    """Sum (V, S, B, H) over the sources S that the cut chain still brings to each visited step.

    What leaves the first step for the initial state is (1, S, B, H).
    """
    kept = np.ones((len(value), length), dtype=bool)
    for fault in faults:
        kept &= reached(visits, length, fault) if not of_initial_state else _reached_initial_state(length, fault)
    return np.asarray(np.einsum("vs,vs...->v...", kept.astype(value.dtype), value))


def _reached_initial_state(length: int, fault: Fault) -> Array:
    """Whether the error of step s reaches the initial state, (1, S): it is used at step 0, as W_hh is."""
    one_less = fault.damage is Damage.WINDOW and fault.other == "where made"
    return reached(np.full(1, -1 if one_less or fault.damage is Damage.LAST_STEPS else 0), length, fault)


def reached(at: Rows, length: int, fault: Fault) -> Array:
    """Whether the error of step s reaches step `at`, (V, S), under a fault of the chain."""
    s, t = np.arange(length)[None, :], at[:, None]
    lags = int(fault.amount)
    match fault.damage:
        case Damage.CHUNKS:
            return np.asarray(s // lags == t // lags)
        case Damage.CHUNKS_FROM_END:
            return np.asarray((length - 1 - s) // lags == (length - 1 - t) // lags)
        case Damage.LAST_STEPS:
            return np.asarray((t >= length - 1 - lags) & (s == s))
    return np.asarray(s - t <= lags)
