"""The processes that user code runs in: what it prints, exits, crashes or hangs stays there.

A task is a module-level function of a `Session` and picklable arguments: a whole shard of work, so that no evaluation
costs a round trip. Each call of user code sets a clock in shared memory, which the parent watches.
"""

import contextlib
import faulthandler
import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol, TypeVar

from gradcheck_rnn.adapters.lifetime import die_with_parent
from gradcheck_rnn.analytic.finished import Finished, nobody
from gradcheck_rnn.analytic.parcel import Unpacker
from gradcheck_rnn.analytic.session import Session, UserCode, Watch, opened

R = TypeVar("R")

# by these numbers the shared clock tells what is being called
CALLS = ("", "adapter", "parameters", "loss", "losses", "gradients")
# numbers a worker has in shared memory: when the running call began (0: none runs), which it is
BEGAN, CALL = range(2)
CELL = 2


class SharedNumbers(Protocol):
    """An array of floats that two processes see."""

    def __getitem__(self, at: int) -> float: ...
    def __setitem__(self, at: int, value: float) -> None: ...


class SharedClock(Watch):
    """Writes into shared memory which call is under way."""

    apart = True

    def __init__(self, cell: SharedNumbers) -> None:
        self.cell = cell

    def begin(self, function: str) -> None:
        """Note that a call begins."""
        self.cell[CALL] = CALLS.index(function)
        self.cell[BEGAN] = time.monotonic()

    def end(self) -> None:
        """Note that it has ended."""
        self.cell[BEGAN] = 0.0


class _Process:
    """What a worker process keeps between tasks."""

    watch: Watch = Watch()
    session: Session | None = None
    open = ExitStack()


def serve(connection: Connection, code: UserCode, cell: SharedNumbers, folder: Path, trace: Path) -> None:
    """Run tasks one after the other, each as it comes in, until there is no one left to ask."""
    start(cell, folder, trace)
    unpacker = Unpacker()
    while True:
        try:
            packed = connection.recv_bytes()
        except EOFError:
            return
        connection.send_bytes(_answer(code, unpacker, packed))


def start(cell: SharedNumbers, folder: Path, trace: Path) -> None:
    """First act of a worker: keep its output off ours, leave Ctrl-C to the parent, prepare its last words."""
    _Process.watch = SharedClock(cell)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)  # what user code starts belongs to its group, and is ended with it
    _redirect(0, "stdin", os.devnull, os.O_RDONLY)
    _redirect(1, "stdout", output_file(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    _redirect(2, "stderr", output_file(folder), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    last_words = trace.open("w")
    faulthandler.enable(last_words, all_threads=False)
    if hasattr(faulthandler, "register"):
        faulthandler.register(signal.SIGUSR1, last_words, all_threads=False)


def output_file(folder: Path) -> Path:
    """Return the file that collects what user code prints."""
    return folder / "output"


def in_session(code: UserCode, task: Callable[..., R], *arguments: object) -> R:
    """Run a task in this worker; the user's code is loaded on the first one."""
    if _Process.session is None or _Process.session.code != code:
        _Process.open.close()
        _Process.session = _Process.open.enter_context(opened(code, _Process.watch))
    return task(_Process.session, *arguments)


def _answer(code: UserCode, unpacker: Unpacker, packed: bytes) -> bytes:
    """Pickle what a task returns and None, or None and what it raised."""
    try:
        task, arguments = unpacker.unpack(packed)
        return pickle.dumps((in_session(code, task, *arguments), None), pickle.HIGHEST_PROTOCOL)
    except BaseException as error:
        error.add_note(f"in a worker process:\n{traceback.format_exc()}")
        # Dask, where it is loaded, has exceptions take along what they came of, which may be the user's and stay here
        error.__cause__ = error.__context__ = None
        try:
            return pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
        except Exception:  # an exception that cannot travel is told in words
            return pickle.dumps((None, RuntimeError(traceback.format_exc())), pickle.HIGHEST_PROTOCOL)


def _redirect(number: int, name: str, target: str | Path, flags: int) -> None:
    """Point a standard stream elsewhere, for Python and for everything below it."""
    os.dup2(os.open(target, flags, 0o600), number)
    mode = "r" if number == 0 else "w"
    stream = os.fdopen(number, mode, buffering=1, encoding="utf-8", errors="replace", closefd=False)
    setattr(sys, name, stream)


class Runner(Protocol):
    """Runs tasks on user code.

    Both methods raise UserCodeError when user code raises, hangs, crashes or returns nothing usable. `workers` is the
    number of processes that a long run is spread over.
    """

    workers: int

    def run(self, task: Callable[..., R], *arguments: object) -> R:
        """Run one task and return its result."""

    def run_all(
        self, task: Callable[..., R], arguments: Sequence[tuple[object, ...]], finished: Finished = nobody
    ) -> Iterator[R]:
        """Run a task on each of several arguments, spread over the workers; results in the order given.

        `finished` is told of each result at once.
        """

    def output(self) -> str:
        """Return what user code printed so far."""


class InProcess:
    """Runs tasks in this very process, for a debugger: without a time limit, prints go to stderr."""

    def __init__(self, code: UserCode) -> None:
        self.code, self.workers = code, 1
        self.session: Session | None = None
        self.open = ExitStack()

    def run(self, task: Callable[..., R], *arguments: object) -> R:
        """Run one task here; the user's code is loaded on the first one."""
        with contextlib.redirect_stdout(sys.stderr):
            if self.session is None:
                self.session = self.open.enter_context(opened(self.code, Watch()))
            return task(self.session, *arguments)

    def run_all(
        self, task: Callable[..., R], arguments: Sequence[tuple[object, ...]], finished: Finished = nobody
    ) -> Iterator[R]:
        """Run a task on each of several arguments, one after the other."""
        for place, each in enumerate(arguments):
            result = self.run(task, *each)
            finished(place, result)
            yield result

    def output(self) -> str:
        """Return nothing: what user code prints has been seen already."""
        return ""
