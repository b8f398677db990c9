"""Edits as diffs of the files that they change, a notebook's cell by cell."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.original import Original, Part
from gradcheck_rnn.repair.unified import Delta, deltas, unified_diff


@dataclass(frozen=True)
class FileDiff:
    """What edits change in a script, or in one cell of a notebook.

    `name` is that of the file, relative to the working directory where it lies in it; `text` is a unified diff, whose
    lines count from the beginning of the script or of the cell.
    """

    name: str
    cell: int | None
    text: str
    deltas: tuple[Delta, ...]

    @property
    def line(self) -> int:
        """The first line that differs."""
        return self.deltas[0].line

    @property
    def place(self) -> str:
        """Where that is, as one would look for it."""
        return self.place_of(self.deltas[0])

    def place_of(self, delta: Delta) -> str:
        """Where one of its pieces is."""
        return f"{self.name}:{delta.line}" if self.cell is None else f"{self.name} cell {self.cell}:{delta.line}"

    @property
    def is_applicable(self) -> bool:
        """Whether other programs can apply it: they know no cells, and refuse files outside the working directory."""
        return self.cell is None and not Path(self.name).is_absolute()


@dataclass(frozen=True)
class Correction:
    """What edits change in a file as it lies on the disk: of a notebook, lines of its JSON text."""

    name: str
    deltas: tuple[Delta, ...]

    @property
    def line(self) -> int:
        """The first line that differs, or the one that something is put in after."""
        first = self.deltas[0]
        return first.line if first.before else max(1, first.line - 1)


def corrections(edits: Iterable[Edit], originals: Sequence[Original], folder: Path) -> list[Correction]:
    """Show edits as lines of the files that they change; the arguments are those of `file_diffs`."""
    edits = list(edits)
    changed = {edit.file for edit in edits}
    return [
        Correction(_name(each.file, folder), tuple(deltas(each.content.decode(), each.edited_content(edits).decode())))
        for each in originals
        if each.file in changed
    ]


def file_diffs(edits: Iterable[Edit], originals: Sequence[Original], folder: Path) -> list[FileDiff]:
    """Show edits as diffs.

    Args:
        edits: of the texts of these files.
        originals: the files, as they were read.
        folder: the working directory, which names are relative to.
    """
    edits = list(edits)
    return [
        _file_diff(original, part, text, folder)
        for original in originals
        for part, text in original.edited_parts(edits)
    ]


def _file_diff(original: Original, part: Part, text: str, folder: Path) -> FileDiff:
    name = _name(original.file, folder)
    full = name if part.cell is None else f"{name} cell {part.cell}"
    names = (full, full) if Path(name).is_absolute() else (f"a/{full}", f"b/{full}")
    mark = original.byte_order_mark if part.cell is None else ""
    diff = unified_diff(mark + part.text, mark + text, names=names)
    return FileDiff(name, part.cell, diff, tuple(deltas(part.text, text)))


def _name(file: Path, folder: Path) -> str:
    """The file that is meant, links followed: programs that apply diffs do not follow them."""
    real, root = file.resolve(), folder.resolve()
    return real.relative_to(root).as_posix() if real.is_relative_to(root) else str(real)
