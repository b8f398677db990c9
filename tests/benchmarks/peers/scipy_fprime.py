"""scipy.optimize.approx_fprime on all parameters in one vector, around the fastest forward pass of one sequence."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import approx_fprime

from gradcheck_rnn.model.activations import Array
from tests.benchmarks.peers.budget import Took, run_within
from tests.benchmarks.peers.fused import Net
from tests.benchmarks.peers.numpy_cells import STEPS, zero_states

WHAT = "every entry, one-sided differences: half the runs of central ones, and far less accurate"
STEP = 1e-5


class Peer:
    """One run of the net an entry, and one of the base."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.theta = np.concatenate([value.reshape(-1) for value in net.parameters.values()])
        self.places: dict[str, tuple[slice, tuple[int, ...]]] = {}
        start = 0
        for name, value in net.parameters.items():
            self.places[name] = slice(start, start + value.size), value.shape
            start += value.size

    def loss_at(self, theta: Array) -> float:
        """The recurrence in a loop, the outputs of all steps in one product."""
        p, step = self._split(theta), STEPS[self.net.cell]
        states, T = zero_states(self.net.cell, p["W_h"]), len(self.net.tokens)
        hidden, gained = np.empty((T, len(states[0]))), p["W_x"][:, self.net.tokens].T + p["b"]
        for t in range(T):
            states = step(p["W_h"], gained[t], states)
            hidden[t] = states[0]
        y = hidden @ p["W_hy"].T + p["b_y"]
        return float(np.log(np.exp(y).sum(axis=1)).sum() - y[np.arange(T), self.net.targets].sum())

    def loss(self) -> float:
        return self.loss_at(self.theta)

    def gradient(self, loss_at: Callable[[Array], float]) -> dict[str, Array]:
        return self._split(np.asarray(approx_fprime(self.theta, loss_at, STEP)))

    def turn(self, budget: float) -> Took:
        return run_within(self.gradient, self.loss_at, calls=self.theta.size + 1, budget=budget)

    def _split(self, theta: Array) -> dict[str, Array]:
        return {name: theta[place].reshape(shape) for name, (place, shape) in self.places.items()}
