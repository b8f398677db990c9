"""What stderr says of anything that takes longer than a moment: how long it will take, and how far it is."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import get_args

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from gradcheck_rnn.report.duration import in_words
from gradcheck_rnn.report.value import PointName

# seconds of silence before a bar appears
PATIENCE = 1.0
# seconds that are worth a word beforehand
WORTH_A_LINE = 2.0
# columns below which there is room for the numbers only
NARROW = 60
# seconds of the past from which the rest is estimated: all of one point
PERIOD = 86400.0
POINTS = get_args(PointName)


class ProgressBar:
    """Callable as a check's `progress`; the bar shows nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._label = ""

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show that `done` of `total` are finished: of the entries at the point `label`, or of what it names."""
        if self._bar is None:
            if time.monotonic() - self._began < PATIENCE or not self._console.is_terminal:
                return
            self._bar = Progress(
                *_columns(self._console.width), console=self._console, transient=True, speed_estimate_period=PERIOD
            )
        if label != self._label:
            # another point has its own pace
            if self._label:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(f"{label} point" if label in POINTS else label, total=total)
            self._label = label
        self._bar.update(self._task, completed=done, total=total)
        self._bar.start()

    def foresee(self, label: str, seconds: float, faster: Sequence[str]) -> None:
        """Say how long it will take and what would make it faster, where that is worth a line."""
        if seconds >= WORTH_A_LINE:
            line = f"about {in_words(seconds)}: {label}" + (f"; faster: {', '.join(faster)}" if faster else "")
            self._console.print(line, soft_wrap=not self._console.is_terminal)


def _columns(width: int) -> list[ProgressColumn]:
    bar = [BarColumn()] if width >= NARROW else []
    return [TextColumn("{task.description}"), *bar, TaskProgressColumn(), TimeRemainingColumn()]
