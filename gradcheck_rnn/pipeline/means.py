"""Where the shards of a check run, and what is remembered of them: here, or on a cluster, with a journal or without."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gradcheck_rnn.analytic.finished import Finished, nobody
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.sources import loaded_sources
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.numeric.spread import Spread

if TYPE_CHECKING:
    from gradcheck_rnn.cluster.client import Cluster
    from gradcheck_rnn.journal.journal import Journal

R = TypeVar("R")


@dataclass(frozen=True)
class Means:
    """What a check was given beyond this machine's processors and memory; None is nothing."""

    journal: "Journal | None" = None
    cluster: "Cluster | None" = None

    def spread(self, here: Spread) -> Spread:
        """Wrap a way of running tasks of our own: on the cluster instead of `here`, and remembered by the journal."""
        return self._remembered(here if self.cluster is None else self.cluster.spread)

    def workers(self, here: int) -> int:
        """How many tasks run at a time: on the cluster, or `here`."""
        return here if self.cluster is None else self.cluster.workers

    def runner(self, here: Runner, code: UserCode) -> Runner:
        """Wrap a runner of user code, whose shards (`run_all`) then run on the cluster and are remembered.

        Raises:
            UsageError: the journal was begun with other code, or the cluster has other code.
            UserCodeError: the code cannot be loaded.
        """
        if self.journal is None and self.cluster is None:
            return here
        return _Elsewhere(here, code, self)

    def _remembered(self, spread: Spread) -> Spread:
        return spread if self.journal is None else self.journal.remembering(spread)


class _Elsewhere:
    """Runs single tasks of user code here, and shards by a check's other means."""

    def __init__(self, here: Runner, code: UserCode, means: Means) -> None:
        self._here, self._adapter, self._journal = here, code.path, means.journal
        self.workers = here.workers if means.cluster is None else means.cluster.workers
        sources = self._held_to_journal()
        shards = here.run_all if means.cluster is None else means.cluster.of_code(code, sources)
        self._shards = means._remembered(shards)

    def run(self, task: Callable[..., R], *arguments: object) -> R:
        """Run one task here and return its result."""
        return self._here.run(task, *arguments)

    def run_all(
        self, task: Callable[..., R], arguments: Sequence[tuple[object, ...]], finished: Finished = nobody
    ) -> Iterator[R]:
        """Run a task on each of several arguments; results in the order given."""
        self._held_to_journal()  # what was imported within a function has been loaded since
        return self._shards(task, arguments, finished)

    def output(self) -> str:
        """Return what user code printed here so far."""
        return self._here.output()

    def _held_to_journal(self) -> dict[str, str]:
        sources = self._here.run(loaded_sources)
        if self._journal is not None:
            self._journal.hold_to({_called(file, self._adapter): content for file, content in sources.items()})
        return sources


def _called(file: str, adapter: Path) -> str:
    """What a journal calls a file: the adapter, whatever its name, and others by their path from its folder on."""
    if Path(file) == adapter:
        return "the adapter"
    return str(Path(file).relative_to(adapter.parent)) if Path(file).is_relative_to(adapter.parent) else file


@contextlib.contextmanager
def reached(journal: "Journal | None", address: str | None) -> Iterator[Means]:
    """Connect to the cluster, if one is asked for.

    Raises:
        UsageError: it cannot be used.
    """
    if address is None:
        yield Means(journal)
        return
    from gradcheck_rnn.cluster.client import connected

    with connected(address) as cluster:
        yield Means(journal, cluster)
