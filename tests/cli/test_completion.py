"""`completion`: the printed scripts, and what a shell gets from them; bash runs its script for real."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck_rnn.config.keys import KEYS
from gradcheck_rnn.explain import read_pages
from gradcheck_rnn.pipeline.demo.nets import demo_names
from gradcheck_rnn.pipeline.demo.stages import FAMILIES
from tests.cli.running import PATIENCE, ROOT, clean_environment, run

# what ends a word in an interactive bash, by its manual
BREAKS = " \t\n\"'><=;|&(:"

# the function is called as readline calls it; what it replies with is printed, then the options that it sets
ASK = """
compopt() { printf 'option %s\\n' "$2"; }
eval "$(gradcheck-rnn completion bash)"
COMP_WORDBREAKS=$1 COMP_LINE=$2 COMP_POINT=${#2}
_gradcheck_rnn_completion gradcheck-rnn
printf '%s\\n' "${COMPREPLY[@]}"
"""

bash = pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")


@pytest.fixture
def ask(tmp_path):
    """What bash gets for a line with the cursor at its end."""
    program = tmp_path / "gradcheck-rnn"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gradcheck_rnn "$@"\n')
    program.chmod(0o755)

    def asked(line: str) -> list[str]:
        ended = subprocess.run(
            ["bash", "-c", ASK, "bash", BREAKS, line],
            env=clean_environment({"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        return [each for each in ended.stdout.splitlines() if each]

    return asked


@bash
@pytest.mark.parametrize(
    ("line", "replies"),
    [
        ("gradcheck-rnn explain untr", ["untransposed-weight"]),
        ("gradcheck-rnn demo truncated-chain:", ["1", "2", "3", "4", "5", "6", "7"]),
        (r"gradcheck-rnn demo missing-term:r\ *\ dq", [r"r\ \*\ dq\ in\ dh_next"]),
        ("gradcheck-rnn check net.yaml --set check.me", ["option nospace", "check.method="]),
        ("gradcheck-rnn check --set check.method=c", ["central", "complex_step"]),
        ("gradcheck-rnn check con", ["option default"]),
    ],
)
def test_bash_completes_the_word_at_the_cursor(line, replies, ask):
    assert ask(line) == replies


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_printed_for_each_shell(shell, run_here):
    ended = run_here("completion", shell)
    assert (ended.code, ended.err) == (0, "")
    assert f"_GRADCHECK_RNN_COMPLETE={shell}_complete" in ended.out


def test_another_shell_is_a_mistake(run_here):
    ended = run_here("completion", "csh")
    assert (ended.code, ended.out) == (2, "")


def completed(*words):
    """What zsh gets, which hands over whole words and takes three lines for each."""
    asked = {
        "_GRADCHECK_RNN_COMPLETE": "zsh_complete",
        "COMP_WORDS": shlex.join(["gradcheck-rnn", *words])
        if words[-1]
        else shlex.join(["gradcheck-rnn", *words[:-1]]),
        "COMP_CWORD": str(len(words)),
    }
    return run(environment=asked).out.splitlines()[1::3]


def test_every_kind_of_finding_is_offered():
    assert set(completed("explain", "")) == set(read_pages())


def test_every_fault_is_offered():
    assert {name for family in FAMILIES for name in demo_names(family)} <= set(completed("demo", ""))


def test_every_key_is_offered_and_nothing_else():
    assert completed("check", "--set", "") == [f"{path}=" for path in KEYS]


@pytest.mark.parametrize("key", ["model.biases", "check.probe", "check.entries"])
def test_the_words_that_a_key_takes_are_offered_after_it(key):
    words = {
        "model.biases": ["true", "false"],
        "check.probe": ["on", "off"],
        "check.entries": ["all", "screen"],
    }[key]
    assert completed("check", "--set", f"{key}=") == [f"{key}={word}" for word in words]


@pytest.mark.parametrize("words", ["check --set check.method=", "demo "])
def test_completing_needs_no_numpy(words):
    script = """
import sys
from gradcheck_rnn.cli import main
try:
    main(sys.argv[1:])
finally:
    print([name for name in ("numpy", "rich") if name in sys.modules], file=sys.stderr)
"""
    line = f"gradcheck-rnn {words}"
    asked = {"_GRADCHECK_RNN_COMPLETE": "bash_complete", "COMP_LINE": line, "COMP_BREAKS": BREAKS}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=clean_environment(asked),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        cwd=Path(__file__).parent,
    )
    assert ended.stderr == "[]\n"


def test_a_malformed_project_spoils_no_completion(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.gradcheck_rnn]\nquiet = = 1\n")
    asked = {"_GRADCHECK_RNN_COMPLETE": "zsh_complete", "COMP_WORDS": "gradcheck-rnn check --meth", "COMP_CWORD": "2"}
    ended = run(environment=asked, cwd=tmp_path)
    assert (ended.out.splitlines()[1], ended.err) == ("--method", "")
