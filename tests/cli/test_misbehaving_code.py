"""Whatever user code does, the check says what and where, and stdout stays a report."""

from pathlib import Path

import pytest

from tests.cli.misbehaviour import CHECKED, EXPECTED, NO_CASE, line_of
from tests.cli.running import MISBEHAVING, Run, run
from tests.thinned import thinned

# the fixtures that hang are ended after two seconds: a busy machine may take one for all else
HANGING = {name for name, expected in EXPECTED.items() if "timed-out" in expected.kinds}
# two workers, where it matters which of them a thing happened to
SHARED = [name for name in CHECKED if EXPECTED[name].ends_process]


def arguments(name: str) -> list[str]:
    limit = ["--set", "check.timeout=2"] if name in HANGING else []
    return [*limit, "--output-format", "json"]


def judge(name: str, ended: Run) -> None:
    expected, document = EXPECTED[name], ended.document
    assert (ended.code, document["verdict"]) == (expected.code, expected.verdict)
    assert [finding["kind"] for finding in document["findings"]] == list(expected.kinds)
    assert set(expected.notes) <= {note["kind"] for note in document["notes"]}
    assert [row["name"] for row in document["parameters"] if row["verdict"] == "fail"] == list(expected.wrong)
    if expected.at:
        location = document["findings"][0]["location"]
        assert Path(location["file"]).name == f"{name}.py"
        assert location["line"] in [line_of(name, source) for source in expected.at]


def test_every_fixture_has_an_expectation():
    assert sorted([*EXPECTED, NO_CASE]) == sorted(file.stem for file in MISBEHAVING.glob("*.py"))


# those that end their process first, for they can be run in no other way
@pytest.mark.parametrize("name", [*SHARED, *thinned([name for name in CHECKED if name not in SHARED], every=8)])
def test_a_check_names_what_the_code_does(name, tagger):
    judge(name, run("check", tagger(name), *arguments(name)))


@pytest.mark.parametrize("name", thinned([name for name in CHECKED if name not in SHARED], every=2))
def test_without_a_worker_it_says_the_same(name, tagger, run_here):
    judge(name, run_here("check", tagger(name), "--workers", "0", *arguments(name)))


@pytest.mark.parametrize("name", SHARED)
def test_with_two_workers_it_says_the_same(name, tagger, run_here):
    judge(name, run_here("check", tagger(name), "--workers", "2", *arguments(name)))


def test_an_adapter_without_gradients_is_a_mistake_of_usage(tagger):
    ended = run("check", tagger("no_gradients_function"))
    assert (ended.code, ended.out) == (2, "")
    assert "has no function `gradients`" in ended.err
    assert "did you mean `gradient`?" in ended.err


@pytest.mark.parametrize("kind", ["text", "json"])
def test_what_the_code_prints_stays_off_stdout(kind, tagger):
    silent = run("check", tagger("loss_as_a_matrix"), "--output-format", kind)
    printing = run("check", tagger("prints_to_stdout"), "--output-format", kind)
    assert printing.out == silent.out.replace("loss_as_a_matrix.py", "prints_to_stdout.py")
    assert silent.err == ""
    assert "tagger loaded" in printing.err


def test_a_crash_says_how_the_process_ended(tagger):
    segfault = run("check", tagger("gradients_segfault"))
    assert "gradients ended its process: killed by SIGSEGV" in segfault.out
    exited = run("check", tagger("loss_exits_at_once"))
    assert "loss ended its process with exit code 7" in exited.out


def test_a_raised_error_shows_the_calls_that_led_to_it(tagger):
    text = " ".join(run("check", tagger("loss_raises_in_a_helper")).out.split())
    places = ["in loss: return tagger_core.loss(", "in rows_of: return [find_row(", "in find_row: raise ValueError("]
    found = [text.find(place) for place in places]
    assert -1 not in found
    assert found == sorted(found)
