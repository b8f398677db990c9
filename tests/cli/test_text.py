"""The report for people: whole at any width, in any encoding, with or without colour."""

import re
from dataclasses import replace

import pytest

from gradcheck_rnn.config import load_settings
from tests.cli.running import CONFIGS, run, run_on_terminal

TAGGER = CONFIGS / "pos_tagger.yaml"
# colours, and what a progress bar moves the cursor with
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
# names that a renderer could take for markup, an emoji or a place to break
NAMES = ["W[xh]", "[bold]W_hh[/bold]", "b:smile:", "W_hy[t-1]", "b" + "_of_the_output" * 5]
NAMED = f"""
from tagger_core import loss as tagger_loss, gradients as tagger_gradients
NAMES = {NAMES!r}
ROLES = dict(zip(NAMES, ["W_xh", "W_hh", "b_h", "W_hy", "b_y"]))
def parameters(rng, sizes):
    I, H, O = sizes.input_size, sizes.hidden_size, sizes.output_size
    return {{name: rng.normal(size=shape) for name, shape in zip(NAMES, [(I, H), (H, H), (H,), (H, O), (O,)])}}
def renamed(parameters):
    return {{ROLES[name]: value for name, value in parameters.items()}}
def loss(parameters, batch):
    return tagger_loss(renamed(parameters), batch)
def gradients(parameters, batch):
    grads = tagger_gradients(renamed(parameters), batch)
    return {{name: grads[ROLES[name]] for name in NAMES}}
"""


def row_of(name, text):
    """The cells of one row of the table."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{name} ")]
    return line[len(name) :].split()


def colours(text):
    """Parameters of all escapes that set a colour."""
    numbers = [int(number) for match in ESCAPE.findall(text) for number in match.split(";") if number]
    return [number for number in numbers if 30 <= number <= 49 or 90 <= number <= 107]


def test_in_a_pipe_no_line_is_longer_than_80_columns_and_nothing_is_cut():
    text = run("check", TAGGER.relative_to(CONFIGS.parent)).out
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "..." not in text


def test_a_row_shows_what_the_json_says(run_here):
    text = run_here("check", TAGGER).out
    for row in run_here("check", TAGGER, "--output-format", "json").document["parameters"]:
        worst, cells = row["worst"], " ".join(row_of(row["name"], text))
        assert f"{row['max_relative_error']:.1e} {worst['index']}" in cells
        assert f"{worst['analytic']:.3e} {worst['numeric']:.3e} {worst['numeric_error']:.0e}" in cells
        assert cells.endswith({"fail": "FAIL", "pass": "pass"}[row["verdict"]])


def test_names_are_neither_markup_nor_cut(adapter):
    text = run("check", adapter(NAMED)).out
    for name in NAMES:
        assert row_of(name, text)[-1] == "pass"


def test_a_narrow_terminal_gets_a_block_for_each_parameter():
    text = CONTROL.sub("", run_on_terminal("check", TAGGER.relative_to(CONFIGS.parent), columns=50).out)
    assert max(map(len, text.splitlines())) <= 50
    assert "W_hh FAIL\n  shape " in text
    assert re.search(r"^  worst entry   \[\d+, \d+\]\*?$", text, re.MULTILINE)
    assert "…" not in text


def test_a_terminal_gets_colours():
    assert colours(run_on_terminal("check", TAGGER, columns=100).out)


def test_no_color_is_obeyed():
    ended = run_on_terminal("check", TAGGER, columns=100, environment={"NO_COLOR": "1"})
    assert colours(ended.out) == []
    assert "FAIL" in ended.out


def test_a_pipe_gets_no_escapes():
    assert "\x1b" not in run("check", TAGGER).out


ENCODINGS = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "the C locale": {"PYTHONIOENCODING": "", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_another_encoding_changes_no_verdict(encoding, adapter):
    """The message, the name of the file and the source hold characters that these encodings lack."""
    config = adapter("from tagger_core import loss\ndef gradients(parameters, batch):\n    raise ValueError('θ ≤ 3')\n")
    renamed = config.with_name("größe_θ.yaml")
    config.rename(renamed)
    ended = run("check", renamed.name, cwd=renamed.parent, environment=ENCODINGS[encoding])
    assert (ended.code, ended.err) == (3, "")
    assert "gradients raised ValueError" in ended.out


def test_the_report_is_whole_in_another_encoding():
    whole, other = run("check", TAGGER), run("check", TAGGER, environment=ENCODINGS["the C locale"])
    assert (other.code, other.err) == (1, "")
    plain = whole.out.translate(str.maketrans({"░": ".", "▒": ":", "▓": "*", "█": "#"})).replace("±", "+-")
    assert other.out.split() == plain.split()


def test_quiet_is_one_line(run_here):
    text = run_here("check", TAGGER, "--quiet").out
    assert text.count("\n") == 1
    assert text.startswith(f"FAIL {TAGGER}: ")


def test_quiet_is_a_line_for_each_configuration(run_here):
    text = run_here("check", CONFIGS / "pos_tagger_right.yaml", TAGGER, "--quiet").out
    assert [line.split()[0] for line in text.splitlines()] == ["PASS", "FAIL"]


def test_verbose_shows_a_configuration_that_reads_back_equal(run_here, tmp_path):
    overrides = ["length=3", "check.tolerance=1e-7", "model.init.scale=0.5"]
    text = run_here("check", TAGGER, "--verbose", *[part for each in overrides for part in ("--set", each)]).out
    (tmp_path / "again.yaml").write_text(text.partition("\n\n")[0])
    again = load_settings(str(tmp_path / "again.yaml"))
    assert replace(again, source=str(TAGGER)) == load_settings(str(TAGGER), overrides=overrides)


def test_verbose_shows_all_that_the_code_printed(tagger):
    said = run("check", tagger("prints_to_stdout"), "--verbose").err
    assert said.count("walking back over 6 words") > 1


def test_otherwise_a_line_says_that_it_printed(tagger):
    assert run("check", tagger("prints_to_stdout")).err.count("\n") == 1


def test_a_sample_is_called_one(run_here):
    text = run_here("check", CONFIGS / "pos_tagger_right.yaml", "--set", "check.entries=3").out
    assert "3 of 100" in text
    assert "15 sampled of" in text


def test_help_of_a_finding_and_its_place_are_shown(run_here, tagger):
    text = run_here("check", tagger("gradients_mutate_inputs")).out
    assert "mutated-argument: gradients writes into its argument batch.inputs" in text
    assert re.search(r"^  at .*gradients_mutate_inputs\.py:9$", text, re.MULTILINE)
    assert "      batch.inputs[0] = 0.0\n" in text
    assert "  help: " in text
