"""The parent's side of the workers: hands out tasks, watches the clocks, says how a worker died."""

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from gradcheck_rnn.adapters.lifetime import how_it_ended
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.trace import location_in_trace
from gradcheck_rnn.analytic.worker import (
    BEGAN,
    CALL,
    CALLS,
    CELL,
    PID,
    InProcess,
    Runner,
    SharedNumbers,
    in_session,
    output_file,
    process_pool,
    shared_cells,
    trace_file,
)
from gradcheck_rnn.findings import Finding

R = TypeVar("R")

# seconds between two looks at the clock of a running call
LOOK = 0.05
# seconds by which a call that keeps to its limit itself may exceed it, while it says what it waited for
GRACE = 0.25
# seconds that a dying or a hanging process gets to write down where it is
LAST_WORDS = 0.25
# seconds within which processes of a broken pool are gone
DYING = 5.0


class WorkerPool:
    """Runs tasks in worker processes, which are ended when one call of user code exceeds its time."""

    def __init__(self, code: UserCode, pool: ProcessPoolExecutor, cells: SharedNumbers, workers: int, folder: Path):
        self.code, self.pool, self.cells, self.workers, self.folder = code, pool, cells, workers, folder
        self._others = set(multiprocessing.active_children())
        self._processes: set[multiprocessing.process.BaseProcess] = set()

    def run(self, task: Callable[..., R], *arguments: object) -> R:
        """Run one task and return its result."""
        return self._result(self._submit(task, arguments))

    def run_all(self, task: Callable[..., R], arguments: Iterable[tuple[object, ...]]) -> Iterator[R]:
        """Run a task on each of several arguments, spread over the workers; results in the order given."""
        for future in [self._submit(task, each) for each in arguments]:
            yield self._result(future)

    def output(self) -> str:
        """Return what user code printed so far."""
        file = output_file(self.folder)
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    def end(self) -> None:
        """End every worker, whatever it is doing, and what it has started."""
        for process in self._processes:
            if hasattr(os, "killpg") and process.pid:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
        self.pool.shutdown(wait=True, cancel_futures=True)

    def _submit(self, task: Callable[..., R], arguments: tuple[object, ...]) -> "Future[R]":
        try:
            future = self.pool.submit(in_session, self.code, task, *arguments)
        except BrokenProcessPool as error:
            raise UserCodeError(self._crashed()) from error
        self._processes |= set(multiprocessing.active_children()) - self._others
        return future

    def _result(self, future: "Future[R]") -> R:
        while True:
            try:
                return future.result(timeout=LOOK)
            except StillRunning:
                self._end_if_over_time()
            except BrokenProcessPool as error:
                raise UserCodeError(self._crashed()) from error

    def _end_if_over_time(self) -> None:
        now = time.monotonic()
        for slot in range(self.workers):
            began = self.cells[slot * CELL + BEGAN]
            if began and now - began > self.code.timeout + GRACE:
                raise UserCodeError(self._timed_out(slot))

    def _timed_out(self, slot: int) -> Finding:
        if hasattr(signal, "SIGUSR1"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.cells[slot * CELL + PID]), signal.SIGUSR1)
            time.sleep(LAST_WORDS)
        return Finding(
            kind="timed-out",
            term=self._call(slot),
            message=f"{_called(self._call(slot))} took longer than {self.code.timeout:g} s and was ended",
            help="`check.timeout` allows more; the line is where it was at the end",
            evidence={"timeout": self.code.timeout},
            location=location_in_trace(trace_file(self.folder, slot)),
        )

    def _crashed(self) -> Finding:
        deadline = time.monotonic() + DYING
        # the pool waits for them as well: who comes second learns the exit code a moment later
        while time.monotonic() < deadline and any(process.exitcode is None for process in self._processes):
            time.sleep(LOOK)
        # the pool itself ends the others by SIGTERM
        dead = [process for process in self._processes if process.exitcode not in (None, -signal.SIGTERM)]
        slot = next((slot for slot in range(self.workers) if self._pid(slot) in [each.pid for each in dead]), 0)
        code = next((process.exitcode for process in dead if process.pid == self._pid(slot)), None)
        return Finding(
            kind="crashed",
            term=self._call(slot),
            message=f"{_called(self._call(slot))} ended its process{_how(code)}",
            help="`--workers 0` runs it in this process, where a debugger can follow",
            evidence={} if code is None else {"exit_code": code},
            location=location_in_trace(trace_file(self.folder, slot)),
        )

    def _call(self, slot: int) -> str:
        return CALLS[int(self.cells[slot * CELL + CALL])]

    def _pid(self, slot: int) -> int:
        return int(self.cells[slot * CELL + PID])


def _called(call: str) -> str:
    return "importing the adapter" if call == "adapter" else call


def _how(code: int | None) -> str:
    if code is None:
        return ""
    return f"{' ' if code >= 0 else ': '}{how_it_ended(code)}"


@contextlib.contextmanager
def running(code: UserCode, *, workers: int) -> Iterator[Runner]:
    """Make the user's code callable, in `workers` processes of its own, or in this process for 0."""
    if workers == 0:
        in_process = InProcess(code)
        with in_process.open:
            yield in_process
        return
    with TemporaryDirectory(prefix="gradcheck_rnn-") as folder:
        cells, slots = shared_cells(workers)
        pool = WorkerPool(code, process_pool(cells, slots, folder, workers), cells, workers, Path(folder))
        try:
            yield pool
        finally:
            pool.end()
