"""Two gradients of one parameter to a verdict: pass, fail, or cannot tell.

The verdict is relative throughout: multiplying the loss by a constant changes none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import Estimate, NumericGradient, Values, picked
from gradcheck_rnn.numeric.screen.directions import LEAST, Box, reach, slices, whole
from gradcheck_rnn.numeric.screen.parameter import Screened

Verdict = Literal["pass", "fail", "inconclusive"]

# a gap is a fault only if it exceeds this many error bars
ERROR_BARS = 3.0
# entries and parameters below this share of the whole gradient's norm are judged on that scale: what is smaller has
# no effect on a training step in float64
NEGLIGIBLE_SHARE = 1e-10
# share of a parameter's norm that entries which cannot be told may carry; more makes the parameter inconclusive
SHARE_THAT_MATTERS = 0.01
# the slope along a random direction adds up errors of random signs: where each entry is off by no more than the
# tolerance, the sum is within this many times the tolerance in all but a few of 1000 directions
SPREAD = 3.0
# directions that must agree on either verdict, so that no single one decides
AGREEING = 2


@dataclass(frozen=True)
class Worst:
    """The entry of a parameter that disagrees most: index in the parameter's own shape, both values, error bar."""

    index: tuple[int, ...]
    analytic: float
    numeric: float
    numeric_error: float


@dataclass(frozen=True)
class Place:
    """Where the gap of a screened parameter was traced to, and how many of the entries looked at there are wrong."""

    box: Box
    looked_at: int
    wrong: int


@dataclass(frozen=True)
class Screening:
    """How a parameter agrees along random directions.

    Of `directions`, `telling` have error bars within the tolerance, and `wrong` a gap that neither these nor entries
    within the tolerance explain. An error in a single entry may show along none of them up to `unseen`, which is
    `unseen_share` of the gradient's largest entry. `place` is None where no direction shows a gap.
    """

    directions: int
    telling: int
    wrong: int
    unseen: float
    unseen_share: float
    place: Place | None


@dataclass(frozen=True)
class Comparison:
    """One parameter at one point.

    `max_relative_error` is the largest |analytic - numeric| / max(|analytic|, |numeric|) among the entries that make
    the verdict: the wrong ones, those that could not be told, or those that agree (None where there is none);
    `uncertainty` is the numeric gradient's median error as a share of its largest entry; `unclear` entries, which
    could not be told, carry `unclear_share` of the parameter's norm. Of a screened parameter only `checked` entries
    were looked at one by one; its `max_relative_error` is that along a direction where that is the larger.
    """

    name: str
    shape: tuple[int, ...]
    checked: int
    verdict: Verdict
    max_relative_error: float | None
    worst: Worst | None
    uncertainty: float
    unclear: int
    unclear_share: float
    at_kink: int
    screening: Screening | None = None

    @property
    def covered(self) -> int:
        """Number of entries that were looked at, one by one or along random directions."""
        return self.checked if self.screening is None else self.entries

    @property
    def entries(self) -> int:
        """Number of entries of the parameter, checked or not."""
        return int(np.prod(self.shape))


def compare_gradients(
    analytic: Mapping[str, Array | None],
    numeric: NumericGradient,
    shapes: Mapping[str, tuple[int, ...]],
    *,
    tolerance: float,
    rounding: Mapping[str, float],
    screened: Mapping[str, Screened] | None = None,
) -> dict[str, Comparison]:
    """Judge every parameter of `numeric`.

    Args:
        analytic: gradients by name in the parameters' shapes; None where there is no usable one, which fails.
        numeric: numeric gradient with errors by name.
        shapes: shapes of the parameters.
        tolerance: relative error that an entry may have.
        rounding: absolute rounding error of each analytic gradient.
        screened: what was seen along random directions, of parameters whose entries in `numeric` are only a few.
    """
    seen = screened or {}
    norms = {
        name: max(_norm(estimate.value), seen[name].along.norm if name in seen else 0.0)
        for name, estimate in numeric.items()
    }
    floor = NEGLIGIBLE_SHARE * _norm(np.array(list(norms.values())))
    judged = {}
    for name, estimate in numeric.items():
        gradient = analytic[name]
        judged[name] = _compare(
            name,
            None if gradient is None else gradient.reshape(-1)[estimate.indices],
            estimate,
            shapes[name],
            tolerance=tolerance,
            rounding=rounding[name],
            floor=floor,
            norm=norms[name],
        )
        if gradient is not None and name in seen and len(seen[name].along):
            judged[name] = _with_directions(
                judged[name],
                gradient.astype(np.float64),
                seen[name],
                tolerance=tolerance,
                rounding=rounding[name],
                floor=floor,
            )
    return judged


