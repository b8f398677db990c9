"""Each method on the described loss, against the complex step of the oracle."""

import numpy as np
import pytest

from gradcheck_rnn.config.settings import CheckSettings
from gradcheck_rnn.numeric.described import described_gradient
from gradcheck_rnn.numeric.estimate import Estimate
from gradcheck_rnn.numeric.interrupted import InterruptedDifferencesError
from tests.model.problems import document, exact_gradients, largest, problem_of

# method: share of a tensor's largest entry by which its values may be off
ACCURACY = {"auto": 1e-11, "direct": 1e-8, "complex_step": 1e-13, "richardson": 1e-8, "central": 1e-6}


def _silent(*counts):
    pass


def differentiate(problem, check: CheckSettings, indices=None) -> dict[str, Estimate]:
    indices = indices or {name: np.arange(value.size) for name, value in problem.parameters.items()}
    return described_gradient(problem, indices, check, np.random.default_rng(0), progress=_silent)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("method", ACCURACY)
def test_every_method_finds_the_gradient_and_its_error_bar_covers_it(method, seed):
    drawn = document(seed=seed, cell="tanh", gain=1.0)
    problem = problem_of(drawn)
    exact, found = exact_gradients(drawn, problem), differentiate(problem, CheckSettings(method=method))
    covered = []
    for name, value in exact.items():
        gap = np.abs(found[name].value - value.reshape(-1))
        assert gap.max() <= ACCURACY[method] * largest(value), name
        covered.append(gap <= 3 * found[name].error)
    assert np.concatenate(covered).mean() >= 0.97


@pytest.mark.parametrize("method", ["central", "richardson"])
def test_a_given_step_replaces_the_method_s_own(method):
    """At h = 1/4 the truncation error is plain to see."""
    drawn = document(seed=1, cell="tanh", gain=1.0)
    problem = problem_of(drawn)
    exact = exact_gradients(drawn, problem)["W_hh"]
    found = differentiate(problem, CheckSettings(method=method, step=0.25))["W_hh"]
    gap = np.abs(found.value - exact.reshape(-1))
    assert gap.max() > 1e-6 * largest(exact)
    assert (gap <= 3 * found.error).all()


def test_a_plain_difference_s_error_grows_as_its_step_shrinks():
    problem = problem_of(document(seed=1, cell="tanh", gain=1.0))
    checks = (CheckSettings(method="central", step=step) for step in (1e-5, 1e-9))
    coarse, fine = (differentiate(problem, check)["W_hy"] for check in checks)
    assert np.median(fine.error) > 1e3 * np.median(coarse.error)


def test_no_error_bar_of_the_ladder_is_small_by_luck():
    """Raised to the median: the smallest one is shared by half of the entries."""
    problem = problem_of(document(seed=4, hidden_size=5, input_size=5))
    for estimate in differentiate(problem, CheckSettings(method="richardson")).values():
        assert np.count_nonzero(estimate.error == estimate.error.min()) >= len(estimate.error) / 2


@pytest.mark.parametrize("method", ACCURACY)
def test_single_precision_parameters_are_differenced_in_double_precision(method):
    drawn = document(seed=2, cell="sigmoid", gain=1.0) | {"dtype": "float32"}
    problem = problem_of(drawn)
    single = problem.at({name: value.astype(np.float32) for name, value in problem.parameters.items()})
    found = differentiate(single, CheckSettings(method=method))
    for name, value in exact_gradients(drawn, single.in_double_precision()).items():
        assert largest(found[name].value - value.reshape(-1)) <= ACCURACY[method] * largest(value)


@pytest.mark.parametrize("method", ACCURACY)
def test_only_the_entries_that_are_asked_for_are_differenced(method):
    problem = problem_of(document(seed=3, hidden_size=4))
    indices = {"W_hh": np.array([1, 7]), "W_hy": np.arange(0)}
    found = differentiate(problem, CheckSettings(method=method), indices)
    assert list(found) == ["W_hh", "W_hy"]
    np.testing.assert_array_equal(found["W_hh"].indices, [1, 7])
    assert found["W_hy"].value.shape == (0,)


def test_what_comes_from_a_relu_s_exploding_states_is_no_estimate():
    """Gain 1e40 over 9 steps overflows: what is not finite must not look certain."""
    problem = problem_of(document(seed=1, cell="relu", kind="mse", length=9, hidden_size=4, inputs="dense"))
    huge = {name: 1e40 * value if name == "W_hh" else value for name, value in problem.parameters.items()}
    with np.errstate(all="ignore"):
        found = differentiate(problem.at(huge), CheckSettings())
    assert not (np.isfinite(found["W_hh"].value) & np.isfinite(found["W_hh"].error)).all()


def test_parameters_that_are_done_when_the_user_stops_it_are_kept(monkeypatch):
    problem, check = problem_of(document(seed=0)), CheckSettings(method="complex_step")
    whole = differentiate(problem, check)
    done = list(whole)[:2]

    def stop(exact, name, *others):
        if name not in done:
            raise KeyboardInterrupt
        return whole[name]

    monkeypatch.setattr("gradcheck_rnn.numeric.described._complex_step", stop)
    with pytest.raises(InterruptedDifferencesError) as stopped:
        differentiate(problem, check)
    found = stopped.value.numeric
    assert {name: len(estimate.indices) for name, estimate in found.items() if len(estimate.indices)} == {
        name: len(whole[name].indices) for name in done
    }
    assert found.keys() == whole.keys()
