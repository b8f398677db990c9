"""How far a differentiation is, for whoever wants to show it."""

from collections.abc import Callable
from dataclasses import dataclass

# told the number of finished entries and of all
Progress = Callable[[int, int], None]


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
