"""Texts that stand in the place of files of the user's, while an edit of them is tried."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

_texts: dict[Path, str] = {}


@contextlib.contextmanager
def edited_texts(texts: Mapping[Path, str]) -> Iterator[None]:
    """Have these files read as these texts, as long as the context lasts."""
    before = dict(_texts)
    _texts.clear()
    _texts.update({file.resolve(): text for file, text in texts.items()})
    try:
        yield
    finally:
        _texts.clear()
        _texts.update(before)


def edited_text(file: Path) -> str | None:
    """The text that stands in a file's place, None if the file itself counts."""
    return _texts.get(file.resolve()) if _texts else None
