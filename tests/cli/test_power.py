"""The command `power`: which faults are seen at which point, in text and in JSON."""

import re

import pytest

from tests.cli.running import CONFIGS, run, run_on_terminal

TAGGER = CONFIGS / "pos_tagger_right.yaml"
LARGE = """\
model: {input_size: 1000, hidden_size: 100, output_size: 50, init: {distribution: normal, scale: 0.01}}
sequence: {length: 20}
seed: 3
"""
EXPLODING = """\
model: {input_size: 3, hidden_size: 4, output_size: 2, cell: relu, init: {scale: 1.0e+12}}
sequence: {length: 30, inputs: dense}
loss: {kind: mse}
seed: 3
"""


def document(run_here, *arguments):
    ended = run_here("power", *arguments, "--output-format", "json")
    assert (ended.code, ended.err) == (0, "")
    return ended.document


def by_name(found):
    return {f"{fault['kind']} {fault['term']}": fault for fault in found["faults"]}


def test_a_cut_after_four_lags_is_missed_at_small_weights_and_caught_at_the_probe(run_here):
    """With weights of 0.01 and six steps only lag 5 is lost, a part of (0.06)^5 at the most."""
    cut = by_name(document(run_here, TAGGER))["truncated-chain 4"]
    assert cut["caught"] == {"configured": False, "probe": True}
    assert 0 < cut["share"]["configured"] < 1e-6 < cut["share"]["probe"]
    assert cut["reason"] == "too small for the tolerance and error bars"


def test_the_missing_carry_is_caught_at_both_points(run_here):
    carry = by_name(document(run_here, TAGGER))["missing-term dh_next"]
    assert carry["caught"] == {"configured": True, "probe": True}
    assert carry["reason"] == ""


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("truncated-chain 7", "6 steps end before the cut"),
        ("missing-initial-state h[t-1]", "the initial state is zero"),
        ("regulariser-mismatch b_h", "the parameter is zero"),
        ("clipped-gradient W_hh", "nothing reaches the bound"),
    ],
)
def test_a_fault_that_changes_nothing_has_its_reason(fault, reason, run_here):
    found = by_name(document(run_here, TAGGER))[fault]
    assert (found["caught"]["configured"], found["reason"]) == (False, reason)


def test_one_step_has_no_chain(run_here):
    found = document(run_here, TAGGER, "--set", "sequence.length=1")
    carry = by_name(found)["missing-term dh_next"]
    assert carry["share"]["configured"] == 0
    assert carry["caught"] == {"configured": False, "probe": True}
    assert carry["reason"] == "one step has no chain"
    assert found["vanishing"]["norms"] == [1.0]
    assert found["vanishing"]["factor"] is None


def test_without_a_probe_what_the_configured_point_misses_is_missed(run_here):
    found = document(run_here, TAGGER, "--set", "check.probe=off")
    cut = by_name(found)["truncated-chain 4"]
    assert cut["caught"] == {"configured": False, "probe": None}
    missed = [f"{fault['kind']} {fault['term']}" for fault in found["power"]["missed"]]
    assert "truncated-chain 4" in missed
    assert found["power"]["caught"] == found["power"]["known"] - len(missed)


def test_missed_faults_are_named_in_the_text_and_the_exit_code_is_0(run_here):
    ended = run_here("power", TAGGER, "--set", "check.probe=off")
    assert ended.code == 0
    assert "blind to truncated-chain 4" in " ".join(ended.out.split())
    assert "missed at the configured point: too small" in ended.out


def test_json_and_the_line_of_a_passing_check_count_alike(run_here):
    power = document(run_here, TAGGER)["power"]
    assert power == run_here("check", TAGGER, "--output-format", "json").document["power"]


@pytest.mark.parametrize("length", [1, 6])
def test_the_text_fits_about_30_lines_of_80_plain_characters(length):
    environment = {"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"}
    ended = run("power", TAGGER.relative_to(CONFIGS.parent), "--set", f"length={length}", environment=environment)
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.isascii()
    assert "\\u" not in ended.out
    assert "\x1b" not in ended.out
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 32


