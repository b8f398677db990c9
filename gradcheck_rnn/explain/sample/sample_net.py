"""A small Elman net and its gradients, right as it stands; `gradcheck-rnn explain` shows faults as changes of it.

h[t] = tanh(x[t] @ W_xh + h[t-1] @ W_hh + b_h), p[t] = softmax(h[t] @ W_hy + b_y); h[-1] is the initial state.
The loss is the cross-entropy, summed over the steps that have a target: all of them, or the last one.
"""

from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
NAMES = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def parameters(rng: np.random.Generator, sizes: Any) -> Arrays:
    """Draw weights of gain 1, and biases of zero."""
    scale = 1.0
    shapes = {
        "W_xh": (sizes.input_size, sizes.hidden_size),
        "W_hh": (sizes.hidden_size, sizes.hidden_size),
        "W_hy": (sizes.hidden_size, sizes.output_size),
    }
    weights = {name: scale * rng.standard_normal(shape) / np.sqrt(shape[0]) for name, shape in shapes.items()}
    return weights | {"b_h": np.zeros(sizes.hidden_size), "b_y": np.zeros(sizes.output_size)}


def forward(parameters: Arrays, batch: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States before and after each step, both (T, H), and log p, (T, O)."""
    W_xh, W_hh, b_h, W_hy, b_y = (parameters[name] for name in NAMES)
    state = batch.initial_state["h"]
    h_prev, h = [], []
    for x in batch.inputs:
        h_prev.append(state)
        state = np.tanh(x @ W_xh + state @ W_hh + b_h)
        h.append(state)
    y = np.array(h) @ W_hy + b_y
    y -= y.max(axis=1, keepdims=True)
    log_p = y - np.log(np.exp(y).sum(axis=1, keepdims=True))
    return np.array(h_prev), np.array(h), log_p


def steps_with_target(batch: Any) -> np.ndarray:
    """All steps, or the last one."""
    return np.arange(len(batch.inputs))[-np.size(batch.targets) :]


def loss(parameters: Arrays, batch: Any) -> float:
    """Cross-entropy of the targets."""
    _, _, log_p = forward(parameters, batch)
    steps = steps_with_target(batch)
    return float(-log_p[steps, batch.targets].sum())


def gradients(parameters: Arrays, batch: Any) -> Arrays:
    """Backpropagation through time."""
    W_xh, W_hh, b_h, W_hy, b_y = (parameters[name] for name in NAMES)
    x = batch.inputs
    h_prev, h, log_p = forward(parameters, batch)

    steps = steps_with_target(batch)
    dy = np.zeros_like(log_p)
    dy[steps] = np.exp(log_p[steps])
    dy[steps, batch.targets] -= 1.0

    dW_xh = np.zeros_like(W_xh)
    dW_hh = np.zeros_like(W_hh)
    db_h = np.zeros_like(b_h)
    dW_hy = np.zeros_like(W_hy)
    db_y = np.zeros_like(b_y)
    dh_next = np.zeros_like(b_h)
    for t in reversed(range(len(x))):
        dW_hy += np.outer(h[t], dy[t])
        db_y += dy[t]
        dh = dy[t] @ W_hy.T + dh_next
        dz = (1.0 - h[t] ** 2) * dh
        dW_xh += np.outer(x[t], dz)
        dW_hh += np.outer(h_prev[t], dz)
        db_h += dz
        dh_next = dz @ W_hh.T
    return {
        "W_xh": dW_xh,
        "W_hh": dW_hh,
        "b_h": db_h,
        "W_hy": dW_hy,
        "b_y": db_y,
    }
