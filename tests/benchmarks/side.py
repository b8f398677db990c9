"""One side of a comparison, in a process of its own: `python -m tests.benchmarks.side REQUEST`.

It answers on stdout with a line of JSON when it is ready, and with one for each line that it reads: the time of a turn.
So each side has its own memory and threads, and none computes while another is timed.
"""

import importlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.workloads import SIZES, Workload

if TYPE_CHECKING:
    from tests.benchmarks.peers.budget import Took

PEERS = {"naive": "naive", "scipy": "scipy_fprime", "torch": "torch_gradcheck", "jax": "jax_map"}
OURS = ("ours", "whole")
DGEMM, ACCURACY = "dgemm", "accuracy"
# entries of a parameter that are compared with the complex step
SAMPLE = 300
# seconds over which a fast routine is repeated at a turn, the first time to warm up
TURN = 0.1
# how far a peer's loss may be from ours, relative: they sum in different orders
SAME_LOSS = 1e-12

Answer = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What a side is to run: its name, the workload, the number of threads, the seconds that a peer may take."""

    side: str
    workload: Workload
    workers: int
    budget: float


def serve(request: Request) -> None:
    """Prepare the side, then run a turn for every line of stdin."""
    stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    ready, turn = _prepared(request)
    for answer in chain([ready], (turn() for _ in sys.stdin)):
        stdout.write(json.dumps(answer) + "\n")
        stdout.flush()


def _prepared(request: Request) -> tuple[Answer, Callable[[], Answer]]:
    if request.side == DGEMM:
        return {}, _dgemm(request)
    if request.side == ACCURACY:
        return {}, _accuracy(request)
    if request.side in OURS:
        return _ours(request)
    return _peer(request)


def _dgemm(request: Request) -> Callable[[], Answer]:
    from tests.benchmarks import dgemm

    shapes = dgemm.shapes(request.workload.cell, SIZES[request.workload.size])

    def turn() -> Answer:
        rates = dgemm.measure(list(shapes.values()), threads=request.workers)
        return {"gflops": {name: rate.gflops for name, rate in zip(shapes, rates, strict=True)}}

    return turn


def _accuracy(request: Request) -> Callable[[], Answer]:
    from tests.benchmarks import accuracy, ours

    problem = ours.problem_of(request.workload)
    return lambda: {
        "deviations": [asdict(each) for each in accuracy.deviations(problem, workers=request.workers, sample=SAMPLE)]
    }


def _ours(request: Request) -> tuple[Answer, Callable[[], Answer]]:
    from tests.benchmarks import flops, ours
    from tests.benchmarks.peers.budget import Took

    workload = request.workload
    problem = ours.problem_of(workload)
    tokens: list[int] = [] if problem.batch.tokens is None else problem.batch.tokens.tolist()

    def run() -> Took:
        start = time.perf_counter()
        if request.side == "whole":
            ours.whole_check(workload, workers=request.workers)
        else:
            ours.numeric_gradient(problem, workers=request.workers)
        return Took(time.perf_counter() - start)

    ready = {
        "entries": sum(value.size for value in problem.parameters.values()),
        "tokens": len(set(tokens)),
        "gflop": flops.needed_gflop(workload.cell, SIZES[workload.size], tokens),
        "peak_rss": peak_rss(),
    }
    return ready, lambda: {**asdict(_warm(run)), "peak_rss": peak_rss()}


def _peer(request: Request) -> tuple[Answer, Callable[[], Answer]]:
    from gradcheck_rnn.model.forward import described_loss
    from tests.benchmarks.ours import problem_of
    from tests.benchmarks.peers.fused import fused_net

    problem = problem_of(request.workload)
    module: Any = importlib.import_module(f"tests.benchmarks.peers.{PEERS[request.side]}")
    peer = module.Peer(fused_net(problem))
    expected, loss = described_loss(problem), peer.loss()
    if abs(loss - expected) > SAME_LOSS * abs(expected):
        raise ValueError(f"{request.side} computes another loss, {loss!r}, not {expected!r}")
    ready = {"what": module.WHAT, "seconds_to_compile": getattr(peer, "seconds_to_compile", 0.0)}
    return ready, lambda: asdict(_warm(lambda: peer.turn(request.budget)))


def _warm(run: Callable[[], "Took"]) -> "Took":
    """Run over TURN seconds and take the median, but for the first run, which finds the caches cold; or run once."""
    from tests.benchmarks.peers.budget import Took

    start, took = time.perf_counter(), [run()]
    while time.perf_counter() - start < TURN:
        took.append(run())
    seconds = [each.seconds for each in took[1:] or took]
    return Took(statistics.median(seconds), took[0].extrapolated)


def peak_rss() -> int | None:
    """Most bytes that this process has had in memory; None where the system does not say (anywhere but on Linux).

    Not getrusage: what it says begins with the size of the process that started this one.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    read = json.loads(sys.argv[1])
    serve(Request(**{**read, "workload": Workload(**read["workload"])}))