def test_verbose_has_a_row_for_every_known_fault(run_here):
    known = document(run_here, TAGGER)["power"]["known"]
    rows = [line for line in run_here("power", TAGGER, "-v").out.splitlines() if line.endswith(("caught", "missed"))]
    assert len(rows) == known
    assert max(map(len, rows)) <= 80


def test_a_narrow_terminal_loses_no_fault():
    ended = run_on_terminal("power", TAGGER, columns=60)
    assert ended.code == 0
    assert "truncated-chain 4" in ended.out
    assert "regulariser-mismatch" in ended.out


def test_a_bar_is_the_longer_the_larger_the_norm(run_here):
    bars = [line for line in run_here("power", TAGGER).out.splitlines() if line.startswith("  lag ")]
    lengths = [line.count("█") + line.count("#") for line in bars]
    assert [line.split()[1] for line in bars] == list("012345")
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[-1]
    assert len({line.index("|") for line in bars}) == 1


@pytest.mark.campaign
def test_a_large_net_is_judged_on_a_copy_and_says_so(run_here, tmp_path):
    (tmp_path / "large.yaml").write_text(LARGE)
    found = document(run_here, tmp_path / "large.yaml")
    assert found["copy"]["hidden_size"] < 100
    assert len(found["vanishing"]["norms"]) == 20
    assert "the net is large" in run_here("power", tmp_path / "large.yaml").out


@pytest.mark.campaign
def test_a_copy_keeps_the_pace_at_which_the_chain_vanishes(run_here, tmp_path):
    """Weights of 0.01 with H = 100 shrink a lag by about 0.1, so a cut after seven lags and no shorter one is lost."""
    (tmp_path / "large.yaml").write_text(LARGE)
    found = by_name(document(run_here, tmp_path / "large.yaml"))
    assert found["truncated-chain 4"]["caught"]["configured"]
    assert not found["truncated-chain 9"]["caught"]["configured"]


@pytest.mark.campaign
def test_exploding_gradients_leave_strict_json_and_a_note(run_here, tmp_path):
    (tmp_path / "net.yaml").write_text(EXPLODING)
    found = document(run_here, tmp_path / "net.yaml")
    assert found["vanishing"]["norms"][-1] is None
    assert "W_hh" in found["unsure"]["configured"]
    said = run_here("power", tmp_path / "net.yaml").out
    assert "explodes" in said
    assert "right gradients do not pass" in said


def test_a_loss_that_is_differenced_as_a_black_box_is_told(run_here):
    assert "check.loss is user" in run_here("power", TAGGER, "--set", "check.loss=user").out


def test_lags_that_have_a_bar_are_as_far_from_each_other_as_can_be(run_here):
    """Nobody takes the one that is left out for one that is missing."""
    bars = [
        line.split()[1] for line in run_here("power", TAGGER, "--set", "length=11").out.splitlines() if "  lag " in line
    ]
    assert bars == ["0", "2", "4", "6", "8", "10"]


@pytest.mark.parametrize("arguments", [[], ["no_such_file.yaml"], [TAGGER, "--set", "lenght=3"], [TAGGER, TAGGER]])
def test_a_mistake_in_the_command_leaves_stdout_empty(arguments, run_here):
    ended = run_here("power", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_a_verbose_check_shows_the_chain_under_the_configuration(run_here):
    shown = run_here("check", TAGGER, "--verbose").out
    lags = [line for line in run_here("power", TAGGER).out.splitlines() if line.startswith("  lag ")]
    assert all(line in shown for line in lags)
    assert shown.index("tolerance:") < shown.index("chain:") < shown.index("PASS")


@pytest.mark.campaign
@pytest.mark.parametrize("encoding", ["ascii", pytest.param("utf-8", marks=pytest.mark.campaign)])
def test_hundreds_of_faults_of_an_lstm_are_told_in_a_few_lines_of_80_columns(encoding):
    ended = run("power", CONFIGS / "meter_lstm.yaml", environment={"PYTHONIOENCODING": encoding})
    lines = ended.out.splitlines()
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, lines)) <= 80
    assert len(lines) < 40
    # its state is h and c together
    assert re.search(r"^chain: +median norm of d\(h, c\)_t/d\(h, c\)_\(t-lag\) ", ended.out, re.MULTILINE)
    assert re.search(r"^units: +0% of the gates and states are saturated", ended.out, re.MULTILINE)
