"""Ways of running one task on many arguments.

A task is a module-level function, and pure, so that it may be run again anywhere; results come in the order given.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from gradcheck_rnn.analytic.finished import Finished, nobody

R = TypeVar("R")


class Spread(Protocol):
    """Runs a task on each of several arguments."""

    def __call__(
        self, task: Callable[..., R], arguments: Sequence[tuple[Any, ...]], finished: Finished = nobody
    ) -> Iterator[R]:
        """Results in the order given; `finished` is told of each at once."""


@dataclass(frozen=True)
class Threads:
    """Threads of this process: for NumPy, which lets go of the interpreter in large arrays."""

    workers: int

    def __call__(
        self, task: Callable[..., R], arguments: Sequence[tuple[Any, ...]], finished: Finished = nobody
    ) -> Iterator[R]:
        """Results in the order given; after an error or Ctrl-C no further task begins."""

        def run(place: int) -> R:
            result = task(*arguments[place])
            finished(place, result)
            return result

        if min(self.workers, len(arguments)) <= 1:
            yield from map(run, range(len(arguments)))
            return
        pool = ThreadPoolExecutor(self.workers)
        try:
            for future in [pool.submit(run, place) for place in range(len(arguments))]:
                yield future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


IN_TURN = Threads(1)
