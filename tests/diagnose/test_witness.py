"""When two gradients are one, which are judged on what scale, and which cannot be used."""

import numpy as np
import pytest

from gradcheck_rnn.diagnose.bounds import best_bound
from gradcheck_rnn.diagnose.witness import Witness, negligible, norm, residual, usable
from tests.diagnose.witnesses import plain, problems_of

THREE_FOUR = np.array([[3.0, 0.0], [0.0, 4.0]])


@pytest.mark.parametrize(
    ("one", "other", "floor", "expected"),
    [
        (THREE_FOUR, THREE_FOUR, 0.0, 0.0),
        (THREE_FOUR, -THREE_FOUR, 0.0, 2.0),
        (THREE_FOUR, 0 * THREE_FOUR, 0.0, 1.0),
        (THREE_FOUR, 4 * THREE_FOUR, 0.0, 0.75),  # of the larger one
        (0 * THREE_FOUR, 0 * THREE_FOUR, 0.0, 0.0),
        (THREE_FOUR, 2 * THREE_FOUR, 100.0, 0.05),  # of the floor
        (THREE_FOUR, np.nan * THREE_FOUR, 0.0, np.inf),
        (np.inf * np.ones(2), np.inf * np.ones(2), 0.0, np.inf),
        (np.array([1e200]), np.array([1e200]), 0.0, 0.0),
    ],
)
@np.errstate(all="ignore")
def test_the_residual_is(one, other, floor, expected):
    assert residual(one, other, floor) == pytest.approx(expected, rel=1e-15)
    assert residual(other, one, floor) == pytest.approx(expected, rel=1e-15)


@np.errstate(all="ignore")
def test_the_norm_of_what_is_not_finite_is_infinite():
    assert (norm(THREE_FOUR), norm(np.array([np.nan])), norm(np.array([-np.inf]))) == (5.0, np.inf, np.inf)


def test_a_parameter_far_below_the_others_is_judged_on_their_scale():
    gradients = {"large": 1e6 * THREE_FOUR, "small": 1e-9 * np.ones(2)}
    assert negligible(gradients) == pytest.approx(5e-4, rel=1e-9)
    witness = Witness(problems_of(plain())[0], gradients)
    assert witness.residuals({"large": 1e6 * THREE_FOUR, "small": np.zeros(2)})["small"] < 1e-5


def test_only_finite_gradients_are_usable():
    bad = THREE_FOUR.copy()
    bad[1, 0] = np.nan
    assert list(usable({"good": THREE_FOUR, "nan": bad, "inf": np.array([np.inf]), "zero": np.zeros(2)})) == [
        "good",
        "zero",
    ]


@pytest.mark.parametrize("bound", [0.0123, 0.5, 1.0, 4.9999, 5.0])
def test_the_best_bound_is_found_to_the_last_digits(bound):
    assert best_bound(lambda tried: abs(np.log(tried / bound))) == pytest.approx(bound, rel=1e-12)


def test_the_deepest_of_several_valleys_is_taken():
    """Which entries a clip reaches changes with the bound: the gap has a valley for each set of them."""

    def gap(tried: float) -> float:
        return float(min(0.2 + abs(tried - 0.1), abs(tried - 1.7), 0.1 + abs(tried - 6.0)))

    assert best_bound(gap) == pytest.approx(1.7, rel=1e-12)
