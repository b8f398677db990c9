"""The slopes of an error over the step, found on curves whose formula is known."""

import numpy as np
import pytest

from gradcheck_rnn.numeric.regimes import find_regimes
from gradcheck_rnn.numeric.steps import STEPS

h = np.array(STEPS)


def regimes(errors):
    return find_regimes(STEPS, [float(error) for error in errors])


def test_the_two_sides_of_a_v_have_slopes_two_and_minus_one():
    found = regimes(h**2 + 1e-16 / h)
    assert found.is_v
    assert found.truncation.slope == pytest.approx(2, abs=0.1)
    assert found.rounding.slope == pytest.approx(-1, abs=0.1)


def test_the_best_step_of_a_v_is_the_one_of_calculus():
    """d/dh (h**2 + c / h) = 0 at h = (c / 2) ** (1/3)."""
    found = regimes(h**2 + 1e-16 / h)
    assert abs(np.log10(found.best_step / (1e-16 / 2) ** (1 / 3))) <= 0.25


def test_the_bottom_of_a_v_is_not_called_flat():
    for rounding in 10.0 ** np.arange(-18, -6):
        assert regimes(h**2 + rounding / h).flat is None


def test_a_wrong_gradient_is_flat_at_its_own_level():
    found = regimes(np.full(len(h), 0.3))
    assert (found.truncation, found.rounding) == (None, None)
    assert (found.flat.slope, found.flat.level) == (pytest.approx(0), pytest.approx(0.3))
    assert (found.flat.finest, found.flat.coarsest) == (pytest.approx(1e-12), pytest.approx(1))


def test_a_slightly_wrong_gradient_is_flat_between_truncation_and_rounding():
    found = regimes(h**2 + 1e-6 + 1e-16 / h)
    assert found.is_v
    assert found.flat.level == pytest.approx(1e-6, rel=0.01)
    assert 1e-10 < found.flat.finest < found.flat.coarsest < 1e-2


def test_rounding_is_random_and_its_slope_is_found_all_the_same():
    """A sum of ten squared normal errors, as ten entries give."""
    for seed in range(50):
        noise = np.linalg.norm(np.random.default_rng(seed).standard_normal((len(h), 10)), axis=1)
        found = regimes(h**2 + 1e-16 * noise / h)
        assert found.is_v
        assert found.flat is None


def test_another_power_of_h_has_no_name():
    found = regimes(h**0.5)
    assert (found.truncation, found.flat, found.rounding) == (None, None, None)


def test_steps_without_a_number_are_passed_over():
    errors = [None if step > 0.1 else step**2 + 1e-16 / step for step in STEPS]
    found = find_regimes(STEPS, errors)
    assert found.is_v
    assert found.truncation.coarsest == pytest.approx(0.1)


def test_a_curve_of_no_numbers_has_no_best_step():
    found = find_regimes(STEPS, [None] * len(STEPS))
    assert (found.best_step, found.least_error, found.is_v) == (None, None, False)


def test_an_error_of_zero_is_the_least_and_takes_no_part_in_slopes():
    errors = h**2
    errors[-3] = 0.0
    found = regimes(errors)
    assert (found.best_step, found.least_error) == (STEPS[-3], 0.0)
    assert found.truncation.slope == pytest.approx(2)
