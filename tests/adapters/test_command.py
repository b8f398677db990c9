"""A program in another language: what it answers, and what becomes of one that does not answer as it should."""

import ast
import json
import os
import signal
import sys
import time

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.inspection import inspect
from gradcheck_rnn.analytic.runner import running
from tests.adapters.peers import adapter_of, peer, when
from tests.analytic.adapters import point
from tests.processes import runs

SHORT = 1.5  # seconds that a silent program gets
BOTH = pytest.mark.parametrize("workers", [0, 1])
PID = "open('pid', 'a').write(str(os.getpid()) + '\\n')"


def user_loss(session):
    return session.loss(point())


def user_losses(session, count):
    return session.losses(point(), [{"W": point().parameters["W"] + k} for k in range(count)])


def user_gradients(session):
    return session.gradients(point())


def initial(session):
    return session.initial


def refused(code, *, task=user_loss, workers=1, arguments=()):
    with running(code, workers=workers) as runner, pytest.raises(UserCodeError) as caught:
        runner.run(task, *arguments)
    return caught.value.finding


def pids(folder):
    return [int(line) for line in (folder / "pid").read_text().splitlines()]


def gone(folder, *, within=30.0):
    """Whether all of the programs that wrote down their ids have ended."""
    end = time.monotonic() + within
    while any(map(runs, pids(folder))) and time.monotonic() < end:
        time.sleep(0.02)
    return not any(map(runs, pids(folder)))


# --- answers


@BOTH
def test_a_program_is_checked_as_python_is(tmp_path, workers):
    with running(peer(tmp_path), workers=workers) as runner:
        seen = runner.run(inspect, point())
    assert (seen.loss, seen.findings) == (14.0, ())
    np.testing.assert_array_equal(seen.gradients["W"], [[2.0, 4.0, -6.0]])


def test_axes_of_length_1_may_be_left_out(tmp_path):
    changes = "def double(value):\n    return [2 * each for each in flat(value)]\n"
    with running(peer(tmp_path, changes), workers=0) as runner:
        returned = runner.run(user_gradients)
    assert returned.findings == ()
    assert returned.gradients["W"].shape == (1, 3)


@pytest.mark.parametrize("answer", ["[[1.0, 2.0]]", "[[1.0], [2.0], [3.0, 4.0]]", "'none'"])
def test_another_shape_is_refused_as_python_s_is(tmp_path, answer):
    changes = f"def double(value):\n    return {answer}\n"
    with running(peer(tmp_path, changes), workers=0) as runner:
        (finding,) = runner.run(user_gradients).findings
    assert (finding.kind, finding.term) == ("wrong-shape" if "2.0]]" in answer else "wrong-dtype", "W")


@pytest.mark.parametrize(
    ("written", "value"),
    [("null", np.nan), ("NaN", np.nan), ('"NaN"', np.nan), ("-Infinity", -np.inf), ('"Infinity"', np.inf)],
)
def test_numbers_that_are_not_finite_have_a_form(tmp_path, written, value):
    changes = when("loss", f"say('{{\"id\": %d, \"loss\": {written}}}' % request['id'])", "return")
    with running(peer(tmp_path, changes), workers=0) as runner:
        np.testing.assert_equal(runner.run(user_loss), value)


def test_every_number_arrives_to_the_last_bit(tmp_path):
    """The program hands the parameters back; Python on the other side reads decimal numbers exactly."""
    changes = "def double(value):\n    return value\n"
    rng = np.random.default_rng(0)
    given = rng.normal(size=(50, 40)) * 10.0 ** rng.integers(-300, 300, (50, 40))
    with running(peer(tmp_path, changes), workers=0) as runner:
        returned = runner.run(gradients_at, given)
    assert returned.gradients["W"].tobytes() == given.tobytes()


def gradients_at(session, weights):
    return session.gradients(point().at({"W": weights}))


def test_the_batch_is_what_an_adapter_gets(tmp_path):
    changes = when("loss", "open('request', 'w').write(json.dumps(request['batch']))")
    with running(peer(tmp_path, changes), workers=0) as runner:
        runner.run(user_loss)
    assert json.loads((tmp_path / "request").read_text()) == {
        "inputs": [[1.0, 0.0], [0.0, 1.0]],
        "tokens": [0, 1],
        "targets": [1, 0],
        "initial_state": {"h": [0.5, -1.0]},
    }


