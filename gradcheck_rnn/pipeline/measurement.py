"""Both gradients of one point, ready to be compared; and the reference measured so."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from gradcheck_rnn.analytic.cores import usable_cores
from gradcheck_rnn.compare import Comparison, compare_gradients
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.power import Compared
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.draw import stream
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.described import described_gradient
from gradcheck_rnn.numeric.estimate import Estimate, Indices, NumericGradient
from gradcheck_rnn.numeric.interrupted import as_far_as_it_went
from gradcheck_rnn.numeric.noise import line
from gradcheck_rnn.numeric.rounding import LINE_POINTS, Gradients, backward_rounding, gradient_rounding, measured_noise
from gradcheck_rnn.numeric.screen.parameter import Screened
from gradcheck_rnn.numeric.screen.point import ScreenedPoint, Screening, screen_loss
from gradcheck_rnn.numeric.spread import Threads
from gradcheck_rnn.pipeline.means import Means
from gradcheck_rnn.report.value import PointName, PointReport

# told what is going on and how far it is: finished and all entries
Progress = Callable[[str, int, int], None]
# told what is about to be done, how many seconds it is expected to take, and what would make it faster
Foresee = Callable[[str, float, Sequence[str]], None]


def foresee_nothing(_label: str, _seconds: float, _faster: Sequence[str]) -> None:
    """Say nothing of what is to come."""


@dataclass(frozen=True)
class Plan:
    """What is checked and how: the settings, the parameters that were asked for (None: all).

    `workers` is the number of processes or threads that share long work (None: as many as there are cores; 0: user code
    runs in this process). `thorough` says whether more is told than the verdict and single faults: pairs of them and
    experiments where no single one explains what is wrong, the chain map, and what a check that passes would have
    missed. `means` say where else shards run, and what is remembered of them.
    """

    settings: Settings
    only: tuple[str, ...] | None
    progress: Progress
    workers: int | None = None
    foresee: Foresee = foresee_nothing
    thorough: bool = field(default=True, kw_only=True)
    means: Means = field(default_factory=Means, kw_only=True)

    @property
    def screens(self) -> bool:
        """Whether parameters are looked at along random directions rather than entry by entry."""
        return self.settings.check.entries == "screen"

    def names(self, every: Iterable[str]) -> list[str]:
        """Return the parameters that were asked for."""
        return [name for name in every if self.only is None or name in self.only]

    def entries(self, shapes: Mapping[str, tuple[int, ...]], point: PointName) -> dict[str, Indices]:
        """Choose the entries to check: all, or at most `check.entries` of each parameter, flat in C order."""
        return {name: self._sample(name, int(np.prod(shapes[name])), point) for name in self.names(shapes)}

    def seeds(self, names: Iterable[str], point: PointName) -> dict[str, int]:
        """Seed the random directions through each parameter that was asked for."""
        return {name: int(self.rng(f"directions {name} {point}").integers(2**62)) for name in self.names(names)}

    def _sample(self, name: str, size: int, point: PointName) -> Indices:
        wanted = self.settings.check.entries
        if not isinstance(wanted, int) or wanted >= size:
            return np.arange(size)
        return np.sort(self.rng(f"entries of {name} {point}").choice(size, wanted, replace=False))

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a random stream for one purpose."""
        return stream(self.settings.seed, purpose)

    @property
    def eps(self) -> float:
        """Machine epsilon of the precision that analytic gradients are computed in."""
        return float(np.finfo(self.settings.dtype).eps)


@dataclass(frozen=True)
class Measurement:
    """Both gradients at one point, in the parameters' own names and shapes.

    `again` is what a later equal call of user code gave where that differed; it is judged too. `described` is the
    described problem of the point with the numeric gradient of its loss and the rounding that is allowed for, by
    described names, where that describes the loss. Of a parameter that was `screened`, `numeric` holds a few entries.
    """

    point: PointName
    length: int
    shapes: Mapping[str, tuple[int, ...]]
    loss: Literal["user", "described"]
    analytic: Mapping[str, Array | None]
    again: Mapping[str, Array | None] | None
    numeric: NumericGradient
    rounding: Mapping[str, float]
    findings: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()
    described: Compared | None = None
    screened: Mapping[str, Screened] = field(default_factory=dict)


class InterruptedMeasurementError(KeyboardInterrupt):
    """The user stopped a measurement; `measured` holds what is there of it, `wanted` the entries to be looked at."""

    def __init__(self, measured: Measurement, wanted: Mapping[str, int]) -> None:
        super().__init__()
        self.measured, self.wanted = measured, wanted


