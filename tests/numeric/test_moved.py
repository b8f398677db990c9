"""Whole losses with single entries moved, against the oracle's loss at the moved parameters."""

import numpy as np
import pytest
from hypothesis import given, settings

from gradcheck_rnn.numeric import moved
from gradcheck_rnn.numeric.moved import moved_losses
from tests.model.problems import SMOOTH, document, documents, exact_gradients, largest, problem_of
from tests.oracle.elman import loss as oracle_loss
from tests.oracle.problems import spec_of


@given(drawn=documents())
@settings(max_examples=40)
def test_a_moved_loss_is_the_loss_at_the_moved_parameters(drawn):
    problem = problem_of(drawn)
    for name, value in problem.parameters.items():
        index = value.size - 1
        moved = value.copy()
        moved.reshape(-1)[index] += 0.25
        expected = oracle_loss(spec_of(drawn), {**problem.parameters, name: moved}, problem.batch)
        assert moved_losses(problem, name, np.array([index]), 0.25)[0] == pytest.approx(expected, rel=1e-12)


@given(drawn=documents())
@settings(max_examples=40)
def test_an_imaginary_offset_is_the_complex_step(drawn):
    drawn["model"]["cell"] = SMOOTH[drawn["seed"] % 2]
    problem = problem_of(drawn)
    for name, exact in exact_gradients(drawn, problem).items():
        step = moved_losses(problem, name, np.arange(exact.size), 1e-30j).imag / 1e-30
        assert largest(step - exact.reshape(-1)) <= 1e-12 * largest(exact)


def test_entries_are_moved_one_at_a_time_in_the_order_asked_for():
    problem = problem_of(document(layout="column", input_size=3, hidden_size=4, output_size=2))
    asked = np.array([5, 0, 3])
    together = moved_losses(problem, "W_hy", asked, 0.5)
    for at, index in enumerate(asked):
        assert moved_losses(problem, "W_hy", np.array([index]), 0.5)[0] == pytest.approx(together[at], rel=1e-14)
    assert len(set(together.tolist())) == 3


def test_blocks_of_runs_do_not_show_in_the_losses(monkeypatch):
    problem = problem_of(document(seed=3, hidden_size=5, batch_size=2))
    at_once = moved_losses(problem, "W_hh", np.arange(25), 0.1)
    monkeypatch.setattr(moved, "BLOCK_BYTES", 3 * 8 * 2 * 5)  # three runs of (B, H) float64 each
    np.testing.assert_allclose(moved_losses(problem, "W_hh", np.arange(25), 0.1), at_once, rtol=1e-14)
