"""The sample net with one page's fault in it."""

import textwrap
from pathlib import Path

from gradcheck_rnn.explain.page import read_page

SAMPLE_FOLDER = Path(__file__).with_name("sample")


def broken_sample(kind: str) -> str:
    """Source of the sample file that a page speaks of, with the page's fault put in.

    Raises:
        ValueError: the page's fixed passage does not stand in the sample exactly once.
    """
    page = read_page(kind)
    source = (SAMPLE_FOLDER / page.sample).read_text(encoding="utf-8")
    return _replaced(source, page.fixed, page.broken)


def _replaced(source: str, passage: str, by: str) -> str:
    """Put whole lines in the place of others; both are written without the indentation that they have in the source."""
    lines = f"\n{source}"  # every line begins after a line break, the first one too
    found = [indent for indent in _indents(source) if lines.count("\n" + textwrap.indent(passage, indent)) == 1]
    if len(found) != 1:
        raise ValueError(f"the sample does not hold this passage exactly once:\n{passage}")
    old, new = (textwrap.indent(text, found[0]) for text in (passage, by))
    return lines.replace(f"\n{old}", f"\n{new}").removeprefix("\n")


def _indents(source: str) -> set[str]:
    return {line[: len(line) - len(line.lstrip())] for line in source.splitlines()}
