"""The reach of the recurrent chain, at points whose Jacobians are known in closed form."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn.diagnose.vanishing import vanishing_at
from gradcheck_rnn.model.activations import ACTIVATIONS
from gradcheck_rnn.model.net import Net, Sizes
from gradcheck_rnn.model.problem import Batch, Problem

SENSITIVITY = 1e-6


def problem(cell, W_hh, *, length, state=None, b_h=0.0, layout="row"):
    """A net without inputs: its states come from the recurrent weight, the bias and the first state alone."""
    H = len(W_hh)
    net = Net(Sizes(1, H, 1, length), cell=cell, layout=layout)
    parameters = {name: np.zeros(shape) for name, shape in net.shapes.items()}
    parameters |= {"W_hh": np.asarray(W_hh, dtype=float), "b_h": np.full(H, b_h, dtype=float)}
    first = np.zeros(H) if state is None else np.asarray(state, dtype=float)
    batch = Batch(np.zeros((length, 1)), None, np.zeros(length, dtype=np.int64), {"h": first})
    return Problem(net, parameters, batch)


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("w", [0.5, -0.5, 1e-3, 1.5])
def test_a_scalar_chain_of_slope_one_falls_as_powers_of_its_weight(w):
    """At h = 0 the tanh has slope 1, so dh_t/dh_(t-lag) is w^lag."""
    found = vanishing_at(problem("tanh", [[w]], length=6), sensitivity=SENSITIVITY)
    np.testing.assert_allclose(found.norms, [abs(w) ** lag for lag in range(6)], rtol=1e-12)
    assert found.factor == pytest.approx(abs(w))


def test_a_sigmoid_at_its_steepest_takes_three_quarters_of_each_lag():
    """With z = 0 at every step, where the slope is 1/4: the bias takes back what w * 1/2 brings."""
    found = vanishing_at(problem("sigmoid", [[3.0]], length=5, state=[0.5], b_h=-1.5), sensitivity=SENSITIVITY)
    np.testing.assert_allclose(found.norms, [0.75**lag for lag in range(5)], rtol=1e-12)


def test_an_orthogonal_weight_carries_a_whole_error_through_active_relus():
    """Biases keep every unit positive, so all slopes are 1 and a rotation changes no norm."""
    net = problem("relu", rotation(0.3), length=5, state=[1.0, 1.0], b_h=5.0)
    found = vanishing_at(net, sensitivity=SENSITIVITY)
    np.testing.assert_allclose(found.norms, np.ones(5), rtol=1e-12)
    assert found.lost_at is None
    assert found.saturated == 0


@pytest.mark.parametrize("layout", ["row", "column"])
def test_norms_are_those_of_products_of_differenced_steps(layout):
    """The Jacobian of each step by the complex step, multiplied from the later step to the earlier one."""
    rng, T, H = np.random.default_rng(3), 6, 4
    W, state = rng.standard_normal((H, H)), rng.standard_normal(H)
    net = problem("tanh", W if layout == "row" else W.T, length=T, state=state, b_h=0.2, layout=layout)
    steps, h = [], state
    for _ in range(T):
        shaken = h + 1e-30j * np.eye(H)
        steps.append(np.tanh(shaken @ W + 0.2).imag.T / 1e-30)  # [i, j] is dh_i / dh_prev_j
        h = np.tanh(h @ W + 0.2)
    expected = [1.0]
    for lag in range(1, T):
        products = [np.linalg.multi_dot([np.eye(H), *steps[t : t - lag : -1]]) for t in range(lag, T)]
        expected.append(np.median([np.linalg.svd(product)[1][0] for product in products]))
    np.testing.assert_allclose(vanishing_at(net, sensitivity=SENSITIVITY).norms, expected, rtol=1e-12)


def test_the_chain_is_lost_at_the_first_lag_below_the_sensitivity():
    """0.01^3 is 1e-6 itself, but for rounding; 0.01^4 is below it."""
    tenths = problem("tanh", [[0.01]], length=8)
    assert vanishing_at(tenths, sensitivity=0.9e-6).lost_at == 4
    assert vanishing_at(tenths, sensitivity=1.1e-6).lost_at == 3


def test_one_step_has_no_chain():
    found = vanishing_at(problem("tanh", [[0.5]], length=1), sensitivity=SENSITIVITY)
    assert (found.norms, found.factor, found.lost_at) == ((1.0,), None, None)


def test_saturated_states_are_counted():
    """|z| = 3 has slope 0.0099, |z| = 2.9 has 0.012: of the three states of each step one is saturated."""
    net = problem("tanh", np.zeros((3, 3)), length=4)
    net = net.at({**net.parameters, "b_h": np.array([3.0, 2.9, 0.0])})
    assert vanishing_at(net, sensitivity=SENSITIVITY).saturated == pytest.approx(1 / 3)


def test_a_sigmoid_saturates_below_a_hundredth_of_a_quarter():
    """Slopes at 5.98 and 6.0 are 0.00252 and 0.00247."""
    net = problem("sigmoid", np.zeros((2, 2)), length=4)
    net = net.at({**net.parameters, "b_h": np.array([-6.0, 5.98])})
    assert vanishing_at(net, sensitivity=SENSITIVITY).saturated == 0.5


def test_a_relu_is_dead_that_is_positive_at_no_step():
    """Unit 0 is never positive, unit 1 at the first step only, unit 2 always, unit 3 is zero throughout."""
    W = np.diag([0.0, 1.0, 0.0, 0.0])
    net = problem("relu", W, length=4, state=[0.0, 1.0, 0.0, 0.0])
    net = net.at({**net.parameters, "b_h": np.array([-1.0, -0.5, 1.0, 0.0])})
    assert vanishing_at(net, sensitivity=SENSITIVITY).saturated == 0.5


def test_an_exploding_chain_is_infinite_and_warns_of_nothing():
    net = problem("relu", [[1e200, 1.0], [1.0, 1e200]], length=6, state=[1.0, 1.0])
    found = vanishing_at(net, sensitivity=SENSITIVITY)
    assert found.norms[-1] == float("inf")
    assert found.lost_at is None


def test_a_batch_and_a_long_sequence_give_the_same_where_every_step_is_alike():
    """At h = 0 each chain of each sequence is w^lag, however they are sampled, and lags end at 32."""
    net = problem("tanh", [[0.9]], length=100)
    sizes = replace(net.net.sizes, batch=7)
    inputs, states = np.zeros((100, 7, 1)), {"h": np.zeros((7, 1))}
    batch = replace(net.batch, inputs=inputs, targets=np.zeros((100, 7), dtype=np.int64), initial_state=states)
    found = vanishing_at(Problem(replace(net.net, sizes=sizes), net.parameters, batch), sensitivity=SENSITIVITY)
    np.testing.assert_allclose(found.norms, [0.9**lag for lag in range(33)], rtol=1e-12)


@pytest.mark.parametrize("cell", ACTIVATIONS)
def test_nothing_is_written_into_the_problem(cell):
    net = problem(cell, rotation(0.3), length=5, state=[1.0, 1.0])
    kept = {name: value.copy() for name, value in net.parameters.items()}
    vanishing_at(net, sensitivity=SENSITIVITY)
    assert all((net.parameters[name] == kept[name]).all() for name in kept)
