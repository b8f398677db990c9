"""A check and the search for a repair that followed it, as one plain value; and what other reports tell of a patch."""

from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck_rnn.repair.patch import Correction, FileDiff
from gradcheck_rnn.repair.value import Patch, Searched
from gradcheck_rnn.report.value import Report


@dataclass(frozen=True)
class FoundEdits:
    """Edits of the user's own source after which every parameter passes, out of `tried` ones."""

    diffs: tuple[FileDiff, ...]
    tried: int
    remains: str
    corrections: tuple[Correction, ...] = ()


@dataclass(frozen=True)
class Repair:
    """The report of a check, and what was `searched` where a gradient is wrong.

    There was no search where none is, where there is no verdict, or where the check was interrupted. `str(repair)` is
    the text that `gradcheck-rnn fix` prints, up to the command that applies the patch.
    """

    report: Report
    searched: Searched | None = None

    def __str__(self) -> str:
        from gradcheck_rnn.report.repair.text import as_text

        return as_text(self, folder=Path.cwd())

    @property
    def patches(self) -> tuple[Patch, ...]:
        """What was found, simplest first."""
        return self.searched.patches if self.searched is not None else ()

    @property
    def patch(self) -> Patch | None:
        """The simplest patch, None if there is none."""
        return self.patches[0] if self.patches else None

    @property
    def interrupted(self) -> bool:
        """Whether the user stopped it."""
        return self.report.interrupted or (self.searched is not None and self.searched.stopped_by == "interrupted")

    def with_paths_from(self, folder: Path) -> "Repair":
        """Name files below `folder` relative to it."""
        return replace(self, report=self.report.with_paths_from(folder))
