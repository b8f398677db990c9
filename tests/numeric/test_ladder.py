"""Derivatives from whole losses: closed forms for the values, planted noise for the error bars."""

import math

import numpy as np
import pytest

from gradcheck_rnn.compare import compare_gradients
from gradcheck_rnn.numeric.ladder import RUNGS, central_difference, richardson, rungs_from
from tests.numeric.losses import EPS, moved, same_point

MANY = 500
# name: (f, f'), all of order one around 0.7
SMOOTH = {
    "sin": (np.sin, math.cos),
    "exp": (np.exp, math.exp),
    "tanh": (np.tanh, lambda x: 1 / math.cosh(x) ** 2),
    "steep": (lambda x: np.sin(20 * x), lambda x: 20 * math.cos(20 * x)),
    "flat": (lambda x: 1 + 1e-6 * np.sin(x), lambda x: 1e-6 * math.cos(x)),
}
NOISES = (1e-16, 1e-13, 1e-10)
POINT = 0.7


def climb(f, x, *, noise, count=1, **kwargs):
    indices, at = same_point(x, count)
    base = float(f(np.array([x]))[0])
    return richardson(moved(f, at, noise=noise), indices, base=base, noise=max(noise, EPS * abs(base)), **kwargs)


def test_a_plain_central_difference_is_exact_for_a_quadratic():
    """A quadratic has no third derivative; at h = 1/4 nothing is rounded either."""
    indices, at = same_point(0.5, 1)
    found = central_difference(moved(lambda x: 3 * x**2 - x, at), indices, base=0.25, step=0.25, noise=0.0)
    assert found.value[0] == 2.0
    assert found.error[0] == 0.0


@pytest.mark.parametrize("distance", [0.1, 0.5, 0.9, 1.5, 1.9])
def test_a_plain_difference_across_a_kink_owns_up_to_it(distance):
    """A ramp max(x, 0) seen from `distance` steps before its kink, where the derivative is 0."""
    step = 1e-3
    indices, at = same_point(-distance * step, 1)
    found = central_difference(moved(lambda x: np.maximum(x, 0.0), at), indices, base=0.0, step=step, noise=1e-16)
    assert abs(found.value[0]) <= 3 * found.error[0]


def test_the_ladder_is_exact_for_a_quartic():
    """Extrapolation cancels the third derivative's term, and a quartic has no fifth derivative."""
    indices, at = same_point(0.5, 1)
    losses = moved(lambda x: x**4 - 2 * x**3, at)
    found = richardson(losses, indices, base=-0.1875, noise=0.0, rungs=(0.25, 0.125))
    assert found.value[0] == 4 * 0.5**3 - 6 * 0.5**2
    assert found.error[0] == 0.0


def test_what_the_fifth_derivative_leaves_is_within_the_error_bar():
    """For x**5 at 0: D(h) = h**4 and R(h) = (4 h**4 - 16 h**4) / 3 = -4 h**4, against the exact 0."""
    indices, at = same_point(0.0, 1)
    found = richardson(moved(lambda x: x**5, at), indices, base=0.0, noise=0.0, rungs=(0.5, 0.25))
    assert -found.value[0] in (4 * 0.5**4, 4 * 0.25**4)
    assert abs(found.value[0]) <= found.error[0] < 10 * abs(found.value[0])


@pytest.mark.parametrize("step", [0.1, 1e-3, 1e-5])
def test_a_step_of_the_user_s_stands_for_the_ladder_and_is_confirmed(step):
    rungs = rungs_from(step)
    assert rungs[0] == step
    assert len(rungs) > 1
    f, slope = SMOOTH["exp"]
    found = climb(f, POINT, noise=1e-14, count=MANY, rungs=rungs)
    assert (np.abs(found.value - slope(POINT)) <= 3 * found.error).mean() >= 0.995


