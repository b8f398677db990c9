"""The caller's side of a Dask cluster: connected, held to the same code, and given shards to run."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import pickle
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from gradcheck_rnn import __version__
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.finished import Finished, nobody
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.cluster.charge import Charge, OtherSourcesError
from gradcheck_rnn.cluster.parcel import Packer, Parcel
from gradcheck_rnn.cluster.worker import LostGuardError, open_guard, run_task, run_user_task, unchanged
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.numeric.spread import Spread

R = TypeVar("R")

# seconds within which a scheduler must answer
PATIENCE = 5.0
# seconds by which Dask may exceed that, while it says what it waited for
GRACE = 0.5
# seconds between two looks whether there is still a cluster, and for which it may have no workers
LOOK = 5.0
BEREFT = 60.0
# shards a thread may be ahead of the one whose result is due next: results wait in the order of their shards
AHEAD = 8
# these decide in which order BLAS sums, and so the last bits
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
SCHEDULER = "give the address that `dask scheduler` printed, HOST:PORT"
SAME_VERSIONS = "install the same versions there: a report must not depend on who computed it"


@dataclass(frozen=True)
class Cluster:
    """A Dask cluster that is connected; `workers` is the number of its threads."""

    address: str
    client: Any
    workers: int

    def spread(
        self, task: Callable[..., R], arguments: Sequence[tuple[object, ...]], finished: Finished = nobody
    ) -> Iterator[R]:
        """Run a task of our own on each of several arguments; results in the order given.

        Raises:
            UserCodeError: the cluster was lost.
        """
        return self._results(run_task, task, arguments, finished)

    def of_code(self, code: UserCode, sources: Mapping[str, str]) -> Spread:
        """Return the spread of tasks whose first argument is a `Session` of the user's code.

        Args:
            code: what to load there.
            sources: its files, with a digest of each; they must be there under the same paths.
        Raises:
            UsageError: a file is missing on a worker, or is another one.
            UserCodeError: the code cannot be loaded there.
        """
        environment = {name: os.environ[name] for name in THREADS if name in os.environ}
        charge = Charge(code, tuple(sources.items()), str(Path.cwd()), tuple(environment.items()))
        for worker, answer in self.client.run(open_guard, charge, on_error="return").items():
            self._value(answer, worker)

        def spread(
            task: Callable[..., R], arguments: Sequence[tuple[object, ...]], finished: Finished = nobody
        ) -> Iterator[R]:
            def answered(place: int, answer: Any) -> None:
                with contextlib.suppress(Exception):  # what went wrong is raised when it is due
                    value = self._value(answer)
                    finished(place, value)

            for answer in self._results(run_user_task, task, arguments, answered, charge):
                yield self._value(answer)

        return spread

    def _results(
        self,
        run: Callable[..., Any],
        task: Callable[..., Any],
        arguments: Sequence[tuple[object, ...]],
        finished: Finished,
        *first: object,
    ) -> Iterator[Any]:
        """Submit shards, a bounded number ahead of the one that is due, and return what comes of them."""
        packer, kept = Packer(), dict[str, Any]()
        executor = self.client.get_executor(pure=False)
        waiting, running = deque(enumerate(arguments)), deque[concurrent.futures.Future[Any]]()
        try:
            while waiting or running:
                while waiting and len(running) < AHEAD * self.workers:
                    place, each = waiting.popleft()
                    parcel = packer.packed(task, each)
                    running.append(executor.submit(run, *first, parcel, self._kept(packer, parcel, kept)))
                    running[-1].add_done_callback(partial(_tell, finished, place))
                yield self._result(running.popleft())
        finally:
            executor.shutdown(wait=False)

    def _kept(self, packer: Packer, parcel: Parcel, kept: dict[str, Any]) -> dict[str, Any]:
        """What stands for a parcel's shared values: results of tasks, which are run again where a worker dies."""
        for name in parcel.names:
            if name not in kept:
                with warnings.catch_warnings():
                    warnings.filterwarnings("ignore", "Sending large graph")  # it is sent once
                    kept[name] = self.client.submit(unchanged, packer.shared[name], pure=False)
        return {name: kept[name] for name in parcel.names}

    def _result(self, future: "concurrent.futures.Future[Any]") -> Any:
        bereft_since: float | None = None
        while True:
            try:
                return future.result(timeout=LOOK)
            except concurrent.futures.TimeoutError:
                now = time.monotonic()
                bereft_since = None if self._threads() else bereft_since or now
                if bereft_since is not None and now - bereft_since > BEREFT:
                    raise UserCodeError(self._lost("it has no workers any more")) from None
            except concurrent.futures.CancelledError as error:
                raise UserCodeError(self._lost("its scheduler does not answer any more")) from error
            except LostGuardError as error:
                raise UserCodeError(self._lost("the processes of your code end there without a word")) from error
            except Exception as error:
                if type(error).__name__ != "KilledWorker":
                    raise
                raise UserCodeError(self._lost("one shard has ended every worker that ran it")) from error

    def _threads(self) -> int:
        with contextlib.suppress(Exception):  # a scheduler that does not answer has none to offer
            return sum(self.client.nthreads().values())
        return 0

    def _lost(self, reason: str) -> Finding:
        return Finding(
            kind="crashed",
            term="cluster",
            message=f"the cluster {self.address} was lost: {reason}",
            help="with `--journal FILE`, the same command goes on from what was finished",
        )

    def _value(self, answer: Any, worker: str = "") -> Any:
        """What a guard's answer holds.

        Raises:
            UsageError, UserCodeError: it holds an exception.
        """
        if isinstance(answer, BaseException):
            raise answer
        value, error = pickle.loads(answer)
        if isinstance(error, OtherSourcesError):
            at = f" {worker}" if worker else ""
            message = f"worker{at} of {self.address} lacks your {', '.join(error.args)}, or has others"
            raise UsageError(Mistake(message, "they must be there under the same paths: share the folder, or copy it"))
        if error is not None:
            raise error
        return value