@pytest.mark.parametrize(("offers", "vary"), [('"parameters"', False), ('"parameters", "sizes"', True)])
def test_a_program_may_draw_its_parameters(tmp_path, offers, vary):
    with running(peer(tmp_path, f'OFFERS = ["gradients", {offers}]\n'), workers=0) as runner:
        assert runner.run(initial)["W"].shape == (1, 3)
        assert runner.run(lambda session: session.adapter.sizes_may_vary) == vary


def test_a_program_that_draws_is_told_the_sizes(tmp_path):
    changes = 'OFFERS = ["gradients", "parameters"]\n' + when(
        "parameters", "open('sizes', 'w').write(repr(request['sizes']))"
    )
    with running(peer(tmp_path, changes), workers=0) as runner:
        runner.run(initial)
    assert ast.literal_eval((tmp_path / "sizes").read_text()) == {
        "input_size": 2, "hidden_size": 3, "output_size": 2, "length": 2, "batch_size": None,
    }  # fmt: skip


def test_what_is_not_offered_is_not_asked_for(tmp_path):
    with running(peer(tmp_path, 'OFFERS = ["gradients"]\n'), workers=0) as runner:
        assert runner.run(lambda session: (session.adapter.loss, session.initial)) == (None, None)


def test_the_folder_counts_from_the_adapter_s(tmp_path):
    peer(tmp_path)
    (tmp_path / "inner").mkdir()
    (tmp_path / "peer.py").rename(tmp_path / "inner" / "peer.py")
    with running(adapter_of(tmp_path, [sys.executable, "peer.py"], ", folder='inner'"), workers=1) as runner:
        assert runner.run(user_loss) == 14.0


def test_what_it_writes_on_stderr_is_what_user_code_prints(tmp_path):
    with running(peer(tmp_path), workers=1) as runner:
        runner.run(user_loss)
        assert runner.output() == "asked for hello\nasked for loss\n"


def test_a_long_line_each_way_stops_nobody(tmp_path):
    """More than a pipe holds: the program writes 200 kB on stderr before it reads, and as much on stdout after."""
    changes = "sys.stderr.write('-' * 200_000)\nOFFERS = ['gradients']\n"
    weights = np.random.default_rng(0).normal(size=(100, 100))
    with running(peer(tmp_path, changes), workers=0) as runner:
        returned = runner.run(gradients_at, weights)
    np.testing.assert_array_equal(returned.gradients["W"], 2 * weights)


# --- many losses at once


MANY = 'OFFERS = ["loss", "losses", "gradients"]\n' + when(
    "losses", "open('sizes', 'a').write(f'{len(request[\"parameters\"])} ')"
)


def test_many_losses_are_those_of_one_after_the_other(tmp_path):
    with running(peer(tmp_path), workers=0) as runner:
        one_by_one = runner.run(user_losses, 9)
    with running(peer(tmp_path, MANY), workers=0) as runner:
        assert runner.run(user_losses, 9) == one_by_one
    # the first is asked for alone, so that it is known how many the time limit has room for
    assert (tmp_path / "sizes").read_text().split() == ["1", "8"]


def test_a_request_for_many_keeps_to_the_time_limit_of_one_call(tmp_path):
    """Each loss takes 80 ms, and a tenth of the limit is 400 ms: no more than 4 or 5 fit."""
    changes = MANY + when("losses", "time.sleep(0.08 * len(request['parameters']))")
    with running(peer(tmp_path, changes, timeout=4.0), workers=1) as runner:
        runner.run(user_losses, 9)
    first, *others = map(int, (tmp_path / "sizes").read_text().split())
    assert first == 1
    assert sum(others) == 8
    assert 1 < max(others) <= 5


def test_the_wrong_number_of_losses_is_refused(tmp_path):
    changes = MANY + when("losses", "say({'id': request['id'], 'losses': [1.0, 2.0]})", "return")
    finding = refused(peer(tmp_path, changes), task=user_losses, arguments=(1,))
    assert (finding.kind, finding.term) == ("wrong-shape", "losses")
    assert finding.message == "losses returned 2 values for 1 parameter sets"


