"""What a file of the user's held when it was read, and where edits of its text fall in it."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from gradcheck_rnn.adapters.source import NOTEBOOK, Source, lines_of, source_in
from gradcheck_rnn.repair.edit import Change, Edit, edited
from gradcheck_rnn.repair.notebook import Notebook

BOM = "\ufeff"


@dataclass(frozen=True)
class Part:
    """A script's text, or that of one code cell, with the line ends that it has in the file.

    `cell` counts a notebook's code cells from 1, and is None for a script; `first` is the line of the file's source
    text that the part begins at.
    """

    text: str
    first: int = 1
    cell: int | None = None

    def placed(self, change: Change, source: str) -> Change:
        """Turn a change of the source text into one of this part, with line ends like those around it."""
        line, column = _place(source, change.start)
        text = change.text.replace("\n", self._line_end(line))
        return Change(self._offset(line, column), self._offset(*_place(source, change.end)), text)

    @cached_property
    def _lines(self) -> list[str]:
        return lines_of(self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate(map(len, self._lines), initial=0))

    def _offset(self, line: int, column: int) -> int:
        """Offset of a place of the source text; the beginning of the line below the part is its end."""
        return self._starts[line - self.first] + column

    def _line_end(self, line: int) -> str:
        """The end of a line, or of the one before where it has none, being the last."""
        for each in reversed(self._lines[: line - self.first + 1]):
            if end := each[len(each.rstrip("\r\n")) :]:
                return end
        return "\n"


@dataclass(frozen=True)
class Original:
    """A file as it was read: `file` is the name that edits give it, `content` every byte of it."""

    file: Path
    content: bytes

    @classmethod
    def read(cls, file: Path) -> "Original":
        """Read a file.

        Raises:
            OSError: it cannot be read.
        """
        return cls(file, file.read_bytes())

    @property
    def is_notebook(self) -> bool:
        """Whether its text is that of its cells."""
        return self.file.suffix == NOTEBOOK

    @cached_property
    def source(self) -> Source:
        """The text that edits refer to.

        Raises:
            ValueError: it is no text, or no notebook.
        """
        return source_in(self.content, is_notebook=self.is_notebook)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """A script whole, or a notebook's code cells, in their order."""
        if not self.is_notebook:
            return (Part(self._text),)
        starts = dict(self.source.starts)
        return tuple(
            Part(cell.source, starts[number], number) for number, cell in enumerate(self._notebook.code_cells, 1)
        )

    def edited_parts(self, edits: Iterable[Edit]) -> list[tuple[Part, str]]:
        """Return the parts that edits change, each with its text after them."""
        return [
            (part, edited(part.text, [Edit(self.file, tuple(changes), "", 0.0)]))
            for part, changes in self._changes(edits).items()
        ]

    def edited_content(self, edits: Iterable[Edit]) -> bytes:
        """Return what the file holds after edits; what they do not touch stays as it is, byte by byte."""
        changes = self._changes(edits)
        if self.is_notebook:
            text = self._notebook.edited({part.cell: each for part, each in changes.items() if part.cell is not None})
        else:
            text = edited(self._text, [Edit(self.file, tuple(each), "", 0.0) for each in changes.values()])
        return (self.byte_order_mark + text).encode()

    @property
    def byte_order_mark(self) -> str:
        """What some editors begin a file with, and Python does not take for text; empty if it is not there."""
        return BOM if self.content.startswith(BOM.encode()) else ""

    @property
    def _text(self) -> str:
        return self.content.decode("utf-8-sig")

    @cached_property
    def _notebook(self) -> Notebook:
        return Notebook(self._text)

    def _changes(self, edits: Iterable[Edit]) -> Mapping[Part, list[Change]]:
        """Changes of each part that has any, in the order of the parts."""
        source, firsts = self.source.text, [part.first for part in self.parts]
        found: dict[Part, list[Change]] = {}
        for change in sorted(each for edit in edits if edit.file == self.file for each in edit.changes):
            line, _ = _place(source, change.start)
            part = self.parts[bisect_right(firsts, line) - 1]
            found.setdefault(part, []).append(part.placed(change, source))
        return found


def edited_sources(edits: Iterable[Edit], originals: Iterable[Original]) -> dict[Path, str]:
    """Return the texts of the files that edits change, after them."""
    edits, texts = list(edits), {each.file: each.source.text for each in originals}
    files = dict.fromkeys(edit.file for edit in edits)
    return {file: edited(texts[file], [each for each in edits if each.file == file]) for file in files}


def _place(text: str, offset: int) -> tuple[int, int]:
    """Line, from 1, and column, from 0, of an offset."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)
