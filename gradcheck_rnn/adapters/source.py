"""The Python text of a script or of a notebook."""

import json
from dataclasses import dataclass
from pathlib import Path


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
    text = file.read_text(encoding="utf-8-sig")
    if file.suffix != ".ipynb":
        return Source(text)
    pieces: list[str] = []
    starts: list[tuple[int, int]] = []
    line = 1
    for number, cell in enumerate(_code_cells(json.loads(text)), start=1):
        starts.append((number, line))
        pieces.append(_without_magics(cell))
        line += len(cell.splitlines()) or 1
    return Source("\n".join(pieces), tuple(starts))


def _code_cells(notebook: object) -> list[str]:
    """The code of each code cell, whose source is a text or a list of lines."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError("the file is no notebook of version 4: it has no list of cells")
    return ["".join(cell.get("source", "")) for cell in cells if cell.get("cell_type") == "code"]


def _without_magics(cell: str) -> str:
    """A notebook's cell with empty lines for those that are no Python; all of them, for a cell in another language."""
    other = cell.lstrip().startswith("%%")
    return "\n".join("" if other or line.lstrip().startswith(("%", "!", "?")) else line for line in cell.splitlines())
