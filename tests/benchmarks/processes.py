"""Starts the sides of a comparison, each on the same cores and with the threads that it may have."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from tests.benchmarks.side import PEERS, Request

ROOT = Path(__file__).parents[2]
BLAS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class SideFailed(Exception):  # noqa: N818  # says what happened
    """A side ended without an answer; it has said why on stderr."""


class Side:
    """A running side: `ready` is what it said at its start."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        self._name, self._process = name, process
        self.ready = self._answer()

    def turn(self) -> dict[str, Any]:
        """Let it run once and wait for it."""
        print("", file=_pipe(self._process.stdin), flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = _pipe(self._process.stdout).readline()
        if not line:
            raise SideFailed(f"`{self._name}` has ended")
        return dict(json.loads(line))


@contextmanager
def side(request: Request) -> Iterator[Side]:
    """Start a side, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.side", json.dumps(asdict(request))],
        cwd=ROOT,
        env=environment(blas_threads=request.workers if request.side in PEERS else 1),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=on_cores(request.workers),
    )
    try:
        yield Side(request.side, process)
    finally:
        _pipe(process.stdin).close()
        process.kill()
        process.wait()
        _pipe(process.stdout).close()


def environment(*, blas_threads: int) -> dict[str, str]:
    """The environment with so many threads for each matrix product, read when NumPy is imported."""
    return {**os.environ, **dict.fromkeys(BLAS, str(blas_threads))}


def on_cores(number: int) -> Callable[[], None] | None:
    """Return what restricts a process to so many cores; None where that is not to be done or cannot be."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    if number >= len(cores):
        return None
    return lambda: os.sched_setaffinity(0, cores[-number:])


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ValueError("the process has no such pipe")
    return stream
