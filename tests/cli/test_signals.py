"""A check that is interrupted or killed leaves nothing behind."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from tests.cli.running import COMMAND, PATIENCE, clean_environment
from tests.processes import runs

# a loss that says which process it is in, then hangs
HANGING = """
import os, time
from pathlib import Path
from tagger_core import gradients
def loss(parameters, batch):
    note = Path(__file__).with_name(f"worker-{os.getpid()}.tmp")
    note.touch()
    note.rename(note.with_suffix(".pid"))
    while True:
        time.sleep(0.1)
"""
# the same in a program of its own
PROGRAM = """
import json, os, sys, time
from pathlib import Path
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "loss":
        note = Path(f"worker-{os.getpid()}.tmp")
        note.touch()
        note.rename(note.with_suffix(".pid"))
        while True:
            time.sleep(0.1)
    print(json.dumps({"id": request["id"], "version": 1, "offers": ["loss", "gradients"]}), flush=True)
"""
HANGING_PROGRAM = f"""
from gradcheck_rnn.adapters import command
loss, gradients, parameters = command([sys.executable, "-c", {PROGRAM!r}])
"""


@pytest.fixture(params=[HANGING, HANGING_PROGRAM], ids=["python", "program"])
def hanging(adapter, tmp_path, request):
    """A check that hangs in a loss: the process, and the process ids of its workers, or of the programs they run."""
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [*COMMAND, "check", str(adapter(request.param))],
        env=clean_environment({"TMPDIR": str(tmp_path / "temporary")}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    workers = wait_for(lambda: [int(file.stem.split("-")[1]) for file in tmp_path.glob("worker-*.pid")])
    yield process, workers
    with_group(process, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


def heed_interrupts():
    """What is begun in the background of a shell has interrupts ignored, and so has all that it begins."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def with_group(process, number):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def wait_for(condition):
    """Ask again and again until there is an answer."""
    end = time.monotonic() + PATIENCE
    while not (answer := condition()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return answer


def test_ctrl_c_exits_130_and_ends_the_worker(hanging, tmp_path):
    process, workers = hanging
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert (out, err.split()) == (b"", [b"interrupted"])
    wait_for(lambda: not any(map(runs, workers)))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_killed_check_takes_its_worker_with_it(hanging):
    process, workers = hanging
    assert all(map(runs, workers))
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: not any(map(runs, workers)))


def test_a_terminated_check_takes_its_worker_with_it(hanging):
    process, workers = hanging
    process.terminate()
    process.communicate(timeout=PATIENCE)
    assert process.returncode not in (0, 1)
    wait_for(lambda: not any(map(runs, workers)))
