"""The command `sweep`: plots that read at any width and in any encoding, JSON, exit codes."""

import pytest

from tests.cli.running import CONFIGS, run, run_on_terminal

TAGGER = CONFIGS / "pos_tagger.yaml"
WRONG, RIGHT = ["W_xh", "W_hh", "b_h"], ["W_hy", "b_y"]
NOTHING_FROM_THREE_STEPS = """
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    return None if len(batch.inputs) == 3 else tagger_core.gradients(parameters, batch)
"""


def plots(text):
    """Signs of each plot by the label of its row, and the columns of the axis."""
    found, rows = [], {}
    for line in text.splitlines():
        if line[5:6] == "|":
            rows[line[:5].strip()] = line[6:]
        elif line.startswith("     +"):
            found.append(rows)
            rows = {}
    return found


def readings(text):
    """The sentence below each plot."""
    joined = " ".join(text.split())
    return [each.split(". Error over")[0].split(". note:")[0] for each in joined.split("Reading: ")[1:]]


@pytest.fixture(scope="module")
def in_ascii():
    """The untransposed tagger's sweep on an output that knows ASCII only."""
    return run("sweep", TAGGER.relative_to(CONFIGS.parent), environment={"PYTHONIOENCODING": "ascii", "NO_COLOR": "1"})


def test_three_plots_fit_80_columns_in_plain_characters(in_ascii):
    assert in_ascii.code == 0
    assert in_ascii.out.isascii()
    assert "\\u" not in in_ascii.out
    assert max(map(len, in_ascii.out.splitlines())) <= 80
    assert len(plots(in_ascii.out)) == 3


def test_wrong_parameters_have_capital_letters_and_keep_to_the_top_of_the_plot(in_ascii):
    """A and C are W_xh and b_h, B is W_hh: at the probe all three are off by about themselves."""
    probe = plots(in_ascii.out)[1]
    assert {letter for row in probe.values() for letter in row if letter.isupper()} == set("ABC")
    assert not {letter for label, row in probe.items() if label != "1e+00" for letter in row if letter.isupper()}


def test_right_parameters_draw_a_v_in_small_letters(in_ascii):
    """The letter d, of W_hy, stands high at both ends and low in between."""
    probe = plots(in_ascii.out)[1]
    bottom = max(probe, key=lambda label: -int(label[2:]))
    at_top = [column for label in ("1e-01", "1e-03") for column, sign in enumerate(probe[label]) if sign == "d"]
    at_bottom = [column for column, sign in enumerate(probe[bottom]) if sign == "d"]
    assert min(at_top) < min(at_bottom) <= max(at_bottom) < max(at_top)


def test_the_plot_over_lengths_shows_a_pass_at_one_step_and_a_fail_from_two_on(in_ascii):
    lengths = plots(in_ascii.out)[2]
    high = [column for column, sign in enumerate(lengths["1e+00"]) if sign == "A"]
    low = [column for label, row in lengths.items() if label != "1e+00" for column, s in enumerate(row) if s == "a"]
    assert len(high) == 8
    assert len(low) == 1
    assert low[0] < min(high)


def test_each_plot_is_read_in_a_sentence(in_ascii):
    configured, probe, lengths = readings(in_ascii.out)
    for reading in (configured, probe):
        assert "flat over decades of h (W_xh, W_hh, b_h): the gradient itself is wrong, no step will help" in reading
        assert "a V (W_hy, b_y): no bug, truncation on the right (falls as h^2), rounding on the left" in reading
        assert "the classic 1e-05 by" in reading
    assert lengths.startswith("W_xh, W_hh, b_h first fail at T = 2, W_hy, b_y fail at none: one step alone is right")


def test_the_legend_names_letter_slope_and_best_step(in_ascii):
    """The best step of a central difference is about the third root of the machine's precision, 6e-6."""
    rows = [line.split() for line in in_ascii.out.splitlines() if line[2:].startswith("W_hy ")]
    assert rows[0][:2] == rows[1][:2] == ["d", "W_hy"]
    assert 1e-6 < float(rows[1][2]) < 1e-4
    assert rows[1][-4:] == ["truncation", "2.0,", "rounding", "-1.0"]


@pytest.mark.campaign
@pytest.mark.parametrize("columns", [32, *(pytest.param(each, marks=pytest.mark.campaign) for each in (50, 80, 200))])
def test_no_plot_is_wider_than_the_terminal(columns):
    text = run_on_terminal("sweep", TAGGER, columns=columns).out
    drawn = [line for line in text.splitlines() if line[5:6] in ("│", "└")]
    assert drawn
    assert max(map(len, drawn)) <= columns


