"""For whoever wants a task's result as soon as it is there, before those of earlier tasks are."""

from collections.abc import Callable
from typing import Any

# told the place of a task among those of a run, and its result; maybe from another thread
Finished = Callable[[int, Any], None]


def nobody(_place: int, _result: Any) -> None:
    """Nobody wants it."""