def test_without_a_step_of_the_user_s_the_whole_ladder_is_climbed():
    assert rungs_from(None) == RUNGS


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("name", SMOOTH)
def test_three_error_bars_cover_the_truth_of_a_smooth_loss(name, noise):
    f, slope = SMOOTH[name]
    found = climb(f, POINT, noise=noise, count=MANY)
    assert (np.abs(found.value - slope(POINT)) <= 3 * found.error).mean() >= 0.995
    assert not found.kink.any()


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("name", ["sin", "exp", "tanh", "flat"])
def test_the_error_bar_is_as_narrow_as_the_noise_allows(name, noise):
    """Truncation ~ h**4 meets noise / h: the best error is about noise**(4/5), here with room to spare."""
    f, _ = SMOOTH[name]
    found = climb(f, POINT, noise=noise, count=MANY)
    assert np.median(found.error) < 100 * max(noise, EPS) ** 0.8


def test_a_smooth_loss_is_resolved_well_below_the_tolerance():
    f, slope = SMOOTH["sin"]
    found = climb(f, POINT, noise=EPS, count=MANY)
    assert np.abs(found.value - slope(POINT)).max() < 1e-10


@pytest.mark.parametrize("factor", [1e-9, 1e-3, 1e9])
def test_a_loss_in_other_units_has_an_estimate_in_other_units(factor):
    """Powers of ten round, so the noise is drawn apart: equal to a few error bars, and the bars scale too."""
    f, slope = SMOOTH["exp"]
    found = climb(lambda x: factor * f(x), POINT, noise=factor * 1e-13, count=MANY)
    plain = climb(f, POINT, noise=1e-13, count=MANY)
    assert np.median(found.error) == pytest.approx(factor * np.median(plain.error), rel=0.5, abs=0)
    assert (np.abs(found.value - factor * slope(POINT)) <= 3 * found.error).mean() >= 0.995


def test_the_plain_difference_s_error_follows_the_v_curve_and_its_estimate_too():
    """Truncation falls like h**2, noise grows like 1/h: the best step lies inside, and every bar covers."""
    noise, indices, at = 1e-12, *same_point(POINT, MANY)
    rms, estimated = [], []
    steps = [10.0**-k for k in range(1, 12)]
    for step in steps:
        losses = moved(np.exp, at, noise=noise)
        found = central_difference(losses, indices, base=math.exp(POINT), step=step, noise=noise)
        gap = np.abs(found.value - math.exp(POINT))
        assert (gap <= 3 * found.error).mean() >= 0.99, step
        rms.append(float(np.sqrt(np.mean(gap**2))))
        estimated.append(float(np.median(found.error)))
    best = rms.index(min(rms))
    assert 0 < best < len(steps) - 1
    assert rms[0] > 1e3 * rms[best]
    assert rms[-1] > 1e3 * rms[best]
    assert all(bar < 10 * true for bar, true in zip(estimated, rms, strict=True))


@pytest.mark.parametrize("strength", [1e-4, 1e-2, 1.0, 1e3])
def test_a_kink_at_the_point_is_the_range_between_the_one_sided_derivatives(strength):
    """L = 2 x + k |x - x0|: the derivatives are 2 - k and 2 + k."""
    found = climb(lambda x: 2 * x + strength * np.abs(x - POINT), POINT, noise=1e-15)
    assert found.value[0] == pytest.approx(2.0, rel=1e-9)
    assert found.kink[0] == pytest.approx(strength, rel=1e-5)


@pytest.mark.parametrize("strength", [1e-4, 1e-2, 1.0, 1e3])
def test_a_kink_of_a_curved_loss_reaches_both_one_sided_derivatives(strength):
    """L = sin x + k |x - x0|: a subgradient of either side is right, to the tolerance."""
    found = climb(lambda x: np.sin(x) + strength * np.abs(x - POINT), POINT, noise=1e-15)
    for side in (math.cos(POINT) - strength, math.cos(POINT) + strength):
        assert abs(side - found.value[0]) <= found.kink[0] + 3 * found.error[0] + 1e-6 * abs(side)


def beside_a_kink(share, rung, *, strength, noise, sign=1, count=20):
    """Estimates of sin x + k |x - x0 - delta|, delta = share * h, and how far each lies from the truth."""
    delta = sign * share * rung
    f, truth = (lambda x: 1 + np.sin(x) + strength * np.abs(x - POINT - delta)), math.cos(POINT) - sign * strength
    found = climb(f, POINT, noise=noise, count=count)
    return found, np.abs(found.value - truth)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("strength", [1e-4, 1e-2, 1.0, 30.0])
