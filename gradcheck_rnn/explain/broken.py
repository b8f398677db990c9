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
    found = [indent for indent in _indents(source) if f"\n{source}".count("\n" + textwrap.indent(passage, indent)) == 1]
    if len(found) != 1:
        raise ValueError(f"the sample does not hold this passage exactly once:\n{passage}")
    return f"\n{source}".replace("\n" + textwrap.indent(passage, found[0]), "\n" + textwrap.indent(by, found[0]))[1:]


def _indents(source: str) -> set[str]:
    return {line[: len(line) - len(line.lstrip())] for line in source.splitlines()}