def test_many_losses_that_are_not_finite_are_numbers_too(tmp_path):
    changes = MANY + when("losses", "say({'id': request['id'], 'losses': [None]})", "return")
    with running(peer(tmp_path, changes), workers=0) as runner:
        np.testing.assert_equal(runner.run(user_losses, 1), [np.nan])


def test_many_losses_that_are_others_are_refused(tmp_path):
    changes = MANY + when("losses", "given = request['parameters']", "given[-1]['W'][0][0] += 1e-6")
    finding = refused(peer(tmp_path, changes), task=inspect, arguments=(point(),))
    assert (finding.kind, finding.term) == ("forward-differs", "losses")


# --- findings


def test_an_error_answer_is_raised_and_the_program_goes_on(tmp_path):
    changes = (
        PID
        + "\n"
        + when("loss", "say({'id': request['id'], 'error': 'no such\\n word', 'trace': 'at net.jl:3'})", "return")
    )
    with running(peer(tmp_path, changes), workers=1) as runner:
        with pytest.raises(UserCodeError) as caught:
            runner.run(user_loss)
        assert runner.run(user_gradients).findings == ()
    finding = caught.value.finding
    assert (finding.kind, finding.term) == ("raised", "loss")
    assert finding.message.endswith("peer.py`, asked for loss, answered with an error: no such word")
    assert finding.evidence == {"traceback": "at net.jl:3"}
    assert len(pids(tmp_path)) == 1


@BOTH
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("say('step 1')", "wrote a line that is no answer: step 1"),
        ("say('')", "wrote an empty line"),
        ("say([1])", "wrote a line that is no answer: [1]"),
        ("say('9' * 5000)", "wrote a line that is no answer: " + "9" * 80 + "..."),
        ("say('[' * 100000)", "wrote a line that is no answer: " + "[" * 80 + "..."),
        ("sys.stdout.buffer.write(b'\\xff\\n'); say('')", "wrote a line that is no answer: \N{REPLACEMENT CHARACTER}"),
        ("say({'id': 77, 'loss': 1.0})", "answered with id 77"),
        ("say({'loss': 1.0})", "answered without an id"),
    ],
)
def test_a_line_that_is_no_answer_is_named(tmp_path, statement, words, workers):
    finding = refused(peer(tmp_path, when("loss", statement)), workers=workers)
    assert (finding.kind, finding.term) == ("raised", "loss")
    assert finding.message.endswith(f"peer.py`, asked for loss, {words}")
    assert finding.help


def test_a_line_after_the_answer_is_named_with_the_next_request(tmp_path):
    changes = "def serve(request):\n    say(json.dumps({'id': request['id'], **answer(request)}) + '\\ndone')\n"
    finding = refused(peer(tmp_path, changes))
    assert finding.message.endswith("asked for loss, wrote a line that is no answer: done")


def test_an_answer_without_its_value_is_a_missing_key(tmp_path):
    finding = refused(peer(tmp_path, when("loss", "say({'id': request['id'], 'cost': 1.0})", "return")))
    assert (finding.kind, finding.term) == ("missing-key", "loss")
    assert finding.message.endswith("answered without `loss`: there is `cost`")


@BOTH
@pytest.mark.parametrize(
    ("statement", "how", "code"),
    [
        ("print('out of words', file=sys.stderr); sys.exit(3)", "ended with exit code 3", 3),
        ("print('out of words', file=sys.stderr, flush=True); os.kill(os.getpid(), 9)", "was killed by SIGKILL", -9),
    ],
)
def test_an_early_end_is_named_with_how_and_the_last_words(tmp_path, statement, how, code, workers):
    finding = refused(peer(tmp_path, when("loss", statement)), workers=workers)
    assert (finding.kind, finding.term) == ("crashed", "loss")
    assert finding.message.endswith(f"peer.py`, asked for loss, {how}")
    assert finding.evidence == {"exit_code": code, "traceback": "asked for hello\nasked for loss\nout of words"}


def test_a_program_that_closes_its_output_is_named(tmp_path):
    finding = refused(peer(tmp_path, when("loss", "os.close(1)", "time.sleep(60)")))
    assert (finding.kind, finding.term) == ("crashed", "loss")
    assert finding.message.endswith("asked for loss, closed its output")