@pytest.mark.parametrize("rung", RUNGS[:4])
def test_a_kink_at_any_distance_within_the_steps_is_covered(rung, strength, sign):
    """The hull of the one-sided derivatives and three error bars together hold the true derivative."""
    for share in np.linspace(0.02, 4.98, 125):
        found, gap = beside_a_kink(share, rung, strength=strength, noise=2e-16, sign=sign)
        assert (gap <= 3 * found.error + found.kink).all(), share


@pytest.mark.parametrize(("strength", "noise"), [(1e-6, 1e-13), (1e-4, 1e-10)])
@pytest.mark.parametrize("rung", RUNGS)
def test_a_kink_that_noise_hides_in_the_finer_rungs_is_covered(rung, strength, noise):
    for share in (0.01, 0.05, 0.2, 0.7, 1.5, 3.0, 4.5):
        found, gap = beside_a_kink(share, rung, strength=strength, noise=noise)
        assert (gap <= 3 * found.error + found.kink).mean() >= 0.99, share


def test_a_distant_kink_does_no_harm():
    """Within the coarsest steps, and far outside of the finer ones, which see a smooth loss."""
    found, gap = beside_a_kink(0.5, RUNGS[0], strength=1.0, noise=2e-16)
    assert gap.max() < 1e-8
    assert not found.kink.any()


def test_curvature_is_no_kink():
    found = climb(lambda x: 1e3 * x**2 + np.exp(3 * x), POINT, noise=1e-13, count=MANY)
    assert not found.kink.any()


def test_a_step_that_is_lost_in_the_entry_never_passes_a_plain_difference():
    """At 1e17 the spacing of floats is 16: x + h == x."""
    indices, at = same_point(1e17, 3)
    found = central_difference(moved(lambda x: 0.0 * x + 2.0, at), indices, base=2.0, step=1e-5, noise=1e-16)
    assert_cannot_tell(found)


def test_a_step_that_is_lost_in_the_entry_never_passes_the_ladder():
    indices, at = same_point(1e17, 3)
    assert_cannot_tell(richardson(moved(lambda x: 0.0 * x + 2.0, at), indices, base=2.0, noise=1e-16))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_beside_the_point_never_passes(bad):
    indices, at = same_point(POINT, 2)
    losses = moved(lambda x: np.where(x > POINT, bad, np.sin(x)), at)
    assert_cannot_tell(richardson(losses, indices, base=0.0, noise=1e-16))


def assert_cannot_tell(found):
    assert not (np.isfinite(found.value) & np.isfinite(found.error)).any()
    shape = found.value.shape
    judged = compare_gradients({"w": np.zeros(shape)}, {"w": found}, {"w": shape}, tolerance=1e-6, rounding={"w": 0.0})
    assert judged["w"].verdict == "inconclusive"


def test_a_loss_that_is_not_finite_far_out_leaves_the_finer_rungs():
    """At 0.005 log x is nan for the widest steps only."""
    with np.errstate(invalid="ignore"):
        found = climb(np.log, 0.005, noise=1e-15)
    assert abs(found.value[0] - 200.0) <= 3 * found.error[0]
    assert found.error[0] < 1e-3


def test_entries_climb_apart_and_each_keeps_its_own_estimate():
    """A steep, a flat and a kinked entry together give what each gives alone."""
    functions = [lambda x: np.sin(200 * x), lambda x: 1e-3 * x, lambda x: np.abs(x - POINT) + np.exp(x)]

    def losses(indices, offset):
        x = POINT + offset
        return np.array([functions[k](x) for k in indices]), np.full(len(indices), x - POINT)

    together = richardson(losses, np.arange(3), base=0.0, noise=1e-15)
    for k in range(3):
        alone = richardson(losses, np.array([k]), base=0.0, noise=1e-15)
        assert alone.value[0] == together.value[k]
        assert alone.error[0] == together.error[k]
        assert alone.kink[0] == together.kink[k]
    np.testing.assert_array_equal(together.indices, np.arange(3))
