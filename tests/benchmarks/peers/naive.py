"""The loop that tutorials teach: move an entry, run the net step by step, move it back.

Source: Karpathy, gradCheck of min-char-rnn (2015), with the column of the token looked up instead of multiplied.
"""

from collections.abc import Callable

import numpy as np

from gradcheck_rnn.model.activations import Array
from tests.benchmarks.peers.budget import Took, run_within
from tests.benchmarks.peers.fused import Net
from tests.benchmarks.peers.numpy_cells import STEPS, zero_states

WHAT = "every entry, central differences"
STEP = 1e-5


class Peer:
    """Two runs of the net an entry."""

    def __init__(self, net: Net) -> None:
        self.net = net

    def loss(self) -> float:
        p, step = self.net.parameters, STEPS[self.net.cell]
        states, loss = zero_states(self.net.cell, p["W_h"]), 0.0
        for token, target in zip(self.net.tokens, self.net.targets, strict=True):
            states = step(p["W_h"], p["W_x"][:, token] + p["b"], states)
            y = p["W_hy"] @ states[0] + p["b_y"]
            loss += np.log(np.exp(y).sum()) - y[target]
        return float(loss)

    def gradient(self, loss: Callable[[], float]) -> dict[str, Array]:
        gradient = {}
        for name, theta in self.net.parameters.items():
            gradient[name] = np.empty_like(theta)
            flat, d = theta.reshape(-1), gradient[name].reshape(-1)
            for k in range(flat.size):
                entry = flat[k]
                flat[k] = entry + STEP
                up = loss()
                flat[k] = entry - STEP
                down = loss()
                flat[k] = entry
                d[k] = (up - down) / (2 * STEP)
        return gradient

    def turn(self, budget: float) -> Took:
        entries = sum(theta.size for theta in self.net.parameters.values())
        # an aborted run leaves an entry moved by 1e-5, which no time depends on
        return run_within(self.gradient, self.loss, calls=2 * entries, budget=budget)
