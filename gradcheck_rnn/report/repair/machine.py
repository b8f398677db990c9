"""A repair as JSON, schema version 1: strict JSON, no bare NaN, null where there is no number."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gradcheck_rnn.repair.patch import FileDiff
from gradcheck_rnn.repair.value import Patch, Searched
from gradcheck_rnn.report.machine import SCHEMA_VERSION, as_document, number
from gradcheck_rnn.report.repair.value import Repair


def to_json(repair: Repair, *, folder: Path, written: Sequence[str] = ()) -> str:
    """Render a repair; `written` are the files that the first patch was written into."""
    return json.dumps(repair_document(repair, folder=folder, written=written), indent=2, allow_nan=False)


def repair_document(repair: Repair, *, folder: Path, written: Sequence[str] = ()) -> dict[str, Any]:
    """Return a repair as plain dicts and lists of JSON's own types; files are named from `folder` on."""
    said = as_document(repair.report)
    searched = repair.searched or Searched()
    return {
        "schema_version": SCHEMA_VERSION,
        "verdict": said["verdict"],
        "config": said["config"],
        "seed": said["seed"],
        "patches": [_patch(patch, folder) for patch in searched.patches],
        "tried": searched.tried,
        "mended": dict(searched.mended),
        "seconds": searched.seconds,
        "stopped_by": searched.stopped_by or None,
        "reason": searched.reason or None,
        "written": list(written),
        "findings": said["findings"],
        "notes": said["notes"],
    }


def _patch(patch: Patch, folder: Path) -> dict[str, Any]:
    diffs = patch.diffs(folder)
    return {
        "diff": _text(diffs),
        "edits": len(patch.edits),
        "max_relative_error": number(patch.max_relative_error),
        "file": diffs[0].name,
        "cell": diffs[0].cell,
        "line": diffs[0].line,
        "kinds": list(patch.kinds),
        "parameters": [
            {"name": name, "before": number(before), "after": number(patch.after.get(name))}
            for name, before in patch.before.items()
        ],
        "verified_at": list(patch.points),
        "remains": patch.remains or None,
        "findings": [{"kind": finding.kind, "term": finding.term} for finding in patch.findings],
        "equivalent": [_text(each) for each in patch.equivalent_diffs(folder)],
    }


def _text(diffs: Sequence[FileDiff]) -> str:
    return "".join(diff.text for diff in diffs)
