"""What the curves of a sweep mean, in a sentence each."""

import math
from collections.abc import Iterable, Sequence

from gradcheck_rnn.numeric.regimes import Regimes, Stretch
from gradcheck_rnn.report.sweep.curves import Error, LengthCurves, StepCurve, StepCurves, Sweep

# the step of the classic check
CLASSIC_STEP = 1e-5


def read_steps(sweep: Sweep) -> str:
    """Read the curves of every point."""
    return "; ".join(f"{at.point} point: {read_point(sweep.steps, at)}" for at in sweep.points)


def read_point(steps: Sequence[float], at: StepCurves) -> str:
    """Read the curves of one point: which gradients are wrong, and where the errors of the others come from."""
    groups: dict[tuple[str, str], list[str]] = {}
    for curve in at.curves:
        groups.setdefault(_shape_and_meaning(curve), []).append(curve.name)
    said = [f"{shape} ({', '.join(names)}): {meaning}" for (shape, meaning), names in groups.items()]
    right = [curve for curve in at.curves if curve.verdict == "pass" and curve.regimes.best_step is not None]
    return "; ".join([*said, *([_choice_of_step(steps, right)] if right else [])])


def read_lengths(lengths: LengthCurves) -> str:
    """Read the error over T: the first length at which each parameter fails, and where that points."""
    names: dict[int | None, list[str]] = {}
    for curve in lengths.curves:
        names.setdefault(lengths.first_failing(curve), []).append(curve.name)
    failing = sorted(T for T in names if T is not None)
    if not failing:
        return f"no parameter fails at any T up to {lengths.lengths[-1]}"
    said = [f"{', '.join(names[T])} first {_fail(names[T])} at T = {T}" for T in failing]
    never = [f"{', '.join(names[None])} {_fail(names[None])} at none"] if None in names else []
    return f"{', '.join([*said, *never])}: {_place(lengths.lengths, failing[0])}"


def slopes(regimes: Regimes) -> str:
    """Name the fitted slopes, from large steps to small ones."""
    named = ((regimes.truncation, "truncation"), (regimes.flat, "flat"), (regimes.rounding, "rounding"))
    # a slope that rounds to -0 is 0
    return ", ".join(f"{name} {round(stretch.slope, 1) + 0.0:.1f}" for stretch, name in named if stretch is not None)


def error_near(step: float, steps: Sequence[float], curve: StepCurve) -> Error:
    """Error of a curve at the step next to the one asked for."""
    return min(zip(steps, curve.errors, strict=True), key=lambda each: abs(math.log(each[0] / step)))[1]


def _shape_and_meaning(curve: StepCurve) -> tuple[str, str]:
    """Name what a curve looks like and what that means, in words that curves of the same kind share."""
    regimes = curve.regimes
    if curve.exact:
        return "zero", "so are the differences"
    if curve.verdict == "inconclusive":
        return "undecided", "rounding, of the gradient or of the check's own differences, is wider than the tolerance"
    if curve.verdict == "fail":
        return _wrong(curve)
    shape = "a V" if regimes.is_v else "no V"
    seen = [words for words, stretch in _named(regimes) if stretch is not None]
    return shape, f"no bug, {', '.join(seen) or 'and no slope that has a name'}"


def _wrong(curve: StepCurve) -> tuple[str, str]:
    if curve.regimes.is_v:
        return "a V all the same", "the check finds single entries or later calls wrong, which its own report names"
    if curve.regimes.flat:
        return "flat over decades of h", "the gradient itself is wrong, no step will help"
    return "no V", "the gradient itself is wrong, no step will help"


def _named(regimes: Regimes) -> list[tuple[str, Stretch | None]]:
    """What each slope of a right gradient comes from; left of the best step, a flat line is differences of zero."""
    flat, best = regimes.flat, regimes.best_step
    flat_means = (
        "flat on the far left (the step is lost)"
        if flat and best and flat.coarsest < best
        else "flat at the bottom (the gradient's own rounding)"
    )
    return [
        ("truncation on the right (falls as h^2)", regimes.truncation),
        ("rounding on the left (grows as 1/h)", regimes.rounding),
        (flat_means, flat),
    ]


def _choice_of_step(steps: Sequence[float], curves: Sequence[StepCurve]) -> str:
    """Say which step is best for all right gradients together, and what the classic one gives instead."""
    largest = {h: _largest(error_near(h, steps, curve) for curve in curves) for h in steps}
    best = min(steps, key=lambda h: (largest[h], -h))
    classic = _largest(error_near(CLASSIC_STEP, steps, curve) for curve in curves)
    return (
        f"for these h = {best:.0e} is best, off by up to {largest[best]:.0e} (the classic {CLASSIC_STEP:.0e} by "
        f"{classic:.0e}, the check's own differences by {_largest(curve.own_bar for curve in curves):.0e})"
    )


def _place(lengths: Sequence[int], first: int) -> str:
    """Say where to look, from the least T at which anything fails."""
    if first == 1:
        return "one step alone is wrong already, so look at its own formulas first"
    shorter = lengths[: lengths.index(first)]
    if not shorter:
        return "shorter sequences were not seen"
    if shorter[-1] == 1:
        return "one step alone is right, so look at what passes between steps, or at the sum over steps"
    return f"up to T = {shorter[-1]} all is right, so look for what ends the way back: a window, a bound, an index"


def _largest(errors: Iterable[Error]) -> float:
    """The largest error; one that is no number is larger than any."""
    return max((math.inf if error is None else error for error in errors), default=math.inf)


def _fail(names: Sequence[str]) -> str:
    return "fails" if len(names) == 1 else "fail"
