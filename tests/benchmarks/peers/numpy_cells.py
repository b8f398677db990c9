"""One step of each cell in NumPy, one sequence: `a` (G H,) is what the pre-activations gain from the input and bias."""

from collections.abc import Callable

import numpy as np

from gradcheck_rnn.model.activations import Array

States = tuple[Array, ...]
Step = Callable[[Array, Array, States], States]


def sigmoid(z: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-z)))


def tanh_step(W_h: Array, a: Array, states: States) -> States:
    return (np.tanh(a + W_h @ states[0]),)


def lstm_step(W_h: Array, a: Array, states: States) -> States:
    h, c = states
    a, H = a + W_h @ h, len(h)
    gates = sigmoid(a[: 3 * H])
    i, f, o, g = gates[:H], gates[H : 2 * H], gates[2 * H :], np.tanh(a[3 * H :])
    c = f * c + i * g
    return o * np.tanh(c), c


def gru_step(W_h: Array, a: Array, states: States) -> States:
    (h,) = states
    H = len(h)
    gates = sigmoid(a[: 2 * H] + W_h[: 2 * H] @ h)
    z, r = gates[:H], gates[H:]
    n = np.tanh(a[2 * H :] + W_h[2 * H :] @ (r * h))
    return ((1.0 - z) * n + z * h,)


STEPS: dict[str, Step] = {"tanh": tanh_step, "lstm": lstm_step, "gru": gru_step}
STATES = {"tanh": 1, "lstm": 2, "gru": 1}


def zero_states(cell: str, W_h: Array) -> States:
    return tuple(np.zeros(W_h.shape[1]) for _ in range(STATES[cell]))
