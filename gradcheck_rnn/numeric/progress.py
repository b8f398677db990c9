"""How far a differentiation is and how long it will take, for whoever wants to show it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# told the number of finished entries and of all
Progress = Callable[[int, int], None]
# told how many seconds of work all of it is for one worker, once that is known
ForeseeSeconds = Callable[[float], None]


@dataclass
class Counter:
    """Counts finished entries of `total` and tells `progress` after each step."""

    total: int
    progress: Progress
    done: int = 0

    def advance(self, entries: int) -> None:
        """Count further entries as finished."""
        self.done += entries
        self.progress(self.done, self.total)


@dataclass(frozen=True)
class Watch:
    """Watches trials of which the last `entries` are the entries that somebody waits for."""

    entries: int
    progress: Progress
    foresee: ForeseeSeconds

    def done(self, known: npt.NDArray[np.bool_]) -> None:
        """Tell how many of the entries are known, out of whether each trial is."""
        self.progress(int(np.count_nonzero(known[len(known) - self.entries :])), self.entries)


UNWATCHED = Watch(0, lambda _done, _total: None, lambda _seconds: None)
