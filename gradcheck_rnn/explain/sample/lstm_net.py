"""A small LSTM and its gradients, right as it stands; `gradcheck-rnn explain` shows faults of gates as changes of it.

i, f, o = sigmoid(x[t] @ W_x* + h[t-1] @ W_h* + b_*), g = tanh(the same), c = f * c[t-1] + i * g, h = o * tanh(c),
p[t] = softmax(h[t] @ W_hy + b_y). The loss is the cross-entropy, summed over all steps.
"""

from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
GATES = "ifgo"


def parameters(rng: np.random.Generator, sizes: Any) -> Arrays:
    """Draw weights of gain 1, and biases of zero."""
    size, hidden = sizes.input_size, sizes.hidden_size
    shapes = {"W_hy": (hidden, sizes.output_size)}
    for gate in GATES:
        shapes |= {f"W_x{gate}": (size, hidden), f"W_h{gate}": (hidden, hidden)}
    weights = {name: rng.standard_normal(shape) / np.sqrt(shape[0]) for name, shape in shapes.items()}
    return weights | {"b_y": np.zeros(sizes.output_size)} | {f"b_{gate}": np.zeros(hidden) for gate in GATES}


def forward(parameters: Arrays, batch: Any) -> tuple[list[tuple[np.ndarray, ...]], np.ndarray]:
    """What each step keeps for the backward pass, and log p, (T, O)."""
    h, c = batch.initial_state["h"], batch.initial_state["c"]
    kept: list[tuple[np.ndarray, ...]] = []
    y = []
    for x in batch.inputs:
        a = [x @ parameters[f"W_x{gate}"] + h @ parameters[f"W_h{gate}"] + parameters[f"b_{gate}"] for gate in GATES]
        i, f, o = (1.0 / (1.0 + np.exp(-a[at])) for at in (0, 1, 3))
        g = np.tanh(a[2])
        h_prev, c_prev = h, c
        c = f * c_prev + i * g
        h = o * np.tanh(c)
        kept.append((x, h_prev, c_prev, i, f, g, o, c, h))
        y.append(h @ parameters["W_hy"] + parameters["b_y"])
    logits = np.array(y) - np.max(y, axis=1, keepdims=True)
    return kept, logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def loss(parameters: Arrays, batch: Any) -> float:
    """Cross-entropy of the targets."""
    _, log_p = forward(parameters, batch)
    return float(-log_p[np.arange(len(log_p)), batch.targets].sum())


def gradients(parameters: Arrays, batch: Any) -> Arrays:
    """Backpropagation through time."""
    kept, log_p = forward(parameters, batch)
    dy = np.exp(log_p)
    dy[np.arange(len(dy)), batch.targets] -= 1.0

    gradient = {name: np.zeros_like(value) for name, value in parameters.items()}
    dh_next, dc_next = np.zeros_like(batch.initial_state["h"]), np.zeros_like(batch.initial_state["c"])
    for t in reversed(range(len(kept))):
        x, h_prev, c_prev, i, f, g, o, c, h = kept[t]
        gradient["W_hy"] += np.outer(h, dy[t])
        gradient["b_y"] += dy[t]
        dh = dy[t] @ parameters["W_hy"].T + dh_next
        do = dh * np.tanh(c)
        dc = dh * o * (1.0 - np.tanh(c) ** 2) + dc_next
        di = dc * g
        df = dc * c_prev
        dg = dc * i
        dc_next = dc * f
        da = (di * i * (1.0 - i), df * f * (1.0 - f), dg * (1.0 - g**2), do * o * (1.0 - o))
        dh_next = np.zeros_like(dh)
        for gate, da_gate in zip(GATES, da, strict=True):
            gradient[f"W_x{gate}"] += np.outer(x, da_gate)
            gradient[f"W_h{gate}"] += np.outer(h_prev, da_gate)
            gradient[f"b_{gate}"] += da_gate
            dh_next += da_gate @ parameters[f"W_h{gate}"].T
    return gradient
