"""A task and its arguments on their way to another machine, without what many tasks share."""

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from gradcheck_rnn.analytic.named_parts import Names, pickled, unpickled
from gradcheck_rnn.analytic.parcel import Task
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.numeric.carried.base import Base

# values of these kinds travel once, and not with each task that needs them: they hold all parameters
SHARED = (Point, Base)
NAME_SIZE = 16


@dataclass(frozen=True)
class Parcel:
    """A pickled task, and the names of the shared values that it is to be put together with."""

    pickled: bytes
    names: tuple[str, ...]


class Packer:
    """Packs tasks; `shared` collects the pickled values that they share, by their names."""

    def __init__(self) -> None:
        self.shared: dict[str, bytes] = {}
        self._names = Names()

    def packed(self, task: Callable[..., Any], arguments: tuple[object, ...]) -> Parcel:
        """Pickle a task with its arguments."""
        names = dict[str, None]()

        def name_of(value: object) -> str | None:
            if not isinstance(value, SHARED):
                return None
            names[name := self._names.of(value, self._shared)] = None
            return name

        content = pickled((task, arguments), name_of)  # which collects the names
        return Parcel(content, tuple(names))

    def _shared(self, value: object) -> str:
        content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
        name = blake2b(content, digest_size=NAME_SIZE).hexdigest()
        self.shared[name] = content
        return name


class Unpacker:
    """Puts tasks together again; those that follow each other see one and the same shared value."""

    def __init__(self) -> None:
        self._held: dict[str, object] = {}

    def unpacked(self, parcel: Parcel, shared: Mapping[str, bytes]) -> Task:
        """Return a task and its arguments; `shared` may lack what the last parcel had."""
        held = self._held  # of another thread, it may be replaced meanwhile
        self._held = values = {
            name: held[name] if name in held else pickle.loads(shared[name]) for name in parcel.names
        }
        task: Task = unpickled(parcel.pickled, values.__getitem__)
        return task
