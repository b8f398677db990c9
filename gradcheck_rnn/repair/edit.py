"""Edits of a source text as data: what stands between two places is replaced."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, order=True)
class Change:
    """What stands from `start` up to `end`, in characters of the file's text, becomes `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Edit:
    """One slip undone: the changes that it takes, mostly one, in one file.

    `kind` names the operator that made it. `cost` says how far it is from a slip of the keyboard or of the pen: those
    of less cost are tried and shown first.
    """

    file: Path
    changes: tuple[Change, ...]
    kind: str
    cost: float = field(compare=False)


class OverlappingEditsError(ValueError):
    """Two edits change the same place."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits, all given by their places in `text`.

    Raises:
        OverlappingEditsError: two of them change the same place.
    """
    changes = sorted(change for edit in edits for change in edit.changes)
    pieces, at = [], 0
    for change in changes:
        if change.start < at:
            raise OverlappingEditsError(f"two changes meet at {change.start}")
        pieces += [text[at : change.start], change.text]
        at = change.end
    return "".join([*pieces, text[at:]])
