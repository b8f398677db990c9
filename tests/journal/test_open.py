"""A journal belongs to one check; another one, damage, and what is no journal are refused and left as they are."""

import os
import sqlite3
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.errors import UsageError
from gradcheck_rnn.journal.open import opened
from gradcheck_rnn.numeric.spread import IN_TURN, Threads

CONFIG = str(Path(__file__).resolve().parents[2] / "configs" / "elman.yaml")


def settings(*overrides: str):
    return load_settings(CONFIG, overrides=overrides)


def square(number: float) -> float:
    return number * number


def squares(numbers, journal) -> list[float]:
    return list(journal.remembering(IN_TURN)(square, [(number,) for number in numbers]))


def never(task, arguments, finished):
    assert list(arguments) == []
    return iter(())


@pytest.fixture
def begun(tmp_path):
    path = tmp_path / "journal"
    with opened(str(path), [settings()]) as (journal,):
        squares([2.0, 3.0], journal)
    return path


def refused(path, checks) -> str:
    before = Path(path).read_bytes() if Path(path).is_file() else None
    with pytest.raises(UsageError) as caught, opened(str(path), checks):
        pass
    assert before is None or Path(path).read_bytes() == before
    (mistake,) = caught.value.mistakes
    assert mistake.help
    return mistake.message


def test_what_is_known_is_recalled_and_the_rest_is_run_in_order(begun):
    run = []

    def in_turn_and_noted(task, arguments, finished):
        run.extend(arguments)
        return IN_TURN(task, arguments, finished)

    with opened(str(begun), [settings()]) as (journal,):
        spread = journal.remembering(in_turn_and_noted)
        assert list(spread(square, [(5.0,), (3.0,), (4.0,), (2.0,)])) == [25, 9, 16, 4]
        assert (journal.recalled, journal.noted) == (2, 2)
    assert run == [(5.0,), (4.0,)]


def test_each_result_is_on_disk_before_the_next_is_asked_for(tmp_path):
    path = tmp_path / "journal"
    with opened(str(path), [settings()]) as (journal,):
        results = journal.remembering(IN_TURN)(square, [(2.0,), (3.0,)])
        next(results)
        copy = path.read_bytes()
    path.write_bytes(copy)
    with opened(str(path), [settings()]) as (journal,):
        assert list(journal.remembering(never)(square, [(2.0,)])) == [4.0]


def test_a_result_is_noted_though_an_earlier_one_is_not_there_yet(tmp_path):
    def last_first(task, arguments, finished):
        finished(1, task(*arguments[1]))
        raise KeyboardInterrupt
        yield

    path = tmp_path / "journal"
    with opened(str(path), [settings()]) as (journal,), pytest.raises(KeyboardInterrupt):
        next(journal.remembering(last_first)(square, [(2.0,), (3.0,)]))
    with opened(str(path), [settings()]) as (journal,):
        assert list(journal.remembering(never)(square, [(3.0,)])) == [9.0]


def test_results_of_several_threads_are_noted_once_each(tmp_path):
    path, numbers = tmp_path / "journal", [(float(k),) for k in range(50)]
    with opened(str(path), [settings()]) as (journal,):
        assert list(journal.remembering(Threads(4))(square, numbers)) == [k * k for k in range(50)]
        assert journal.noted == 50
    with opened(str(path), [settings()]) as (journal,):
        assert list(journal.remembering(never)(square, numbers)) == [k * k for k in range(50)]


def test_another_task_with_equal_arguments_is_another_result(begun):
    with opened(str(begun), [settings()]) as (journal,):
        assert list(journal.remembering(IN_TURN)(abs, [(-2.0,), (2.0,)])) == [2.0, 2.0]


def test_equal_shards_of_two_configurations_are_kept_apart(tmp_path):
    checks = [settings(), settings("seed=1")]
    with opened(str(tmp_path / "journal"), checks) as (one, other):
        squares([2.0], one)
        squares([2.0], other)
        assert other.recalled == 0


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("seed=8", "seed was 7 and is 8"),
        ("model.hidden_size=6", "model.hidden_size was 5 and is 6"),
        ("check.tolerance=1e-5", "check.tolerance was 1e-06 and is 1e-05"),
        ("check.entries=3", "check.entries was None and is 3"),
    ],
)
def test_a_journal_of_another_configuration_is_refused_with_what_differs(begun, override, told):
    message = refused(begun, [settings(override)])
    assert message == f"cannot use the journal `{begun}`: it is that of another check: {told}"


