"""The configurations in `configs/`, run as their comments say."""

import pytest

from tests.cli.running import CONFIGS, run
from tests.languages import runnable
from tests.thinned import thinned

RIGHT = {
    "elman": ["W_xh", "W_hh", "b_h", "W_hy", "b_y"],
    "language_model_right": ["U", "V", "W"],
    "leaky_right": ["In", "Rec", "rate", "Out"],
    "meter_lstm_right": ["Wx", "Wh", "b", "Wy", "by"],
    "node_tagger_right": ["W_xh", "W_hh", "b_h", "W_hy", "b_y"],
    "octave_tagger_right": ["W_xh", "W_hh", "b_h", "W_hy", "b_y"],
    "pos_tagger_right": ["W_xh", "W_hh", "b_h", "W_hy", "b_y"],
    "word_bptt_full": ["U", "V", "W"],
}
# rows that fail, rows that pass
WRONG = {
    "language_model": (["U", "V", "W"], []),
    "leaky": (["In", "Rec", "rate"], ["Out"]),
    "meter_lstm": (["Wx", "Wh", "b"], ["Wy", "by"]),
    "node_tagger": (["W_hh"], ["W_xh", "b_h", "W_hy", "b_y"]),
    "octave_tagger": (["W_xh", "W_hh", "b_h"], ["W_hy", "b_y"]),
    "pos_tagger": (["W_xh", "W_hh", "b_h"], ["W_hy", "b_y"]),
    "pos_tagger_no_carry": (["W_xh", "W_hh", "b_h"], ["W_hy", "b_y"]),
    "word_bptt": (["U", "W"], ["V"]),
}


def verdicts(document):
    return {row["name"]: row["verdict"] for row in document["parameters"]}


def test_every_config_is_run_here():
    assert sorted([*RIGHT, *WRONG]) == sorted(file.stem for file in CONFIGS.glob("*.yaml"))


@pytest.mark.parametrize("name", thinned(runnable(RIGHT), every=2))
def test_a_right_backward_pass_passes_in_every_row(name):
    ended = run("check", CONFIGS / f"{name}.yaml", "--output-format", "json", "--quiet")
    assert (ended.code, ended.err) == (0, "")
    assert verdicts(ended.document) == dict.fromkeys(RIGHT[name], "pass")
    assert ended.document["findings"] == []


@pytest.mark.parametrize("name", thinned(runnable(WRONG), every=2))
def test_a_wrong_backward_pass_fails_in_its_own_rows(name):
    failing, passing = WRONG[name]
    ended = run("check", CONFIGS / f"{name}.yaml", "--output-format", "json")
    assert (ended.code, ended.document["verdict"]) == (1, "fail")
    assert verdicts(ended.document) == dict.fromkeys(failing, "fail") | dict.fromkeys(passing, "pass")


# what language the code is in, and how large its cell is, makes no difference to the points
QUICK = [name for name in [*RIGHT, *WRONG] if name.partition("_")[0] not in ("meter", "node", "octave")]


@pytest.mark.parametrize("name", QUICK)
def test_at_the_configured_point_alone_a_right_row_passes_and_a_wrong_one_fails(name, run_here):
    """Nothing is drawn beside the configured point, and the error bars there are narrow enough to tell."""
    failing, passing = WRONG.get(name, ([], RIGHT.get(name, [])))
    ended = run_here("check", CONFIGS / f"{name}.yaml", "--set", "check.probe=off", "--output-format", "json")
    assert ended.code == (1 if failing else 0)
    assert ended.document["probe"] is None
    assert verdicts(ended.document) == dict.fromkeys(failing, "fail") | dict.fromkeys(passing, "pass")
    assert {row["worst"]["point"] for row in ended.document["parameters"]} == {"configured"}


@pytest.mark.parametrize(("length", "failing"), [(1, []), (2, ["W_xh", "b_h"]), (3, ["W_xh", "W_hh", "b_h"])])
def test_the_untransposed_carry_passes_for_one_word_and_fails_for_more(length, failing, run_here):
    """h0 is zero: the carry first reaches W_hh by the third word."""
    ended = run_here(
        "check",
        CONFIGS / "pos_tagger.yaml",
        *("--set", f"sequence.length={length}", "--set", "check.probe=off", "--output-format", "json"),
    )
    assert [row["name"] for row in ended.document["parameters"] if row["verdict"] == "fail"] == failing
    assert ended.code == (1 if failing else 0)


def test_for_one_word_the_probe_still_shows_the_untransposed_carry(run_here):
    ended = run_here("check", CONFIGS / "pos_tagger.yaml", "--set", "length=1", "--output-format", "json")
    assert ended.code == 1
    failing = [row for row in ended.document["parameters"] if row["verdict"] == "fail"]
    assert [row["name"] for row in failing] == ["W_xh", "W_hh", "b_h"]
    assert {row["worst"]["point"] for row in failing} == {"probe"}
