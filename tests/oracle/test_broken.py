"""The second judge judged: right without a fault, wrong in the right places with one or two."""

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from . import broken_net, elman
from .broken import gradients, relative_gaps
from .elman import Spec
from .problems import draw_batch, draw_parameters, random_problem, spec_of


def draw(seed: int, **fixed: Any) -> tuple[Spec, dict[str, np.ndarray], SimpleNamespace]:
    rng = np.random.default_rng(seed)
    document = random_problem(rng, **fixed)
    return spec_of(document), draw_parameters(document, rng), draw_batch(document, rng)


@pytest.mark.parametrize("kind", ["softmax_cross_entropy", "mse"])
@pytest.mark.parametrize("layout", ["row", "column"])
@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_without_a_fault_the_gradients_are_those_of_the_complex_step(cell, layout, kind):
    for seed, batch_size in itertools.product(range(3), (None, 1, 3)):
        fixed = {"cell": cell, "layout": layout, "kind": kind, "batch_size": batch_size}
        spec, parameters, batch = draw(seed, **fixed, max_length=9, max_hidden_size=5, max_input_size=4)
        exact, by_hand = elman.complex_step_gradient(spec, parameters, batch), gradients(spec, parameters, batch)
        assert list(by_hand) == list(parameters)
        assert max(relative_gaps(by_hand, exact).values()) < 1e-12


def test_the_loss_is_that_of_the_first_oracle():
    for seed in range(20):
        spec, parameters, batch = draw(seed, max_length=9)
        expected = elman.loss(spec, parameters, batch)
        assert broken_net.loss(spec, parameters, batch) == pytest.approx(expected, rel=1e-13)
