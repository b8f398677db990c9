"""Both gradients of one point, ready to be compared; and the reference measured so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcheck_rnn.compare import Comparison, compare_gradients
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.power import Compared
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.draw import stream
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.numeric.described import described_gradient
from gradcheck_rnn.numeric.estimate import Indices, NumericGradient
from gradcheck_rnn.numeric.noise import line
from gradcheck_rnn.numeric.rounding import LINE_POINTS, backward_rounding, gradient_rounding, measured_noise
from gradcheck_rnn.report.value import PointName, PointReport

# told what is going on and how far it is: finished and all entries
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Plan:
    """What is checked and how: the settings, the parameters that were asked for (None: all)."""

    settings: Settings
    only: tuple[str, ...] | None
    progress: Progress

    def entries(self, shapes: Mapping[str, tuple[int, ...]], point: PointName) -> dict[str, Indices]:
        """Choose the entries to check: all, or at most `check.entries` of each parameter, flat in C order."""
        names = [name for name in shapes if self.only is None or name in self.only]
        return {name: self._sample(name, int(np.prod(shapes[name])), point) for name in names}

    def _sample(self, name: str, size: int, point: PointName) -> Indices:
        wanted = self.settings.check.entries
        if wanted is None or wanted >= size:
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
    described names, where that describes the loss.
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


def judge(measured: Measurement, tolerance: float) -> PointReport:
    """Compare the two gradients of a point; of two equal calls that differ, the worse one counts."""

    def comparisons(gradients: Mapping[str, Array | None]) -> dict[str, Comparison]:
        return compare_gradients(
            gradients, measured.numeric, measured.shapes, tolerance=tolerance, rounding=measured.rounding
        )

    judged = comparisons(measured.analytic)
    if measured.again is not None:
        later = comparisons(measured.again)
        judged = {name: later[name] if later[name].verdict == "fail" else judged[name] for name in judged}
    return PointReport(measured.point, measured.length, measured.loss, tuple(judged.values()))


def measure_reference(plan: Plan, point: PointName, problem: Problem, faults: Sequence[Fault] = ()) -> Measurement:
    """Measure the reference backward pass, with faults in it, against the numeric gradient of the described loss."""
    indices = plan.entries(problem.net.shapes, point)
    analytic = reference_gradients(problem, faults)
    on_line = [
        reference_gradients(problem.at(parameters), faults)
        for parameters in line(problem.parameters, plan.rng(f"line {point}"), LINE_POINTS)
    ]
    length = problem.net.sizes.length
    own = gradient_rounding(analytic, measured_noise(on_line), length=length, eps=plan.eps)
    outputs = backward_rounding(problem.in_double_precision(), plan.rng("shakes"), eps=plan.eps)
    numeric = described_gradient(
        problem,
        indices,
        plan.settings.check,
        plan.rng(f"sample {point}"),
        progress=lambda done, total: plan.progress(point, done, total),
    )
    rounding = {name: own[name] + outputs[name] for name in own}
    return Measurement(
        point=point,
        length=length,
        shapes=problem.net.shapes,
        loss="described",
        analytic=analytic,
        again=None,
        numeric=numeric,
        rounding=rounding,
        described=Compared(point, problem.in_double_precision(), numeric, rounding),
    )
