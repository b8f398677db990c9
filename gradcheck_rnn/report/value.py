"""What a check found, as one plain value that renderers turn into text or JSON."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gradcheck_rnn.compare import Comparison, Screening, Verdict, Worst
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.power import Power
from gradcheck_rnn.findings import Finding

if TYPE_CHECKING:
    from gradcheck_rnn.report.repair.value import FoundEdits
    from gradcheck_rnn.report.study import Study

PointName = Literal["configured", "probe"]
Outcome = Literal["pass", "fail", "inconclusive", "error"]
# what calls of user code leave behind
LEFT_BEHIND = ("mutated-argument", "accumulating-gradients", "state-leak")


@dataclass(frozen=True)
class PointReport:
    """One point: its sequence length, which loss was differenced there, and each parameter judged."""

    name: PointName
    length: int
    loss: Literal["user", "described"]
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True)
class Row:
    """One parameter with both points folded in; `worst_at` is the point that `worst` belongs to.

    `screening` is None where every point was looked at entry by entry.
    """

    name: str
    shape: tuple[int, ...]
    entries: int
    checked: int
    verdict: Verdict
    max_relative_error: float | None
    worst_at: PointName
    worst: Worst | None
    uncertainty: float
    screening: Screening | None = None


@dataclass(frozen=True)
class Report:
    """Everything that a check has to say.

    `points` are empty where user code gave nothing to judge; `roles` gives the described name of each parameter that
    has one; `printed` is what user code printed; `chain` is there where a gradient
    is wrong and its chain can be mapped; `power` of a pass whose loss the described net describes.
    What is there of an `interrupted` check is no pass. `in_python` says that what was checked is Python of the user's,
    which edits could mend; `described` that the settings' model is what was checked, or meant to be: functions alone
    have no sizes and no steps. `study` is there where pictures were asked for, `patch` where one was searched and
    found: findings then stand on the lines that it changes.

    `str(report)` is the text that `gradcheck-rnn check` prints, and a notebook shows a report as a table.
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
    interrupted: bool = False
    in_python: bool = False
    described: bool = True
    study: "Study | None" = None
    patch: "FoundEdits | None" = None

    def __str__(self) -> str:
        from gradcheck_rnn.report.text import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from gradcheck_rnn.report.notebook import as_html

        return as_html(self)

    @property
    def loss(self) -> Literal["user", "described"]:
        """Return the loss that was differenced: the user's wherever it was needed."""
        own = not self.described or any(point.loss == "user" for point in self.points)
        return "user" if own else "described"

    def with_paths_from(self, folder: Path) -> "Report":
        """Name files below `folder` relative to it."""
        return replace(
            self,
            findings=tuple(_with_path_from(folder, finding) for finding in self.findings),
            notes=tuple(_with_path_from(folder, note) for note in self.notes),
        )

    @property
    def may_be_repaired(self) -> bool:
        """Whether an edit of the backward pass could mend what was found: it is wrong, or leaves something behind."""
        if self.interrupted or not self.in_python:
            return False
        return self.outcome == "fail" or any(
            each.kind in LEFT_BEHIND and "loss" not in (each.term, each.evidence.get("function"))
            for each in self.findings
        )

    @property
    def is_only_clipped(self) -> bool:
        """Whether nothing is found but bounds on what is returned, which are no faults where they are not reached."""
        returned = {"all", *self.roles.values(), *(row.name for row in self.rows)}
        bounds = [each.kind == "clipped-gradient" and each.term in returned for each in self.findings]
        return bool(bounds) and all(bounds)

    @property
    def wants_repair(self) -> bool:
        """Whether to search a patch, or write the one that was found, is what to do next."""
        return self.may_be_repaired and (self.patch is not None or not self.is_only_clipped)

    @property
    def is_accepted(self) -> bool:
        """Whether a baseline lets through all that is wrong: each finding, and each parameter by a proven one."""
        proven = [each for each in self.findings if each.accepted and each.certainty == "matched"]
        covered = {name for finding in proven for name in finding.parameters}
        wrong = {row.name for row in self.rows if row.verdict == "fail"}
        is_known = all(finding.accepted for finding in self.findings)
        return self.outcome == "fail" and not self.interrupted and is_known and wrong <= covered

    @property
    def outcome_but_accepted(self) -> Outcome:
        """The outcome without what a baseline lets through: what could not be told is still open."""
        if not self.is_accepted:
            return self.outcome
        return "inconclusive" if any(row.verdict == "inconclusive" for row in self.rows) else "pass"

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
        screening=worst.screening or configured.screening,
    )


def _size(error: float | None) -> float:
    return float("inf") if error is None else error
