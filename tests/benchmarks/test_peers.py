"""The peers compute what they are compared for; nothing is timed here."""

import time
from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn.model.draw import configured_problem
from gradcheck_rnn.model.reference import reference_gradients
from tests.benchmarks.peers import naive
from tests.benchmarks.peers.budget import FEWEST_CALLS, run_within
from tests.benchmarks.peers.fused import fuse, fused_net
from tests.benchmarks.workloads import CELLS, LAYOUTS, Workload


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_the_naive_loop_finds_the_gradient_of_the_described_net(cell, layout):
    settings = Workload("S", cell, layout).settings()
    small = replace(settings.model, input_size=3, hidden_size=2, output_size=4)
    problem = configured_problem(replace(settings, model=small))
    peer = naive.Peer(fused_net(problem))
    found, exact = peer.gradient(peer.loss), fuse(problem, reference_gradients(problem))
    for name, value in exact.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-8)


def test_an_aborted_routine_is_extrapolated_to_all_of_its_calls():
    def forever(function):
        while True:
            function()

    took = run_within(forever, lambda: time.sleep(1e-4), calls=100 * FEWEST_CALLS, budget=0.0)
    assert took.extrapolated
    assert took.seconds >= 100 * FEWEST_CALLS * 1e-4


def test_a_routine_within_its_budget_is_run_to_its_end():
    calls = []
    took = run_within(lambda function: [function() for _ in range(300)], lambda: calls.append(1), calls=7, budget=60.0)
    assert len(calls) == 300
    assert not took.extrapolated
