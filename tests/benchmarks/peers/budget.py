"""A peer's own routine, run to its end or, where that would take too long, aborted and extrapolated."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# calls below which a rate is not worth extrapolating
FEWEST_CALLS = 200


@dataclass(frozen=True)
class Took:
    """Seconds of one complete check; `extrapolated` from the part of it that was run."""

    seconds: float
    extrapolated: bool = False


class Enough(Exception):  # noqa: N818  # not an error
    """The budget is spent."""


class Counted:
    """A function that notes its calls and raises `Enough` when the budget of seconds is spent."""

    def __init__(self, function: Callable[..., Any], budget: float) -> None:
        self.function, self.budget = function, budget
        self.calls, self.first, self.last = 0, 0.0, 0.0

    def __call__(self, *arguments: Any) -> Any:
        self.last = time.perf_counter()
        self.first = self.first or self.last
        if self.calls >= FEWEST_CALLS and self.last - self.first > self.budget:
            raise Enough
        self.calls += 1
        return self.function(*arguments)

    @property
    def seconds_per_call(self) -> float:
        """From one call to the next, with what the routine does between them."""
        return (self.last - self.first) / self.calls


def run_within(
    routine: Callable[[Callable[..., Any]], object], function: Callable[..., Any], *, calls: int, budget: float
) -> Took:
    """Time `routine(function)`; beyond the budget, the time of a call so far times the `calls` of a complete run."""
    counted, start = Counted(function, budget), time.perf_counter()
    try:
        routine(counted)
    except Enough:
        return Took(counted.seconds_per_call * calls, extrapolated=True)
    return Took(time.perf_counter() - start)