def _with_directions(
    entries: Comparison, gradient: Array, screened: Screened, *, tolerance: float, rounding: float, floor: float
) -> Comparison:
    """Add what directions through the whole parameter say to what single entries do."""
    if not np.isfinite(gradient).all():
        return replace(entries, verdict="fail")
    along, step = screened.along, reach(whole(screened.along.shape))
    slopes = along.compared(gradient, rounding=rounding)
    scale = np.maximum(slopes.scale, floor * step)
    exact = (slopes.gap == 0) & (slopes.scale == 0)
    telling = exact | (slopes.bar <= tolerance * scale)
    wrong = (slopes.gap > ERROR_BARS * slopes.bar) & (slopes.gap > SPREAD * tolerance * scale)
    with np.errstate(invalid="ignore", divide="ignore"):
        gaps = np.where(exact, 0.0, slopes.gap / scale)
    # an entry is moved by half a step or more; one error bar, and errors within the tolerance, may speak for it
    unseen = ((ERROR_BARS + 1) * slopes.bar + along.estimate.kink).min() / (LEAST * step)
    if (seen := slopes.gap > ERROR_BARS * slopes.bar).any():
        unseen += slopes.gap[seen].max() / (LEAST * step)
    largest = float(np.abs(gradient).max())
    screening = Screening(
        directions=len(along),
        telling=int(telling.sum()),
        wrong=int(wrong.sum()),
        unseen=float(unseen),
        unseen_share=float(unseen) / largest if largest else np.inf,
        place=_place(gradient, screened, tolerance=tolerance, rounding=rounding, floor=floor),
    )
    verdict, error, worst = entries.verdict, entries.max_relative_error, entries.worst
    if verdict != "fail" and screening.wrong >= AGREEING:
        verdict, error, worst = "fail", float(gaps[wrong].max()), None
    elif verdict == "pass" and (telling & ~wrong).sum() < AGREEING:
        verdict = "inconclusive"
    elif verdict == "pass":
        error = max(error or 0.0, float(gaps[telling].max()))
    return replace(entries, verdict=verdict, max_relative_error=error, worst=worst, screening=screening)


def _place(gradient: Array, screened: Screened, *, tolerance: float, rounding: float, floor: float) -> Place | None:
    """Count how many of the entries that were looked at in the traced box are wrong."""
    if screened.place is None:
        return None
    within = np.zeros(screened.along.shape, dtype=bool)
    within[slices(screened.place)] = True
    at = np.flatnonzero(within.reshape(-1)[screened.entries.indices])
    entries = picked(screened.entries, at)
    wrong = _wrong(gradient.reshape(-1)[entries.indices], entries, tolerance=tolerance, rounding=rounding, floor=floor)
    return Place(screened.place, len(at), int(wrong.sum()))