def judge_part(stopped: InterruptedMeasurementError, tolerance: float) -> PointReport:
    """Compare what is there of a point; no parameter passes of which entries are missing."""
    judged = judge(stopped.measured, tolerance)
    comparisons = [
        replace(each, verdict="inconclusive")
        if each.verdict == "pass" and each.covered < stopped.wanted[each.name]
        else each
        for each in judged.comparisons
    ]
    return replace(judged, comparisons=tuple(comparisons))


def judge(measured: Measurement, tolerance: float) -> PointReport:
    """Compare the two gradients of a point; of two equal calls that differ, the worse one counts."""

    def comparisons(gradients: Mapping[str, Array | None]) -> dict[str, Comparison]:
        return compare_gradients(
            gradients,
            measured.numeric,
            measured.shapes,
            tolerance=tolerance,
            rounding=measured.rounding,
            screened=measured.screened,
        )

    judged = comparisons(measured.analytic)
    if measured.again is not None:
        later = comparisons(measured.again)
        judged = {name: later[name] if later[name].verdict == "fail" else judged[name] for name in judged}
    return PointReport(measured.point, measured.length, measured.loss, tuple(judged.values()))


def differentiate_described(
    plan: Plan, point: PointName, problem: Problem, indices: Mapping[str, Indices]
) -> dict[str, Estimate]:
    """Differentiate the described loss at a point, on as many threads as there are workers or on the plan's cluster.

    Raises:
        InterruptedDifferencesError: Ctrl-C was pressed.
    """
    threads = max(1, usable_cores() if plan.workers is None else plan.workers)
    workers = plan.means.workers(threads)
    entries = sum(map(len, indices.values()))
    label = f"{entries:,} entries of the described loss, on {workers} {'core' if workers == 1 else 'cores'}"
    faster = ["check.entries: 100"] * (not plan.screens) + (
        [f"--workers {usable_cores()}"] if workers < usable_cores() else []
    )
    return described_gradient(
        problem,
        indices,
        plan.settings.check,
        plan.rng(f"sample {point}"),
        progress=lambda done, total: plan.progress(point, done, total),
        foresee=lambda seconds: plan.foresee(label, seconds / workers, faster),
        spread=plan.means.spread(Threads(threads)),
    )


def measure_reference(plan: Plan, point: PointName, problem: Problem, faults: Sequence[Fault] = ()) -> Measurement:
    """Measure the reference backward pass, with faults in it, against the numeric gradient of the described loss."""
    analytic = reference_gradients(problem, faults)
    on_line = [
        reference_gradients(problem.at(parameters), faults)
        for parameters in line(problem.parameters, plan.rng(f"line {point}"), LINE_POINTS)
    ]
    length = problem.net.sizes.length
    own = gradient_rounding(analytic, measured_noise(on_line), length=length, eps=plan.eps)
    outputs = backward_rounding(problem.in_double_precision(), plan.rng("shakes"), eps=plan.eps)
    rounding = {name: own[name] + outputs[name] for name in own}
    differenced = _differenced(plan, point, problem, analytic, rounding)
    numeric, screened = differenced.numeric, differenced.screened
    measured = Measurement(
        point=point,
        length=length,
        shapes=problem.net.shapes,
        loss="described",
        analytic=analytic,
        again=None,
        numeric=numeric,
        rounding=rounding,
        described=Compared(point, problem.in_double_precision(), numeric, rounding, screened),
        screened=screened,
    )
    if not differenced.is_complete:
        entries = plan.entries(problem.net.shapes, point)
        raise InterruptedMeasurementError(measured, {name: len(each) for name, each in entries.items()})
    return measured


def _differenced(
    plan: Plan, point: PointName, problem: Problem, analytic: Gradients, rounding: Mapping[str, float]
) -> ScreenedPoint:
    """Differentiate the described loss: entry by entry, or at the configured point along random directions."""
    if not plan.screens or point == "probe":
        entries = plan.entries(problem.net.shapes, point)
        found = as_far_as_it_went(lambda: differentiate_described(plan, point, problem, entries))
        return ScreenedPoint({}, found.numeric, found.is_complete)
    exact = problem.in_double_precision()
    screening = Screening(
        exact.parameters, analytic, rounding, plan.seeds(exact.parameters, point), plan.settings.check
    )
    return screen_loss(
        lambda each: described_loss(exact.at(each)),
        screening,
        plan.rng(f"sample {point}"),
        progress=lambda done, total: plan.progress(point, done, total),
    )
