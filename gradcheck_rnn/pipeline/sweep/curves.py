"""The curves of a sweep: at one spot, the error over the step; over spots of rising T, the error of the gradients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck_rnn.compare import Comparison
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import Indices, Values
from gradcheck_rnn.numeric.progress import Counter
from gradcheck_rnn.numeric.regimes import find_regimes
from gradcheck_rnn.numeric.steps import STEPS
from gradcheck_rnn.pipeline.measurement import Measurement, Plan, Progress, judge
from gradcheck_rnn.pipeline.sweep.spots import Spot
from gradcheck_rnn.report.sweep.curves import Error, LengthCurve, LengthCurves, StepCurve, StepCurves
from gradcheck_rnn.report.value import PointName


@dataclass(frozen=True)
class _ChosenEntries(Plan):
    """A plan that looks at entries chosen beforehand."""

    chosen: Mapping[str, Indices] = field(default_factory=dict)

    @property
    def screens(self) -> bool:
        """Look at the chosen entries one by one."""
        return False

    def entries(self, shapes: Mapping[str, tuple[int, ...]], point: PointName) -> dict[str, Indices]:  # noqa: ARG002  the same at every point
        """Return the chosen entries."""
        return dict(self.chosen)


@dataclass(frozen=True)
class Looked:
    """A spot measured as a check does, on some entries of each parameter, and judged."""

    spot: Spot
    chosen: Mapping[str, Indices]
    measured: Measurement
    judged: Mapping[str, Comparison]

    def analytic(self, name: str) -> Values:
        """The chosen entries of the gradient under test; nan where user code gave none."""
        gradient, entries = self.measured.analytic[name], self.chosen[name]
        if gradient is None:
            return np.full(len(entries), np.nan)
        return gradient.reshape(-1)[entries].astype(np.float64)

    def relative(self, name: str, gap: Values) -> Error:
        """Norm of a gap over norm of the gradient; None where it is no number."""
        size = max(_norm(self.analytic(name)), _norm(self.measured.numeric[name].value))
        error = _norm(gap) / size if size else np.nan
        return error if np.isfinite(error) else None

    def own_error(self, name: str) -> Error:
        """Error of the gradient against the check's own numeric one; at a kink, any value in between is right."""
        estimate = self.measured.numeric[name]
        return self.relative(name, np.maximum(np.abs(self.analytic(name) - estimate.value) - estimate.kink, 0.0))

    def own_bar(self, name: str) -> Error:
        """Error bar of the check's own numeric gradient."""
        return self.relative(name, self.measured.numeric[name].error)


def look(plan: Plan, spot: Spot, most: int) -> Looked:
    """Measure the gradients at a spot, on at most `most` entries a parameter.

    Raises:
        UserCodeError: user code gave nothing that could be judged.
    """
    wanted = plan.settings.check.entries
    chosen = _chosen(plan, spot, wanted if isinstance(wanted, int) else most)
    measured = spot.measure(_ChosenEntries(plan.settings, plan.only, plan.progress, plan.workers, chosen=chosen))
    judged = {each.name: each for each in judge(measured, plan.settings.check.tolerance).comparisons}
    return Looked(spot, chosen, measured, judged)


def over_steps(looked: Looked, progress: Progress) -> StepCurves:
    """Error of plain central differences at every step."""
    spot, chosen = looked.spot, looked.chosen
    count = Counter(len(STEPS) * len(chosen), lambda done, total: progress(spot.name, done, total))
    parts: dict[str, list[Values]] = {name: [] for name in chosen}
    for name, part in spot.differences(chosen, STEPS):
        parts[name].append(part)
        count.advance(len(part))
    curves = tuple(_step_curve(looked, name, np.concatenate(differences)) for name, differences in parts.items())
    return StepCurves(spot.name, spot.net.sizes.length, spot.loss, curves)


def over_lengths(looks: Sequence[Looked]) -> LengthCurves:
    """Error of the gradients at each of several lengths."""
    curves = tuple(
        LengthCurve(
            name=name,
            errors=tuple(looked.own_error(name) for looked in looks),
            bars=tuple(looked.own_bar(name) for looked in looks),
            verdicts=tuple(looked.judged[name].verdict for looked in looks),
        )
        for name in looks[0].chosen
    )
    return LengthCurves(tuple(looked.spot.net.sizes.length for looked in looks), curves)


def _step_curve(looked: Looked, name: str, differences: Values) -> StepCurve:
    errors = tuple(looked.relative(name, gap) for gap in differences - looked.analytic(name))
    return StepCurve(
        name=name,
        entries=int(np.prod(looked.spot.shapes[name])),
        sampled=len(looked.chosen[name]),
        errors=errors,
        regimes=find_regimes(STEPS, errors),
        own_error=looked.own_error(name),
        own_bar=looked.own_bar(name),
        verdict=looked.judged[name].verdict,
    )


def _chosen(plan: Plan, spot: Spot, most: int) -> dict[str, Indices]:
    return {
        name: _sample(plan.rng(f"sweep {spot.name} {name}"), spot.analytic[name], int(np.prod(shape)), most)
        for name, shape in spot.shapes.items()
        if plan.only is None or name in plan.only
    }


def _sample(rng: np.random.Generator, gradient: Array | None, size: int, most: int) -> Indices:
    """Random entries, half of them such whose gradient is not zero: of a large vocabulary few words occur."""
    order = rng.permutation(size)
    flat = np.zeros(size) if gradient is None else gradient.reshape(-1)[order]
    alive = [*order[~np.isfinite(flat)], *order[np.isfinite(flat) & (flat != 0)]]
    first = alive[: (most + 1) // 2]
    return np.sort([*first, *order[~np.isin(order, first)]][:most])


def _norm(values: Values) -> float:
    """Euclidean norm; scaled, so that squares neither overflow nor vanish."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(values / largest))
