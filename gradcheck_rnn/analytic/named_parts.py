"""Pickles in which names stand for parts that many values share: those parts travel once, by another way."""

import io
import pickle
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Names:
    """Names of objects; the objects live as long as these do, so that no other has their id."""

    def __init__(self) -> None:
        self._named: dict[int, tuple[object, str]] = {}

    def of(self, part: T, give: Callable[[T], str]) -> str:
        """Return the name of an object, given at the first time of asking."""
        if id(part) not in self._named:
            self._named[id(part)] = part, give(part)
        return self._named[id(part)][1]


def pickled(value: object, name_of: Callable[[object], str | None]) -> bytes:
    """Pickle a value; of each part of it that has a name, the name alone is written."""
    written = io.BytesIO()
    _Pickler(written, name_of).dump(value)
    return written.getvalue()


def unpickled(content: bytes, part_of: Callable[[str], object]) -> Any:
    """Read a value, the parts of it that have names from `part_of`."""
    return _Unpickler(content, part_of).load()


class _Pickler(pickle.Pickler):
    def __init__(self, written: io.BytesIO, name_of: Callable[[object], str | None]) -> None:
        super().__init__(written, pickle.HIGHEST_PROTOCOL)
        self.name_of = name_of

    def persistent_id(self, value: object) -> str | None:
        return self.name_of(value)


class _Unpickler(pickle.Unpickler):
    def __init__(self, content: bytes, part_of: Callable[[str], object]) -> None:
        super().__init__(io.BytesIO(content))
        self.part_of = part_of

    def persistent_load(self, name: str) -> object:
        return self.part_of(name)
