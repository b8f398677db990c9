"""The verdict rule by rule: pass, fail, cannot tell (DESIGN.md, section 4).

A judged parameter stands alone unless `beside` puts another one, exactly right, into the same gradient.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.compare import Comparison, compare_gradients
from gradcheck_rnn.numeric.estimate import Estimate

TOLERANCE = 1e-6
EXACT = 1e-14  # an error bar far below the tolerance


def judge(analytic, numeric, *, error=EXACT, kink=0.0, rounding=0.0, tolerance=TOLERANCE, beside=None, shape=None):
    """Compare one parameter; scalars are broadcast to the shape of `numeric`."""
    value = np.array(numeric, dtype=np.float64)
    shape = shape or value.shape
    flat = value.reshape(-1)
    spread = [np.broadcast_to(np.asarray(each, dtype=np.float64), shape).reshape(-1) for each in (error, kink)]
    numerics = {"W": Estimate(np.arange(flat.size), flat, *spread)}
    analytics = {"W": None if analytic is None else np.broadcast_to(np.asarray(analytic, dtype=np.float64), shape)}
    shapes, roundings = {"W": shape}, {"W": rounding}
    if beside is not None:
        numerics["beside"] = Estimate(np.arange(1), np.array([beside]), np.zeros(1), np.zeros(1))
        analytics["beside"], shapes["beside"], roundings["beside"] = np.array([beside]), (1,), 0.0
    return compare_gradients(analytics, numerics, shapes, tolerance=tolerance, rounding=roundings)["W"]


def verdict(*args, **kwargs) -> str:
    return judge(*args, **kwargs).verdict


# --- agreement and disagreement ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("relative", "expected"), [(0.99e-6, "pass"), (1.01e-6, "fail"), (-1.01e-6, "fail")])
def test_the_tolerance_is_relative_to_the_larger_of_the_two(relative, expected):
    assert verdict([1.0 / (1 + relative) if relative < 0 else 1.0 - relative], [1.0]) == expected


def test_the_larger_of_the_two_counts_where_the_analytic_one_is_larger():
    """Gap 1 over 10: 0.1 of the analytic value, 0.111 of the numeric one."""
    assert verdict([10.0], [9.0], tolerance=0.105) == "pass"
    assert verdict([10.0], [9.0], tolerance=0.095) == "fail"


@pytest.mark.parametrize(("bars", "expected"), [(2.9, "inconclusive"), (3.1, "fail")])
def test_a_gap_within_three_error_bars_is_no_fault(bars, expected):
    assert verdict([1.0 + bars * 1e-3], [1.0], error=1e-3) == expected


def test_agreement_cannot_be_told_from_an_error_bar_wider_than_the_tolerance():
    assert verdict([1.0], [1.0], error=2e-6) == "inconclusive"
    assert verdict([1.0], [1.0], error=0.5e-6) == "pass"


def test_the_rounding_of_the_analytic_gradient_widens_the_error_bar():
    assert verdict([1.0 + 1e-5], [1.0], rounding=0.0) == "fail"
    assert verdict([1.0 + 1e-5], [1.0], rounding=0.4e-5) == "inconclusive"
    assert verdict([1.0 + 1e-5], [1.0], rounding=0.3e-5) == "fail"


def test_the_opposite_sign_fails():
    assert verdict([-1.0, 1.0], [1.0, 1.0]) == "fail"


def test_a_missing_gradient_fails():
    missing = judge(None, [1.0, 2.0])
    assert missing.verdict == "fail"
    assert missing.worst is None
    assert missing.max_relative_error is None
    assert missing.checked == 2


def test_one_wrong_entry_of_a_large_tensor_fails():
    right = np.random.default_rng(0).normal(size=(200, 300))
    wrong = right.copy()
    wrong[150, 7] *= 1 + 1e-4
    judged = judge(wrong, right)
    assert judged.verdict == "fail"
    assert judged.worst.index == (150, 7)
    assert judged.max_relative_error == pytest.approx(1e-4, rel=1e-3)
    assert judged.worst.numeric == right[150, 7]
    assert judged.worst.analytic == wrong[150, 7]


def test_one_wrong_entry_fails_even_where_the_others_cannot_be_told():
    assert verdict([1.0, 1.0, 2.0], [1.0, 1.0, 1.0], error=[1.0, 1.0, EXACT]) == "fail"


# --- exact zeros ------------------------------------------------------------------------------------------------


def test_two_exact_zeros_agree_whatever_the_error_bar():
    """W_hh at T = 1 from h0 = 0, tokens that never occur."""
    judged = judge(np.zeros((2, 3)), np.zeros((2, 3)), error=1e-3)
    assert judged.verdict == "pass"
    assert judged.max_relative_error == 0.0


def test_a_gradient_where_there_is_exactly_none_fails():
    assert verdict([0.0, 1e-3], [0.0, 0.0], error=0.0) == "fail"


def test_a_missing_term_fails_where_the_numeric_gradient_is_clear():
    assert verdict([0.0, 1.0], [1.0, 1.0]) == "fail"


def test_a_gradient_within_the_error_bars_of_zero_is_not_certified():
    """An absolute bound never certifies agreement: 1e-11 may be wrong in all its digits."""
    assert verdict([1e-11], [0.0], error=1e-10) == "inconclusive"


# --- not finite -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_analytic_value_that_is_not_finite_fails(bad):
    judged = judge([1.0, bad, 3.0], [1.0, 2.0, 3.0])
    assert judged.verdict == "fail"
    assert judged.worst.index == (1,)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_analytic_value_that_is_not_finite_fails_where_the_numeric_one_is_not_either(bad):
    assert verdict([bad], [bad]) == "fail"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["numeric", "error"])
def test_a_numeric_value_or_error_that_is_not_finite_never_passes(bad, where):
    """However small its entry looks beside the others."""
    analytic, numeric, error = [1e-9, 1.0, 1e6], np.array([1e-9, 1.0, 1e6]), np.full(3, EXACT)
    (numeric if where == "numeric" else error)[0] = bad
    assert verdict(analytic, numeric, error=error) == "inconclusive"


def test_the_worst_entry_of_an_unusable_gradient_is_still_shown():
    judged = judge([1.0], [np.nan], error=[np.nan])
    assert judged.worst.index == (0,)
    assert judged.max_relative_error is None


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_numeric_value_that_is_not_finite_hides_no_fault_of_another_parameter(bad):
    numerics = {
        "bad": Estimate(np.arange(1), np.array([bad]), np.array([np.nan]), np.zeros(1)),
        "wrong": Estimate(np.arange(1), np.array([1.0]), np.array([EXACT]), np.zeros(1)),
    }
    judged = compare_gradients(
        {"bad": np.array([1.0]), "wrong": np.array([2.0])},
        numerics,
        {"bad": (1,), "wrong": (1,)},
        tolerance=TOLERANCE,
        rounding={"bad": 0.0, "wrong": 0.0},
    )
    assert judged["wrong"].verdict == "fail"


@pytest.mark.parametrize("size", [1e-170, 1e-9, 1e9, 1e200])
def test_a_gradient_of_any_size_can_be_wrong(size):
    assert verdict([2.0 * size], [size], error=EXACT * size) == "fail"


@pytest.mark.parametrize("size", [1e-170, 1e-9, 1e9, 1e200])
def test_a_gradient_of_any_size_can_be_unclear(size):
    assert verdict([1.5 * size], [size], error=size) == "inconclusive"


# --- kinks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("analytic", "expected"), [(0.0, "pass"), (1.0, "pass"), (0.3, "pass"), (-1e-3, "fail"), (1.001, "fail")]
)
def test_at_a_kink_any_value_between_the_one_sided_derivatives_passes(analytic, expected):
    """One side's derivative is 0, the other's 1."""
    judged = judge([analytic], [0.5], kink=0.5)
    assert judged.verdict == expected
    assert judged.at_kink == 1


def test_a_kink_of_one_entry_excuses_no_other():
    judged = judge([0.0, 0.0], [0.5, 0.5], kink=[0.5, 0.0])
    assert judged.verdict == "fail"
    assert judged.worst.index == (1,)
    assert judged.at_kink == 1


# --- what is negligible -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "expected"), [(1e-17, "pass"), (1e-9, "fail")])
def test_what_lies_far_below_the_whole_gradient_is_judged_on_its_scale(size, expected):
    """Below 1e-10 of the norm, 1, a gap has to exceed 1e-16: 1e-17 against 2e-17 does not."""
    assert verdict([2 * size], [size], error=0.0, beside=1.0) == expected


def test_the_scale_is_the_whole_gradient_s_and_not_an_absolute_one():
    assert verdict([2e-17], [1e-17], error=0.0) == "fail"
    assert verdict([2e-17], [1e-17], error=0.0, beside=1e-3) == "fail"


def test_a_small_entry_cannot_be_told_but_need_not():
    """0.5 % of the norm lies within its error bar: no more than what matters."""
    judged = judge([1.0, 0.005], [1.0, 0.005], error=[EXACT, 0.1])
    assert judged.verdict == "pass"
    assert judged.unclear == 1
    assert judged.unclear_share == pytest.approx(0.005, rel=1e-3)


@pytest.mark.parametrize(("size", "expected"), [(0.009, "pass"), (0.011, "inconclusive")])
def test_unclear_entries_matter_from_one_hundredth_of_the_norm_on(size, expected):
    assert verdict([1.0, size], [1.0, size], error=[EXACT, 1.0]) == expected


def test_many_small_unclear_entries_add_up():
    """100 entries of 0.005 have a norm of 0.05."""
    values = np.concatenate([[1.0], np.full(100, 0.005)])
    errors = np.concatenate([[EXACT], np.full(100, 1.0)])
    judged = judge(values, values, error=errors)
    assert judged.verdict == "inconclusive"
    assert judged.unclear == 100
    assert judged.unclear_share == pytest.approx(0.05 / math.sqrt(1 + 0.05**2), rel=1e-6)


def test_an_unclear_entry_counts_by_what_the_analytic_gradient_claims_too():
    """The numeric value is 0 within 1; the analytic one claims half of the norm."""
    assert verdict([1.0, 0.5], [1.0, 0.0], error=[EXACT, 1.0]) == "inconclusive"


def test_a_wholly_unclear_parameter_has_a_share_of_one():
    assert judge([1.0, 1.0], [1.0, 1.0], error=1.0).unclear_share == 1.0


# --- the numbers that are reported ------------------------------------------------------------------------------


def test_the_worst_entry_of_a_right_gradient_is_the_one_farthest_off():
    judged = judge([[1.0, 2.0 + 4e-7], [4.0 + 4e-7, 1.0]], [[1.0, 2.0], [4.0, 1.0]])
    assert judged.verdict == "pass"
    assert judged.worst.index == (0, 1)
    assert judged.max_relative_error == pytest.approx(2e-7, rel=1e-3)


def test_the_worst_entry_is_one_that_is_wrong():
    """Beside it an unclear entry has a larger relative gap."""
    judged = judge([1.1, 0.002], [1.0, 0.001], error=[EXACT, 0.1])
    assert judged.worst.index == (0,)
    assert judged.max_relative_error == pytest.approx(0.1 / 1.1, rel=1e-6)


def test_entries_that_cannot_be_told_stay_out_of_the_largest_relative_error():
    judged = judge([1.0, 0.002], [1.0, 0.001], error=[EXACT, 0.1])
    assert judged.verdict == "pass"
    assert judged.max_relative_error == 0.0


def test_indices_of_a_sample_are_those_of_the_whole_parameter():
    numeric = {"W": Estimate(np.array([1, 5]), np.array([2.0, 6.0]), np.full(2, EXACT), np.zeros(2))}
    analytic = {"W": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 7.0]])}
    judged = compare_gradients(analytic, numeric, {"W": (2, 3)}, tolerance=TOLERANCE, rounding={"W": 0.0})["W"]
    assert judged.verdict == "fail"
    assert judged.worst.index == (1, 2)
    assert (judged.checked, judged.entries) == (2, 6)


def test_the_uncertainty_is_the_median_error_over_the_largest_entry():
    assert judge([1.0, -4.0, 2.0], [1.0, -4.0, 2.0], error=[1e-9, 8e-9, 2e-9]).uncertainty == 2e-9 / 4


def test_no_entries_pass():
    judged = judge(np.zeros(0), np.zeros(0))
    assert judged.verdict == "pass"
    assert judged.worst is None


# --- invariance -------------------------------------------------------------------------------------------------

ENTRIES = st.lists(
    st.tuples(
        st.floats(-1e3, 1e3), st.sampled_from([0.0, 1e-9, 1e-5, -1e-3, 1.0]), st.sampled_from([1e-12, 1e-7, 1e-4, 0.1])
    ),
    min_size=1,
    max_size=6,
)


@given(ENTRIES, st.integers(-30, 30), st.sampled_from([0.0, 0.5]), st.sampled_from([1, -1]))
def test_a_factor_on_the_loss_changes_no_verdict(entries, exponent, kink, sign):
    """Powers of two, 1e-9 to 1e9, round nothing: every number scales and the verdict stays."""
    factor = sign * 2.0**exponent
    value, relative, share = (np.array(column) for column in zip(*entries, strict=True))
    analytic, error = value * (1 + relative), np.abs(value) * share

    def judged(scale: float) -> Comparison:
        size = abs(scale)
        return judge(
            analytic * scale, value * scale, error=error * size, kink=kink * size, rounding=1e-9 * size, beside=7 * size
        )

    one, other = judged(1.0), judged(factor)
    assert other.verdict == one.verdict
    assert other.max_relative_error == one.max_relative_error
    assert other.unclear_share == one.unclear_share
    assert (other.worst and other.worst.index) == (one.worst and one.worst.index)


@pytest.mark.parametrize("factor", [1e-9, 1e-5, 1e5, 1e9])
@pytest.mark.parametrize(
    ("analytic", "error", "expected"),
    [([1.0, 2.0], EXACT, "pass"), ([1.0, 2.1], EXACT, "fail"), ([1.0, 2.1], 0.1, "inconclusive")],
)
def test_each_verdict_stays_what_it_is_in_other_units(factor, analytic, error, expected):
    assert verdict(np.array(analytic) * factor, np.array([1.0, 2.0]) * factor, error=error * factor) == expected
