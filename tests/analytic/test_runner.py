"""Worker processes: whatever user code does there ends there, is named, and leaves nothing behind."""

import os
import signal
import sys
import time
import warnings

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import inspect
from gradcheck_rnn.analytic.runner import running
from tests.analytic.adapters import RIGHT, RIGHT_GRADIENTS, code, point

SHORT = 1.5  # seconds that a hanging call gets


def own_pid(session) -> int:
    return os.getpid()


def pid_after(session, seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def numbered(session, number: int) -> int:
    """Later tasks finish earlier."""
    time.sleep(0.02 * (4 - number))
    return number


def user_loss(session) -> float:
    return session.loss(point())


def refused(folder, source, *, task=inspect, workers=1, timeout=20.0, arguments=None):
    with (
        running(code(folder, source, timeout=timeout), workers=workers) as runner,
        pytest.raises(UserCodeError) as caught,
    ):
        runner.run(task, *((point(),) if arguments is None else arguments))
    return caught.value.finding


def loss_that(statement: str, *, head: str = "") -> str:
    return f"{head}\ndef loss(parameters, batch):\n    {statement}\n    return 0.0\n" + RIGHT_GRADIENTS


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="workers are not forked elsewhere")
def test_a_warning_that_a_fork_is_advised_against_is_no_error(tmp_path, monkeypatch):
    """Python 3.12 gives it beside threads, and these tests make errors of warnings."""

    def warned(fork=os.fork):
        warnings.warn("use of fork() may lead to deadlocks in the child", DeprecationWarning, stacklevel=2)
        return fork()

    monkeypatch.setattr(os, "fork", warned)
    with running(code(tmp_path, RIGHT), workers=1) as runner:
        assert runner.run(user_loss) == 14.0


# --- ends


@pytest.mark.parametrize(
    ("statement", "how", "evidence"),
    [
        ("os._exit(3)", "with exit code 3", {"exit_code": 3}),
        ("os._exit(0)", "with exit code 0", {"exit_code": 0}),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL", {"exit_code": -signal.SIGKILL}),
        ("os.abort()", "killed by SIGABRT", {"exit_code": -signal.SIGABRT}),
        ("ctypes.string_at(0)", "killed by SIGSEGV", {"exit_code": -signal.SIGSEGV}),
    ],
)
def test_a_crash_is_named_with_the_call_and_how_it_ended(tmp_path, statement, how, evidence):
    finding = refused(tmp_path, loss_that(statement, head="import ctypes, os, signal"))
    assert (finding.kind, finding.term) == ("crashed", "loss")
    assert finding.message == f"loss ended its process: {how}" or finding.message == f"loss ended its process {how}"
    assert finding.evidence == evidence


@pytest.mark.parametrize("statement", ["ctypes.string_at(0)", "os.abort()"])
def test_a_crash_that_python_can_trace_has_its_line(tmp_path, statement):
    finding = refused(tmp_path, loss_that(statement, head="import ctypes, os"))
    assert (finding.location.file, finding.location.line) == (str(tmp_path / "adapter.py"), 3)
    assert statement in finding.location.text


def test_a_crash_in_gradients_is_the_gradients_own(tmp_path):
    finding = refused(tmp_path, "import os\ndef gradients(parameters, batch):\n    os._exit(1)\n")
    assert (finding.kind, finding.term) == ("crashed", "gradients")


def test_a_crash_at_import_is_the_adapter_s(tmp_path):
    finding = refused(tmp_path, "import os\nos._exit(1)\n" + RIGHT)
    assert (finding.kind, finding.term) == ("crashed", "adapter")
    assert finding.message.startswith("importing the adapter ended its process")


def test_after_a_crash_the_next_task_is_refused_too(tmp_path):
    with running(code(tmp_path, loss_that("os._exit(1)", head="import os")), workers=1) as runner:
        for _ in range(2):
            with pytest.raises(UserCodeError) as caught:
                runner.run(user_loss)
            assert caught.value.finding.kind == "crashed"


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("leaving", ["sys.exit(0)", "sys.exit('done')", "raise SystemExit"])
def test_leaving_python_is_refused_with_the_line(tmp_path, leaving, workers):
    finding = refused(tmp_path, loss_that(leaving, head="import sys"), workers=workers)
    assert (finding.kind, finding.term) == ("raised", "loss")
    assert finding.message.startswith("loss called sys.exit")
    assert finding.location.line == 3