@pytest.mark.campaign
def test_the_json_has_the_documented_keys_and_one_error_for_each_step_and_length(run_here):
    document = run_here("sweep", TAGGER, "--output-format", "json").document
    assert {"schema_version", "config", "seed", "steps", "lengths"} <= document.keys()
    assert (document["schema_version"], document["seed"]) == (1, 0)
    steps, lengths = document["steps"], document["lengths"]
    assert len(steps["h"]) == 25
    for point in ("configured", "probe"):
        assert list(steps["points"][point]) == WRONG + RIGHT
        assert {len(errors) for errors in steps["points"][point].values()} == {25}
    assert lengths["T"] == list(range(1, 10))
    assert {len(errors) for errors in lengths["error"].values()} == {9}
    assert lengths["first_failing"] == dict.fromkeys(WRONG, 2) | dict.fromkeys(RIGHT)


@pytest.mark.campaign
def test_the_json_gives_the_slopes_that_the_text_names(run_here):
    curves = run_here("sweep", TAGGER, "--output-format", "json").document["steps"]["curves"]["probe"]["parameters"]
    for name in WRONG:
        assert curves[name]["flat"]["slope"] == pytest.approx(0, abs=0.05)
        assert (curves[name]["verdict"], curves[name]["rounding"]) == ("fail", None)
    for name in RIGHT:
        assert curves[name]["truncation"]["slope"] == pytest.approx(2, abs=0.1)
        assert curves[name]["rounding"]["slope"] == pytest.approx(-1, abs=0.2)
        assert curves[name]["flat"] is None


def test_where_there_is_no_number_the_json_has_null(run_here):
    """From zeros, one step gives nothing to W_hh."""
    arguments = ("--set", "sequence.length=1", "--output-format", "json")
    document = run_here("sweep", CONFIGS / "elman.yaml", *arguments).document
    assert set(document["steps"]["points"]["configured"]["W_hh"]) == {None}


def test_code_of_one_length_has_no_curve_over_lengths(run_here, tagger):
    ended = run_here("sweep", tagger("gradients_refuse_other_lengths"), "--output-format", "json")
    assert (ended.code, ended.document["lengths"]) == (0, None)


def test_only_and_set_choose_what_is_swept(run_here):
    arguments = ("--only", "W_hh", "--set", "sequence.length=12", "--output-format", "json")
    document = run_here("sweep", TAGGER, *arguments).document
    assert list(document["lengths"]["error"]) == ["W_hh"]
    assert document["lengths"]["T"] == list(range(1, 13))


@pytest.mark.campaign
@pytest.mark.parametrize("workers", [pytest.param("0", marks=pytest.mark.campaign), "2"])
def test_the_number_of_workers_changes_nothing(run_here, workers):
    documents = [
        run_here("sweep", TAGGER, "--workers", each, "--output-format", "json").document for each in ("1", workers)
    ]
    assert documents[0] == documents[1]


@pytest.mark.campaign
def test_a_wrong_gradient_is_no_verdict_of_a_sweep(run_here):
    assert run_here("sweep", TAGGER).code == 0
    assert run_here("check", TAGGER).code == 1


@pytest.mark.parametrize(
    "arguments", [("no_such.yaml",), (TAGGER, "--only", "W_xx"), (TAGGER, TAGGER), (TAGGER, "--set", "seed=x"), ()]
)
def test_a_mistake_in_the_command_sweeps_nothing(run_here, arguments):
    ended = run_here("sweep", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


@pytest.mark.parametrize("name", ["gradients_raise", "loss_is_nan", "gradients_kill_their_process", "loss_adds_noise"])
def test_what_ends_a_sweep_is_told_as_a_check_tells_it(tagger, name):
    sweep, check = (run(command, tagger(name)) for command in ("sweep", "check"))
    assert (sweep.code, check.code) == (3, 3)
    assert sweep.out == check.out


def test_what_was_swept_before_user_code_failed_is_shown(adapter):
    ended = run("sweep", adapter(NOTHING_FROM_THREE_STEPS), environment={"PYTHONIOENCODING": "ascii"})
    assert ended.code == 3
    assert len(plots(ended.out)) == 2
    assert "gradients returned None, expected a dict" in " ".join(ended.out.split())


def test_the_json_of_a_sweep_that_ended_early_holds_the_finding(run_here, tagger):
    document = run_here("sweep", tagger("gradients_raise"), "--output-format", "json").document
    assert (document["steps"], document["lengths"]) == (None, None)
    assert [finding["kind"] for finding in document["findings"]] == ["raised"]


@pytest.mark.campaign
def test_what_user_code_prints_is_not_in_the_plots(tagger):
    text = run("sweep", tagger("prints_to_stdout")).out
    assert text == run("sweep", tagger("prints_to_stdout"), "--workers", "0").out


def test_names_of_ones_own_are_drawn_and_listed(run_here):
    document = run_here("sweep", CONFIGS / "word_bptt.yaml", "--output-format", "json").document
    assert document["lengths"]["first_failing"] == {"U": 6, "V": None, "W": 7}
