"""The identities f(z + u) - f(z) against a 60-digit evaluation: they hold for every u, also where f is saturated."""

from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.numeric.carried.differences import (
    ACTIVATION_DIFFERENCES,
    DIRECT_DIFFERENCES,
    activated,
    crosses_kink,
)

EPS = 2.0**-52
STEPS = st.builds(lambda sign, size: sign * 10.0**size, st.sampled_from([1, -1]), st.floats(-12, 0))


def tanh(z: Decimal) -> Decimal:
    return 1 - 2 / ((2 * z).exp() + 1)


def sigmoid(z: Decimal) -> Decimal:
    return 1 / (1 + (-z).exp())


def exact_difference(f, z: float, u: float) -> float:
    with localcontext() as context:
        context.prec = 60
        return float(f(Decimal(z) + Decimal(u)) - f(Decimal(z)))


def difference(cell: str, z: float, u: float, table=ACTIVATION_DIFFERENCES) -> float:
    out = np.empty(1)
    table[cell](activated(cell, np.array([z])), np.array([u]), out, np.empty(1))
    return out.item()


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


@pytest.mark.parametrize("cell", ["tanh", "sigmoid", "relu"])
@given(z=st.floats(-3, 3), u=STEPS)
def test_the_direct_form_agrees_to_the_rounding_of_the_values_that_it_subtracts(cell, z, u):
    direct = difference(cell, z, u, DIRECT_DIFFERENCES)
    assert direct == pytest.approx(difference(cell, z, u), rel=0, abs=4 * EPS * (abs(z) + abs(u) + 1))


@pytest.mark.parametrize("cell", ["tanh", "sigmoid", "relu"])
def test_a_difference_may_take_the_place_of_its_argument(cell):
    rng = np.random.default_rng(0)
    z, u = rng.normal(size=(3, 1)), rng.normal(size=(3, 5))
    apart = np.empty_like(u)
    ACTIVATION_DIFFERENCES[cell](activated(cell, z), u, apart, np.empty_like(u))
    ACTIVATION_DIFFERENCES[cell](activated(cell, z), u, u, np.empty_like(u))
    np.testing.assert_array_equal(u, apart)
