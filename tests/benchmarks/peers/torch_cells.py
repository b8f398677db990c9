"""Eager forward passes in torch, one sequence: an input looked up, one `mv` a step, all outputs in one product."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn.functional import cross_entropy

Tensor = Any
States = tuple[Tensor, ...]


def tanh_step(W_h: Tensor, a: Tensor, states: States) -> States:
    return (torch.tanh(a + W_h.mv(states[0])),)


def lstm_step(W_h: Tensor, a: Tensor, states: States) -> States:
    h, c = states
    a_i, a_f, a_o, a_g = (a + W_h.mv(h)).chunk(4)
    c = torch.sigmoid(a_f) * c + torch.sigmoid(a_i) * torch.tanh(a_g)
    return torch.sigmoid(a_o) * torch.tanh(c), c


def gru_step(W_h: Tensor, a: Tensor, states: States) -> States:
    (h,) = states
    H = len(h)
    z, r = torch.sigmoid(a[: 2 * H] + W_h[: 2 * H].mv(h)).chunk(2)
    n = torch.tanh(a[2 * H :] + W_h[2 * H :].mv(r * h))
    return ((1 - z) * n + z * h,)


STEPS: dict[str, Callable[[Tensor, Tensor, States], States]] = {
    "tanh": tanh_step,
    "lstm": lstm_step,
    "gru": gru_step,
}
GATES = {"tanh": 1, "lstm": 4, "gru": 3}
STATES = {"tanh": 1, "lstm": 2, "gru": 1}


def loss_at(cell: str, theta: Sequence[Tensor], tokens: Tensor, targets: Tensor) -> Tensor:
    """Summed cross-entropy; `theta` is W_x (G H, I), W_h (G H, H), b (G H,), W_hy (O, H), b_y (O,)."""
    W_x, W_h, b, W_hy, b_y = theta
    states: States = tuple(torch.zeros(W_h.shape[1], dtype=W_h.dtype) for _ in range(STATES[cell]))
    hidden = []
    for a in W_x[:, tokens].T + b:
        states = STEPS[cell](W_h, a, states)
        hidden.append(states[0])
    return cross_entropy(torch.stack(hidden) @ W_hy.T + b_y, targets, reduction="sum")
