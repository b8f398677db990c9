"""Measured noise against noise that was planted."""

import numpy as np
import pytest

from gradcheck_rnn.numeric.noise import POINTS, fourth_difference_noise, line, loss_noise
from tests.numeric.losses import EPS

PARAMETERS = {"W": np.random.default_rng(0).normal(size=(3, 4)), "b": np.zeros(4)}


def smooth(parameters) -> float:
    return float(sum(np.sin(value).sum() + np.exp(value).sum() for value in parameters.values()))


def at_each(loss):
    return lambda points: [loss(point) for point in points]


@pytest.mark.parametrize("sigma", [1e-12, 1e-9, 1e-6])
@pytest.mark.parametrize("seed", range(8))
def test_a_planted_noise_is_found_within_a_factor_of_four(sigma, seed):
    noise = np.random.default_rng(seed + 100)
    noisy = at_each(lambda at: smooth(at) + sigma * noise.standard_normal())
    found = loss_noise(noisy, PARAMETERS, np.random.default_rng(seed), scale=1.0)
    assert sigma / 4 < found < 4 * sigma


@pytest.mark.parametrize("seed", range(4))
def test_a_smooth_loss_has_the_rounding_of_float64(seed):
    found = loss_noise(at_each(smooth), PARAMETERS, np.random.default_rng(seed), scale=abs(smooth(PARAMETERS)))
    assert EPS / 4 < found / abs(smooth(PARAMETERS)) < 100 * EPS


@pytest.mark.parametrize("seed", range(4))
def test_single_precision_inside_a_loss_is_seen(seed):
    coarse = at_each(lambda at: float(np.float32(smooth(at))))
    found = loss_noise(coarse, PARAMETERS, np.random.default_rng(seed), scale=1.0)
    rounding = np.finfo(np.float32).eps * abs(smooth(PARAMETERS))
    assert rounding / 30 < found < 4 * rounding


def test_a_loss_that_does_not_move_still_has_eps_of_its_scale():
    assert loss_noise(at_each(lambda _: 3.0), PARAMETERS, np.random.default_rng(0), scale=3.0) == 3.0 * EPS


def test_a_kink_on_one_of_the_lines_does_no_harm():
    """The median over three lines: one of them crosses a kink of slope 1e6."""
    lines = []

    def loss(at) -> float:
        lines.append(None)
        on_the_first = len(lines) <= POINTS
        return smooth(at) + (1e6 * abs(float(at["b"][0])) if on_the_first else 0.0)

    assert loss_noise(at_each(loss), PARAMETERS, np.random.default_rng(0), scale=1.0) < 1e-12


def test_fourth_differences_of_a_cubic_are_zero():
    """Integers below 2**53 are exact, so nothing is rounded."""
    x = np.arange(9.0)
    assert fourth_difference_noise(list(x**3 - 5 * x**2 + 2)) == 0.0


def test_fourth_differences_have_the_deviation_of_independent_errors():
    errors = np.random.default_rng(1).normal(scale=2.0, size=(200, 50))
    assert fourth_difference_noise(list(errors)).mean() == pytest.approx(2.0, rel=0.1)


def test_a_line_is_equally_spaced_and_has_the_point_in_its_middle():
    points = line(PARAMETERS, np.random.default_rng(0), 5)
    for name, value in PARAMETERS.items():
        np.testing.assert_array_equal(points[2][name], value)
        steps = np.diff([point[name] for point in points], axis=0)
        np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), rtol=1e-6)
        assert steps[0].all()


def test_a_line_of_single_precision_stays_in_single_precision():
    single = {name: value.astype(np.float32) for name, value in PARAMETERS.items()}
    points = line(single, np.random.default_rng(0), 5)
    assert {value.dtype for point in points for value in point.values()} == {np.dtype(np.float32)}
