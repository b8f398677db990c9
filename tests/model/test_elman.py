"""The described net against the oracle: its loss by value, its BPTT by the complex step."""

import numpy as np
import pytest
from hypothesis import given, settings

from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.forward import forward as run_forward
from gradcheck_rnn.model.problem import canonical
from gradcheck_rnn.model.reference import output_gradient, reference_gradients
from tests.model.problems import document, documents, exact_gradients, largest, problem_of
from tests.oracle.elman import loss as oracle_loss
from tests.oracle.problems import spec_of

EPS = np.finfo(np.float64).eps


def assert_equal(reference: dict[str, np.ndarray], exact: dict[str, np.ndarray]) -> None:
    """To 1e-12 of each tensor's largest entry; what a saturated unit's 1 - h**2 rounds is eps of the whole."""
    whole = max(map(largest, exact.values()))
    for name, value in exact.items():
        atol = 1e-12 * largest(value) + 8 * EPS * whole
        np.testing.assert_allclose(reference[name], value, rtol=0, atol=atol, err_msg=name)


@given(documents())
@settings(max_examples=200)
def test_the_reference_gradient_is_the_complex_step_of_the_oracle(drawn):
    problem = problem_of(drawn)
    assert_equal(reference_gradients(problem), exact_gradients(drawn, problem))


@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
@pytest.mark.parametrize("layout", ["row", "column"])
def test_the_reference_gradient_holds_over_long_chains_of_large_nets(cell, layout):
    drawn = document(seed=3, cell=cell, layout=layout, length=25, hidden_size=16, batch_size=3, biases=True)
    problem = problem_of(drawn)
    assert_equal(reference_gradients(problem), exact_gradients(drawn, problem))


@given(documents(gain=(0.01, 20.0)))
@settings(max_examples=60)
def test_the_described_loss_is_the_oracle_s(drawn):
    problem = problem_of(drawn)
    expected = oracle_loss(spec_of(drawn), problem.parameters, problem.batch)
    assert described_loss(problem) == pytest.approx(expected, rel=1e-13, abs=1e-300)


@given(documents())
@settings(max_examples=30)
def test_gradients_come_in_the_shapes_and_the_order_of_the_parameters(drawn):
    problem = problem_of(drawn)
    gradients = reference_gradients(problem)
    assert list(gradients) == list(problem.parameters)
    assert all(gradients[name].shape == value.shape for name, value in problem.parameters.items())


@pytest.mark.parametrize("layout", ["row", "column"])
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_logits_of_ten_thousand_overflow_nothing(size, layout):
    """Class 0 lies 20,000 nats above the others or below them: every step that is wrong costs as much."""
    drawn = document(kind="softmax_cross_entropy", steps="all", reduction="sum", biases=True, layout=layout, gain=0.1)
    problem = problem_of(drawn)
    b_y = np.full_like(problem.parameters["b_y"], -size)
    b_y[0] = size
    problem = problem.at({**problem.parameters, "b_y": b_y})
    zeros = int(np.count_nonzero(problem.batch.targets == 0))
    others = problem.batch.targets.size - zeros
    assert min(zeros, others) > 0
    assert described_loss(problem) == pytest.approx(2e4 * (others if size > 0 else zeros), rel=1e-3)
    gradients = reference_gradients(problem)
    assert all(np.isfinite(value).all() for value in gradients.values())
    assert gradients["b_y"][0] == pytest.approx(others if size > 0 else -zeros, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_step_that_does_not_count_has_no_output_error(seed):
    problem = problem_of(document(seed=seed, steps="last", length=6))
    c = canonical(problem)
    dy = output_gradient(problem.net, c, run_forward(problem.net, c).y)
    assert not dy[:-1].any()
    assert dy[-1].any()


def test_a_token_that_never_occurs_has_no_gradient():
    problem = problem_of(document(inputs="tokens", input_size=5, length=3, batch_size=None, layout="row"))
    unseen = [token for token in range(5) if token not in problem.batch.tokens]
    dW_xh = reference_gradients(problem)["W_xh"]
    assert not dW_xh[unseen].any()
    assert dW_xh[problem.batch.tokens].any(axis=1).all()


@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_single_precision_parameters_give_single_precision_gradients(cell):
    """Off by float32's rounding and by no less: nothing was computed in float64 behind the user's back."""
    drawn = document(seed=1, cell=cell, length=6, hidden_size=5, gain=1.0) | {"dtype": "float32"}
    problem = problem_of(drawn)
    problem = problem.at({name: value.astype(np.float32) for name, value in problem.parameters.items()})
    single, double = reference_gradients(problem), reference_gradients(problem.in_double_precision())
    assert {value.dtype for value in single.values()} == {np.dtype(np.float32)}
    gaps = {name: largest(single[name] - double[name]) / largest(double[name]) for name in single}
    assert max(gaps.values()) < 1e-5
    assert max(gaps.values()) > 1e-9


def test_arrays_of_the_problem_are_never_written_to():
    problem = problem_of(document(seed=2, inputs="tokens", batch_size=2, initial_state="learned"))
    batch = problem.batch
    for array in (*problem.parameters.values(), batch.inputs, batch.tokens, batch.targets, batch.initial_state["h"]):
        array.setflags(write=False)
    before = described_loss(problem)
    reference_gradients(problem)
    assert described_loss(problem) == before
