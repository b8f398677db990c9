"""Two gradients of one parameter to a verdict: pass, fail, or cannot tell.

The verdict is relative throughout: multiplying the loss by a constant changes none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import Estimate, NumericGradient, Values

Verdict = Literal["pass", "fail", "inconclusive"]

# a gap is a fault only if it exceeds this many error bars
ERROR_BARS = 3.0
# entries and parameters below this share of the whole gradient's norm are judged on that scale: what is smaller has
# no effect on a training step in float64
NEGLIGIBLE_SHARE = 1e-10
# share of a parameter's norm that entries which cannot be told may carry; more makes the parameter inconclusive
SHARE_THAT_MATTERS = 0.01


@dataclass(frozen=True)
class Worst:
    """The entry of a parameter that disagrees most: index in the parameter's own shape, both values, error bar."""

    index: tuple[int, ...]
    analytic: float
    numeric: float
    numeric_error: float


@dataclass(frozen=True)
class Comparison:
    """One parameter at one point.

    `max_relative_error` is the largest |analytic - numeric| / max(|analytic|, |numeric|) among the entries that make
    the verdict: the wrong ones, those that could not be told, or those that agree (None where there is none);
    `uncertainty` is the numeric gradient's median error as a share of its largest entry; `unclear` entries, which
    could not be told, carry `unclear_share` of the parameter's norm.
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
) -> dict[str, Comparison]:
    """Judge every parameter of `numeric`.

    Args:
        analytic: gradients by name in the parameters' shapes; None where there is no usable one, which fails.
        numeric: numeric gradient with errors by name.
        shapes: shapes of the parameters.
        tolerance: relative error that an entry may have.
        rounding: absolute rounding error of each analytic gradient.
    """
    norm = _norm(np.array([_norm(estimate.value) for estimate in numeric.values()]))
    return {
        name: _compare(
            name,
            None if (gradient := analytic[name]) is None else gradient.reshape(-1)[estimate.indices],
            estimate,
            shapes[name],
            tolerance=tolerance,
            rounding=rounding[name],
            floor=NEGLIGIBLE_SHARE * norm,
        )
        for name, estimate in numeric.items()
    }


def _compare(
    name: str,
    analytic: Array | None,
    estimate: Estimate,
    shape: tuple[int, ...],
    *,
    tolerance: float,
    rounding: float,
    floor: float,
) -> Comparison:
    count = len(estimate.indices)
    uncertainty = float(np.median(estimate.error)) / estimate.largest if count and estimate.largest else 0.0
    at_kink = int(np.count_nonzero(estimate.kink))
    if analytic is None:
        return Comparison(name, shape, count, "fail", None, None, uncertainty, 0, 0.0, at_kink)
    analytic = np.asarray(analytic, dtype=np.float64)
    gap, scale = _gap(analytic, estimate), _scale(analytic, estimate, floor)
    error = estimate.error + rounding
    usable = np.isfinite(estimate.value) & np.isfinite(estimate.error)
    finite = np.isfinite(analytic)
    exact = (analytic == 0) & (estimate.value == 0)
    wrong = ~finite | (usable & (gap > tolerance * scale) & (gap > ERROR_BARS * error))
    agrees = exact | (usable & finite & (gap <= tolerance * scale) & (error <= tolerance * scale))
    unclear = ~(wrong | agrees)
    # an entry without a numeric value is never passed over, however small the rest may make it look
    share = 1.0 if not usable.all() else _share(_magnitude(analytic, estimate)[unclear], estimate, floor)
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


def _gap(analytic: Values, estimate: Estimate) -> Values:
    """Distance of the analytic value to the numeric one or, at a kink, to the range between the one-sided ones."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.maximum(np.abs(analytic - estimate.value) - estimate.kink, 0.0))


def _scale(analytic: Values, estimate: Estimate, floor: float) -> Values:
    return np.asarray(np.maximum(_magnitude(analytic, estimate), floor))


def _magnitude(analytic: Values, estimate: Estimate) -> Values:
    """Return max(|a|, |n|), of the two that are finite."""
    return np.asarray(np.fmax(np.abs(analytic), np.abs(estimate.value)))


def _share(unclear: Values, estimate: Estimate, floor: float) -> float:
    """Norm of the entries that cannot be told, beside that of the parameter (or the scale below which none counts)."""
    whole, part = max(_norm(estimate.value), floor), _norm(unclear)
    return 0.0 if part == 0 else 1.0 if part >= whole else part / whole


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
