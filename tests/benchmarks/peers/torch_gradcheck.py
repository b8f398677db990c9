"""torch.autograd.gradcheck in its slow mode, which looks at every entry."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tests.benchmarks.peers.budget import Took, run_within
from tests.benchmarks.peers.fused import Net
from tests.benchmarks.peers.torch_cells import loss_at

WHAT = "every entry, central differences, and the analytic gradient"
STEP, ABSOLUTE_TOLERANCE = 1e-5, 1e-4
# calls by which the better number of threads is found
TRIED_CALLS = 20


class Peer:
    """Two runs of the net an entry."""

    def __init__(self, net: Net) -> None:
        self.cell = net.cell
        self.theta = [torch.tensor(np.asarray(value), requires_grad=True) for value in net.parameters.values()]
        self.tokens, self.targets = torch.tensor(net.tokens), torch.tensor(net.targets)
        # threads within an operation cost more than they bring where it is small
        torch.set_num_threads(min((1, torch.get_num_threads()), key=self._seconds_with))

    def loss_at(self, *theta: Any) -> Any:
        return loss_at(self.cell, theta, self.tokens, self.targets)

    def loss(self) -> float:
        return float(self.loss_at(*self.theta).detach())

    def check(self, function: Callable[..., Any]) -> bool:
        return bool(torch.autograd.gradcheck(function, self.theta, eps=STEP, atol=ABSOLUTE_TOLERANCE))

    def turn(self, budget: float) -> Took:
        entries = sum(theta.numel() for theta in self.theta)
        return run_within(self.check, self.loss_at, calls=2 * entries, budget=budget)

    def _seconds_with(self, threads: int) -> float:
        torch.set_num_threads(threads)
        self.loss()
        start = time.perf_counter()
        for _ in range(TRIED_CALLS):
            self.loss()
        return time.perf_counter() - start
