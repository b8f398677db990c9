"""What a sweep found, as one plain value: curves over the step h and over the sequence length T."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gradcheck_rnn.compare import Verdict
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.numeric.regimes import Regimes
from gradcheck_rnn.report.value import PointName, Report

# a relative error: norm of the gap over norm of the gradient; None where it is no number, or the gradient is zero
Error = float | None


@dataclass(frozen=True)
class StepCurve:
    """One parameter at one point: `errors` of the plain central difference at each step.

    `own_error` is that of the check's own numeric gradient and `own_bar` its error bar; `verdict` is what the check
    says of the `sampled` entries, out of `entries`.
    """

    name: str
    entries: int
    sampled: int
    errors: tuple[Error, ...]
    regimes: Regimes
    own_error: Error
    own_bar: Error
    verdict: Verdict

    @property
    def exact(self) -> bool:
        """Whether there is nothing to measure: the gradient and its numeric value are zero."""
        return self.verdict == "pass" and all(error is None for error in self.errors)


@dataclass(frozen=True)
class StepCurves:
    """The curves of one point: its sequence length, and whose loss was differenced by the plain differences."""

    point: PointName
    length: int
    loss: Literal["user", "described"]
    curves: tuple[StepCurve, ...]


@dataclass(frozen=True)
class LengthCurve:
    """One parameter: its error against the check's own numeric gradient at each T, the error bar, the verdict."""

    name: str
    errors: tuple[Error, ...]
    bars: tuple[Error, ...]
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True)
class LengthCurves:
    """The curves over T, at rising `lengths`."""

    lengths: tuple[int, ...]
    curves: tuple[LengthCurve, ...]

    def first_failing(self, curve: LengthCurve) -> int | None:
        """Return the least T at which a parameter fails."""
        return next((T for T, verdict in zip(self.lengths, curve.verdicts, strict=True) if verdict == "fail"), None)


@dataclass(frozen=True)
class Sweep:
    """Everything that a sweep has to say; `findings` are what ended it, and what was measured before that stands."""

    settings: Settings
    steps: tuple[float, ...]
    points: tuple[StepCurves, ...]
    lengths: LengthCurves | None
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]

    @property
    def ended(self) -> Report:
        """Return what ended it, and the notes, as the report of a check that came to no verdict."""
        return Report(self.settings, "error", (), {}, (), self.findings, self.notes)

    def with_paths_from(self, folder: Path) -> "Sweep":
        """Name files below `folder` relative to it."""
        relative = self.ended.with_paths_from(folder)
        return replace(self, findings=relative.findings, notes=relative.notes)