@pytest.mark.parametrize("how", ["time.sleep(60)", "sys.stdout.write('{'); sys.stdout.flush(); time.sleep(60)"])
def test_silence_is_named_with_the_program_and_its_last_words(tmp_path, how):
    code = peer(tmp_path, PID + "\n" + when("loss", how), timeout=SHORT)
    finding = refused(code)
    assert (finding.kind, finding.term) == ("timed-out", "loss")
    assert finding.message.endswith(f"peer.py`, asked for loss, was silent for {SHORT} s and was ended")
    assert finding.evidence == {"timeout": SHORT, "traceback": "asked for hello\nasked for loss"}
    assert gone(tmp_path)


@BOTH
@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{'version': 2, 'offers': ['gradients']}", "speaks version 2 of the protocol"),
        ("{'offers': ['gradients']}", "speaks no version of the protocol"),
        ("{'version': 1}", "says not what it offers"),
        ("{'version': 1, 'offers': ['gradient']}", "offers `gradient`, which is nothing that is asked for"),
        ("{'version': 1, 'offers': ['loss']}", "offers no `gradients`"),
    ],
)
def test_a_wrong_hello_is_named_with_the_line_that_starts_the_program(tmp_path, said, words, workers):
    finding = refused(peer(tmp_path, f"def answer(request):\n    return {said}\n"), workers=workers)
    assert (finding.kind, finding.term) == ("raised", "adapter")
    assert finding.message.endswith(f"peer.py`, asked for hello, {words}")
    assert "command(" in finding.location.text
    assert finding.help


@BOTH
def test_a_banner_is_named(tmp_path, workers):
    finding = refused(peer(tmp_path, "print('Welcome to Net 1.0')\n"), workers=workers)
    assert (finding.kind, finding.term) == ("raised", "adapter")
    assert "Welcome to Net 1.0" in finding.message


@BOTH
@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        (["no_such_program", "net.js"], "", "there is no program `no_such_program`"),
        ([sys.executable, "peer.py"], ", folder='nowhere'", "there is no folder"),
        (["./adapter.py"], "", "`./adapter.py` cannot be started: Permission denied"),
    ],
)
def test_a_program_that_cannot_be_started_is_named(tmp_path, command, options, message, workers):
    finding = refused(adapter_of(tmp_path, command, options), workers=workers)
    assert (finding.kind, finding.term) == ("raised", "adapter")
    assert finding.message.startswith(message)
    assert finding.help


# --- lives


@BOTH
def test_after_an_early_end_the_next_request_starts_it_anew(tmp_path, workers):
    changes = PID + "\n" + when("loss", "if len(open('pid').readlines()) == 1:", "    sys.exit(1)")
    with running(peer(tmp_path, changes), workers=workers) as runner:
        with pytest.raises(UserCodeError):
            runner.run(user_loss)
        assert runner.run(user_loss) == 14.0
    assert len(pids(tmp_path)) == 2
    assert gone(tmp_path)


@BOTH
def test_it_is_started_once_in_each_process(tmp_path, workers):
    with running(peer(tmp_path, PID), workers=workers) as runner:
        for _ in range(3):
            runner.run(user_loss)
        assert len(pids(tmp_path)) == 1
        assert runs(pids(tmp_path)[0])
    assert gone(tmp_path)


@BOTH
def test_it_is_gone_when_the_check_is_interrupted(tmp_path, workers):
    def interrupted():
        with running(peer(tmp_path, PID), workers=workers) as runner:
            runner.run(user_loss)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert gone(tmp_path)


def test_what_a_launcher_has_started_is_gone_too(tmp_path):
    """The program is behind a shell, and hangs without reading its input."""
    peer(tmp_path, PID + "\n" + when("loss", "time.sleep(60)"))
    code = adapter_of(tmp_path, ["sh", "-c", f"'{sys.executable}' peer.py; true"], timeout=SHORT)
    assert refused(code).kind == "timed-out"
    assert gone(tmp_path)


def test_a_killed_worker_takes_it_along(tmp_path):
    """Also where it does not read that its input has ended."""
    changes = PID + "\n" + when("hello", "right(request)", "time.sleep(60)")
    with running(peer(tmp_path, changes), workers=1) as runner:
        worker = runner.run(own_pid)
        os.kill(worker, signal.SIGKILL)
        assert gone(tmp_path)


def own_pid(session):
    return os.getpid()
