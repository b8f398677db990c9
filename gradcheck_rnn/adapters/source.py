"""The Python text of a script or of a notebook."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn.adapters.edited import edited_text

NOTEBOOK = ".ipynb"
# a line with its end, as Python reads it: a form feed ends none
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")


@dataclass(frozen=True)
class Source:
    """Python text; of a notebook, the cells one below the other, `starts` their first lines by the cell's number."""

    text: str
    starts: tuple[tuple[int, int], ...] = ()

    def place(self, line: int) -> str:
        """Where a line of the text stands, as one would look for it: `line 7`, `cell 2, line 3`."""
        started = [(cell, first) for cell, first in self.starts if first <= line]
        return f"cell {started[-1][0]}, line {line - started[-1][1] + 1}" if started else f"line {line}"


def read_source(file: Path) -> Source:
    """Read a script, or a notebook without its magics and shell lines.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no text, or a notebook's file that is none; UnicodeDecodeError and JSONDecodeError are such.
    """
    edited = edited_text(file)
    if edited is not None:
        return Source(edited)
    return source_in(file.read_bytes(), is_notebook=file.suffix == NOTEBOOK)


def source_in(content: bytes, *, is_notebook: bool) -> Source:
    """Read what a script holds, or a notebook without its magics and shell lines.

    Raises:
        ValueError: it is no text, or no notebook.
    """
    text = content.decode("utf-8-sig")
    if not is_notebook:
        return Source("".join(_with_plain_end(line) for line in lines_of(text)))
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []
    line = 1
    for number, cell in enumerate(code_cells(json.loads(text)), start=1):
        starts.append((number, line))
        pieces.append(_without_magics(cell))
        line += len(lines_of(cell)) or 1
    return Source("\n".join(pieces), tuple(starts))


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends, whatever these are."""
    return _LINE.findall(text)


def code_cells(notebook: object) -> list[str]:
    """The code of each code cell, whose source is a text or a list of lines."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError("the file is no notebook of version 4: it has no list of cells")
    return ["".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code"]


def _without_magics(cell: str) -> str:
    """A notebook's cell with empty lines for those that are no Python; all of them, for a cell in another language."""
    other = cell.lstrip().startswith("%%")
    lines = [line.rstrip("\r\n") for line in lines_of(cell)]
    return "\n".join("" if other or line.lstrip().startswith(("%", "!", "?")) else line for line in lines)


def _with_plain_end(line: str) -> str:
    return line.rstrip("\r\n") + "\n" if line.endswith(("\r", "\n")) else line
