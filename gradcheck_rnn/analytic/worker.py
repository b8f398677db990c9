"""The processes that user code runs in: what it prints, exits, crashes or hangs stays there.

A task is a module-level function of a `Session` and picklable arguments: a whole shard of work, so that no evaluation
costs a round trip. Each call of user code sets a clock in shared memory, which the parent watches.
"""

import contextlib
import faulthandler
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

from gradcheck_rnn.adapters.lifetime import die_with_parent
from gradcheck_rnn.analytic.session import Session, UserCode, Watch, opened

R = TypeVar("R")

# by these numbers the shared clock tells what is being called
CALLS = ("", "adapter", "parameters", "loss", "losses", "gradients")
# numbers a worker has in shared memory: when the running call began (0: none runs), which it is, process id
BEGAN, CALL, PID = range(3)
CELL = 3


class SharedNumbers(Protocol):
    """An array of floats that several processes see."""

    def __getitem__(self, at: int) -> float: ...
    def __setitem__(self, at: int, value: float) -> None: ...


class SharedClock(Watch):
    """Writes into this worker's cell of shared memory which call is under way."""

    apart = True

    def __init__(self, cells: SharedNumbers, slot: int) -> None:
        self.cells, self.at = cells, slot * CELL
        cells[self.at + PID] = os.getpid()

    def begin(self, function: str) -> None:
        """Note that a call begins."""
        self.cells[self.at + CALL] = CALLS.index(function)
        self.cells[self.at + BEGAN] = time.monotonic()

    def end(self) -> None:
        """Note that it has ended."""
        self.cells[self.at + BEGAN] = 0.0


class _Process:
    """What a worker process keeps between tasks."""

    watch: Watch = Watch()
    session: Session | None = None
    open = ExitStack()


def start(cells: SharedNumbers, slots: Any, folder: str) -> None:
    """First act of a worker: keep its output off ours, leave Ctrl-C to the parent, prepare its last words.

    `slots` is a shared counter that numbers the workers.
    """
    with slots.get_lock():
        slot, slots.value = slots.value, slots.value + 1
    _Process.watch = SharedClock(cells, slot)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)  # what user code starts belongs to its group, and is ended with it
    _redirect(0, "stdin", os.devnull, os.O_RDONLY)
    _redirect(1, "stdout", str(output_file(folder)), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    _redirect(2, "stderr", str(output_file(folder)), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    last_words = trace_file(folder, slot).open("w")
    faulthandler.enable(last_words, all_threads=False)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, last_words, all_threads=False)


def output_file(folder: str | Path) -> Path:
    """Return the file that collects what user code prints."""
    return Path(folder) / "output"


def trace_file(folder: str | Path, slot: int) -> Path:
    """Return the file where a worker says where it was when it died."""
    return Path(folder) / f"trace-{slot}"


def in_session(code: UserCode, task: Callable[..., R], *arguments: object) -> R:
    """Run a task in this worker; the user's code is loaded on the first one."""
    if _Process.session is None or _Process.session.code != code:
        _Process.open.close()
        _Process.session = _Process.open.enter_context(opened(code, _Process.watch))
    return task(_Process.session, *arguments)


def process_pool(cells: SharedNumbers, slots: Any, folder: str, workers: int) -> ProcessPoolExecutor:
    """Return an executor whose processes are such workers."""
    return ProcessPoolExecutor(workers, _context(), initializer=start, initargs=(cells, slots, folder))


def shared_cells(workers: int) -> tuple[SharedNumbers, Any]:
    """Return the workers' shared numbers and the counter that gives each its slot."""
    return _context().RawArray("d", workers * CELL), _context().Value("i", 0)


def _context() -> Any:
    # fork starts at once and needs no __main__ guard in the caller's script; elsewhere than on Linux it is not safe
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _redirect(number: int, name: str, target: str, flags: int) -> None:
    """Point a standard stream elsewhere, for Python and for everything below it."""
    os.dup2(os.open(target, flags, 0o600), number)
    mode = "r" if number == 0 else "w"
    stream = os.fdopen(number, mode, buffering=1, encoding="utf-8", errors="replace", closefd=False)
    setattr(sys, name, stream)


class Runner(Protocol):
    """Runs tasks on user code.

    Both methods raise UserCodeError when user code raises, hangs, crashes or returns nothing usable.
    """

    def run(self, task: Callable[..., R], *arguments: object) -> R:
        """Run one task and return its result."""

    def run_all(self, task: Callable[..., R], arguments: Iterable[tuple[object, ...]]) -> Iterator[R]:
        """Run a task on each of several arguments, spread over the workers; results in the order given."""

    def output(self) -> str:
        """Return what user code printed so far."""


class InProcess:
    """Runs tasks in this very process, for a debugger: without a time limit, prints go to stderr."""

    def __init__(self, code: UserCode) -> None:
        self.code = code
        self.session: Session | None = None
        self.open = ExitStack()

    def run(self, task: Callable[..., R], *arguments: object) -> R:
        """Run one task here; the user's code is loaded on the first one."""
        with contextlib.redirect_stdout(sys.stderr):
            if self.session is None:
                self.session = self.open.enter_context(opened(self.code, Watch()))
            return task(self.session, *arguments)

    def run_all(self, task: Callable[..., R], arguments: Iterable[tuple[object, ...]]) -> Iterator[R]:
        """Run a task on each of several arguments, one after the other."""
        for each in arguments:
            yield self.run(task, *each)

    def output(self) -> str:
        """Return nothing: what user code prints has been seen already."""
        return ""
