"""Tasks on their way to a worker: a point that many tasks share travels once, through a file."""

import contextlib
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gradcheck_rnn.analytic.named_parts import Names, pickled, unpickled
from gradcheck_rnn.analytic.point import Point

# what runs, and what it is given after the session
Task = tuple[Callable[..., Any], tuple[object, ...]]


class SharedPoints:
    """Points that were put into files of a folder, where every worker finds them.

    No two in one folder may have the same number: a worker knows the last point that it has read by its file's name.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number = folder, number
        self._files: list[Path] = []
        self._names = Names()

    def name_of(self, value: object) -> str | None:
        """Return the file that holds a point, written at the first time of asking; None for all else."""
        return self._names.of(value, self._written) if isinstance(value, Point) else None

    def remove(self) -> None:
        """Remove the files."""
        for file in self._files:
            file.unlink(missing_ok=True)  # the folder may be gone

    def _written(self, point: Point) -> str:
        file = self.folder / f"points-{self.number}-{len(self._files)}"
        file.write_bytes(pickle.dumps(point, pickle.HIGHEST_PROTOCOL))
        self._files.append(file)
        return str(file)


@contextlib.contextmanager
def sharing(folder: Path, number: int) -> Iterator[SharedPoints]:
    """Share points as long as tasks that need them are on their way."""
    points = SharedPoints(folder, number)
    try:
        yield points
    finally:
        points.remove()


def packed(task: Callable[..., Any], arguments: tuple[object, ...], points: SharedPoints | None = None) -> bytes:
    """Pickle one task with its arguments; with `points`, only the names of their files stand for the points."""
    if points is None:
        return pickle.dumps((task, arguments), pickle.HIGHEST_PROTOCOL)
    return pickled((task, arguments), points.name_of)


class Unpacker:
    """Reads tasks; keeps the last shared point, so that the tasks of one run see one and the same object."""

    def __init__(self) -> None:
        self._last: tuple[str, object] = ("", None)

    def unpack(self, packed: bytes) -> Task:
        """Read one task with its arguments."""
        task: Task = unpickled(packed, self._read)
        return task

    def _read(self, file: str) -> object:
        if file != self._last[0]:
            self._last = file, pickle.loads(Path(file).read_bytes())
        return self._last[1]
