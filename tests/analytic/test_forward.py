"""Is the user's loss the described one: lists of values with a known relation, and code that takes no state."""

import numpy as np
import pytest

from gradcheck_rnn.analytic.forward import ignores_initial_state, match_losses
from gradcheck_rnn.analytic.runner import running
from tests.analytic.adapters import RIGHT, RIGHT_GRADIENTS, code, point

DESCRIBED = [1.25, 3.5, 0.75, 2.0, 9.0]


def scaled(factor, *, off=0.0):
    return [factor * value * (1 + off * (-1) ** k) for k, value in enumerate(DESCRIBED)]


def test_equal_losses_match_with_factor_one():
    match = match_losses(DESCRIBED, DESCRIBED)
    assert match.factor == 1.0
    assert match.exact


@pytest.mark.parametrize("factor", [1 / 7, -1.0, 2.0, 1e-6, 1e9])
def test_a_constant_factor_is_found(factor):
    match = match_losses(scaled(factor), DESCRIBED)
    assert match.factor == pytest.approx(factor, rel=1e-15, abs=0)
    assert match.exact


def test_a_factor_of_one_but_for_rounding_is_one():
    assert match_losses(scaled(1.0, off=1e-15), DESCRIBED).factor == 1.0


@pytest.mark.parametrize(
    ("off", "exact", "single"), [(1e-14, True, True), (1e-10, False, True), (1e-7, False, True), (1e-4, False, False)]
)
def test_a_deviation_is_judged_by_the_digits_of_each_precision(off, exact, single):
    match = match_losses(scaled(3.0, off=off), DESCRIBED)
    assert (match.exact, match.to_single_precision) == (exact, single)


def test_another_function_does_not_match():
    match = match_losses([value**2 for value in DESCRIBED], DESCRIBED)
    assert not match.exact
    assert not match.to_single_precision


def test_an_added_constant_is_no_factor():
    assert not match_losses([value + 0.1 for value in DESCRIBED], DESCRIBED).to_single_precision


def test_one_draw_whose_loss_vanishes_decides_nothing():
    """A saturated softmax: 0 against 1e-17 is no difference beside losses of order one."""
    assert match_losses([0.0, *DESCRIBED[1:]], [1e-17, *DESCRIBED[1:]]).exact


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_losses_that_are_not_finite_do_not_match(bad):
    assert not match_losses([bad, *DESCRIBED[1:]], DESCRIBED).to_single_precision


def test_a_loss_of_zeros_matches_nothing():
    assert not match_losses([0.0] * 5, DESCRIBED).to_single_precision
    assert not match_losses(DESCRIBED, [0.0] * 5).to_single_precision


WITH_STATE = RIGHT.replace(".sum())", ".sum() * batch.initial_state['h'][0])").replace(
    "2 * parameters", "2 * batch.initial_state['h'][0] * parameters"
)


@pytest.mark.parametrize("has_loss", [True, False])
@pytest.mark.parametrize(("source", "ignores"), [(RIGHT, True), (WITH_STATE, False)])
def test_code_that_takes_no_initial_state_is_recognised(tmp_path, source, ignores, has_loss):
    kept = source if has_loss else source[source.index("def gradients") :]
    with running(code(tmp_path, kept), workers=0) as runner:
        assert ignores_initial_state(runner, [point(), point()], has_loss=has_loss) is ignores


def test_a_state_that_counts_at_one_point_only_still_counts(tmp_path):
    """At the other point W = 0 hides it."""
    silent = point().at({"W": np.zeros((1, 3))})
    with running(code(tmp_path, WITH_STATE), workers=0) as runner:
        assert ignores_initial_state(runner, [silent], has_loss=True)
        assert not ignores_initial_state(runner, [silent, point()], has_loss=True)


def test_gradients_of_nan_equal_each_other(tmp_path):
    source = RIGHT_GRADIENTS.replace("2 *", "float('nan') *")
    with running(code(tmp_path, source), workers=0) as runner:
        assert ignores_initial_state(runner, [point()], has_loss=False)
