"""The canonical form: row layout, a batch axis, biases and states where the net has none."""

import numpy as np
import pytest

from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.problem import canonical
from gradcheck_rnn.model.reference import own_layout, reference_gradients
from tests.model.problems import document, problem_of


@pytest.mark.parametrize("steps", ["all", "last"])
@pytest.mark.parametrize("kind", ["softmax_cross_entropy", "mse"])
@pytest.mark.parametrize("batch_size", [None, 3])
def test_the_canonical_form_always_has_its_axes(kind, steps, batch_size):
    sizes = {"input_size": 2, "hidden_size": 3, "output_size": 4, "length": 5}
    problem = problem_of(document(kind=kind, steps=steps, batch_size=batch_size, layout="column", **sizes))
    c = canonical(problem)
    B, S = batch_size or 1, 5 if steps == "all" else 1
    assert c.x.shape == (5, B, 2)
    assert c.initial["h"].shape == (B, 3)
    assert c.targets.shape == ((S, B, 4) if kind == "mse" else (S, B))
    shapes = {"W_xh": (2, 3), "W_hh": (3, 3), "b_h": (3,), "W_hy": (3, 4), "b_y": (4,)}
    assert {name: value.shape for name, value in c.parameters.items()} == shapes


def test_a_column_layout_is_transposed_and_back_again():
    problem = problem_of(document(layout="column", input_size=2, hidden_size=3, output_size=4))
    c = canonical(problem)
    np.testing.assert_array_equal(c.parameters["W_xh"], problem.parameters["W_xh"].T)
    rows = {**c.parameters, "h0": c.initial["h"][0]}
    for name, value in own_layout(problem, rows).items():
        np.testing.assert_array_equal(value, problem.parameters[name])


def test_a_learned_state_is_every_sequence_s():
    problem = problem_of(document(initial_state="learned", batch_size=3))
    np.testing.assert_array_equal(canonical(problem).initial["h"], np.tile(problem.parameters["h0"], (3, 1)))


def test_starting_from_zeros_clears_the_given_state_alone():
    problem = problem_of(document(initial_state="zeros"))
    cleared = problem.starting_from_zeros()
    assert problem.batch.initial_state["h"].any()
    assert not cleared.batch.initial_state["h"].any()
    assert cleared.batch.inputs is problem.batch.inputs
    assert described_loss(cleared) != described_loss(problem)


@pytest.mark.parametrize(("steps", "summands"), [("all", 5 * 3), ("last", 3)])
def test_a_mean_is_the_sum_over_the_number_of_its_summands(steps, summands):
    fixed = {"seed": 4, "steps": steps, "length": 5, "batch_size": 3}
    total, mean = (problem_of(document(reduction=reduction, **fixed)) for reduction in ("sum", "mean"))
    assert described_loss(total) == pytest.approx(summands * described_loss(mean), rel=1e-14)
    for name, value in reference_gradients(total).items():
        np.testing.assert_allclose(value, summands * reference_gradients(mean)[name], rtol=1e-12, atol=1e-15)
