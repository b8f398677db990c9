"""Ctrl-C in the middle of a check: what is known by then is reported, and never as a pass."""

import json

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.machine import to_json
from gradcheck_rnn.report.words import headline
from tests.cli.running import CONFIGS, MISBEHAVING, tagger_config

RIGHT = f"import sys\nsys.path.insert(1, {str(MISBEHAVING)!r})\nfrom tagger_core import loss, gradients\n"
# the gradient of the first parameter is wrong
WRONG = f"""
import sys
sys.path.insert(1, {str(MISBEHAVING)!r})
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    return grads | {{"W_xh": 2 * grads["W_xh"]}}
"""
SIZES = {"W_xh": 40, "W_hh": 25, "b_h": 5, "W_hy": 20, "b_y": 4}


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """Check an adapter against its own loss, one entry a shard; Ctrl-C comes when so many are done at a point.

    Of a screened point, parameters are counted.
    """
    monkeypatch.setattr("gradcheck_rnn.numeric.black_box.SHARD_SECONDS", 0.0)

    def check(source, point, entries, *, loss="user", screen=False, workers=0):
        (tmp_path / "adapter.py").write_text(source)
        config = tagger_config(tmp_path, tmp_path / "adapter.py", more=f"check: {{loss: {loss}}}\n")
        overrides = ("check.entries=screen",) if screen else ()

        def stop(label, done, _):
            if label == point and done >= entries:
                raise KeyboardInterrupt

        return run_check(load_settings(str(config), overrides=overrides), workers=workers, progress=stop)

    return check


def checked(report):
    return {row.name: row.checked for row in report.rows}


def test_entries_that_were_compared_are_counted_and_nothing_passes(interrupted):
    report = interrupted(RIGHT, "configured", 45)
    assert checked(report) == {"W_xh": 40, "W_hh": 5, "b_h": 0, "W_hy": 0, "b_y": 0}
    assert {row.name: row.entries for row in report.rows} == SIZES
    assert (report.outcome, {row.verdict for row in report.rows}) == ("inconclusive", {"inconclusive"})


def test_at_the_probe_a_parameter_passes_whose_entries_were_all_compared_and_no_other(interrupted):
    report = interrupted(RIGHT, "probe", 45)
    assert checked(report) == SIZES  # they count the configured point
    verdicts = {row.name: row.verdict for row in report.rows}
    assert verdicts == {"W_xh": "pass"} | dict.fromkeys(("W_hh", "b_h", "W_hy", "b_y"), "inconclusive")
    assert report.outcome == "inconclusive"


def test_what_is_wrong_among_them_is_wrong(interrupted):
    report = interrupted(WRONG, "configured", 3)
    assert report.outcome == "fail"
    assert {row.name for row in report.rows if row.verdict == "fail"} == {"W_xh"}
    assert headline(report).startswith("interrupted, so far 1 of 5 parameters is wrong: W_xh")


def test_a_note_says_how_far_it_got(interrupted):
    at_configured, at_probe = interrupted(RIGHT, "configured", 45), interrupted(RIGHT, "probe", 3)
    (note,) = [each for each in at_configured.notes if each.kind == "interrupted"]
    assert "45 of 94 entries were compared at the configured point, the probe point was not begun" in note.message
    (note,) = [each for each in at_probe.notes if each.kind == "interrupted"]
    assert "94 of 94 entries were compared at the configured point, 3 of 94 " in note.message
    assert note.evidence["compared"] == {"configured": 94, "probe": 3}


def test_the_report_is_strict_json(interrupted):
    document = json.loads(to_json([interrupted(RIGHT, "configured", 45)]), parse_constant=pytest.fail)
    assert document["verdict"] == "inconclusive"
    assert [note["kind"] for note in document["notes"]] == ["interrupted"]
    assert [row["worst"] is None for row in document["parameters"]] == [False, False, True, True, True]


def test_the_verdict_line_says_so(interrupted):
    line = headline(interrupted(RIGHT, "configured", 45))
    assert line == "interrupted, no verdict: nothing is wrong so far in 45 entries that were compared"


def test_in_differences_of_the_described_loss_the_blocks_that_were_done_and_the_point_before_are_kept(interrupted):
    """The recurrent parameters share the first block."""
    report = interrupted(RIGHT, "probe", 1, loss="described")
    assert checked(report) == SIZES
    verdicts = {row.name: row.verdict for row in report.rows}
    assert report.outcome == "inconclusive"
    assert verdicts == dict.fromkeys(SIZES, "pass") | {"W_hy": "inconclusive", "b_y": "inconclusive"}


def test_when_every_entry_was_compared_it_is_no_pass_all_the_same(interrupted, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck_rnn.pipeline.check.judge_power", stop)
    report = interrupted(RIGHT, "nowhere", 0)
    assert {row.verdict for row in report.rows} == {"pass"}
    assert report.outcome == "inconclusive"
    assert "every entry was compared" in report.notes[-1].message


def test_before_anything_is_known_there_is_no_report(interrupted):
    with pytest.raises(KeyboardInterrupt):
        interrupted(RIGHT, "configured", 0)


# --- screened ----------------------------------------------------------------------------------------------------

UNCLEAR = dict.fromkeys(SIZES, "inconclusive")


def verdicts(report):
    return {row.name: row.verdict for row in report.rows}


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("loss", ["user", "described"])
def test_parameters_that_were_screened_are_counted_and_nothing_passes(interrupted, loss, workers):
    report = interrupted(RIGHT, "configured", 3, loss=loss, screen=True, workers=workers)
    assert checked(report) == {"W_xh": 2, "W_hh": 2, "b_h": 5, "W_hy": 0, "b_y": 0}
    assert (report.outcome, verdicts(report)) == ("inconclusive", UNCLEAR)
    assert [row.screening is not None for row in report.rows] == [True, True, False, False, False]
    assert "70 of 94 entries were screened at the configured point, the probe point was not begun" in (
        report.notes[-1].message
    )
    assert headline(report).endswith(
        "nothing is wrong so far in 70 entries that were compared, all but 9 of them along random directions only"
    )


def test_at_a_screened_probe_a_parameter_passes_that_was_screened_and_no_other(interrupted):
    report = interrupted(RIGHT, "probe", 1, screen=True)
    assert (report.outcome, verdicts(report)) == ("inconclusive", UNCLEAR | {"W_xh": "pass"})


def test_what_the_screen_has_found_wrong_is_wrong(interrupted):
    report = interrupted(WRONG, "configured", 1, screen=True)
    assert (report.outcome, verdicts(report)) == ("fail", UNCLEAR | {"W_xh": "fail"})
    assert headline(report).startswith("interrupted, so far 1 of 5 parameters is wrong: W_xh")


def test_a_screen_of_the_described_loss_that_was_not_confirmed_is_no_pass(interrupted, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck_rnn.pipeline.user.screening.seconds_per_look", stop)
    report = interrupted(RIGHT, "nowhere", 0, loss="auto", screen=True)
    assert (report.outcome, verdicts(report)) == ("inconclusive", UNCLEAR)
    assert "94 of 94 entries were screened at the configured point" in report.notes[-1].message


def test_a_screen_of_the_reference_keeps_what_was_done():
    def stop(label, done, _):
        if label == "configured" and done >= 2:
            raise KeyboardInterrupt

    settings = load_settings(str(CONFIGS / "elman.yaml"), overrides=("check.entries=screen",))
    report = run_check(settings, progress=stop)
    assert report.outcome == "inconclusive"
    assert [row.screening is not None for row in report.rows] == [True, True, False, False, False]
    assert [row.verdict for row in report.rows] == ["inconclusive"] * 5
