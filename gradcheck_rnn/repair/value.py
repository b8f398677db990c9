"""What a search for repairs found, as plain values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from gradcheck_rnn.findings import Finding
from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.original import Original
from gradcheck_rnn.repair.patch import FileDiff, file_diffs

# what ended a search before every edit was tried; empty if nothing did
Stop = Literal["", "time-limit", "interrupted"]
# largest relative error by parameter; None where it is no number
Errors = Mapping[str, float | None]


@dataclass(frozen=True)
class Patch:
    """Edits after which every parameter passes.

    `originals` are the files that `edits` and `equivalent` refer to, as they were when they were read. `before` and
    `after` are the errors that a check told without and with the edits; `points` are other points where they were
    verified, in words. `equivalent` are other edits that give the same gradients, the best worded first. `findings`
    are those of the check that have a name: with the edits it has none of them. `remains` says why the check that was
    asked for does not pass all the same, empty if it does.
    """

    edits: tuple[Edit, ...]
    originals: tuple[Original, ...]
    before: Errors
    after: Errors
    points: tuple[str, ...]
    equivalent: tuple[tuple[Edit, ...], ...] = ()
    findings: tuple[Finding, ...] = ()
    remains: str = ""

    def diffs(self, folder: Path) -> list[FileDiff]:
        """Return what it changes, in files named from a folder on."""
        return file_diffs(self.edits, self.originals, folder)

    def equivalent_diffs(self, folder: Path) -> list[list[FileDiff]]:
        """Return what each of the other edits changes."""
        return [file_diffs(edits, self.originals, folder) for edits in self.equivalent]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What its edits do, each said once."""
        return tuple(dict.fromkeys(edit.kind for edit in self.edits))

    @property
    def max_relative_error(self) -> float | None:
        """The largest error that is left."""
        left = [each for each in self.after.values() if each is not None and math.isfinite(each)]
        return max(left, default=None) if len(left) == len(self.after) else None


@dataclass(frozen=True)
class Searched:
    """What a search came to: patches, the simplest first, after `tried` edits and sets of edits in `seconds`.

    `mended` counts, for a parameter, the edits after which it passed, whatever the others did. `reason` says why there
    was nothing to search. The check before it took `checked_in` seconds.
    """

    patches: tuple[Patch, ...] = ()
    tried: int = 0
    mended: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    stopped_by: Stop = ""
    reason: str = ""
    checked_in: float = 0.0
