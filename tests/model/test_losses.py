"""Losses of one step against closed forms and against a 50-digit evaluation."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.model.losses import LOSSES, log_softmax

LOGITS = st.lists(st.floats(-300, 300), min_size=2, max_size=5)


def exact_log_probability(logits: list[float], target: int) -> Decimal:
    with localcontext() as context:
        context.prec = 50
        exact = [Decimal(logit) for logit in logits]
        return exact[target] - sum(logit.exp() for logit in exact).ln()


@given(LOGITS)
def test_log_softmax_is_right_to_the_last_digits(logits):
    computed = log_softmax(np.array(logits))
    for k, value in enumerate(computed):
        exact = float(exact_log_probability(logits, k))
        # the shift y - max(y) rounds at the size of the logits
        assert value == pytest.approx(exact, rel=1e-14, abs=1e-15 * (1 + max(map(abs, logits))))


@given(LOGITS)
def test_the_gradient_of_the_cross_entropy_is_p_minus_onehot(logits):
    y, targets = np.array(logits)[None, None], np.array([[1]])
    p = [float(exact_log_probability(logits, k).exp()) for k in range(len(logits))]
    expected = np.array(p) - np.eye(len(logits))[1]
    gradient = LOSSES["softmax_cross_entropy"].gradient(y, targets)[0, 0]
    np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("target", "expected"), [(0, 0.0), (1, 2e4)])
def test_a_cross_entropy_of_huge_logits_is_their_distance(target, expected):
    y, targets = np.array([[[1e4, -1e4]]]), np.array([[target]])
    loss = LOSSES["softmax_cross_entropy"]
    assert loss.value(y, targets).item() == expected
    np.testing.assert_array_equal(loss.gradient(y, targets)[0, 0], [1.0 - (target == 0), -1.0 * (target == 1)])


def test_the_squared_error_is_half_the_sum_over_outputs():
    y, targets = np.array([[[1.0, 4.0, -1.0]]]), np.array([[[0.0, 2.0, 1.0]]])
    assert LOSSES["mse"].value(y, targets).item() == (1 + 4 + 4) / 2
    np.testing.assert_array_equal(LOSSES["mse"].gradient(y, targets)[0, 0], [1.0, 2.0, -2.0])


@pytest.mark.parametrize("kind", ["softmax_cross_entropy", "mse"])
def test_each_step_and_sequence_has_a_loss_of_its_own(kind):
    rng = np.random.default_rng(0)
    y = rng.normal(size=(3, 2, 4))
    targets = rng.integers(4, size=(3, 2)) if kind == "softmax_cross_entropy" else rng.normal(size=(3, 2, 4))
    together = LOSSES[kind].value(y, targets)
    assert together.shape == (3, 2)
    for t, b in np.ndindex(3, 2):
        alone = LOSSES[kind].value(y[t : t + 1, b : b + 1], targets[t : t + 1, b : b + 1])
        assert alone.item() == pytest.approx(together[t, b], rel=1e-15)
