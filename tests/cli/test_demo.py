"""The command `demo`: the story in any terminal, faults by any spelling, the list."""

import os
import re
import subprocess
import sys

import pytest

from gradcheck_rnn.cli import demo as command
from gradcheck_rnn.faults.library import fault_names
from gradcheck_rnn.pipeline.demo.nets import demo_names
from tests.cli.running import COMMAND, PATIENCE, clean_environment, run, run_on_terminal

ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
# parts of the first story, in the order in which they are told
FIRST_STORY = (
    r"^    T = 1   pass    all 296 entries agree$",
    r"^    T = 2   FAIL    W_xh and b_h are wrong$",
    r"^W_hh .* FAIL +$",
    r"^FAIL 3 of 5 parameters are wrong: W_xh, W_hh, b_h ",
    r"^t = 1 .* x =$",
    r"^parameter +right code +cut after 4 steps +your code$",
    r"^W_hh +\S+  FAIL +\S+  FAIL +\S+  FAIL$",
    r"^gradcheck-rnn +pass +FAIL +FAIL$",
    r"^It calls right code wrong, a false alarm: W_hh\[",
    r"^It is blind: ",
    r"^untransposed-weight W_hh: ",
    r"next best,",
    r"^    - dh_next = dz @ W_hh$",
    r"^    \+ dh_next = dz @ W_hh\.T$",
    r"^W_hh .* pass +$",
    r"^PASS all 296 entries agree ",
)


@pytest.fixture(scope="module")
def first_story(tmp_path_factory):
    """The story in a pipe, told in a folder that holds nothing."""
    return run("demo", cwd=tmp_path_factory.mktemp("empty"))


@pytest.fixture
def meant(run_here, monkeypatch):
    """The fault that arguments are taken for, None where they are refused; nothing is computed."""

    def ask(*arguments):
        shown = []
        monkeypatch.setattr(command, "_show", shown.append)
        ended = run_here("demo", *arguments)
        assert ended.code == (0 if shown else 2)
        return shown[0] if shown else None

    return ask


def test_the_story_is_told_in_order_and_needs_no_file(first_story):
    assert (first_story.code, first_story.err) == (0, "")
    at = 0
    for part in FIRST_STORY:
        found = re.compile(part, re.MULTILINE).search(first_story.out, at)
        assert found, part
        at = found.end()


def test_in_a_pipe_the_story_fits_80_columns_and_has_no_escapes(first_story):
    assert max(map(len, first_story.out.splitlines())) <= 80
    assert "\x1b" not in first_story.out


def test_an_ascii_output_gets_the_whole_story(first_story):
    ended = run("demo", environment={"PYTHONIOENCODING": "ascii"})
    assert (ended.code, ended.err) == (0, "")
    shades = str.maketrans("░▒▓█", ".:*#")
    assert ended.out.replace("+-", "±").split() == first_story.out.translate(shades).split()


def test_a_terminal_gets_colours_and_the_same_words(first_story):
    shown = run_on_terminal("demo", columns=80).out
    assert {"32", "1;31"} <= set(ESCAPE.findall(shown))
    assert ESCAPE.sub("", shown).split() == first_story.out.split()


def test_no_color_is_obeyed():
    shown = run_on_terminal("demo", columns=80, environment={"NO_COLOR": "1"}).out
    numbers = [int(number) for match in ESCAPE.findall(shown) for number in match.split(";") if number]
    assert [number for number in numbers if 30 <= number <= 49 or 90 <= number <= 107] == []


