"""A notebook's JSON text, in which the code of a cell is changed and nothing else, not even how it is laid out."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from gradcheck_rnn.repair.edit import Change

_DECODER = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")
# one character of a string: an escape, two of which may be one character, or itself
_CHARACTER = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[^\\]", re.DOTALL)

Span = tuple[int, int]


@dataclass(frozen=True)
class CodeCell:
    """The code of a cell, and where the strings that it is written in stand in the notebook's text, with quotes."""

    source: str
    strings: tuple[Span, ...]
    span: Span
    is_list: bool


@dataclass(frozen=True)
class Notebook:
    """The JSON text of a notebook of version 4."""

    text: str

    @cached_property
    def code_cells(self) -> tuple[CodeCell, ...]:
        """The code cells that `adapters.source` reads, in their order."""
        (cells,) = [span for key, span in _members(self.text, _after_blanks(self.text, 0)) if key == "cells"][-1:]
        found = [dict(_members(self.text, start)) for start, _ in _items(self.text, cells[0])]
        code = [each for each in found if "cell_type" in each and self._value(each["cell_type"]) == "code"]
        return tuple(self._code_cell(each.get("source")) for each in code)

    def edited(self, changes: Mapping[int, Sequence[Change]]) -> str:
        """Return the text after changes of the code of some cells, by the cell's number."""
        pieces, at = [], 0
        for number in sorted(changes):
            for start, end, text in self._replacements(self.code_cells[number - 1], changes[number]):
                pieces += [self.text[at:start], text]
                at = end
        return "".join([*pieces, self.text[at:]])

    def _code_cell(self, span: Span | None) -> CodeCell:
        if span is None:
            return CodeCell("", (), (0, 0), is_list=False)
        is_list = self.text[span[0]] == "["
        strings = tuple(_items(self.text, span[0])) if is_list else (span,)
        return CodeCell("".join(map(self._value, strings)), strings, span, is_list)

    def _replacements(self, cell: CodeCell, changes: Sequence[Change]) -> Iterator[tuple[int, int, str]]:
        """Pieces of the JSON text to replace: the strings that changes meet, those of neighbouring ones together."""
        characters = [self._characters(span) for span in cell.strings]
        ends = [0]
        for each in characters:
            ends.append(ends[-1] + len(each))
        met: list[tuple[int, int, list[Change]]] = []
        for change in sorted(changes):
            first, last = _met(ends, change)
            if met and first <= met[-1][1]:
                met[-1] = met[-1][0], max(last, met[-1][1]), [*met[-1][2], change]
            else:
                met.append((first, last, [change]))
        for first, last, own in met:
            offset = ends[first]
            moved = [Change(each.start - offset, each.end - offset, each.text) for each in own]
            whole = [pair for each in characters[first : last + 1] for pair in each]
            yield cell.strings[first][0], cell.strings[last][1], self._written(cell, self._changed(whole, moved))

    def _changed(self, characters: list[Span], changes: Sequence[Change]) -> list[tuple[str, str]]:
        """Characters with how they are written, after changes."""
        written, at = [], 0
        given = [self.text[start:end] for start, end in characters]
        for change in changes:
            written += given[at : change.start] + [self._escaped(each) for each in change.text]
            at = change.end
        written += given[at:]
        return [(json.loads(f'"{each}"', strict=False), each) for each in written]

    def _written(self, cell: CodeCell, characters: Sequence[tuple[str, str]]) -> str:
        """Strings of these characters: one, or one a line, set apart as those of the cell are."""
        if not cell.is_list:
            return f'"{"".join(raw for _, raw in characters)}"'
        lines = [""]
        for character, raw in characters:
            lines[-1] += raw
            if character == "\n":
                lines.append("")
        return self._between(cell).join(
            f'"{line}"' for line in lines[: -1 if len(lines) > 1 and not lines[-1] else None]
        )

    def _between(self, cell: CodeCell) -> str:
        """What stands between two strings of a list."""
        if len(cell.strings) > 1:
            return self.text[cell.strings[0][1] : cell.strings[1][0]]
        return "," + (self.text[cell.span[0] + 1 : cell.strings[0][0]] or " ")

    def _characters(self, span: Span) -> list[Span]:
        """Where each character of a string stands."""
        start, end = span
        return [match.span() for match in _CHARACTER.finditer(self.text, start + 1, end - 1)]

    @cached_property
    def _is_ascii(self) -> bool:
        """Whether characters beyond ASCII are escaped."""
        return self.text.isascii() and "\\u" in self.text

    def _escaped(self, character: str) -> str:
        return json.dumps(character, ensure_ascii=self._is_ascii)[1:-1]

    def _value(self, span: Span) -> str:
        return str(_DECODER.raw_decode(self.text, span[0])[0])


def _met(ends: Sequence[int], change: Change) -> tuple[int, int]:
    """First and last string that a change meets; one between two strings meets the later one.

    Where it leaves nothing of them, a neighbour is met, too, so that no empty string is left in the list.
    """
    most = len(ends) - 2
    first = next((place for place in range(most + 1) if change.start < ends[place + 1]), most)
    last = next((place for place in range(first, most + 1) if change.end <= ends[place + 1]), most)
    if change == Change(ends[first], ends[last + 1], ""):
        return (first, last + 1) if last < most else (max(first - 1, 0), last)
    return first, last


def _members(text: str, at: int) -> Iterator[tuple[str, Span]]:
    """Keys of the object that begins at `at`, each with the span of its value."""
    at = _after_blanks(text, at + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _after_blanks(text, _after_blanks(text, at) + 1)  # behind the colon
        _, end = _DECODER.raw_decode(text, start)
        yield key, (start, end)
        at = _after_comma(text, end)


def _items(text: str, at: int) -> Iterator[Span]:
    """Spans of the items of the list that begins at `at`."""
    at = _after_blanks(text, at + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _after_comma(text, end)


def _after_comma(text: str, at: int) -> int:
    at = _after_blanks(text, at)
    return _after_blanks(text, at + 1) if text[at] == "," else at


def _after_blanks(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return at if match is None else match.end()
