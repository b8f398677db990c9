"""Wall time of whole processes, from the shell to the exit, as a user starts them: all cores, nothing in memory yet."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from tests.benchmarks.processes import ROOT
from tests.benchmarks.table import Spread, seconds, spread
from tests.benchmarks.workloads import SIZES, Workload

NUMPY = "import numpy"


@dataclass(frozen=True)
class Command:
    """What is run, and what it looks at."""

    arguments: tuple[str, ...]
    what: str


def commands(workload: Workload, file: Path) -> dict[str, Command]:
    """The commands by name; `file` holds the workload's configuration."""
    sizes = tuple(map(str, astuple(SIZES[workload.size])))
    return {
        NUMPY: Command(("-c", NUMPY), "nothing"),
        "numeric": Command(("-m", "tests.benchmarks.cold_numeric", str(file)), "every entry, no verdict"),
        "check": Command(("-m", "gradcheck_rnn", "check", str(file)), "every entry at two points, and the report"),
        "torch fast": Command(("-m", "tests.benchmarks.peers.torch_fast", workload.cell, *sizes), "five numbers"),
    }


def measure(workload: Workload, *, repeat: int) -> dict[str, Spread]:
    """Run the commands in turns, the first turn untimed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.yaml"
        file.write_text(workload.yaml())
        chosen = commands(workload, file)
        turns = [{name: _wall(each.arguments) for name, each in chosen.items()} for _ in range(repeat + 1)]
    return {name: spread([turn[name] for turn in turns[1:]]) for name in chosen}


def _wall(arguments: Sequence[str]) -> float:
    # an installed program is compiled once; the first, untimed turn does so here
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def lines(workload: Workload, found: Mapping[str, Spread]) -> Iterator[str]:
    """The times as text."""
    yield f"{workload.size} {workload.cell}: seconds of a whole process"
    yield ""
    yield f"{'process':<13} {'median':>10} {'minimum':>10} {'maximum':>10} {'times numpy':>12}   looks at"
    for name, command in commands(workload, Path("net.yaml")).items():
        times = found[name]
        shown = [f"{seconds(value):>10}" for value in (times.median, times.minimum, times.maximum)]
        yield f"{name:<13} {' '.join(shown)} {times.median / found[NUMPY].median:>12.2f}   {command.what}"
