"""A page as plain text, for a terminal."""

from collections.abc import Iterator
from dataclasses import dataclass

from gradcheck_rnn.explain.page import Page

CODE_INDENT = 4


@dataclass(frozen=True)
class Line:
    """A line of text, which may be a heading."""

    text: str
    heading: bool = False


def plain_lines(page: Page) -> Iterator[Line]:
    """The page's lines: headings without their marks, code indented in place of its fences."""
    in_code = False
    for line in page.text.splitlines():
        if line.startswith("```"):
            in_code = not in_code
        elif in_code:
            yield Line(" " * CODE_INDENT + line if line else "")
        elif line.startswith("#"):
            yield Line(line.lstrip("# "), heading=True)
        else:
            yield Line(line)
