"""Plain central differences at many steps, judged by polynomials and by the oracle's gradients."""

from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.numeric.steps import (
    STEPS,
    USER_ENTRIES,
    central_differences,
    described_differences,
    described_entries,
    user_differences,
)
from tests.model.problems import document, exact_gradients, problem_of
from tests.oracle.elman import loss as oracle_loss
from tests.oracle.problems import spec_of

X = np.array([0.5, -1.0, 2.0])
WIDE = (1.0, 0.1, 0.01)


def test_of_a_cubic_they_are_off_by_the_square_of_the_step():
    """((x + h)**3 - (x - h)**3) / 2h = 3 x**2 + h**2."""
    for h, row in zip(WIDE, central_differences(lambda offset: (X + offset) ** 3, WIDE), strict=True):
        np.testing.assert_allclose(row, 3 * X**2 + h**2, rtol=1e-9)


def test_steps_fall_by_half_decades_from_one_to_where_rounding_is_all():
    assert (STEPS[0], STEPS[-1], len(STEPS)) == (1.0, pytest.approx(1e-12), 25)
    np.testing.assert_allclose(np.diff(np.log10(STEPS)), -0.5)


def test_those_of_the_described_loss_converge_to_the_exact_gradient():
    drawn = document(cell="tanh")
    problem = problem_of(drawn)
    for name, exact in exact_gradients(drawn, problem).items():
        differences = described_differences(problem, name, np.arange(exact.size), (1e-2, 1e-3))
        errors = [np.linalg.norm(row - exact.reshape(-1)) for row in differences]
        assert errors[1] == pytest.approx(errors[0] / 100, rel=0.05)


def session_of(loss):
    """What is asked of a session, answered by a function that runs here."""
    return SimpleNamespace(losses=lambda point, every: [loss(parameters, point.batch) for parameters in every])


def test_those_of_user_code_are_those_of_the_same_loss_described():
    drawn = document(cell="tanh")
    problem = problem_of(drawn)
    session = session_of(lambda parameters, batch: oracle_loss(spec_of(drawn), parameters, batch))
    asked = np.array([0, problem.parameters["W_hy"].size - 1])
    user = user_differences(session, Point(problem.parameters, problem.batch), "W_hy", asked, WIDE)
    np.testing.assert_allclose(user, described_differences(problem, "W_hy", asked, WIDE), rtol=1e-10)


def test_a_loss_that_overflows_gives_no_number_and_no_warning():
    session = session_of(lambda parameters, _: float(np.exp(1e4 * parameters["w"]).sum()))
    point = Point({"w": np.zeros(1)}, document)
    assert not np.isfinite(user_differences(session, point, "w", np.array([0]), (1.0,))).any()


def test_a_large_net_is_sampled_more_thinly_than_a_small_one_but_never_too_thinly():
    small, large = (problem_of(document(hidden_size=size)).net for size in (2, 5))
    huge = problem_of(document(hidden_size=800, length=100)).net
    assert described_entries(small) == described_entries(large) > described_entries(huge) == USER_ENTRIES