def _tell(finished: Finished, place: int, future: "concurrent.futures.Future[Any]") -> None:
    if not future.cancelled() and future.exception() is None:
        finished(place, future.result())


@contextlib.contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to the Dask scheduler at an address, `HOST:PORT`.

    Raises:
        UsageError: distributed is not installed, nothing answers there, there are no workers, or their versions differ.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise _refused(address, "distributed is not installed", "pip install 'gradcheck-rnn[dask]'") from error
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said in the report
    _refuse_what_is_no_scheduler(address)
    client = Client(address, timeout=PATIENCE, set_as_default=False)
    try:
        _refuse_other_versions(client, address)
        yield Cluster(address, client, sum(client.nthreads().values()))
    finally:
        client.close(timeout=PATIENCE)


def _refuse_what_is_no_scheduler(address: str) -> None:
    """Ask who is there, before a client is made: one that is not answered as it expects waits for ever."""
    try:
        kind = asyncio.run(_identity(address)).get("type")
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        reason = str(error).partition("\n")[0] or f"nothing was heard within {PATIENCE:g} s"
        raise _refused(address, f"no Dask scheduler answers there: {reason}", SCHEDULER) from error
    if kind != "Scheduler":
        raise _refused(address, f"no Dask scheduler answers there, but a {kind}", SCHEDULER)


async def _identity(address: str) -> Mapping[str, Any]:
    from distributed.core import rpc

    there = rpc(address, timeout=PATIENCE)
    try:
        return dict(await asyncio.wait_for(there.identity(), PATIENCE + GRACE))
    finally:
        await there.close_rpc()


def _refuse_other_versions(client: Any, address: str) -> None:
    ours = {"gradcheck_rnn": __version__, "numpy": np.__version__}
    workers = client.get_versions(packages=list(ours))["workers"]
    if not workers:
        raise _refused(address, "it has no workers", f"start some: dask worker {address}")
    for worker, about in workers.items():
        for package, version in ours.items():
            if (theirs := about["packages"].get(package)) != version:
                found = f"{package} {theirs}" if theirs else f"no {package}"
                raise _refused(address, f"worker {worker} has {found}, and here is {version}", SAME_VERSIONS)


def _refused(address: str, reason: str, help_text: str) -> UsageError:
    return UsageError(Mistake(f"cannot use the cluster `{address}`: {reason}", help_text))
