"""Named source texts: where a character stands, and how the user's text is shown safely."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gradcheck_rnn.errors import Location

SHOWN_LINE = 100  # characters of a source line in an excerpt: more would wrap in a terminal
SHOWN_VALUE = 60  # characters of the user's text in a message
SHOWN_PATH = 200  # characters of a folder's path, of which the end counts most

_LINE_BREAK = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True)
class Source:
    """A text to read: its name in messages, and the folder that its relative paths start from."""

    name: str
    text: str
    folder: Path

    @property
    def top(self) -> Location:
        """The place of what is missing as a whole."""
        return Location(self.name, 1, 1)

    def locate(self, start: int, end: int) -> Location:
        """Place of the characters from offset `start` up to `end`, or up to the end of their line."""
        row = bisect_right(self._lines, start, key=lambda line: line[0]) - 1
        first, last = self._lines[row]
        column = start - first
        cut = max(0, column - SHOWN_LINE // 2) if last - first > SHOWN_LINE else 0
        shown = _printable(self.text[first + cut : min(last, first + cut + SHOWN_LINE)])
        width = max(1, min(end - start, len(shown) - (column - cut)))
        return Location(self.name, row + 1, column + 1, shown, width, start=cut + 1)

    @cached_property
    def _lines(self) -> list[tuple[int, int]]:
        """Start and end of each line, its line break left out."""
        breaks = list(_LINE_BREAK.finditer(self.text))
        starts = [0, *(match.end() for match in breaks)]
        ends = [*(match.start() for match in breaks), len(self.text)]
        return list(zip(starts, ends, strict=True))


class Argument(Source):
    """The value of one override: it has no lines, so its name stands for every place in it."""

    @property
    def top(self) -> Location:
        """The argument itself."""
        return Location(self.name)

    def locate(self, start: int, end: int) -> Location:  # noqa: ARG002  an argument is one place
        """The argument itself."""
        return self.top


def _printable(text: str) -> str:
    """One terminal cell a character."""
    return "".join(character if character.isprintable() else " " for character in text)


def clip(text: str, *, limit: int = SHOWN_VALUE) -> str:
    """Make the user's text fit for a message: one line, at most `limit` characters, no control characters."""
    shown = "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text[: limit + 1]
    )
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def quote(text: str, *, limit: int = SHOWN_VALUE) -> str:
    """Quote the user's text in a message."""
    return f"`{clip(text, limit=limit)}`"
