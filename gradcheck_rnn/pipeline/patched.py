"""A finished check with a patch of what is wrong, so that its findings stand on the lines of the user's that are."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.pipeline.check import run_check, silent
from gradcheck_rnn.pipeline.fix import repair_of
from gradcheck_rnn.pipeline.measurement import Progress
from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.original import edited_sources
from gradcheck_rnn.repair.patch import FileDiff, corrections, file_diffs
from gradcheck_rnn.repair.seconds import BESIDE
from gradcheck_rnn.repair.value import Patch
from gradcheck_rnn.report.repair.value import FoundEdits
from gradcheck_rnn.report.value import Report

# seconds that the search for a patch may take here; a check that took longer itself gets none for its lines alone
PATCH_TIME = BESIDE


def patched(report: Report, folder: Path, *, workers: int | None = None, progress: Progress = silent) -> Report:
    """Search a patch of what was found; the findings that it mends then have its lines, unless they had a place.

    Args:
        report: of the check.
        folder: which files are named from.
        workers: processes that try edits, None for as many as there are cores; 0 runs user code in this one.
        progress: told what is going on, and how far it is.
    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    try:
        repair = repair_of(report, workers=workers, time_limit=PATCH_TIME, progress=progress)
    except UserCodeError:  # the verdict stands; `fix` tells what happened
        return report
    if repair.interrupted:
        raise KeyboardInterrupt
    if repair.searched is None or repair.patch is None:
        return report
    patch = repair.patch
    place = _placing(patch, report, folder, workers)
    changes = tuple(corrections(patch.edits, patch.originals, folder))
    return replace(
        report,
        findings=tuple(place(finding) if _is_mended(finding, patch) else finding for finding in report.findings),
        patch=FoundEdits(tuple(patch.diffs(folder)), repair.searched.tried, patch.remains, changes),
    )


def _is_mended(finding: Finding, patch: Patch) -> bool:
    return finding in patch.findings or finding.kind == "unexplained"


def _placing(patch: Patch, report: Report, folder: Path, workers: int | None) -> Callable[[Finding], Finding]:
    """Return what puts a finding on the line of the edit that mends it: of several, the one without which it stays."""
    without = [
        run_check(report.settings, workers=workers, texts=edited_sources(others, patch.originals))
        for edit in patch.edits
        if (others := [each for each in patch.edits if each is not edit])
    ]
    if any(each.interrupted for each in without):
        raise KeyboardInterrupt

    def place(finding: Finding) -> Finding:
        kept = [_likeness(finding, each) for each in without]
        edit = patch.edits[kept.index(max(kept)) if kept else 0]
        diffs = file_diffs([edit], patch.originals, folder)
        where = finding.location or _location(edit, diffs[0], patch, folder)
        return replace(finding, location=where, correction="\n".join(_marked(diffs)))

    return place


def _likeness(finding: Finding, report: Report) -> tuple[bool, float]:
    """Whether a report has a finding, and which share of the parameters that one of them concerns both do."""
    concerned, wrong = {*finding.parameters}, {row.name for row in report.rows if row.verdict == "fail"}
    has_it = any((each.kind, each.term) == (finding.kind, finding.term) for each in report.findings)
    return has_it, len(concerned & wrong) / max(1, len(concerned | wrong))


def _location(edit: Edit, diff: FileDiff, patch: Patch, folder: Path) -> Location:
    """Where an edit begins in the file; where it only puts something in, the line that this goes after."""
    (change,) = corrections([edit], patch.originals, folder)
    before = diff.deltas[0].before
    return Location(change.name, change.line, text=before[0].rstrip("\r\n") if before else "")


def _marked(diffs: Sequence[FileDiff]) -> Iterator[str]:
    """Lines that go and lines that come, without the indentation that all of them have, below their places."""
    found = [(diff, delta) for diff in diffs for delta in diff.deltas]
    lines = [line.rstrip("\r\n") for _, delta in found for line in (*delta.before, *delta.after)]
    shown = iter(textwrap.dedent("\n".join(lines)).split("\n"))
    for diff, delta in found:
        yield f"@@ {diff.place_of(delta)} @@"
        yield from (f"- {next(shown)}" for _ in delta.before)
        yield from (f"+ {next(shown)}" for _ in delta.after)
