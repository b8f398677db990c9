"""The identities f(z + u) - f(z) against a 60-digit evaluation: they hold for every u, also where f is saturated."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.numeric.differences import ACTIVATION_DIFFERENCES, LOSS_DIFFERENCES, crosses_kink

EPS = 2.0**-52
STEPS = st.builds(lambda sign, size: sign * 10.0**size, st.sampled_from([1, -1]), st.floats(-12, 0))
LOGITS = st.lists(st.floats(-50, 50), min_size=2, max_size=5)


def tanh(z: Decimal) -> Decimal:
    return 1 - 2 / ((2 * z).exp() + 1)


def sigmoid(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def exact_difference(f, z: float, u: float) -> float:
    with localcontext() as context:
        context.prec = 60
        return float(f(Decimal(z) + Decimal(u)) - f(Decimal(z)))


def difference(cell: str, z: float, u: float) -> float:
    return ACTIVATION_DIFFERENCES[cell](np.array([z]), np.array([u])).item()


@given(z=st.floats(-40, 40), u=STEPS)
def test_tanh_keeps_its_digits_in_units_saturated_to_the_last_one(z, u):
    assert difference("tanh", z, u) == pytest.approx(exact_difference(tanh, z, u), rel=1e-14, abs=0)


@given(z=st.floats(-40, 40), u=STEPS)
def test_sigmoid_keeps_its_digits_in_saturated_units(z, u):
    assert difference("sigmoid", z, u) == pytest.approx(exact_difference(sigmoid, z, u), rel=1e-14, abs=0)


@given(z=st.floats(-2, 2), u=st.floats(-2, 2))
def test_relu_is_exact_on_either_side_and_across(z, u):
    exact = max(Fraction(z) + Fraction(u), Fraction(0)) - max(Fraction(z), Fraction(0))
    assert difference("relu", z, u) == pytest.approx(float(exact), rel=EPS, abs=1e-300)


@pytest.mark.parametrize(
    ("z", "u", "crosses"),
    [(1.0, -2.0, True), (-1.0, 2.0, True), (0.0, 1.0, True), (0.0, -1.0, False), (1.0, 1.0, False), (-1.0, 0.5, False)],
)
def test_a_kink_is_crossed_where_the_sign_changes(z, u, crosses):
    assert crosses_kink(np.array([z]), np.array([u])).item() is crosses


@given(logits=LOGITS, data=st.data())
def test_the_cross_entropy_s_difference_keeps_its_digits(logits, data):
    """Also where the target's probability is 1 in float64, and where it is 1e-40."""
    moves = data.draw(st.lists(STEPS, min_size=len(logits), max_size=len(logits)))
    target = data.draw(st.integers(0, len(logits) - 1))

    def loss(y: list[Decimal]) -> Decimal:
        return sum((logit - y[target]).exp() for logit in y).ln()

    with localcontext() as context:
        context.prec = 60
        y, dy = [Decimal(value) for value in logits], [Decimal(value) for value in moves]
        exact = float(loss([a + b for a, b in zip(y, dy, strict=True)]) - loss(y))
    computed = LOSS_DIFFERENCES["softmax_cross_entropy"](np.array(logits), np.array(moves), np.array(target)).item()
    # the terms p_k expm1(dy_k - dy_target) are each right, their sum may cancel
    p = np.exp(np.array(logits) - max(logits))
    p[target] = 0.0
    size = float((p / np.exp(np.array(logits) - max(logits)).sum() * np.abs(np.array(moves) - moves[target])).sum())
    assert computed == pytest.approx(exact, rel=1e-13, abs=1e-13 * size + 1e-50)  # Decimal's own digits


def test_a_certain_target_still_has_a_difference():
    """p_target = 1 in float64: the loss itself is 0 on both sides, its change is -1e-30 all the same."""
    y, dy = np.array([0.0, np.log(1e-25)]), np.array([1e-5, 0.0])
    change = LOSS_DIFFERENCES["softmax_cross_entropy"](y, dy, np.array(0)).item()
    assert change == pytest.approx(1e-25 * np.expm1(-1e-5), rel=1e-10, abs=0)


@given(st.lists(st.tuples(st.floats(-10, 10), STEPS, st.floats(-10, 10)), min_size=1, max_size=4))
def test_the_squared_error_s_difference_is_exact(outputs):
    y, dy, target = (np.array(column) for column in zip(*outputs, strict=True))
    exact = sum(((Fraction(a) + Fraction(b) - Fraction(c)) ** 2 - (Fraction(a) - Fraction(c)) ** 2) / 2
                for a, b, c in outputs)  # fmt: skip
    size = sum(abs(b) * (abs(a) + abs(c) + abs(b)) for a, b, c in outputs)
    assert LOSS_DIFFERENCES["mse"](y, dy, target).item() == pytest.approx(float(exact), rel=0, abs=4 * EPS * size)


def test_many_runs_share_the_targets_of_one_step():
    """K runs, B sequences: each is the difference that it is alone."""
    rng = np.random.default_rng(0)
    y, dy, targets = rng.normal(size=(2, 4)), rng.normal(size=(3, 2, 4)), np.array([1, 3])
    together = LOSS_DIFFERENCES["softmax_cross_entropy"](y, dy, targets)
    assert together.shape == (3, 2)
    for k, b in np.ndindex(3, 2):
        alone = LOSS_DIFFERENCES["softmax_cross_entropy"](y[b], dy[k, b], targets[b])
        assert together[k, b] == pytest.approx(alone.item(), rel=1e-13, abs=0)
