"""A progress bar on stderr, for anything that takes longer than a second."""

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, TaskID

# seconds of silence before a bar appears
PATIENCE = 1.0


class ProgressBar:
    """Callable as a check's `progress`; shows nothing where stderr is no terminal."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> "ProgressBar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show that `done` of `total` entries are finished at the point `label`."""
        if self._bar is None or self._task is None:
            if time.monotonic() - self._began < PATIENCE or not sys.stderr.isatty():
                return
            console = Console(stderr=True, markup=False)
            self._bar = Progress(*Progress.get_default_columns(), console=console, transient=True)
            self._task = self._bar.add_task("", total=total)
            self._bar.start()
        self._bar.update(self._task, description=f"{label} point", completed=done, total=total)
