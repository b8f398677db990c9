"""A check that is interrupted or killed leaves nothing behind."""

import contextlib
import os
import signal
import subprocess
import time

import pytest

from tests.cli.running import COMMAND, CONFIGS, PATIENCE, clean_environment, strict_json
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


# a loss that does so at its 600th call: then the entries of W_xh have been differenced, those of W_hh not yet
HANGING_LATE = """
import os, time
from pathlib import Path
import tagger_core
from tagger_core import gradients
calls = 0
def loss(parameters, batch):
    global calls
    calls += 1
    if calls == 600:
        note = Path(__file__).with_name(f"worker-{os.getpid()}.tmp")
        note.touch()
        note.rename(note.with_suffix(".pid"))
        time.sleep(60)
    return tagger_core.loss(parameters, batch)
"""


@pytest.fixture(params=[HANGING, HANGING_PROGRAM], ids=["python", "program"])
def hanging(adapter, tmp_path, request):
    """A check that hangs in a loss: the process, and the process ids of its workers, or of the programs they run."""
    with begun(adapter(request.param), tmp_path) as (process, workers):
        yield process, workers


@contextlib.contextmanager
def begun(config, tmp_path, *options):
    """Begin a check, and wait until it hangs."""
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [*COMMAND, "check", str(config), *options],
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


@pytest.mark.parametrize("kind", ["text", "json"])
def test_ctrl_c_prints_what_is_known_so_far(adapter, tmp_path, kind):
    config = adapter(HANGING_LATE, more="check: {loss: user}\n")
    with begun(config, tmp_path, "--workers", "1", "--output-format", kind, "--exit-zero") as (process, workers):
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err.split()) == (130, [b"interrupted"])
    wait_for(lambda: not any(map(runs, workers)))
    assert list((tmp_path / "temporary").iterdir()) == []
    if kind == "text":
        assert "UNCLEAR interrupted" in out.decode()
        assert "40 of 94 entries were compared" in " ".join(out.decode().split())
    else:
        document = strict_json(out.decode())
        assert document["verdict"] == "inconclusive"
        assert [row["checked"] for row in document["parameters"]] == [40, 0, 0, 0, 0]
        assert [note["kind"] for note in document["notes"]] == ["interrupted"]


def test_ctrl_c_in_one_of_several_checks_leaves_the_reports_before_it(adapter, tmp_path):
    hanging = adapter(HANGING)
    with begun(CONFIGS / "pos_tagger.yaml", tmp_path, str(hanging), "--quiet") as (process, _):
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert [line.split(": ")[1].split()[0] for line in out.decode().splitlines()] == ["3"]


def test_ctrl_c_while_the_report_is_printed_ends_at_once(run_here, monkeypatch):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck_rnn.report.text.show", pressed)
    ended = run_here("check", CONFIGS / "pos_tagger.yaml")
    assert (ended.code, ended.out, ended.err.split()) == (130, "", ["interrupted"])


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
