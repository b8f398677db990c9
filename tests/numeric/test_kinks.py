"""relu at its kinks: z = 0 by construction, where the two one-sided derivatives are known in closed form.

T = 1, H = 1: h = relu(w_x x + b_h + w_h h0), y = w_y h, L = (y - target)**2 / 2. At z = 0 the loss falls by
w_y target du for du > 0 and stays for du < 0.
"""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn.compare import compare_gradients
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.carried.gradient import carried_gradient
from tests.model.problems import document, problem_of

W_Y, TARGET, STATE = 2.0, 3.0, 0.5
# dL/du for du > 0; it is 0 for du < 0
SLOPE = -W_Y * TARGET


def at_the_kink(offset: float = 0.0) -> Problem:
    """Pre-activation z = offset, by a bias of that size and weights of zero."""
    sizes = {"input_size": 2, "hidden_size": 1, "output_size": 2, "length": 1, "batch_size": None}
    problem = problem_of(document(cell="relu", kind="mse", reduction="sum", inputs="dense", biases=True, **sizes))
    zeros = {name: np.zeros_like(value) for name, value in problem.parameters.items()}
    W_hy = zeros["W_hy"] + np.array([W_Y, 0.0]).reshape(zeros["W_hy"].shape)
    batch = replace(
        problem.batch,
        inputs=np.array([[1.0, -2.0]]),
        targets=np.array([TARGET, 0.0]).reshape(problem.batch.targets.shape),
        initial_state={"h": np.array([STATE])},
    )
    parameters = {**zeros, "W_hy": W_hy, "b_h": np.array([offset])}
    return replace(problem, parameters=parameters, batch=batch)


def estimate(problem: Problem, name: str):
    indices = np.arange(problem.parameters[name].size)
    return carried_gradient(problem, {name: indices}, rng=np.random.default_rng(0))[name]


@pytest.mark.parametrize(("name", "inputs"), [("b_h", [1.0]), ("W_xh", [1.0, -2.0]), ("W_hh", [STATE])])
def test_at_the_kink_the_value_is_the_mean_of_the_one_sided_derivatives(name, inputs):
    found = estimate(at_the_kink(), name)
    slopes = SLOPE * np.array(inputs)
    np.testing.assert_allclose(found.value, slopes / 2, rtol=1e-9)
    np.testing.assert_allclose(found.kink, np.abs(slopes) / 2, rtol=1e-9)


@pytest.mark.parametrize("name", ["W_hy", "b_y"])
def test_parameters_behind_the_kink_have_none(name):
    assert not estimate(at_the_kink(), name).kink.any()


@pytest.mark.parametrize("offset", [1e-6, 1e-9, 1e-12, 1e-15])
@pytest.mark.parametrize("sign", [1, -1])
def test_beside_the_kink_the_step_shrinks_until_it_stays_on_one_side(offset, sign):
    found = estimate(at_the_kink(sign * offset), "b_h")
    assert found.value[0] == pytest.approx(SLOPE if sign > 0 else 0.0, rel=1e-6, abs=1e-12)
    assert not found.kink.any()


def test_any_subgradient_passes_and_what_lies_beyond_fails():
    problem = at_the_kink()
    numeric = {"b_h": estimate(problem, "b_h")}
    for value, verdict in ((0.0, "pass"), (SLOPE, "pass"), (SLOPE / 3, "pass"), (-SLOPE / 10, "fail")):
        judged = compare_gradients(
            {"b_h": np.array([value])}, numeric, {"b_h": (1,)}, tolerance=1e-6, rounding={"b_h": 0.0}
        )
        assert judged["b_h"].verdict == verdict, value
        assert judged["b_h"].at_kink == 1


def test_the_reference_takes_a_subgradient():
    problem = at_the_kink()
    for name, value in reference_gradients(problem).items():
        found = estimate(problem, name)
        assert (np.abs(value.reshape(-1) - found.value) <= found.kink + 1e-9).all()


@pytest.mark.parametrize("biases", [True, False])
def test_a_net_of_zeros_stands_at_every_kink_and_still_has_finite_estimates(biases):
    problem = problem_of(document(cell="relu", biases=biases, length=4, hidden_size=3))
    parameters = {name: np.zeros_like(value) for name, value in problem.parameters.items()}
    parameters["W_hy"] = problem.parameters["W_hy"]
    problem = problem.at(parameters)
    found = {name: estimate(problem, name) for name in parameters}
    for each in found.values():
        assert np.isfinite(each.value).all()
        assert np.isfinite(each.error).all()
    assert (found["W_xh"].kink > 0).any()