def _compare(
    name: str,
    analytic: Array | None,
    estimate: Estimate,
    shape: tuple[int, ...],
    *,
    tolerance: float,
    rounding: float,
    floor: float,
    norm: float,
) -> Comparison:
    count = len(estimate.indices)
    uncertainty = float(np.median(estimate.error)) / estimate.largest if count and estimate.largest else 0.0
    at_kink = int(np.count_nonzero(estimate.kink))
    if analytic is None:
        return Comparison(name, shape, count, "fail", None, None, uncertainty, 0, 0.0, at_kink)
    analytic = np.asarray(analytic, dtype=np.float64)
    gap, scale = _gap(analytic, estimate), _scale(analytic, estimate, floor)
    error = estimate.error + rounding
    usable, finite = _usable(estimate), np.isfinite(analytic)
    exact = (analytic == 0) & (estimate.value == 0)
    wrong = _wrong(analytic, estimate, tolerance=tolerance, rounding=rounding, floor=floor)
    agrees = exact | (usable & finite & (gap <= tolerance * scale) & (error <= tolerance * scale))
    unclear = ~(wrong | agrees)
    # an entry without a numeric value is never passed over, however small the rest may make it look
    share = 1.0 if not usable.all() else _share(_magnitude(analytic, estimate)[unclear], max(norm, floor))
    verdict: Verdict = "fail" if wrong.any() else "inconclusive" if share > SHARE_THAT_MATTERS else "pass"
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.where(exact, 0.0, gap / scale)
    telling = {"fail": wrong, "inconclusive": unclear, "pass": agrees if agrees.any() else unclear}[verdict]
    at = _worst(relative, gap, telling)
    return Comparison(
        name=name,
        shape=shape,
        checked=count,
        verdict=verdict,
        max_relative_error=None if at is None or not np.isfinite(relative[at]) else float(relative[at]),
        worst=None if at is None else _entry(at, analytic, estimate, shape),
        uncertainty=uncertainty,
        unclear=int(unclear.sum()),
        unclear_share=share,
        at_kink=at_kink,
    )


def _wrong(
    analytic: Values, estimate: Estimate, *, tolerance: float, rounding: float, floor: float
) -> npt.NDArray[np.bool_]:
    gap, scale = _gap(analytic, estimate), _scale(analytic, estimate, floor)
    beyond = (gap > tolerance * scale) & (gap > ERROR_BARS * (estimate.error + rounding))
    return np.asarray(~np.isfinite(analytic) | (_usable(estimate) & beyond))


def _usable(estimate: Estimate) -> npt.NDArray[np.bool_]:
    return np.asarray(np.isfinite(estimate.value) & np.isfinite(estimate.error))


def _gap(analytic: Values, estimate: Estimate) -> Values:
    """Distance of the analytic value to the numeric one or, at a kink, to the range between the one-sided ones."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.maximum(np.abs(analytic - estimate.value) - estimate.kink, 0.0))


def _scale(analytic: Values, estimate: Estimate, floor: float) -> Values:
    return np.asarray(np.maximum(_magnitude(analytic, estimate), floor))


def _magnitude(analytic: Values, estimate: Estimate) -> Values:
    """Return max(|a|, |n|), of the two that are finite."""
    return np.asarray(np.fmax(np.abs(analytic), np.abs(estimate.value)))


def _share(unclear: Values, norm: float) -> float:
    """Norm of the entries that cannot be told, beside that of the parameter (or the scale below which none counts)."""
    part = _norm(unclear)
    return 0.0 if part == 0 else 1.0 if part >= norm else part / norm


def _norm(values: Values) -> float:
    """Euclidean norm of the finite values; scaled, so that squares neither overflow nor vanish."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max(initial=0.0))
    return largest * float(np.linalg.norm(finite / largest)) if largest else 0.0


def _worst(relative: Values, gap: Values, among: npt.NDArray[np.bool_]) -> int | None:
    """Position of the largest relative error; among equals, the largest gap; not finite before all."""
    candidates = np.flatnonzero(among)
    if not candidates.size:
        return None
    ranked = np.where(np.isnan(relative[candidates]), np.inf, relative[candidates])
    return int(candidates[np.lexsort((gap[candidates], ranked))[-1]])


def _entry(at: int, analytic: Values, estimate: Estimate, shape: tuple[int, ...]) -> Worst:
    index = tuple(int(i) for i in np.unravel_index(int(estimate.indices[at]), shape))
    return Worst(index, float(analytic[at]), float(estimate.value[at]), float(estimate.error[at]))
