"""Where the code of a function stands: by file, name and number, which it keeps while lines above it come and go."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import CodeType

from gradcheck_rnn.adapters.source import read_source

# texts whose code is kept
TEXTS = 16


def codes_in(file: str | Path) -> Mapping[str, Sequence[CodeType]]:
    """Compile a file's text; return the code of its functions by qualified name, each in the order of the text.

    Raises:
        OSError: the file cannot be read.
        SyntaxError: it is no Python.
        ValueError: it is no text.
    """
    return _codes(str(file), read_source(Path(file)).text)


@lru_cache(maxsize=TEXTS)
def _codes(file: str, text: str) -> dict[str, list[CodeType]]:
    found: dict[str, list[CodeType]] = {}
    for code in _within(compile(text, file, "exec", dont_inherit=True)):
        found.setdefault(code.co_qualname, []).append(code)
    return found


def number_of(code: CodeType, among: Sequence[CodeType]) -> int | None:
    """Which of these a code was compiled from; None if the text has changed since, or cannot tell two of them apart."""
    in_line = [place for place, each in enumerate(among) if each.co_firstlineno == code.co_firstlineno]
    if len(in_line) > 1:  # lambdas side by side
        in_line = [place for place in in_line if list(among[place].co_positions()) == list(code.co_positions())]
    return in_line[0] if len(in_line) == 1 else None


def names_in(code: CodeType) -> set[str]:
    """Every global name and attribute that a function mentions, and the functions within it."""
    return {*code.co_names}.union(*(each.co_names for each in _within(code)))


def _within(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _within(each)
