"""The count of unavoidable work against runs in which every entry is moved."""

import numpy as np
import pytest

from tests.benchmarks.flops import needed_gflop, recurrent_steps
from tests.benchmarks.ours import problem_of
from tests.benchmarks.peers.fused import Net, fused_net
from tests.benchmarks.peers.numpy_cells import STEPS, zero_states
from tests.benchmarks.workloads import CELLS, SIZES, Workload

RECURRENT = ("W_x", "W_h", "b")


def states_of(net: Net) -> np.ndarray:
    p, states, hidden = net.parameters, zero_states(net.cell, net.parameters["W_h"]), []
    for token in net.tokens:
        states = STEPS[net.cell](p["W_h"], p["W_x"][:, token] + p["b"], states)
        hidden.append(np.concatenate(states))
    return np.array(hidden)


@pytest.mark.parametrize("cell", CELLS)
def test_counted_steps_are_those_from_the_first_state_that_a_moved_entry_changes(cell):
    problem = problem_of(Workload("S", cell))
    net = fused_net(problem)
    base, steps = states_of(net), 0
    for name in RECURRENT:
        flat = net.parameters[name].reshape(-1)
        for k in range(flat.size):
            entry, flat[k] = flat[k], flat[k] + 1e-3
            changed = (states_of(net) != base).any(axis=1)
            flat[k] = entry
            steps += len(base) - int(changed.argmax()) if changed.any() else 0
    assert recurrent_steps(cell, SIZES["S"], problem.batch.tokens.tolist()) == steps


def test_the_count_of_the_tutorials_model_is_the_published_one():
    """690 GFLOP for 8000 words, 100 hidden units and 20 words, no two of them equal."""
    assert needed_gflop("tanh", SIZES["XL"], range(20)) == pytest.approx(690, rel=1e-3)