def test_an_interrupt_that_user_code_raises_in_its_worker_is_not_the_tool_s(tmp_path):
    try:
        finding = refused(tmp_path, loss_that("raise KeyboardInterrupt"))
    except KeyboardInterrupt:
        pytest.fail("it came through")
    assert (finding.kind, finding.term) == ("raised", "loss")


# --- hangs


@pytest.mark.parametrize(
    ("source", "term", "line", "called"),
    [
        ("def loss(parameters, batch):\n    while True:\n        pass\n" + RIGHT_GRADIENTS, "loss", {2, 3}, "loss"),
        ("import time\ndef gradients(parameters, batch):\n    time.sleep(60)\n", "gradients", {3}, "gradients"),
        ("import time\ntime.sleep(60)\n" + RIGHT, "adapter", {2}, "importing the adapter"),
        ("import time\ndef parameters(rng):\n    time.sleep(60)\n" + RIGHT, "parameters", {3}, "parameters"),
    ],
)
def test_a_hang_is_ended_after_its_time_and_its_line_is_named(tmp_path, source, term, line, called):
    began = time.monotonic()
    finding = refused(tmp_path, source, timeout=SHORT)
    assert (finding.kind, finding.term) == ("timed-out", term)
    assert finding.message.startswith(f"{called} took longer than {SHORT} s")
    assert finding.location.file == str(tmp_path / "adapter.py")
    assert finding.location.line in line
    assert SHORT <= time.monotonic() - began < SHORT + 30


def test_the_time_of_one_call_is_limited_and_not_that_of_a_task(tmp_path):
    """Four calls of 0.5 s each within a limit of 1.5 s."""
    source = loss_that("time.sleep(0.5)", head="import time")
    with running(code(tmp_path, source, timeout=SHORT), workers=1) as runner:
        assert runner.run(four_losses) == [0.0] * 4


def four_losses(session) -> list[float]:
    return [session.loss(point()) for _ in range(4)]


def test_one_of_two_workers_that_hangs_is_found(tmp_path):
    source = loss_that("time.sleep(60)", head="import time")
    with running(code(tmp_path, source, timeout=SHORT), workers=2) as runner, pytest.raises(UserCodeError) as caught:
        list(runner.run_all(loss_if, [(False,), (True,), (False,)]))
    assert caught.value.finding.kind == "timed-out"
    assert caught.value.finding.location.line == 3


def loss_if(session, wanted: bool) -> float:
    return session.loss(point()) if wanted else 0.0


# --- raises


@pytest.mark.parametrize("workers", [0, 1])
def test_an_exception_is_refused_with_the_user_s_own_frames(tmp_path, workers):
    source = """
def deep(x):
    return {}[x]

def loss(parameters, batch):
    return deep("key")
"""
    finding = refused(tmp_path, source + RIGHT_GRADIENTS, workers=workers)
    assert (finding.kind, finding.term) == ("raised", "loss")
    assert finding.message == "loss raised KeyError: 'key'"
    assert (finding.location.line, finding.location.text) == (3, "return {}[x]")
    frames = finding.evidence["traceback"].splitlines()
    assert [frame.split(" in ")[1].split(":")[0] for frame in frames] == ["loss", "deep"]


@pytest.mark.parametrize("workers", [0, 1])
def test_an_exception_inside_a_library_points_to_the_user_s_line(tmp_path, workers):
    source = "import numpy as np\n\ndef loss(parameters, batch):\n    return np.linalg.inv(np.zeros((2, 2)))\n"
    finding = refused(tmp_path, source + RIGHT_GRADIENTS, workers=workers)
    assert "LinAlgError" in finding.message
    assert (finding.location.file, finding.location.line) == (str(tmp_path / "adapter.py"), 4)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_exception_that_cannot_be_pickled_is_refused_like_any_other(tmp_path, workers):
    source = "class Own(Exception):\n    def __init__(self, a, b):\n        self.f = lambda: a\n\n" + loss_that(
        "raise Own(1, 2)"
    )
    assert refused(tmp_path, source, workers=workers).message.startswith("loss raised Own")


@pytest.mark.parametrize("workers", [0, 1])
def test_an_exception_without_words_is_refused_like_any_other(tmp_path, workers):
    source = "class Own(Exception):\n    def __str__(self):\n        raise ValueError\n\n" + loss_that("raise Own")
    assert refused(tmp_path, source, workers=workers).message.startswith("loss raised Own")


@pytest.mark.parametrize("workers", [0, 1])
def test_a_mapping_that_raises_is_refused(tmp_path, workers):
    source = """
from collections import UserDict

class Lazy(UserDict):
    def __getitem__(self, name):
        raise RuntimeError("not computed yet")

def gradients(parameters, batch):
    return Lazy(W=1)
"""
    assert refused(tmp_path, source, workers=workers).kind == "raised"