@pytest.mark.parametrize("version", ["gradcheck_rnn.journal.open.__version__", "numpy.__version__"])
def test_a_journal_of_another_version_is_refused(begun, monkeypatch, version):
    monkeypatch.setattr(version, "0.0.9")
    assert "'s version was" in refused(begun, [settings()])


def test_a_journal_of_more_configurations_is_refused(begun):
    assert "it is that of a check of 1 configurations, not 2" in refused(begun, [settings(), settings()])


def test_a_longer_time_limit_is_no_other_check(begun):
    with opened(str(begun), [settings("check.timeout=99")]) as (journal,):
        assert list(journal.remembering(never)(square, [(2.0,)])) == [4.0]


def test_code_that_has_changed_is_refused_by_the_name_of_its_file(begun):
    with opened(str(begun), [settings()]) as (journal,):
        journal.hold_to({"adapter": "a", "net.py": "b"})
        journal.hold_to({"adapter": "a", "net.py": "b", "more.py": "c"})
    with opened(str(begun), [settings()]) as (journal,):
        journal.hold_to({"adapter": "a"})
        with pytest.raises(UsageError, match=r"another version of net\.py, more\.py"):
            journal.hold_to({"adapter": "a", "net.py": "x", "more.py": "y"})


def test_a_journal_that_is_in_use_is_refused(begun):
    """The lock is one between processes: within one it would be the same holder's."""
    with opened(str(begun), [settings()]):
        child = os.fork()
        if not child:
            try:
                os._exit(0 if "another check is using it" in refused(begun, [settings()]) else 1)
            finally:
                os._exit(2)
        assert os.waitpid(child, 0)[1] == 0
    with opened(str(begun), [settings()]):
        pass


def test_a_forked_process_does_not_hold_the_file(begun):
    with opened(str(begun), [settings()]) as (journal,):
        child = os.fork()
        if not child:
            try:
                held = [entry for entry in Path("/proc/self/fd").iterdir() if entry.exists() and entry.samefile(begun)]
                os._exit(len(held))
            finally:
                os._exit(99)
        assert os.waitpid(child, 0)[1] == 0
        assert squares([4.0], journal) == [16.0]


def other_tool(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table notes (text)")
    connection.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.write_text("notes\n"), "it is no journal of gradcheck-rnn"),
        (other_tool, "it is no journal of gradcheck-rnn"),
        (lambda path: path.mkdir(), "it is a folder"),
        (os.mkfifo, "it is no regular file"),
    ],
)
def test_what_is_no_journal_is_refused(tmp_path, make, told):
    path = tmp_path / "journal"
    make(path)
    assert refused(path, [settings()]) == f"cannot use the journal `{path}`: {told}"


def test_a_damaged_journal_is_refused(begun):
    begun.write_bytes(begun.read_bytes()[:-1])
    assert f"cannot use the journal `{begun}`: it is damaged: it ends after" in refused(begun, [settings()])


def test_a_folder_that_is_missing_is_named(tmp_path):
    path = tmp_path / "none" / "journal"
    assert refused(path, [settings()]).endswith(f"there is no folder `{tmp_path / 'none'}`")
    assert not path.parent.exists()


@pytest.mark.parametrize(("name", "told"), [("a\0b", "its name is not a file name"), ("x" * 300, "file name too long")])
def test_a_name_that_no_file_can_have_is_refused(name, told):
    assert told in refused_name(name)


def refused_name(name: str) -> str:
    with pytest.raises(UsageError) as caught, opened(name, [settings()]):
        pass
    return caught.value.mistakes[0].message


def test_a_full_disk_ends_the_check_with_what_to_do(begun, monkeypatch):
    def full(descriptor, content, at):
        raise OSError(28, "No space left on device")

    with opened(str(begun), [settings()]) as (journal,), monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(UsageError, match="no space left on device"):
            squares([4.0], journal)
