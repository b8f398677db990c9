"""How far an analytic gradient may be off by rounding: planted noise, and cases with a known loss of digits."""

import math

import numpy as np
import pytest

from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.rounding import backward_rounding, gradient_rounding, measured_noise
from tests.model.problems import document, exact_gradients, largest, problem_of
from tests.numeric.losses import EPS


def planted(sigma: float, seed: int = 0) -> list[dict[str, np.ndarray]]:
    rng, value = np.random.default_rng(seed), np.linspace(-2.0, 2.0, 40)
    return [{"W": value + k * 1e-7 * value + sigma * rng.standard_normal(40), "b": np.ones(3)} for k in range(5)]


@pytest.mark.parametrize("sigma", [1e-12, 1e-8, 1e-5])
def test_the_noise_of_gradients_is_a_share_of_their_largest_entry(sigma):
    """The largest of 40 entries' estimates, each of one fourth difference: at most a few sigma of the largest, 2."""
    noise = measured_noise(planted(sigma))
    assert sigma / 2 < noise["W"] < 4 * sigma / 2
    assert noise["b"] == 0.0


@pytest.mark.parametrize("spoiled", [None, np.full(40, np.nan)])
def test_gradients_without_a_value_have_no_noise(spoiled):
    on_line = planted(1e-8)
    on_line[3]["W"] = spoiled
    assert measured_noise(on_line)["W"] == 0.0


def test_a_gradient_of_zeros_has_no_noise():
    assert measured_noise([{"W": np.zeros(4)}] * 5) == {"W": 0.0}


def test_without_noise_each_step_rounds_once():
    rounding = gradient_rounding({"W": np.array([1.0, -8.0]), "b": None}, {"W": 0.0, "b": 0.0}, length=25, eps=EPS)
    assert rounding == {"W": 8.0 * 25 * EPS, "b": 0.0}


def test_measured_noise_widens_the_rounding():
    rounding = gradient_rounding({"W": np.array([2.0])}, {"W": 1e-8}, length=3, eps=EPS)
    assert 2e-8 <= rounding["W"] <= 2e-7


def test_what_is_no_rounding_in_any_precision_excuses_nothing():
    """Gradients that jump from call to call by half their size must not pass as noisy."""
    rounding = gradient_rounding({"W": np.array([1.0])}, {"W": 0.5}, length=3, eps=EPS)
    assert rounding["W"] < 0.01


def test_entries_that_are_not_finite_do_not_widen_the_rounding():
    rounding = gradient_rounding({"W": np.array([1.0, np.inf, np.nan])}, {"W": 0.0}, length=1, eps=EPS)
    assert rounding["W"] == EPS


def certain_of_its_target(logit: float):
    """T = 1, two classes, y = b_y = (logit, 0) whatever the input: p_target = 1 - exp(-logit)."""
    sizes = {"input_size": 2, "hidden_size": 2, "output_size": 2, "length": 1, "batch_size": None}
    problem = problem_of(
        document(cell="tanh", kind="softmax_cross_entropy", reduction="sum", steps="all", biases=True, **sizes)
    )
    parameters = {**problem.parameters, "W_hy": np.zeros((2, 2)), "b_y": np.zeros(2)}
    parameters["b_y"][problem.batch.targets[0]] = logit
    return problem.at(parameters), int(problem.batch.targets[0])


def roundings_of(problem):
    return backward_rounding(problem, np.random.default_rng(0), eps=EPS)


@pytest.mark.parametrize("logit", [20.0, 30.0, 36.0])
def test_a_certain_target_loses_the_digits_that_one_minus_p_has_lost(logit):
    """The error p - 1 = -exp(-logit), but p is rounded at eps: the whole entry may be rounding, and is allowed for."""
    problem, target = certain_of_its_target(logit)
    exact = -1.0 / (1.0 + math.exp(logit))
    gap = abs(reference_gradients(problem)["b_y"][target] - exact)
    rounding = roundings_of(problem)["b_y"]
    assert gap <= rounding <= 100 * EPS


def test_where_p_is_one_in_float64_the_gradient_is_exactly_zero_and_the_rounding_covers_the_truth():
    problem, target = certain_of_its_target(40.0)
    assert reference_gradients(problem)["b_y"][target] == 0.0
    assert roundings_of(problem)["b_y"] >= 1.0 / (1.0 + math.exp(40.0))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("kind", ["softmax_cross_entropy", "mse"])
def test_an_ordinary_net_is_allowed_little_beyond_its_last_digits(kind, reduction):
    problem = problem_of(document(seed=3, kind=kind, reduction=reduction, length=6, gain=1.0))
    gradients, roundings = reference_gradients(problem), roundings_of(problem)
    for name, value in gradients.items():
        assert roundings[name] < 1e-12 * largest(value)


def test_a_mean_of_many_is_allowed_as_little_as_its_summands():
    fixed = {"seed": 6, "steps": "all", "length": 7, "batch_size": 4}
    total, mean = (roundings_of(problem_of(document(reduction=each, **fixed))) for each in ("sum", "mean"))
    for name, value in total.items():
        assert 28 * mean[name] / 4 < value < 28 * mean[name] * 4


def test_a_squared_error_near_its_target_loses_what_both_have_in_common():
    """Of y = 1e6 and target 1e6 - 1 the difference 1 has ten digits, dy is off by 1e-10."""
    problem = problem_of(document(kind="mse", reduction="sum", length=1, biases=True, batch_size=None, steps="all"))
    b_y = np.full_like(problem.parameters["b_y"], 1e6)
    rounding = roundings_of(problem.at({**problem.parameters, "b_y": b_y}))["b_y"]
    assert 1e6 * EPS <= rounding <= 100 * 1e6 * EPS


def test_saturated_units_are_allowed_the_digits_that_their_slope_has_lost():
    """At z = 13 everywhere: 1 - h**2 = 2e-11 is off by 1e-16, a relative 1e-5 that a right gradient cannot avoid."""
    sizes = {"input_size": 1, "hidden_size": 1, "output_size": 1, "length": 1, "batch_size": None}
    drawn = document(cell="tanh", kind="mse", reduction="sum", biases=True, inputs="dense", max_output_size=2, **sizes)
    problem = problem_of(drawn)
    problem = problem.at({**problem.parameters, "b_h": np.full_like(problem.parameters["b_h"], 13.0)})
    exact, gradients = exact_gradients(drawn, problem), reference_gradients(problem)
    own = gradient_rounding(gradients, dict.fromkeys(gradients, 0.0), length=1, eps=EPS)
    rounding = {name: own[name] + roundings_of(problem)[name] for name in own}
    for name in ("W_xh", "W_hh", "b_h"):
        assert largest(gradients[name] - exact[name]) <= 3 * rounding[name] + 1e-6 * largest(exact[name])
