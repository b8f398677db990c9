"""A baseline brought up to date with reports, and its text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradcheck_rnn.baseline.entry import OPEN_REASON, Baseline, Entry
from gradcheck_rnn.baseline.match import match
from gradcheck_rnn.baseline.read import read_entries
from gradcheck_rnn.config.places import Source, clip
from gradcheck_rnn.config.scalars import written
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.value import Report

HEADER = """\
# Faults that `gradcheck-rnn check --baseline` accepts: whatever is not here fails, also the same fault with other
# parameters or another amount. Every entry needs a reason. Brought up to date by `--write-baseline`.
version: 1
"""
# longest comment
COMMENT = 116


@dataclass(frozen=True)
class Update:
    """A baseline as it will be, each new entry with what its finding says; and findings that only a person may add."""

    baseline: Baseline
    messages: tuple[str, ...]
    left_out: tuple[Finding, ...]


def updated(baseline: Baseline, reports: Sequence[Report]) -> Update:
    """Add the faults of reports that are proven, keep the entries that still hold with their reasons, drop the stale.

    What no known fault explains, and what is wrong about the user's code, is left out: that takes an entry by hand.
    """
    matched = match(baseline, reports)
    found = [(report, finding) for report in matched.reports for finding in report.findings if not finding.accepted]
    new = {_entry(baseline, report, each): each.message for report, each in found if _is_proven(each)}
    kept = [(entry, _message(baseline, entry, reports)) for entry in baseline.entries if entry not in matched.stale]
    both = sorted([*kept, *new.items()], key=lambda pair: (pair[0].config, pair[0].kind, pair[0].term))
    return Update(
        Baseline(baseline.file, tuple(entry for entry, _ in both)),
        tuple(message for _, message in both),
        tuple(finding for _, finding in found if not _is_proven(finding)),
    )


def _is_proven(finding: Finding) -> bool:
    return finding.certainty == "matched" and "residual" in finding.evidence


def _entry(baseline: Baseline, report: Report, finding: Finding) -> Entry:
    damage, amount = finding.evidence.get("damage"), finding.evidence.get("amount")
    return Entry(
        config=baseline.name_of(report.settings.source),
        kind=finding.kind,
        term=finding.term,
        parameters=finding.parameters,
        reason=OPEN_REASON,
        damage=None if damage is None else str(damage),
        amount=amount if isinstance(amount, float) else None,
    )


def _message(baseline: Baseline, entry: Entry, reports: Sequence[Report]) -> str:
    """What the finding of an entry says; empty where its configuration was not checked."""
    findings = (each for report in reports if baseline.holds(entry, report.settings.source) for each in report.findings)
    return next((finding.message for finding in findings if entry.is_for(finding)), "")


def as_written(update: Update) -> Baseline:
    """The baseline as its text says it, with the place of each entry."""
    file = update.baseline.file
    return read_entries(file, Source(str(file), baseline_text(update), file.parent), may_be_open=True)


def baseline_text(update: Update) -> str:
    """YAML text that `read_baseline` reads back as the same entries, amounts to six digits."""
    entries = zip(update.baseline.entries, update.messages, strict=True)
    lines = [line for entry, message in entries for line in _lines(entry, message)]
    return HEADER + ("accepted:\n" + "\n".join(lines) + "\n" if lines else "accepted: []\n")


def _lines(entry: Entry, message: str) -> Iterator[str]:
    if message:
        yield f"  # {clip(message, limit=COMMENT)}"
    yield f"  - config: {written(entry.config)}"
    yield f"    kind: {entry.kind}"
    yield f"    term: {written(entry.term)}"
    yield f"    parameters: [{', '.join(map(written, entry.parameters))}]"
    if entry.damage is not None:
        yield f"    damage: {written(entry.damage)}"
    if entry.amount is not None:
        yield f"    amount: {entry.amount:.6g}"
    yield f"    reason: {written(entry.reason)}"
