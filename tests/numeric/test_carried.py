"""Carried differences against the oracle's complex step: how far off they are, and whether their error bars say so."""

import numpy as np
import pytest
from hypothesis import given, settings

from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric import entries
from gradcheck_rnn.numeric.carried import carried_gradient
from gradcheck_rnn.numeric.estimate import Estimate
from tests.model.problems import SMOOTH, document, documents, exact_gradients, largest, problem_of
from tests.oracle.problems import Document

PROBLEMS = 60


def carried(problem: Problem, name: str, *, seed: int = 0, step: float | None = None) -> Estimate:
    indices = np.arange(problem.parameters[name].size)
    return carried_gradient(problem, name, indices, rng=np.random.default_rng(seed), step=step)


def all_carried(problem: Problem) -> dict[str, Estimate]:
    return {name: carried(problem, name) for name in problem.parameters}


@pytest.mark.parametrize("cell", SMOOTH)
@given(drawn=documents(gain=(0.001, 1.5)))
@settings(max_examples=50)
def test_it_agrees_with_the_complex_step_to_nine_digits_of_the_tensor_s_largest(cell, drawn):
    drawn["model"]["cell"] = cell
    problem = problem_of(drawn)
    for name, exact in exact_gradients(drawn, problem).items():
        gap = largest(carried(problem, name).value - exact.reshape(-1))
        assert gap <= 1e-9 * largest(exact), (name, gap / largest(exact))


@given(drawn=documents(gain=(0.1, 1.5), cell="relu"))
@settings(max_examples=50)
def test_relu_away_from_its_kinks_is_as_good(drawn):
    problem = problem_of(drawn)
    for name, exact in exact_gradients(drawn, problem).items():
        estimate = carried(problem, name)
        assert largest(estimate.value - exact.reshape(-1)) <= 1e-9 * largest(exact)
        assert not estimate.kink.any()


def problems_of_gain(low: float, high: float) -> list[Document]:
    sizes = {"max_length": 9, "max_hidden_size": 6, "max_input_size": 5, "max_output_size": 5}
    return [
        document(seed=seed, cell=SMOOTH[seed % 2], gain=float(np.geomspace(low, high, PROBLEMS)[seed]), **sizes)
        for seed in range(PROBLEMS)
    ]


@pytest.fixture(scope="module")
def measured() -> list[tuple[np.ndarray, Estimate]]:
    """Exact values and estimates of each tensor of 60 problems, gain 0.1 to 1."""
    pairs = []
    for drawn in problems_of_gain(0.1, 1.0):
        problem = problem_of(drawn)
        exact = exact_gradients(drawn, problem)
        pairs += [(exact[name].reshape(-1), estimate) for name, estimate in all_carried(problem).items()]
    return pairs


def test_the_error_covers_the_true_one_in_99_of_100_entries(measured):
    covered = np.concatenate([np.abs(estimate.value - exact) <= estimate.error for exact, estimate in measured])
    assert covered.mean() >= 0.99


def test_what_three_error_bars_do_not_cover_is_rounding(measured):
    for exact, estimate in measured:
        beyond = np.maximum(np.abs(estimate.value - exact) - 3 * estimate.error, 0.0)
        assert largest(beyond) <= 1e-13 * largest(exact)


def test_the_median_error_lies_far_below_the_largest_entry(measured):
    shares = [np.median(estimate.error) / estimate.largest for _, estimate in measured if estimate.largest]
    assert len(shares) > 3 * PROBLEMS
    assert max(shares) < 1e-8


def test_the_error_is_no_more_than_a_thousand_times_the_true_one(measured):
    """An error bar that is always wide would cover everything and tell nothing."""
    ratios = [np.median(each.error) / max(largest(each.value - exact), 1e-17 * each.largest)
              for exact, each in measured if each.largest]  # fmt: skip
    assert np.median(ratios) < 1e3


@pytest.mark.parametrize("layout", ["row", "column"])
def test_tokens_that_never_occur_have_exactly_zero(layout):
    problem = problem_of(document(inputs="tokens", input_size=5, length=3, batch_size=None, layout=layout))
    estimate = carried(problem, "W_xh")
    values = estimate.value.reshape(problem.parameters["W_xh"].shape)
    by_token = values if layout == "row" else values.T
    unseen = [token for token in range(5) if token not in problem.batch.tokens]
    assert not by_token[unseen].any()
    assert by_token[problem.batch.tokens].any(axis=1).all()


@pytest.mark.parametrize("cell", ["tanh", "relu"])
def test_a_recurrent_weight_at_one_step_from_zeros_has_exactly_zero(cell):
    problem = problem_of(document(cell=cell, length=1, initial_state="zeros")).starting_from_zeros()
    estimate = carried(problem, "W_hh")
    assert not estimate.value.any()
    assert not estimate.error.any()


def test_a_given_step_is_the_one_that_is_taken():
    """At d = 0.1 the truncation shows, and the error bar covers it."""
    drawn = document(seed=2, cell="tanh", length=5, gain=1.0)
    problem = problem_of(drawn)
    for name, exact in exact_gradients(drawn, problem).items():
        estimate = carried(problem, name, step=0.1)
        gap = np.abs(estimate.value - exact.reshape(-1))
        assert (gap <= estimate.error).all()
        if name in ("W_xh", "W_hh", "b_h"):
            assert gap.max() > 1e-6 * largest(exact)


def test_a_chaotic_net_has_wider_error_bars_that_still_cover():
    """At gain 4 over 20 steps the higher derivatives are huge: a step of 1e-7 truncates visibly."""
    drawn = document(seed=5, cell="tanh", length=20, hidden_size=16, gain=4.0)
    problem = problem_of(drawn)
    for name, exact in exact_gradients(drawn, problem).items():
        estimate = carried(problem, name)
        beyond = np.abs(estimate.value - exact.reshape(-1)) > 3 * estimate.error + 1e-12 * largest(exact)
        assert not beyond.any(), name


@pytest.mark.parametrize("name", ["W_xh", "W_hh", "W_hy", "b_h"])
def test_a_sample_of_entries_has_the_values_that_all_of_them_have(name):
    problem = problem_of(document(seed=1, biases=True, layout="column", hidden_size=5, input_size=4))
    whole = carried(problem, name)
    chosen = np.array([0, 2, problem.parameters[name].size - 1])
    sampled = carried_gradient(problem, name, chosen, rng=np.random.default_rng(0), step=1e-7)
    np.testing.assert_allclose(sampled.value, whole.value[chosen], rtol=0, atol=1e-12 * whole.largest)
    np.testing.assert_array_equal(sampled.indices, chosen)


def test_no_entries_give_an_empty_estimate():
    problem = problem_of(document())
    none = carried_gradient(problem, "W_hh", np.arange(0), rng=np.random.default_rng(0))
    assert none.value.shape == none.error.shape == none.kink.shape == (0,)


def test_blocks_of_runs_do_not_show_in_the_values(monkeypatch):
    problem = problem_of(document(seed=3, hidden_size=5, batch_size=2))
    at_once = carried(problem, "W_hh", step=1e-7)
    monkeypatch.setattr(entries, "BLOCK_BYTES", 3 * 8 * 2 * 5)  # three runs of (B, H) float64 each
    in_blocks = carried(problem, "W_hh", step=1e-7)
    np.testing.assert_allclose(in_blocks.value, at_once.value, rtol=1e-14)
