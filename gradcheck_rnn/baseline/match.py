"""Findings against a baseline: those that it accepts, and entries for which there is no finding any more."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradcheck_rnn.baseline.entry import Baseline, Entry
from gradcheck_rnn.config.files import STANDARD_INPUT
from gradcheck_rnn.findings import Acceptance, Finding
from gradcheck_rnn.report.value import Report


@dataclass(frozen=True)
class Matched:
    """Reports whose accepted findings are marked, and the stale entries: of these reports, and of lost files."""

    reports: tuple[Report, ...]
    stale: tuple[Entry, ...]


def match(baseline: Baseline, reports: Sequence[Report], only: Sequence[str] = ()) -> Matched:
    """Mark what a baseline accepts.

    An entry is stale where its configuration was checked to the end without such a finding, or is no longer there.

    Args:
        baseline: what is accepted.
        reports: of the configurations that were checked; others of the baseline are left alone.
        only: the parameters that were asked for; of some parameters alone nothing is stale.
    """
    matched, stale = [], []
    for report in reports:
        entries = [each for each in baseline.entries if baseline.holds(each, report.settings.source)]
        findings = tuple(_accepted(finding, entries, only) for finding in report.findings)
        lost = [each for each in entries if not any(each.is_for(finding, only) for finding in findings)]
        if only or not _is_complete(report):
            lost = []
        notes = (*report.notes, *(_stale_note(entry) for entry in lost))
        matched.append(replace(report, findings=findings, notes=notes))
        stale += lost
    checked = [report.settings.source for report in reports]
    return Matched(tuple(matched), (*stale, *_orphans(baseline, checked)))


def _accepted(finding: Finding, entries: Sequence[Entry], only: Sequence[str]) -> Finding:
    entry = next((each for each in entries if each.is_for(finding, only)), None)
    return finding if entry is None else replace(finding, accepted=Acceptance(entry.reason, entry.location))


def _is_complete(report: Report) -> bool:
    """Whether all faults were looked for: what was not reached may still be there."""
    return report.outcome in ("pass", "fail") and not report.interrupted


def _orphans(baseline: Baseline, checked: Sequence[str]) -> list[Entry]:
    """Entries whose configuration is no longer there."""
    return [
        entry
        for entry in baseline.entries
        if entry.config != STANDARD_INPUT
        and not any(baseline.holds(entry, source) for source in checked)
        and not (baseline.file.parent / entry.config).exists()
    ]


def stale_message(entry: Entry) -> str:
    """Say that an entry is out of date, and where it stands."""
    return f"{entry.location}: the baseline accepts {entry.kind} {entry.term} in {entry.config}, which was not found"


def _stale_note(entry: Entry) -> Finding:
    return Finding(
        kind="stale-baseline",
        term=f"{entry.kind} {entry.term}",
        message=stale_message(entry),
        help="remove the entry, or let `--write-baseline` write the file anew",
        parameters=entry.parameters,
        location=entry.location,
    )