def test_endless_recursion_is_an_exception_like_any_other(tmp_path):
    finding = refused(tmp_path, loss_that("return loss(parameters, batch)"))
    assert finding.message.startswith("loss raised RecursionError")


def test_reading_standard_input_is_refused_with_what_to_do_instead(tmp_path):
    finding = refused(tmp_path, loss_that("input()"))
    assert finding.message.startswith("loss raised EOFError")
    assert "batch" in finding.help


@pytest.mark.parametrize("workers", [0, 1])
def test_a_wrong_number_of_arguments_is_told_the_right_ones(tmp_path, workers):
    finding = refused(tmp_path, "def loss(parameters):\n    return 0.0\n" + RIGHT_GRADIENTS, workers=workers)
    assert finding.message.startswith("loss raised TypeError")
    assert "loss(parameters, batch)" in finding.help


# --- output


def test_what_user_code_prints_is_kept_off_ours_and_can_be_asked_for(tmp_path, capfd):
    statement = "print('said'); os.write(1, b'written\\n'); print('warned', file=sys.stderr); os.system('echo shell')"
    with running(code(tmp_path, loss_that(statement, head="import os, sys")), workers=1) as runner:
        runner.run(user_loss)
        assert sorted(runner.output().split()) == ["said", "shell", "warned", "written"]
    assert capfd.readouterr() == ("", "")


def test_what_was_printed_before_a_crash_is_kept(tmp_path):
    source = loss_that("print('last words'); os._exit(1)", head="import os")
    with running(code(tmp_path, source), workers=1) as runner:
        with pytest.raises(UserCodeError):
            runner.run(user_loss)
        assert runner.output() == "last words\n"


def test_output_that_is_no_text_is_shown_all_the_same(tmp_path):
    with running(code(tmp_path, loss_that("os.write(1, bytes([255]))", head="import os")), workers=1) as runner:
        runner.run(user_loss)
        assert runner.output() == "\N{REPLACEMENT CHARACTER}"


def test_in_process_prints_go_to_standard_error(tmp_path, capsys):
    with running(code(tmp_path, "print('loaded')\n" + loss_that("print('said')")), workers=0) as runner:
        runner.run(user_loss)
        assert runner.output() == ""
    assert capsys.readouterr() == ("", "loaded\nsaid\n")


# --- processes


def test_user_code_runs_in_a_process_of_its_own(tmp_path):
    with running(code(tmp_path, RIGHT), workers=1) as runner:
        assert runner.run(own_pid) != os.getpid()
    with running(code(tmp_path, RIGHT), workers=0) as runner:
        assert runner.run(own_pid) == os.getpid()


def test_two_workers_work_at_the_same_time(tmp_path):
    with running(code(tmp_path, RIGHT), workers=2) as runner:
        assert len(set(runner.run_all(pid_after, [(0.2,), (0.2,)]))) == 2


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_results_come_in_the_order_of_the_arguments(tmp_path, workers):
    with running(code(tmp_path, RIGHT), workers=workers) as runner:
        assert list(runner.run_all(numbered, [(k,) for k in range(4)])) == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_gives_what_this_process_gives(tmp_path, workers):
    seen = []
    for count in (0, workers):
        with running(code(tmp_path, RIGHT), workers=count) as runner:
            seen.append(runner.run(inspect, point()))
    assert seen[0].loss == seen[1].loss
    np.testing.assert_array_equal(seen[0].gradients["W"], seen[1].gradients["W"])


def test_workers_are_gone_afterwards(tmp_path):
    with running(code(tmp_path, RIGHT), workers=2) as runner:
        pids = set(runner.run_all(pid_after, [(0.1,), (0.1,)]))
        assert not any(is_gone(pid) for pid in pids)
    assert len(pids) == 2
    assert all(is_gone(pid) for pid in pids)


@pytest.mark.parametrize("statement", ["time.sleep(60)", "os._exit(1)", "raise ValueError"])
def test_workers_are_gone_after_a_failure_too(tmp_path, statement):
    pids = set()
    source = loss_that(statement, head="import os, time")
    with running(code(tmp_path, source, timeout=SHORT), workers=2) as runner:
        pids |= set(runner.run_all(pid_after, [(0.1,), (0.1,)]))
        with pytest.raises(UserCodeError):
            runner.run(user_loss)
    assert len(pids) == 2
    assert all(is_gone(pid) for pid in pids)


