"""Exit codes, and what stands on which stream."""

import os
import subprocess
import sys

import pytest

from tests.cli.running import COMMAND, CONFIGS, PATIENCE, ROOT, clean_environment, run

RIGHT, WRONG = CONFIGS / "pos_tagger_right.yaml", CONFIGS / "pos_tagger.yaml"


def test_a_mistake_in_a_configuration_is_shown_at_its_place(tmp_path):
    (tmp_path / "net.yaml").write_text(WRONG.read_text().replace("  hidden_size:", "  hiden_size:"))
    ended = run("check", "net.yaml", cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    line = WRONG.read_text().splitlines().index("model:") + 3
    assert f"net.yaml:{line}:3: error: unknown key `hiden_size`" in ended.err
    assert "did you mean `hidden_size`?" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "no_such_file.yaml"],
        ["check", WRONG, "--set", "lenght=3"],
        ["check", WRONG, "--set", "length"],
        ["check", WRONG, "--set", "length=none"],
        ["check", WRONG, "--workers", "-1"],
        ["check", WRONG, "--output-format", "yaml"],
        ["check", WRONG, "--no-such-option"],
        ["chekc", WRONG],
        [],
    ],
)
def test_a_mistake_in_the_command_leaves_stdout_empty(arguments, run_here):
    ended = run_here(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err


def test_an_unknown_parameter_gets_a_suggestion(run_here):
    ended = run_here("check", WRONG, "--only", "W_hx")
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean `W_xh`?" in ended.err


def test_an_unknown_parameter_of_the_users_own_gets_a_suggestion(run_here):
    ended = run_here("check", CONFIGS / "language_model.yaml", "--only", "X")
    assert (ended.code, ended.out) == (2, "")
    assert "U, V, W" in ended.err


def test_only_leaves_the_other_parameters_out(run_here):
    ended = run_here("check", WRONG, "--only", "b_y", "--only", "W_hy", "--output-format", "json")
    assert ended.code == 0
    assert [row["name"] for row in ended.document["parameters"]] == ["W_hy", "b_y"]


@pytest.mark.parametrize(
    ("configs", "code"),
    [
        (["pass", "pass"], 0),
        (["pass", "fail"], 1),
        (["fail", "pass"], 1),
        (["error", "pass"], 3),
        (["error", "fail"], 1),
        (["fail", "error"], 1),
    ],
)
def test_of_several_configurations_the_worst_decides(configs, code, tagger, run_here):
    files = {"pass": RIGHT, "fail": WRONG, "error": tagger("gradients_raise")}
    assert run_here("check", *[files[each] for each in configs], "--quiet").code == code


def test_a_mistake_in_the_second_configuration_keeps_the_first_from_being_checked(adapter, run_here, tmp_path):
    first = adapter(f"open({str(tmp_path / 'loaded')!r}, 'w')\nfrom tagger_core import loss, gradients\n")
    (tmp_path / "second.yaml").write_text("model: {}\n")
    ended = run_here("check", first, tmp_path / "second.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize("name", ["pos_tagger", "pos_tagger_right"])
def test_exit_zero_exits_0_and_still_reports(name, run_here):
    ended = run_here("check", CONFIGS / f"{name}.yaml", "--exit-zero", "--output-format", "json")
    assert ended.code == 0
    assert ended.document["verdict"] == ("pass" if name.endswith("right") else "fail")


def test_exit_zero_hides_no_mistake_of_usage(run_here):
    assert run_here("check", "no_such_file.yaml", "--exit-zero").code == 2


def test_an_error_of_ours_is_neither_a_pass_nor_a_fault(monkeypatch, run_here):
    def broken(*arguments, **keywords):
        raise LookupError("a bug")

    monkeypatch.setattr("gradcheck_rnn.api.run_check", broken)
    ended = run_here("check", RIGHT)
    assert (ended.code, ended.out) == (4, "")
    assert "LookupError: a bug" in ended.err
    assert "this is a bug in gradcheck-rnn" in ended.err


@pytest.mark.parametrize("layout", ["text", "json"])
@pytest.mark.parametrize(("config", "code"), [(RIGHT, 0), (WRONG, 1)])
def test_a_reader_that_leaves_changes_no_verdict(layout, config, code):
    """As in `gradcheck-rnn check ... | head -1`."""
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*COMMAND, "check", str(config), "--output-format", layout],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said) == (code, b"")


@pytest.mark.parametrize("closed", ["stdin", "stderr"])
def test_a_stream_that_is_closed_from_the_start_changes_no_verdict(closed):
    """As under a daemon: `gradcheck-rnn check ... <&-`."""
    redirection = {"stdin": "<&-", "stderr": "2>&-"}[closed]
    line = " ".join([*COMMAND, "check", str(RIGHT), "--quiet", redirection])
    ended = subprocess.run(
        ["sh", "-c", line], env=clean_environment(), capture_output=True, timeout=PATIENCE, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.startswith(b"PASS")


@pytest.mark.campaign
def test_a_full_disk_is_no_bug_of_ours():
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device, not a path of ours
        ended = subprocess.run(
            [*COMMAND, "check", str(RIGHT)],
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert ended.returncode not in (0, 1, 4)
    assert b"Traceback" not in ended.stderr
    assert b"No space left on device" in ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "--help"],
        ["init", "--help"],
        ["--version"],
        [],
        ["check"],
        ["check", "x.yaml", "--no-such-option"],
    ],
    ids=" ".join,
)
def test_help_and_mistakes_in_arguments_need_no_numpy(arguments):
    source = f"""
import sys
from gradcheck_rnn.cli import main
try:
    main({arguments!r})
except SystemExit:
    pass
print([name for name in ("numpy", "rich", "yaml") if name in sys.modules], file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stderr.splitlines()[-1] == "[]"


def test_help_lists_the_exit_codes(run_here):
    for arguments in (["--help"], ["check", "--help"]):
        text = " ".join(run_here(*arguments).out.split())
        for code in ("0 pass", "1 a gradient is wrong", "3 no verdict", "130 interrupted"):
            assert code in text


def test_a_configuration_may_come_from_stdin(tmp_path):
    text = WRONG.read_bytes().replace(b"../fixtures", str(ROOT / "fixtures").encode())
    ended = run("check", "-", "--output-format", "json", stdin=text, cwd=tmp_path)
    assert ended.code == 1
    assert ended.document["config"] == "-"


def test_on_stdin_relative_paths_start_at_the_working_directory():
    ended = run("check", "-", "--quiet", stdin=WRONG.read_bytes(), cwd=CONFIGS)
    assert ended.code == 1


def test_an_override_is_stronger_than_the_file(run_here):
    shapes = {
        row["name"]: row["shape"]
        for row in run_here("check", WRONG, "--set", "hidden_size=2", "--output-format", "json").document["parameters"]
    }
    assert shapes["W_hh"] == [2, 2]
