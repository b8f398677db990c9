"""What a check found, as one plain value that renderers turn into text or JSON."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from gradcheck_rnn.compare import Comparison, Verdict, Worst
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.power import Power
from gradcheck_rnn.findings import Finding

PointName = Literal["configured", "probe"]
Outcome = Literal["pass", "fail", "inconclusive", "error"]


@dataclass(frozen=True)
class PointReport:
    """One point: its sequence length, which loss was differenced there, and each parameter judged."""

    name: PointName
    length: int
    loss: Literal["user", "described"]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Row:
    """One parameter with both points folded in; `worst_at` is the point that `worst` belongs to."""

    name: str
    shape: tuple[int, ...]
    entries: int
    checked: int
    verdict: Verdict
    max_relative_error: float | None
    worst_at: PointName
    worst: Worst | None
    uncertainty: float


@dataclass(frozen=True)
class Report:
    """Everything that a check has to say.

    `points` are empty where user code gave nothing to judge; `roles` gives the described name of each parameter that
    has one; `printed` is what user code printed; `chain` is there where a gradient
    is wrong and its chain can be mapped; `power` of a pass whose loss the described net describes.
    """

    settings: Settings
    outcome: Outcome
    rows: tuple[Row, ...]
    roles: Mapping[str, str]
    points: tuple[PointReport, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    printed: str = ""
    chain: ChainMap | None = None
    power: Power | None = None

    @property
    def loss(self) -> Literal["user", "described"]:
        """Return the loss that was differenced: the user's wherever it was needed."""
        return "user" if any(point.loss == "user" for point in self.points) else "described"

    def with_paths_from(self, folder: Path) -> "Report":
        """Name files below `folder` relative to it."""
        return replace(
            self,
            findings=tuple(_with_path_from(folder, finding) for finding in self.findings),
            notes=tuple(_with_path_from(folder, note) for note in self.notes),
        )

    @property
    def partial(self) -> bool:
        """Whether entries were left unchecked."""
        return any(row.checked < row.entries for row in self.rows)


def _with_path_from(folder: Path, finding: Finding) -> Finding:
    evidence = dict(finding.evidence)
    if "traceback" in evidence:
        evidence["traceback"] = str(evidence["traceback"]).replace(f"{folder}{os.sep}", "")
    location = finding.location
    if location is not None and Path(location.file).is_relative_to(folder):
        location = replace(location, file=str(Path(location.file).relative_to(folder)))
    return replace(finding, evidence=evidence, location=location)


def folded_rows(points: Sequence[PointReport]) -> tuple[Row, ...]:
    """Fold the points into one row a parameter: fail if either fails, else what the probe says."""
    if not points:
        return ()
    configured, deciding = points[0], points[-1]
    decided = {comparison.name: comparison for comparison in deciding.comparisons}
    return tuple(
        _row([(configured.name, at_configured), (deciding.name, decided[at_configured.name])])
        for at_configured in configured.comparisons
    )


def _row(judged: list[tuple[PointName, Comparison]]) -> Row:
    (_, configured), (_, deciding) = judged
    failed = [each for each in judged if each[1].verdict == "fail"]
    verdict: Verdict = "fail" if failed else deciding.verdict
    shown = failed or [each for each in judged if each[1].verdict == verdict]
    at, worst = max(shown, key=lambda each: _size(each[1].max_relative_error))
    return Row(
        name=configured.name,
        shape=configured.shape,
        entries=configured.entries,
        checked=configured.checked,
        verdict=verdict,
        max_relative_error=worst.max_relative_error,
        worst_at=at,
        worst=worst.worst,
        uncertainty=max(comparison.uncertainty for _, comparison in judged),
    )


def _size(error: float | None) -> float:
    return float("inf") if error is None else error
