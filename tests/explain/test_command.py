"""The command `explain`."""

import os
import subprocess
import sys

import pytest

from gradcheck_rnn.explain import read_pages
from tests.cli.running import COMMAND, PATIENCE, clean_environment, run, run_on_terminal
from tests.explain.kinds import BACKWARD, CODE, NOTES

BOLD = "\x1b[1m"


def test_without_a_name_every_kind_is_listed_in_its_group():
    ended = run("explain")
    assert (ended.code, ended.err) == (0, "")
    blocks = [block.splitlines()[1:] for block in ended.out.split("\n\n")]
    assert [{line.split()[0] for line in block} for block in blocks[:3]] == [BACKWARD, CODE, NOTES]


def test_the_list_gives_each_kind_a_line_with_its_summary_in_80_columns():
    lines = run("explain").out.splitlines()
    assert max(map(len, lines)) <= 80
    for kind, page in read_pages().items():
        assert [line for line in lines if line.split()[:1] == [kind] and line.endswith(f"  {page.summary}")]


def test_a_page_is_plain_text():
    ended = run("explain", "untransposed-weight")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "untransposed-weight: a weight where its transpose belongs"
    assert {"Broken", "Fixed", "    dh_next = dz @ W_hh", "    dh_next = dz @ W_hh.T"} <= set(lines)
    assert not [line for line in lines if line.startswith(("#", "```", "---", "group:"))]


@pytest.mark.parametrize(
    "name",
    [
        ["untransposed-weight W_hh"],
        ["untransposed-weight", "W_hh"],
        ["untransposed-weight:W_hh"],
        ["untransposed-weight:", "your"],
        ["Untransposed_Weight"],
        [" untransposed-weight"],
    ],
)
def test_a_name_may_be_pasted_with_its_term(name):
    assert run("explain", *name).out == run("explain", "untransposed-weight").out


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("untransposed-wieght W_hh", "untransposed-weight"),
        ("truncated", "truncated-chain"),
        ("NonFinite", "non-finite"),
    ],
)
def test_a_name_that_is_nearly_right_gets_a_suggestion(name, meant):
    ended = run("explain", name)
    assert (ended.code, ended.out) == (2, "")
    assert f"did you mean `{meant}`?" in ended.err


@pytest.mark.parametrize("name", ["", ":"])
def test_an_empty_name_is_none(name):
    assert run("explain", name).out == run("explain").out


@pytest.mark.parametrize("name", ["W_hh", "x" * 1000, "--", "../cli"])
def test_a_name_that_is_like_no_other_is_a_mistake(name):
    ended = run("explain", "--", name)
    assert (ended.code, ended.out) == (2, "")
    assert "lists all" in ended.err


def test_headings_are_bold_on_a_terminal_only():
    assert f"{BOLD}How it shows" in run_on_terminal("explain", "stale-cache", columns=80).out
    assert "\x1b" not in run("explain", "stale-cache").out


@pytest.mark.parametrize("arguments", [[], ["raised"]])
def test_explaining_needs_neither_numpy_nor_rich(arguments):
    script = f"""
import sys
from gradcheck_rnn.cli import main
try:
    main(["explain", *{arguments}])
finally:
    print([name for name in ("numpy", "rich", "yaml") if name in sys.modules], file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stderr) == (0, b"[]\n")


def test_a_reader_may_leave():
    """As in `gradcheck-rnn explain | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*COMMAND, "explain"], env=clean_environment(), stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.PIPE
    )
    os.close(writing)
    _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (0, b"")


def test_an_ascii_terminal_can_show_every_page():
    ended = run("explain", "wrong-activation-derivative", environment={"PYTHONIOENCODING": "ascii"})
    assert (ended.code, ended.err) == (0, "")


def test_a_shell_completes_names():
    asked = {"_GRADCHECK_RNN_COMPLETE": "fish_complete", "COMP_WORDS": "gradcheck-rnn explain tr", "COMP_CWORD": "tr"}
    assert run(environment=asked).out.split() == ["plain,transposed-gradient", "plain,truncated-chain"]
