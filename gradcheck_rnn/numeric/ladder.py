"""Derivatives from whole losses: central differences, Richardson extrapolation over a ladder of steps, kinks.

Source: Press et al., Numerical Recipes, sec. 5.7; Richardson, The Deferred Approach to the Limit (1927).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.config.settings import Method
from gradcheck_rnn.numeric.estimate import Estimate, Indices, Values

# the step of plain differences where the user chose none: that of the classic check
CENTRAL_STEP = 1e-5
# finest step h of each rung, which evaluates 4h, 2h and h. Powers of two move most entries without rounding;
# 4h starts near 1e-2, and neighbouring rungs share no step
RUNGS = (2.0**-9, 2.0**-12, 2.0**-15, 2.0**-18, 2.0**-21)
# values of the loss that a rung takes, as plain differences do: three steps, up and down
CALLS_PER_RUNG = 6
# rungs that an entry usually takes: the second confirms the first
USUAL_RUNGS = 2
# a step that the user chose is confirmed by one this much finer
CONFIRMING = 8.0
# by how much the error of R can exceed its parts: rounding of 5 loss differences, each 2 |L| eps / 2h
ROUNDING_GAIN = 4.0
# two rungs contradict each other when they differ by more than this many times their errors
CONTRADICTION = 3.0
# J(h) = (L(+h) - 2 L(0) + L(-h)) / h falls like h where L is smooth (J(h) / J(4h) = 1/4) and stays at a kink
KINK_RATIO = 0.6
# J must exceed the rounding of a rung by this factor to be called a kink
KINK_OVER_ROUNDING = 16.0
# K = 16 J(h) - 10 J(2h) + J(4h) cancels the terms in h and h**3 of a smooth L. A kink of strength k within 4h leaves
# up to 7 k in it while it shifts R by up to k / 2: K / 4 covers the shift, wherever the kink lies (tested). Where K
# exceeds its rounding, the rung is not smooth
KINK_SHARE = 0.25

# (entries, offset) -> losses of runs in which each entry moves by the offset, one at a time, (K,), and by how much
# it really moved, (K,)
MovedLosses = Callable[[Indices, float], tuple[Values, Values]]


@dataclass(frozen=True)
class Rung:
    """One rung of the ladder for K entries: the extrapolated derivative, its error, and J at 4h and h."""

    value: Values
    error: Values
    smooth: npt.NDArray[np.bool_]
    jump_wide: Values
    jump: Values
    rounding: float


def derivatives(
    losses: MovedLosses,
    indices: Indices,
    *,
    method: Method,
    step: float | None,
    base: float,
    noise: float,
    rungs: tuple[float, ...] | None = None,
) -> Estimate:
    """Derivatives by the method that the user chose: plain differences for `central`, the ladder for every other.

    Args:
        losses: evaluates the loss with single entries moved.
        indices: entries, (K,).
        method: what the user chose.
        step: h > 0; None leaves it to the method.
        base: loss with nothing moved.
        noise: absolute rounding error of one loss value.
        rungs: those of the ladder that are enough; None for all that belong to the step.
    Returns:
        Value, error of that value, and kink where the method knows of them, (K,) each.
    """
    if method == "central":
        return central_difference(losses, indices, base=base, step=step or CENTRAL_STEP, noise=noise)
    return richardson(losses, indices, base=base, noise=noise, rungs=rungs or rungs_from(step))


def calls_per_entry(method: Method, step: float | None) -> tuple[int, int]:
    """How many values of the loss an entry takes by that method, usually and at most."""
    rungs = 1 if method == "central" else len(rungs_from(step))
    return CALLS_PER_RUNG * min(rungs, USUAL_RUNGS), CALLS_PER_RUNG * rungs


def central_difference(losses: MovedLosses, indices: Indices, *, base: float, step: float, noise: float) -> Estimate:
    """Plain central differences D(h), with the error that D(2h) and D(h/2) reveal, and kinks within 2h.

    Args:
        losses: evaluates the loss with single entries moved.
        indices: entries, (K,).
        base: loss with nothing moved.
        step: h > 0.
        noise: absolute rounding error of one loss value.
    Returns:
        D(h) and its error (truncation, rounding, kinks within 2h), (K,) each.
    """
    half, jump_half = _quotient(losses, indices, 0.5 * step, base)
    value, jump = _quotient(losses, indices, step, base)
    wide, jump_wide = _quotient(losses, indices, 2 * step, base)
    # for small h the truncation is c h**2, D(2h) - D(h) = 3 c h**2 and D(h) - D(h/2) = 3/4 c h**2; for large h the
    # two disagree, and the larger counts
    truncation = np.maximum(np.abs(wide - value) / 3, np.abs(value - half) * 4 / 3)
    rounding = 2 * noise / step
    kinks = np.abs(16 * jump_half - 10 * jump + jump_wide)
    beside_kink = kinks > KINK_OVER_ROUNDING * ROUNDING_GAIN * rounding
    error = truncation + rounding + np.where(beside_kink, KINK_SHARE * kinks, 0.0)
    return Estimate(indices, value, error, np.zeros_like(value))


def richardson(
    losses: MovedLosses, indices: Indices, *, base: float, noise: float, rungs: tuple[float, ...] = RUNGS
) -> Estimate:
    """Extrapolated central differences, for each entry from the best of those rungs that agree with each other.

    Args:
        losses: evaluates the loss with single entries moved.
        indices: entries, (K,).
        base: loss with nothing moved.
        noise: absolute rounding error of one loss value.
        rungs: finest steps, falling. An entry climbs down until rounding alone exceeds its error.
    Returns:
        Value, error of that value, and kink where the one-sided derivatives disagree, (K,) each.
    """
    climbed: list[Rung] = []
    value, error = np.full(len(indices), np.nan), np.full(len(indices), np.inf)
    for step in rungs:
        active = error > ROUNDING_GAIN * noise / step
        if not active.any():
            break
        climbed.append(_spread(_rung(losses, indices[active], step, base, noise), active))
        if len(climbed) > 1 or len(rungs) == 1:
            value, error = _agreed(climbed)
    if not climbed:
        return Estimate(indices, value, error, np.zeros(len(indices)))
    return Estimate(indices, value, error, _kinks(climbed))


def rungs_from(step: float | None) -> tuple[float, ...]:
    """Return the ladder, or the rungs for a step that the user chose."""
    return RUNGS if step is None else (step, step / CONFIRMING)


def _rung(losses: MovedLosses, indices: Indices, step: float, base: float, noise: float) -> Rung:
    d1, j1 = _quotient(losses, indices, step, base)
    d2, j2 = _quotient(losses, indices, 2 * step, base)
    d4, j4 = _quotient(losses, indices, 4 * step, base)
    r1, r2 = (4 * d1 - d2) / 3, (4 * d2 - d4) / 3
    rounding = ROUNDING_GAIN * noise / step
    kinks = np.abs(16 * j1 - 10 * j2 + j4)
    smooth = kinks <= KINK_OVER_ROUNDING * rounding
    error = np.abs(r1 - r2) / 3 + rounding + np.where(smooth, 0.0, KINK_SHARE * kinks)
    return Rung(r1, np.where(np.isfinite(error), error, np.inf), smooth, j4, j1, rounding)


def _quotient(losses: MovedLosses, indices: Indices, step: float, base: float) -> tuple[Values, Values]:
    """D(h) and J(h); both are nan where a loss is not finite or the step is lost in the entry."""
    up, moved_up = losses(indices, step)
    down, moved_down = losses(indices, -step)
    up, down = (np.where(np.isfinite(side), side, np.nan) for side in (up, down))
    with np.errstate(divide="ignore", invalid="ignore"):
        return (up - down) / (moved_up - moved_down), (up - 2 * base + down) / (0.5 * (moved_up - moved_down))


def _spread(rung: Rung, active: npt.NDArray[np.bool_]) -> Rung:
    """Put a rung of the active entries back among all; the others get an infinite error."""

    def place(values: Values, missing: float) -> Values:
        every = np.full(len(active), missing)
        every[active] = values
        return every

    smooth = np.zeros(len(active), dtype=bool)
    smooth[active] = rung.smooth
    return Rung(
        place(rung.value, np.nan),
        place(rung.error, np.inf),
        smooth,
        place(rung.jump_wide, np.nan),
        place(rung.jump, np.nan),
        rung.rounding,
    )


def _agreed(climbed: list[Rung]) -> tuple[Values, Values]:
    """Value and error of the best smooth rung that a smooth neighbour confirms and no finer one contradicts.

    Where kinks lie within the steps, one rung may look exact by chance. Without two that agree, the finest rung's
    value stands, and how far the others lie from it is its error.
    """
    value, error = _finest(climbed)  # where only one was asked for, it stands
    for place, rung in enumerate(climbed):
        neighbours = climbed[max(0, place - 1) : place] + climbed[place + 1 : place + 2]
        confirmed = np.any([_agree(rung, neighbour) for neighbour in neighbours], axis=0)
        for finer in climbed[place + 1 :]:
            confirmed &= ~finer.smooth | _agree(rung, finer)
        better = confirmed & (rung.error < error)
        value[better], error[better] = rung.value[better], rung.error[better]
    return value, error


def _finest(climbed: list[Rung]) -> tuple[Values, Values]:
    """Each entry's finest value, and its error with the largest distance of another rung added."""
    values = np.array([rung.value for rung in climbed])
    errors = np.array([rung.error for rung in climbed])
    last = np.maximum(np.isfinite(values).sum(axis=0) - 1, 0)  # an entry leaves the ladder once and for all
    each = np.arange(values.shape[1])
    value = values[last, each]
    return value, errors[last, each] + np.fmax.reduce(np.abs(values - value), axis=0)


def _agree(one: Rung, other: Rung) -> npt.NDArray[np.bool_]:
    apart = np.abs(one.value - other.value)
    return np.asarray(one.smooth & other.smooth & (apart <= CONTRADICTION * (one.error + other.error)))


def _kinks(climbed: list[Rung]) -> Values:
    """Half the distance of the one-sided derivatives at the finest rung of each entry, where it is a kink."""
    kink = np.zeros_like(climbed[0].value)
    for rung in climbed:
        here = np.isfinite(rung.error)
        stays = np.abs(rung.jump) > KINK_RATIO * np.abs(rung.jump_wide)
        real = np.abs(rung.jump) > KINK_OVER_ROUNDING * rung.rounding
        kink[here] = np.where(stays & real, 0.5 * np.abs(rung.jump), 0.0)[here]
    return kink
