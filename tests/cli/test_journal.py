"""`check --journal`: a check that was killed goes on where it was, and its report is that of one that was not."""

import re
import signal
import subprocess

import pytest

from tests.cli.counting import COUNTING, THROUGH_LOSS, calls
from tests.cli.running import COMMAND, CONFIGS, PATIENCE, clean_environment, run
from tests.cli.test_signals import wait_for


@pytest.fixture
def config(adapter):
    return adapter(COUNTING, more=THROUGH_LOSS)


def known(err: str) -> tuple[int, int]:
    """How many shards of how many were known."""
    recalled, total = re.search(r"(\d+) of (\d+) shards were known", err).groups()
    return int(recalled), int(total)


def killed(config, journal, *, after: int, workers: int) -> None:
    """Start a check, and kill it once its journal has grown by that many bytes."""
    begun = journal.stat().st_size if journal.exists() else 0
    process = subprocess.Popen(
        [*COMMAND, "check", str(config), "--journal", str(journal), "--workers", str(workers)],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(lambda: process.poll() is not None or (journal.exists() and journal.stat().st_size >= begun + after))
    assert process.poll() is None
    process.kill()
    assert process.wait(PATIENCE) == -signal.SIGKILL


def test_a_check_that_is_killed_again_and_again_computes_each_shard_once(config, tmp_path, run_here):
    plain = run_here("check", config, "--output-format", "json")
    full, journal = calls(tmp_path), tmp_path / "journal"
    killed(config, journal, after=1, workers=1)
    killed(config, journal, after=4000, workers=2)
    resumed = run("check", config, "--output-format", "json", "--journal", journal, "--workers", 2)
    taken = calls(tmp_path) - full
    assert (resumed.code, resumed.out) == (plain.code, plain.out)
    recalled, shards = known(resumed.err)
    assert 3 <= recalled < shards
    again = run_here("check", config, "--output-format", "json", "--journal", journal)
    assert again.out == plain.out
    assert known(again.err) == (shards, shards)
    beside = calls(tmp_path) - full - taken  # what a check calls the loss for besides differences
    assert beside < full / 5
    # each of two kills loses what is running; shards differ in length
    assert taken - 3 * beside <= full + 2 * 4 * full / shards


@pytest.mark.campaign
def test_text_is_the_same_from_a_journal_and_without(config, tmp_path, run_here):
    plain = run_here("check", config, "--set", "check.entries=1")
    for _ in range(2):
        with_journal = run_here("check", config, "--set", "check.entries=1", "--journal", tmp_path / "journal")
        assert with_journal.out == plain.out


def test_a_described_net_is_remembered_too(tmp_path, run_here):
    plain = run_here("check", CONFIGS / "elman.yaml")
    first, again = (run_here("check", CONFIGS / "elman.yaml", "--journal", tmp_path / "journal") for _ in range(2))
    assert first.out == again.out == plain.out
    recalled, shards = known(again.err)
    assert recalled == shards > 0


@pytest.mark.campaign
def test_a_screen_of_the_user_s_loss_is_remembered_too(config, tmp_path, run_here):
    arguments = ("check", config, "--set", "check.entries=screen", "--workers", "0")
    plain = run_here(*arguments)
    first, again = (run_here(*arguments, "--journal", tmp_path / "journal") for _ in range(2))
    assert first.out == again.out == plain.out
    recalled, shards = known(again.err)
    assert recalled == shards == 6  # five parameters, and the noise of the loss


@pytest.fixture
def refused(run_here):
    """What is said of a journal that is refused, and left as it is."""

    def refuse(*arguments, journal) -> str:
        before = journal.read_bytes()
        ended = run_here("check", *arguments, "--journal", journal)
        assert (ended.code, ended.out) == (2, "")
        assert journal.read_bytes() == before
        assert (ended.err.count("error: "), ended.err.count("= help: ")) == (1, 1)
        return ended.err

    return refuse


def test_a_journal_of_something_else_is_refused(config, adapter, tmp_path, run_here, refused):
    few, journal = (config, "--set", "check.entries=2"), tmp_path / "journal"
    assert run_here("check", *few, "--journal", journal).code == 0
    assert "check.entries was 2 and is 3" in refused(config, "--set", "check.entries=3", journal=journal)
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-3])
    assert "it is damaged" in refused(*few, journal=journal)
    journal.write_bytes(whole)
    adapter(COUNTING.replace("0.0005", "0.0004"), more=THROUGH_LOSS)
    assert "begun with another version of the adapter" in refused(*few, journal=journal)


def test_a_module_of_the_adapter_s_that_has_changed_is_refused(adapter, tmp_path, run_here, refused):
    (tmp_path / "own_loss.py").write_text("from tagger_core import loss\n")
    source = (
        "from tagger_core import gradients\ndef loss(*given):\n    from own_loss import loss\n    return loss(*given)\n"
    )
    config, journal = adapter(source, more=THROUGH_LOSS), tmp_path / "journal"
    assert run_here("check", config, "--journal", journal).code == 0
    (tmp_path / "own_loss.py").write_text("from tagger_core import loss  # changed\n")
    assert "another version of own_loss.py" in refused(config, journal=journal)


def test_without_the_option_nothing_of_it_is_imported(config):
    code = f"import sys; sys.argv = ['x', 'check', {str(config)!r}, '--set', 'check.entries=1', '--workers', '0']\n"
    code += "from gradcheck_rnn.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print([name for name in sys.modules if 'journal' in name or 'cluster' in name or name == 'distributed'])"
    ended = subprocess.run(
        [*COMMAND[:1], "-c", code], env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines()[-1] == "[]"
