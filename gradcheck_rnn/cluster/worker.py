"""What runs in a Dask worker: tasks of our own, and parcels of user code, which it hands to a guard."""

import contextlib
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path

from gradcheck_rnn.cluster.charge import Charge
from gradcheck_rnn.cluster.parcel import Parcel, Unpacker

# guards that are tried one after the other where each ends without a word
TRIES = 2
# seconds that a guard gets to end its process of user code
ENDING = 5.0


class LostGuardError(Exception):
    """The guard ended without an answer."""


class Guard:
    """A process that runs user code for this Dask worker; see `cluster.guard`."""

    def __init__(self, charge: Charge) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gradcheck_rnn.cluster.guard", str(theirs.fileno())],
                cwd=charge.folder if Path(charge.folder).is_dir() else None,
                env={**os.environ, **dict(charge.environment)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._connection = Connection(ours.detach())
        self._held: set[str] = set()
        self.first_answer = self._ask(charge)

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def run(self, parcel: Parcel, shared: Mapping[str, bytes]) -> bytes:
        """Have a task run; values that it had for the last one are not sent again."""
        answer = self._ask((parcel, {name: shared[name] for name in parcel.names if name not in self._held}))
        self._held = set(parcel.names)
        return answer

    def end(self) -> None:
        """End it; it ends what it has started."""
        self._connection.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, request: object) -> bytes:
        try:
            self._connection.send_bytes(pickle.dumps(request, pickle.HIGHEST_PROTOCOL))
            return self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            self.end()
            raise LostGuardError from error


# guards of this Dask worker that wait for work; a thread that runs a task takes one out
_idle: dict[Charge, list[Guard]] = {}
_lock = threading.Lock()
# of tasks that are run here
_unpacker = Unpacker()


def run_user_task(charge: Charge, parcel: Parcel, shared: Mapping[str, bytes]) -> bytes:
    """Run a task of a `Session` here: what came of it, pickled, as a guard answers.

    Raises:
        LostGuardError: guards end here without a word.
    """
    return _with_guard(charge, lambda guard: guard.run(parcel, shared))


def open_guard(charge: Charge) -> bytes:
    """Load user code here, and return whether it is the caller's, as a guard answers."""
    return _with_guard(charge, lambda guard: guard.first_answer)


def run_task(parcel: Parcel, shared: Mapping[str, bytes]) -> object:
    """Run a task of our own here."""
    task, arguments = _unpacker.unpacked(parcel, shared)
    return task(*arguments)


def unchanged(content: bytes) -> bytes:
    """Put a shared value into the cluster's keeping."""
    return content


def _with_guard(charge: Charge, ask: Callable[[Guard], bytes]) -> bytes:
    for _ in range(TRIES):
        with contextlib.suppress(LostGuardError):
            guard = _taken(charge) or Guard(charge)
            answer = ask(guard)
            if _is_value(guard.first_answer) and _is_value(answer):
                with _lock:
                    _idle.setdefault(charge, []).append(guard)
                return answer
            guard.end()
            return answer if _is_value(guard.first_answer) else guard.first_answer
    raise LostGuardError


def _taken(charge: Charge) -> Guard | None:
    with _lock:
        for guards in _idle.values():
            guards[:] = [guard for guard in guards if guard.runs]  # those of checks that are over end by themselves
        return _idle[charge].pop() if _idle.get(charge) else None


def _is_value(answer: bytes) -> bool:
    return pickle.loads(answer)[1] is None
