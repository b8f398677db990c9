"""Suggestions: the known word that an unknown one was probably meant to be, the YAML that a text was."""

import difflib
import re
from collections.abc import Iterable

from gradcheck_rnn.config.places import SHOWN_VALUE, quote

LISTED = 8  # names in one help line: more are no help


def closest(word: str, candidates: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The candidate most like `word`, where case and dashes do not count; None where none is like it."""
    if len(word) > SHOWN_VALUE:
        return None
    plain = {_plain(candidate): candidate for candidate in candidates}
    swapped = [candidate for letters, candidate in plain.items() if sorted(letters) == sorted(_plain(word))]
    if swapped:
        return swapped[0]
    matches = difflib.get_close_matches(_plain(word), plain, n=1, cutoff=cutoff)
    return plain[matches[0]] if matches else None


def _plain(word: str) -> str:
    return word.lower().replace("-", "_")


def listed(words: Iterable[str]) -> str:
    """Quoted words with commas between them, the first few of many."""
    quoted = [quote(word) for word in words]
    return ", ".join(quoted[:LISTED]) + (", ..." if len(quoted) > LISTED else "")


def as_key_value(text: str) -> str:
    """What `key=value`, `key value` or `key:value` is in YAML."""
    key, *value = re.split(r"[\s:=]+", text.strip(), maxsplit=1)
    return f"{key}: {' '.join(value)}".rstrip()
