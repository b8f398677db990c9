"""One worker process, seen from the parent: a pipe to it, its clock, how it ended."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from gradcheck_rnn.adapters.lifetime import how_it_ended
from gradcheck_rnn.analytic.failure import UserCodeError, is_users
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.trace import location_in_trace
from gradcheck_rnn.analytic.travel.packed import Packed
from gradcheck_rnn.analytic.worker import BEGAN, CALL, CALLS, CELL, serve
from gradcheck_rnn.findings import Finding

# seconds between two looks at the clock of a running call
LOOK = 0.05
# seconds by which a call that keeps to its limit itself may exceed it, while it says what it waited for
GRACE = 0.25
# seconds that a hanging process gets to write down where it is
LAST_WORDS = 0.25
# seconds within which a process that has closed its pipe is gone
DYING = 5.0


@dataclass(frozen=True)
class Answer:
    """What became of a task: its value, or an exception; after `is_last` the process does nothing more."""

    value: Any = None
    error: BaseException | None = None
    is_last: bool = False


class WorkerProcess:
    """A process that does one task at a time; `is_busy` until its answer is there."""

    def __init__(self, code: UserCode, folder: Path, number: int) -> None:
        context: Any = multiprocessing.get_context("fork" if _may_fork(code) else "spawn")
        self.code, self.is_busy, self._trace = code, False, folder / f"trace-{number}"
        self._cell = context.RawArray("d", CELL)
        self.connection, theirs = context.Pipe()
        arguments = (theirs, code, self._cell, folder, self._trace)
        self._process = context.Process(target=serve, args=arguments)
        with warnings.catch_warnings():
            # Python 3.12 and JAX advise against a fork beside other threads; where warnings are errors, there would be
            # no check
            warnings.filterwarnings("ignore", ".*fork")
            self._process.start()
        theirs.close()  # the process alone holds it, so that its death closes it

    def send(self, packed: bytes) -> None:
        """Hand over a task."""
        self.is_busy = True
        with contextlib.suppress(BrokenPipeError):  # it has died: who waits for the answer learns how
            self.connection.send_bytes(packed)

    def receive(self) -> Answer:
        """Take the answer that has come in; that it crashed is one too."""
        self.is_busy = False
        try:
            return Answer(*pickle.loads(self.connection.recv_bytes()))
        except (EOFError, ConnectionResetError):
            return self._last(self._crashed())

    def overdue(self) -> Answer | None:
        """Say that it died without a word, or that the running call exceeds its time; None if all is well."""
        if self._process.exitcode is not None:
            return self.receive() if self.connection.poll() else self._last(self._crashed())
        began = self._cell[BEGAN]
        if not began or time.monotonic() - began <= self.code.timeout + GRACE:
            return None
        if hasattr(signal, "SIGUSR1"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGUSR1)
            time.sleep(LAST_WORDS)
        return self._last(self._timed_out())

    def kill(self) -> None:
        """End it, whatever it is doing, and what it has started."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()

    def forget(self) -> None:
        """Wait until it is gone."""
        self._process.join()
        self.connection.close()

    def _last(self, finding: Finding) -> Answer:
        self.is_busy = False
        self.kill()
        return Answer(error=UserCodeError(finding), is_last=True)

    def _timed_out(self) -> Finding:
        return Finding(
            kind="timed-out",
            term=self._call,
            message=f"{_called(self._call)} took longer than {self.code.timeout:g} s and was ended",
            help="`check.timeout` allows more; the line is where it was at the end",
            evidence={"timeout": self.code.timeout},
            location=location_in_trace(self._trace),
        )

    def _crashed(self) -> Finding:
        self._process.join(DYING)
        code = self._process.exitcode
        return Finding(
            kind="crashed",
            term=self._call,
            message=f"{_called(self._call)} ended its process{_how(code)}",
            help="`--workers 0` runs it in this process, where a debugger can follow",
            evidence={} if code is None else {"exit_code": code},
            location=location_in_trace(self._trace),
        )

    @property
    def _call(self) -> str:
        return CALLS[int(self._cell[CALL])]


def answers(busy: Sequence[WorkerProcess]) -> list[tuple[WorkerProcess, Answer]]:
    """Wait a moment for answers of busy processes; what became of one that has died or hangs is an answer, too."""
    ready = wait([process.connection for process in busy], timeout=LOOK)
    found = [(process, process.receive() if process.connection in ready else process.overdue()) for process in busy]
    return [(process, answer) for process, answer in found if answer is not None]


def _may_fork(code: UserCode) -> bool:
    """Whether a worker may be forked, which starts at once and needs no __main__ guard in the caller's script.

    Elsewhere than on Linux that is not safe, and nor is it for functions of a process in which JAX has threads: its
    computations would wait for them for ever. A script of the user's is no place to spawn from: it would run again.
    """
    main = Path(getattr(sys.modules["__main__"], "__file__", None) or "")
    is_script = main.suffix == ".py" and is_users(main)
    has_threads = isinstance(code.adapter, Packed) and "jax" in sys.modules
    return sys.platform == "linux" and (is_script or not has_threads)


def _called(call: str) -> str:
    return "importing the adapter" if call == "adapter" else call


def _how(code: int | None) -> str:
    if code is None:
        return ""
    return f"{' ' if code >= 0 else ': '}{how_it_ended(code)}"
