"""Nets that are a layer of a larger one: the loss is <h, R>, and inputs and initial states have gradients."""

import numpy as np
import pytest

from gradcheck_rnn.config.settings import LossSettings
from gradcheck_rnn.model.draw import draw_batch
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.net import Net, Sizes
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.carried.gradient import carried_gradient

IMAGINARY = 1e-30


def layer(batch: int | None, steps: str = "all", cell: str = "tanh") -> Net:
    sizes = Sizes(input_size=3, hidden_size=4, output_size=4, length=5, batch=batch)
    facts = {"learned": True, "own_states": True, "input_gradient": True, "output_layer": False}
    return Net(sizes, cell, layout="column", loss=LossSettings("projection", "sum", steps), **facts)


def drawn(net: Net) -> Problem:
    rng = np.random.default_rng(5)
    parameters = {name: rng.standard_normal(shape) for name, shape in net.shapes.items()}
    return Problem(net, parameters, draw_batch(net, "dense", 3, 0.0, np.float64))


def loss_of_sequences(p, wanted, steps):
    """The loss written out for one sequence after the other, for column weights; parameters may be complex."""
    x, h0 = (value if value.ndim > base else value[..., None, :] for value, base in ((p["x"], 2), (p["h0"], 1)))
    total = 0.0
    for b in range(h0.shape[0]):
        h = h0[b]
        for t in range(x.shape[0]):
            h = np.tanh(p["W_xh"] @ x[t, b] + p["W_hh"] @ h + p["b_h"])
            if steps == "all" or t == x.shape[0] - 1:
                R = wanted[t] if steps == "all" else wanted
                total += (h * (R if R.ndim == 1 else R[b])).sum()
    return total


def complex_step(problem: Problem, name: str) -> np.ndarray:
    def moved(entry: int) -> float:
        values = {each: value.astype(complex) for each, value in problem.parameters.items()}
        values[name].reshape(-1)[entry] += 1j * IMAGINARY
        return loss_of_sequences(values, problem.batch.targets, problem.net.loss.steps).imag / IMAGINARY

    size = problem.parameters[name].size
    return np.array([moved(entry) for entry in range(size)]).reshape(problem.parameters[name].shape)


@pytest.mark.parametrize("steps", ["all", "last"])
@pytest.mark.parametrize("batch", [None, 2])
def test_a_layer_is_what_its_equations_say(batch, steps):
    problem = drawn(layer(batch, steps))
    wanted = loss_of_sequences(problem.parameters, problem.batch.targets, steps)
    assert described_loss(problem) == pytest.approx(wanted, rel=1e-13)
    for name, value in reference_gradients(problem).items():
        np.testing.assert_allclose(value, complex_step(problem, name), rtol=1e-12, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("batch", [None, 2])
def test_inputs_and_states_are_differenced_like_parameters(batch):
    problem = drawn(layer(batch))
    for name in ("x", "h0", "W_xh"):
        entries = np.arange(problem.parameters[name].size)
        estimate = carried_gradient(problem, {name: entries}, rng=np.random.default_rng(0))[name]
        np.testing.assert_allclose(estimate.value, complex_step(problem, name).reshape(-1), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_layer_has_the_parameters_of_its_cell_and_of_what_goes_in(cell):
    shapes = layer(2, cell=cell).shapes
    assert (shapes["x"], shapes["h0"]) == ((5, 2, 3), (2, 4))
    assert "W_hy" not in shapes
    assert ("c0" in shapes) == (cell == "lstm")
