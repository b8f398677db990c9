"""Activations and their slopes against the standard library's own functions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.model.activations import ACTIVATIONS

EXACT = {
    "tanh": (math.tanh, lambda z: 1 / math.cosh(z) ** 2),
    "relu": (lambda z: max(z, 0.0), lambda z: float(z > 0)),
    "sigmoid": (lambda z: 1 / (1 + math.exp(-z)), lambda z: 1 / (2 + math.exp(z) + math.exp(-z))),
}


@pytest.mark.parametrize("cell", EXACT)
@given(z=st.floats(-30, 30))
def test_value_and_slope_are_the_textbook_s(cell, z):
    value, slope = EXACT[cell]
    h = ACTIVATIONS[cell].forward(np.array([z]))
    assert h[0] == pytest.approx(value(z), rel=1e-15, abs=0)
    # from h alone the slope of a saturated unit keeps the digits that h has left
    assert ACTIVATIONS[cell].slope(h)[0] == pytest.approx(slope(z), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("cell", EXACT)
@pytest.mark.parametrize("z", [1e4, -1e4])
def test_a_saturated_unit_overflows_nothing(cell, z):
    expected = {"tanh": math.copysign(1, z), "relu": max(z, 0.0), "sigmoid": float(z > 0)}[cell]
    assert ACTIVATIONS[cell].forward(np.array([z]))[0] == expected


def test_relu_takes_the_subgradient_zero_at_its_kink():
    relu = ACTIVATIONS["relu"]
    assert relu.slope(relu.forward(np.array([0.0, -0.0])))[0] == 0.0


def test_only_relu_has_a_kink():
    assert {cell for cell, activation in ACTIVATIONS.items() if not activation.smooth} == {"relu"}