def test_workers_are_gone_when_the_caller_is_interrupted(tmp_path):
    pids = []
    with pytest.raises(KeyboardInterrupt):
        interrupted(code(tmp_path, RIGHT), pids)
    assert len(pids) == 1
    assert is_gone(pids[0])


def interrupted(user_code, pids: list[int]) -> None:
    with running(user_code, workers=1) as runner:
        pids.append(runner.run(own_pid))
        raise KeyboardInterrupt


def test_a_thread_that_user_code_left_running_keeps_no_worker_alive(tmp_path):
    source = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n" + RIGHT
    began = time.monotonic()
    with running(code(tmp_path, source), workers=1) as runner:
        pid = runner.run(own_pid)
    assert is_gone(pid)
    assert time.monotonic() - began < 30


def test_the_folder_of_the_workers_files_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with running(code(tmp_path, RIGHT), workers=1) as runner:
        runner.run(own_pid)
        assert [path for path in tmp_path.iterdir() if path.name.startswith("gradcheck_rnn-")]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("gradcheck_rnn-")]


# --- how many there are


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.analytic.runner.usable_cores", lambda: 2)


def test_work_of_a_moment_starts_no_second_process(tmp_path, two_cores, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.analytic.runner.PATIENCE", 60.0)  # a busy machine's moment is long
    source = "from pathlib import Path\nPath(__file__).with_name('loads').open('a').write('.')\n" + RIGHT
    with running(code(tmp_path, source), workers=None) as runner:
        assert len(set(runner.run_all(pid_after, [(0.01,)] * 4))) == 1
    assert (tmp_path / "loads").read_text() == "."


def test_longer_work_is_shared_by_as_many_processes_as_there_are_cores(tmp_path, two_cores, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.analytic.runner.PATIENCE", 0.05)
    with running(code(tmp_path, RIGHT), workers=None) as runner:
        assert runner.workers == 2
        assert len(set(runner.run_all(pid_after, [(0.1,)] * 6))) == 2


# --- tasks of one run


def place_of(session, shared, number: int) -> tuple[int, bytes]:
    return id(shared), shared.parameters["W"].tobytes()


def test_a_point_that_tasks_share_comes_once(tmp_path):
    shared = point()
    with running(code(tmp_path, RIGHT), workers=1) as runner:
        found = list(runner.run_all(place_of, [(shared, k) for k in range(3)]))
    assert len(set(found)) == 1
    assert found[0][1] == shared.parameters["W"].tobytes()


def test_another_point_is_another_one(tmp_path):
    points = [point(), point().at({"W": np.zeros((1, 3))})]
    with running(code(tmp_path, RIGHT), workers=1) as runner:
        found = list(runner.run_all(place_of, [(each, 0) for each in (*points, *points)]))
    assert [each for _, each in found] == [each.parameters["W"].tobytes() for each in (*points, *points)]


def test_a_worker_never_takes_the_point_of_a_run_for_that_of_a_later_one(tmp_path):
    points = [point().at({"W": np.full((1, 3), float(k))}) for k in range(20)]
    with running(code(tmp_path, RIGHT), workers=1) as runner:
        found = [list(runner.run_all(place_of, [(each, k) for k in range(2)])) for each in points]
    assert [[seen for _, seen in run] for run in found] == [[each.parameters["W"].tobytes()] * 2 for each in points]


def slow_then_wrong(session, number: int) -> None:
    time.sleep(0.2 if number == 0 else 0.0)
    raise ValueError(f"argument {number}")


def test_what_is_raised_is_of_the_first_argument_that_fails_and_not_of_the_quickest(tmp_path):
    with (
        running(code(tmp_path, RIGHT), workers=2) as runner,
        pytest.raises(ValueError, match="argument 0"),
    ):
        list(runner.run_all(slow_then_wrong, [(k,) for k in range(4)]))


@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_that_is_given_up_does_not_disturb_the_next(tmp_path, workers):
    with running(code(tmp_path, RIGHT), workers=workers) as runner:
        given_up = runner.run_all(numbered, [(k,) for k in range(4)])
        assert next(given_up) == 0
        given_up.close()
        assert list(runner.run_all(numbered, [(k,) for k in (3, 2, 1)])) == [3, 2, 1]


def test_a_process_that_dies_while_its_own_child_lives_is_noticed(tmp_path):
    """The child holds the pipe open, so that nothing comes out of it, not even its end."""
    source = loss_that("os.fork() or time.sleep(60)\n    os._exit(3)", head="import os, time")
    finding = refused(tmp_path, source)
    assert (finding.kind, finding.evidence) == ("crashed", {"exit_code": 3})
