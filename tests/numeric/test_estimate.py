"""Estimates put together, scaled, and raised to the median of their tensor."""

import numpy as np
import pytest

from gradcheck_rnn.numeric.estimate import Estimate, joined, never_below_median, scaled


def estimate(value, error, *, first=0, kink=0.0):
    value = np.array(value, dtype=np.float64)
    places = np.arange(first, first + len(value))
    return Estimate(places, value, np.array(error, dtype=np.float64), np.full(len(value), kink))


def test_errors_below_the_median_are_raised_and_the_others_kept():
    raised = never_below_median(estimate([1.0, 2.0, 3.0, 4.0, 5.0], [5e-9, 1e-9, 3e-9, 2e-9, 9e-9]))
    np.testing.assert_array_equal(raised.error, [5e-9, 3e-9, 3e-9, 3e-9, 9e-9])
    np.testing.assert_array_equal(raised.value, [1.0, 2.0, 3.0, 4.0, 5.0])


def test_an_infinite_error_stays_infinite():
    assert never_below_median(estimate([1.0, 2.0, 3.0], [1e-9, np.inf, 2e-9])).error[1] == np.inf


def test_an_estimate_of_no_entries_has_no_median():
    assert never_below_median(estimate([], [])).error.size == 0


def test_shards_are_joined_in_the_order_given():
    whole = joined([estimate([1.0, 2.0], [0.1, 0.2]), estimate([3.0], [0.3], first=2, kink=0.5)])
    np.testing.assert_array_equal(whole.indices, [0, 1, 2])
    np.testing.assert_array_equal(whole.value, [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(whole.error, [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(whole.kink, [0.0, 0.0, 0.5])


def test_a_negative_factor_turns_the_value_and_keeps_the_error_positive():
    turned = scaled(estimate([1.0, -2.0], [0.1, 0.2], kink=0.5), -3.0)
    np.testing.assert_array_equal(turned.value, [-3.0, 6.0])
    assert turned.error == pytest.approx([0.3, 0.6])
    assert turned.kink == pytest.approx([1.5, 1.5])


def test_the_largest_is_a_magnitude():
    assert estimate([1.0, -4.0], [0.0, 0.0]).largest == 4.0
    assert estimate([], []).largest == 0.0
