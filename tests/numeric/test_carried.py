"""Carried differences against the oracle's complex step: how far off they are, and whether their error bars say so."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from gradcheck_rnn.model.draw import configured_net, probe_problem
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.carried import evaluation, trials
from gradcheck_rnn.numeric.carried.gradient import carried_gradient
from gradcheck_rnn.numeric.estimate import Estimate
from gradcheck_rnn.numeric.interrupted import InterruptedDifferencesError
from gradcheck_rnn.numeric.progress import Watch
from gradcheck_rnn.numeric.spread import Threads
from tests.model.problems import SMOOTH, document, documents, exact_gradients, largest, problem_of, settings_of
from tests.oracle.problems import Document

PROBLEMS = 60


def carried(problem: Problem, name: str, *, seed: int = 0, step: float | None = None) -> Estimate:
    indices = np.arange(problem.parameters[name].size)
    return carried_gradient(problem, {name: indices}, rng=np.random.default_rng(seed), step=step)[name]


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
    sampled = carried_gradient(problem, {name: chosen}, rng=np.random.default_rng(0), step=1e-7)[name]
    np.testing.assert_allclose(sampled.value, whole.value[chosen], rtol=0, atol=1e-12 * whole.largest)
    np.testing.assert_array_equal(sampled.indices, chosen)


def test_no_entries_give_an_empty_estimate():
    problem = problem_of(document())
    none = carried_gradient(problem, {"W_hh": np.arange(0)}, rng=np.random.default_rng(0))["W_hh"]
    assert none.value.shape == none.error.shape == none.kink.shape == (0,)


def test_blocks_of_runs_do_not_show_in_the_values(monkeypatch):
    problem = problem_of(document(seed=3, hidden_size=5, batch_size=2))
    at_once = gradient(problem)
    small_blocks(monkeypatch)
    in_blocks = gradient(problem)
    for name, estimate in at_once.items():
        np.testing.assert_allclose(in_blocks[name].value, estimate.value, rtol=1e-13, atol=1e-13 * estimate.largest)


@pytest.mark.parametrize(
    "also",
    [
        {},
        {"initial_state": "learned"},
        {"initial_state": "input", "inputs": "dense", "input_gradient": True},
        {"initial_state": "input", "bidirectional": True, "layers": 2},
        {"embedding_size": 3, "inputs": "tokens", "cell": "lstm"},
    ],
)
def test_groups_of_sequences_do_not_show_in_the_values(monkeypatch, also):
    """Where a block would be too narrow, its sequences follow each other."""
    fixed = {"hidden_size": 3, "batch_size": 5, "length": 4}
    settings = settings_of(document(seed=3, **fixed))
    model = {name: value for name, value in also.items() if name not in ("inputs", "input_gradient")}
    sequence = {name: value for name, value in also.items() if name in ("inputs", "input_gradient")}
    settings = replace(
        settings, model=replace(settings.model, **model), sequence=replace(settings.sequence, **sequence)
    )
    problem = probe_problem(configured_net(settings), settings)
    at_once = gradient(problem)
    monkeypatch.setattr(trials, "BLOCK_VALUES", 2 * trials.LEAST_TRIALS * 3 * 2)  # two sequences of the fewest trials
    monkeypatch.setattr(trials, "OUTPUT_VALUES", 2 * trials.LEAST_TRIALS * 4 * 2)
    in_groups = gradient(problem)
    for name, estimate in at_once.items():
        np.testing.assert_allclose(in_groups[name].value, estimate.value, rtol=0, atol=1e-13 * estimate.largest)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_threads_changes_no_bit(monkeypatch, workers):
    small_blocks(monkeypatch)
    problem = problem_of(document(seed=4, hidden_size=5, batch_size=2))
    assert_same_bits(gradient(problem, spread=Threads(workers)), gradient(problem))


def elsewhere(task, arguments):
    """What another process would do with copies of the arguments."""
    return [pickle.loads(pickle.dumps(task))(*pickle.loads(pickle.dumps(each))) for each in arguments]


def test_blocks_that_another_process_works_out_are_the_same():
    problem = problem_of(document(seed=4, hidden_size=5, batch_size=2))
    assert_same_bits(gradient(problem, spread=elsewhere), gradient(problem))


@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_the_direct_form_agrees_with_the_exact_one_within_both_error_bars(cell):
    problem = problem_of(document(seed=6, cell=cell, length=6, gain=1.0))
    direct = gradient(problem, form="direct")
    for name, exact in gradient(problem).items():
        assert (np.abs(direct[name].value - exact.value) <= 3 * direct[name].error + exact.error).all()
        assert np.median(direct[name].error) <= 1e-8 * exact.largest


def test_a_failing_block_ends_the_threads_with_its_error():
    def task(number):
        if number == 3:
            raise ValueError("block 3")
        return number

    with pytest.raises(ValueError, match="block 3"):
        list(Threads(2)(task, [(number,) for number in range(20)]))


def test_blocks_take_as_long_as_each_other_though_late_entries_act_for_fewer_steps(monkeypatch):
    """Tokens that occur late leave little to do: their block holds more of them, but no more than twice as many."""
    monkeypatch.setattr(trials, "BLOCK_VALUES", 2 * 5 * 100)
    monkeypatch.setattr(trials, "LEAST_TRIALS", 1)
    problem = problem_of(document(inputs="tokens", input_size=40, hidden_size=5, length=40, batch_size=None))
    blocks = []

    def noted(task, arguments):
        blocks.extend(block for _, block in arguments if block.parts[0].trials.entries.sweep is not None)
        return (task(*each) for each in arguments)

    gradient(problem, spread=noted)
    work = [int((40 - block.first).sum()) for block in blocks]
    widest = [block for block in blocks if len(block) == max(map(len, blocks))]
    assert len(blocks) > 3
    assert max(work) - min(work) <= 2 * 40
    assert 100 < max(map(len, blocks)) <= 2 * 100
    assert all(block.first.min() > 0 for block in widest)


def test_progress_counts_up_to_every_entry(monkeypatch):
    small_blocks(monkeypatch)
    problem = problem_of(document(seed=1, inputs="tokens", input_size=5, length=3, batch_size=None))
    told, entries = [], sum(value.size for value in problem.parameters.values())
    gradient(problem, watch=Watch(entries, lambda *news: told.append(news), lambda _seconds: None))
    assert {total for _, total in told} == {entries}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == entries


def test_what_ctrl_c_leaves_are_the_entries_whose_blocks_were_done(monkeypatch):
    small_blocks(monkeypatch)
    problem = problem_of(document(seed=1, hidden_size=5, length=3))
    whole = gradient(problem)

    def stopping(task, arguments):
        for place, each in enumerate(arguments):
            if place == 4:
                raise KeyboardInterrupt
            yield task(*each)

    with pytest.raises(InterruptedDifferencesError) as stopped:
        gradient(problem, spread=stopping)
    left = stopped.value.numeric
    assert left.keys() == whole.keys()
    assert 0 < sum(len(each.indices) for each in left.values()) < sum(len(each.indices) for each in whole.values())
    for name, estimate in left.items():
        np.testing.assert_array_equal(estimate.value, whole[name].value[estimate.indices])


def test_the_time_that_is_foreseen_is_that_of_the_first_block_times_the_work(monkeypatch):
    small_blocks(monkeypatch)
    clock = iter(range(100))
    monkeypatch.setattr(evaluation.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(evaluation, "work_of", lambda _base, _block: 2.0)
    problem, told, blocks = problem_of(document(seed=1)), [], []

    def counted(task, arguments):
        blocks.extend(arguments)
        return (task(*each) for each in arguments)

    gradient(problem, spread=counted, watch=Watch(0, lambda *_news: None, told.append))
    assert told[0] == len(blocks)


def small_blocks(monkeypatch) -> None:
    """Three trials of a problem with hidden size 5 and two sequences: two runs of (B, H) each."""
    monkeypatch.setattr(trials, "BLOCK_VALUES", 2 * 2 * 5 * 3)
    monkeypatch.setattr(trials, "OUTPUT_VALUES", 1)
    monkeypatch.setattr(trials, "LEAST_TRIALS", 1)


def gradient(problem: Problem, **how) -> dict[str, Estimate]:
    indices = {name: np.arange(value.size) for name, value in problem.parameters.items()}
    return carried_gradient(problem, indices, rng=np.random.default_rng(0), **how)


def assert_same_bits(one: dict[str, Estimate], other: dict[str, Estimate]) -> None:
    assert one.keys() == other.keys()
    for name, estimate in one.items():
        np.testing.assert_array_equal(estimate.value, other[name].value)
        np.testing.assert_array_equal(estimate.error, other[name].error)