def test_nothing_is_cut_on_a_narrow_terminal():
    shown = ESCAPE.sub("", run_on_terminal("demo", columns=50).out)
    assert "…" not in shown
    assert re.search(r"^W_hh +\S+  FAIL +\S+  FAIL +\S+  FAIL$", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("truncated-chain:4", "No length up to 6 shows anything at these weights."),
        ("missing-target:dy", "It fails with one step already"),
        ("truncated-chain:2", "It is right for up to 3 steps and wrong\nfor 4."),
        ("missing-gradient:W_hy", "So the chain itself is right."),
        ("clipped-gradient:dh_next", "It passes the right code, as it should."),
        ("error-at-every-step:dy", "tags the whole sentence at its last word"),
        ("scaled-gradient:B", "It\nreads 3 sentences at a time."),
    ],
)
def test_the_story_of_another_fault_says_what_is_so_for_it(name, says, run_here):
    ended = run_here("demo", name)
    assert (ended.code, ended.err) == (0, "")
    assert " ".join(says.split()) in " ".join(ended.out.split())
    assert f"\n{name.replace(':', ' ')}: " in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_a_fault_with_another_ones_gradients_is_told_under_both_names(run_here):
    out = run_here("demo", "skipped-step:W_hh").out
    assert "\nmissing-initial-state h[t-1]: " in out
    assert "You asked for skipped-step W_hh." in out


@pytest.mark.parametrize("name", demo_names())
def test_every_name_means_itself(name, meant):
    assert meant(name) == meant(*name.replace(":", " ", 1).split()) == name


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ([], "untransposed-weight:W_hh"),
        (["bypassed-activation"], "bypassed-activation:dh_next"),
        (["Untransposed_Weight", "w_hh"], "untransposed-weight:W_hh"),
        (["missing-activation-derivative", "tanh", "of", "dh_next"], "missing-activation-derivative:tanh' of dh_next"),
        (["wrong-time-index:ht-1"], "wrong-time-index:h[t-1]"),
        ([" sign-flip : dh_next "], "sign-flip:dh_next"),
        (["truncated-chain 3"], "truncated-chain:3"),
    ],
)
def test_a_name_may_be_typed_carelessly(typed, name, meant):
    assert meant(*typed) == name


@pytest.mark.parametrize(
    ("typed", "help_text"),
    [
        (["untransposed-wieght:W_hh"], "did you mean `untransposed-weight:W_hh`?"),
        (["tanh"], "`gradcheck-rnn demo --list` shows all"),
        (["wrapped-index:h[t+1]"], "did you mean `wrapped-index:h[t-1]`?"),
        (["untransposed-weight"], "add one of `W_hh`, `W_hy`"),
        (["truncated-chain:0"], "there are truncated-chain:1 to truncated-chain:7"),
        (["truncated-chain:8"], "there are truncated-chain:1 to truncated-chain:7"),
        (["--list", "sign-flip"], "leave out one of the two"),
        (["x" * 1000], "`gradcheck-rnn demo --list` shows all"),
    ],
)
def test_a_name_that_is_none_is_a_mistake_with_help(typed, help_text, run_here):
    ended = run_here("demo", *typed)
    assert (ended.code, ended.out) == (2, "")
    assert help_text in ended.err


def test_the_list_has_every_fault_under_its_kind_in_80_columns():
    ended = run("demo", "--list")
    assert (ended.code, ended.err) == (0, "")
    assert max(map(len, ended.out.splitlines())) <= 80
    blocks = [block.splitlines() for block in ended.out.split("\n\n")[1:-1]]
    listed = {f"{block[0]}:{line[2:26].strip()}" for block in blocks for line in block[1:] if line[2:26].strip()}
    assert listed == {*fault_names(), "truncated-chain:1 to 7"}


def test_the_list_says_what_a_fault_needs():
    lines = run("demo", "--list").out.splitlines()
    at = lines.index("error-at-every-step")
    assert lines[at + 1].split()[:4] == ["dy", "dy", "is", "injected"]
    assert lines[at + 3].strip() == "needs a loss on the last step only"


def test_the_list_needs_no_numpy():
    script = """
import sys
from gradcheck_rnn.cli import main
try:
    main(["demo", "--list"])
finally:
    print([name for name in ("numpy", "rich") if name in sys.modules], file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"[]\n")


@pytest.mark.parametrize("arguments", [[], ["--list"]])
def test_a_reader_may_leave(arguments):
    """As in `gradcheck-rnn demo | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*COMMAND, "demo", *arguments],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, b"")


def test_a_shell_completes_faults():
    asked = {"_GRADCHECK_RNN_COMPLETE": "bash_complete", "COMP_WORDS": "gradcheck-rnn demo err", "COMP_CWORD": "2"}
    assert run(environment=asked).out.split() == ["plain,error-at-every-step:dy"]
