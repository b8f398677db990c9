"""Stacks, two directions, embeddings and layers: loss and gradients against the independent nets of the oracle."""

import numpy as np
import pytest

from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.carried.gradient import carried_gradient
from tests.campaign.deep import batch_of, document_of, draws
from tests.oracle import deep

SHAPES = (
    {"layers": 2},
    {"layers": 3},
    {"bidirectional": True},
    {"inputs": "embedding"},
    {"inputs": "parameter"},
    {"outputs": "states"},
    {"cell": "gru", "recurrent_bias": True, "reset": "after"},
)
NUMBERS = range(4)


def drawn(shape, number):
    spec, parameters, batch = deep.random_case(np.random.default_rng([number, 7]), **shape)
    return spec, draws(document_of(spec, parameters, batch, seed=number))[0]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_loss_and_gradients_are_those_of_the_equations(shape, number):
    spec, problem = drawn(shape, number)
    parameters, batch = dict(problem.parameters), batch_of(problem)
    assert described_loss(problem) == pytest.approx(deep.loss(spec, parameters, batch), rel=1e-12)
    right = deep.gradients(spec, parameters, batch)
    for name, value in reference_gradients(problem).items():
        np.testing.assert_allclose(value, right[name], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_differences_are_carried_through_layers_and_directions(shape):
    spec, problem = drawn(shape, 1)
    right = deep.gradients(spec, dict(problem.parameters), batch_of(problem))
    for name, value in problem.parameters.items():
        estimate = carried_gradient(problem, {name: np.arange(value.size)}, rng=np.random.default_rng(0))[name]
        off = np.abs(estimate.value - right[name].reshape(-1)) - estimate.kink
        assert (off <= 1e-9 * max(1.0, np.abs(right[name]).max())).all(), name
