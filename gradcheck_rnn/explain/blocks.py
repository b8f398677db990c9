"""A page as blocks: headings, paragraphs and code, for renderers that lay text out themselves."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gradcheck_rnn.explain.page import Page

_FENCED = re.compile(r"^```\w+\n.*?^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Span:
    """A piece of a paragraph, which may be code."""

    text: str
    code: bool = False


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph, or lines of code."""

    kind: Literal["heading", "paragraph", "code"]
    text: str


def spans(text: str) -> list[Span]:
    """Prose, with what stands between backticks apart."""
    pieces = _INLINE.split(text)
    return [Span(piece, code=place % 2 == 1) for place, piece in enumerate(pieces) if piece]


def blocks(page: Page) -> Iterator[Block]:
    """The page's blocks in order, without its title, which says its kind and its summary."""
    start = page.text.index("\n")
    for fenced in _FENCED.finditer(page.text):
        yield from _prose(page.text[start : fenced.start()])
        yield Block("code", "\n".join(fenced[0].splitlines()[1:-1]))
        start = fenced.end()
    yield from _prose(page.text[start:])


def _prose(text: str) -> Iterator[Block]:
    for part in re.split(r"\n{2,}", text.strip("\n")):
        if part.startswith("#"):
            yield Block("heading", part.lstrip("# "))
        elif part.startswith("    "):
            yield Block("code", textwrap.dedent(part))
        elif part:
            yield Block("paragraph", " ".join(part.split()))
