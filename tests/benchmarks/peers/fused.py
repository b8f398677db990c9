"""The parameters as well-written code of the field holds them: weights (out, in), the gates of a cell stacked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Problem
from tests.benchmarks.flops import FIRST_STEP


@dataclass
class Net:
    """G gates and candidates: W_x (G H, I), W_h (G H, H), b (G H,), W_hy (O, H), b_y (O,); tokens and targets (T,)."""

    cell: str
    parameters: dict[str, Any]
    tokens: Any
    targets: Any


def fused_net(problem: Problem) -> Net:
    batch = problem.batch
    if batch.tokens is None:
        raise ValueError("the peers take tokens")
    return Net(problem.net.cell, fuse(problem, problem.parameters), batch.tokens, batch.targets)


def fuse(problem: Problem, values: Mapping[str, Array]) -> dict[str, Array]:
    """Stack parameters, or their gradients, in the order of the gates; a flat view reaches every entry of each."""
    columns = {
        name: value.T if problem.net.layout == "row" and value.ndim > 1 else value for name, value in values.items()
    }
    gates = FIRST_STEP[problem.net.cell]
    stacked = {
        name: np.ascontiguousarray(np.concatenate([columns[prefix + gate] for gate in gates]))
        for name, prefix in (("W_x", "W_x"), ("W_h", "W_h"), ("b", "b_"))
    }
    return {**stacked, "W_hy": np.array(columns["W_hy"], order="C"), "b_y": columns["b_y"].copy()}
