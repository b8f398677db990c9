"""The command `fix`: what it hands on, prints, writes and exits with; and the hint at the end of a failing check."""

import re
import shutil
import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.fix import run_fix
from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.value import Searched
from gradcheck_rnn.report.repair.value import Repair
from tests.cli.running import CONFIGS, MISBEHAVING, strict_json
from tests.repair.editing import patch_of

FIXTURES = CONFIGS.parent / "fixtures" / "pos_tagger"
WRONG_LINE, RIGHT_LINE = "dh_next = dz @ W_hh\n", "dh_next = dz @ W_hh.T\n"


@pytest.fixture(scope="module")
def reports():
    """What a check says of the wrong tagger and of the right one."""
    names = {"fail": "pos_tagger", "pass": "pos_tagger_right"}
    return {
        outcome: run_check(load_settings(str(CONFIGS / f"{name}.yaml")), workers=0) for outcome, name in names.items()
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working directory with the wrong tagger."""
    for file in FIXTURES.glob("*.py"):
        shutil.copy(file, tmp_path)
    text = (CONFIGS / "pos_tagger.yaml").read_text()
    (tmp_path / "tagger.yaml").write_text(text.replace("../fixtures/pos_tagger/", ""))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def found(monkeypatch, reports):
    """Have the search come to something; what it was asked is noted."""
    asked = SimpleNamespace(settings=None, limits=None)

    def set_up(outcome="fail", *patches, **more):
        def come_to(settings, *, workers, time_limit, progress):
            progress("edits", 1, 2)
            asked.settings, asked.limits = settings, (workers, time_limit)
            searched = Searched(patches, tried=12, **more) if outcome == "fail" else None
            return Repair(reports[outcome], searched)

        monkeypatch.setattr("gradcheck_rnn.pipeline.fix.run_fix", come_to)
        return asked

    return set_up


def mending(folder):
    return patch_of(folder / "untransposed.py", replaced=(WRONG_LINE, RIGHT_LINE))


def is_mended(folder):
    text = (folder / "untransposed.py").read_text()
    assert (WRONG_LINE in text) != (RIGHT_LINE in text)
    return RIGHT_LINE in text


def test_a_patch_is_printed_and_nothing_written(run_here, folder, found):
    found("fail", mending(folder))
    ended = run_here("fix", "tagger.yaml")
    assert (ended.code, ended.err) == (1, "")
    assert "--- a/untransposed.py\n+++ b/untransposed.py\n@@ -28,6 +28,6 @@\n" in ended.out
    assert "\n-        dh_next = dz @ W_hh\n+        dh_next = dz @ W_hh.T\n" in ended.out
    assert not is_mended(folder)


def test_what_is_printed_can_be_piped_into_patch(run_here, folder, found):
    found("fail", mending(folder))
    out = run_here("fix", "tagger.yaml").out
    subprocess.run(["patch", "-p1"], input=out, text=True, capture_output=True, check=True)
    assert is_mended(folder)


def test_quiet_is_the_diff_alone(run_here, folder, found):
    found("fail", mending(folder))
    out = run_here("fix", "tagger.yaml", "--quiet").out
    assert out == mending(folder).diffs(folder)[0].text


@pytest.mark.parametrize(("outcome", "code", "word"), [("fail", 1, "FAIL"), ("pass", 0, "PASS")])
def test_quiet_is_the_verdict_where_there_is_no_diff(run_here, found, outcome, code, word):
    found(outcome)
    ended = run_here("fix", CONFIGS / "pos_tagger.yaml", "--quiet")
    assert (ended.code, ended.out.count("\n"), ended.out.split()[0]) == (code, 1, word)


def test_write_mends_the_file_and_exits_0(run_here, folder, found):
    found("fail", mending(folder))
    ended = run_here("fix", "tagger.yaml", "--write")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith("\nwritten: untransposed.py\n")
    assert is_mended(folder)
    assert run_check(load_settings("tagger.yaml"), workers=0).outcome == "pass"


def test_write_names_the_written_files_in_json(run_here, folder, found):
    found("fail", mending(folder))
    document = run_here("fix", "tagger.yaml", "--write", "--output-format", "json").document
    assert document["written"] == ["untransposed.py"]


def test_only_the_simplest_patch_is_written(run_here, folder, found):
    other = patch_of(folder / "untransposed.py", replaced=("        db_h += dz\n", ""))
    found("fail", mending(folder), other)
    assert run_here("fix", "tagger.yaml", "--write").code == 0
    assert is_mended(folder)
    assert "db_h += dz\n" in (folder / "untransposed.py").read_text()


def test_a_patch_of_what_calls_leave_behind_exits_1_without_a_verdict(run_here, folder, monkeypatch, reports):
    report = replace(reports["pass"], outcome="error", findings=(WRITES,))
    repair = Repair(report, Searched((mending(folder),), tried=12))
    monkeypatch.setattr("gradcheck_rnn.pipeline.fix.run_fix", lambda _settings, **_: repair)
    assert run_here("fix", "tagger.yaml").code == 1
    assert run_here("fix", "tagger.yaml", "--write").code == 0


def test_what_user_code_printed_is_told_beside_the_patch(run_here, folder, monkeypatch, reports):
    report = replace(reports["fail"], printed="step 0\nstep 1\n")
    repair = Repair(report, Searched((mending(folder),), tried=12))
    monkeypatch.setattr("gradcheck_rnn.pipeline.fix.run_fix", lambda _settings, **_: repair)
    ended = run_here("fix", "tagger.yaml", "--quiet")
    assert ended.out == mending(folder).diffs(folder)[0].text
    assert ended.err == (
        "your code printed 2 lines (gradcheck-rnn check --verbose shows them), first: step 0; last: step 1\n"
    )


def test_a_file_that_has_changed_meanwhile_is_left_alone(run_here, folder, found):
    """The gradient is still wrong, the patch is printed all the same."""
    found("fail", mending(folder))
    with (folder / "untransposed.py").open("a") as file:
        file.write("# seen\n")
    ended = run_here("fix", "tagger.yaml", "--write")
    assert ended.code == 1
    assert "untransposed.py: error: nothing was written: the file has changed since it was read\n" in ended.err
    assert "+++ b/untransposed.py" in ended.out
    assert "written:" not in ended.out
    assert not is_mended(folder)


@pytest.mark.parametrize("options", [(), ("--write",)])
def test_where_there_is_no_patch_it_exits_1(run_here, found, options):
    found("fail", mended={"W_hh": 3})
    ended = run_here("fix", CONFIGS / "pos_tagger.yaml", *options)
    assert ended.code == 1
    assert "no patch found: 12 edits were tried" in ended.out


@pytest.mark.parametrize("options", [(), ("--write",)])
def test_a_right_gradient_exits_0(run_here, found, options):
    found("pass")
    ended = run_here("fix", CONFIGS / "pos_tagger_right.yaml", *options)
    assert (ended.code, ended.out.splitlines()[0]) == (0, "nothing to repair")


def test_without_a_verdict_it_exits_3_and_says_what_a_check_says(run_here, tagger, monkeypatch):
    def check_alone(settings, **_):
        return Repair(run_check(settings, workers=1))

    monkeypatch.setattr("gradcheck_rnn.pipeline.fix.run_fix", check_alone)
    config = tagger("gradients_raise")
    monkeypatch.chdir(MISBEHAVING)  # files are named from here on
    ended = run_here("fix", config)
    assert (ended.code, ended.out) == (3, run_here("check", config).out)
    assert "\n  at gradients_raise.py:" in ended.out


@pytest.mark.parametrize("options", [(), ("--write",)])
def test_ctrl_c_prints_what_is_known_writes_nothing_and_exits_130(run_here, folder, found, options):
    found("fail", mending(folder), stopped_by="interrupted")
    ended = run_here("fix", "tagger.yaml", *options)
    assert (ended.code, ended.err) == (130, "interrupted\n")
    assert "+++ b/untransposed.py" in ended.out
    assert not is_mended(folder)


def test_ctrl_c_before_anything_is_known_prints_nothing(run_here, monkeypatch):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck_rnn.pipeline.fix.run_fix", pressed)
    ended = run_here("fix", CONFIGS / "pos_tagger.yaml")
    assert (ended.code, ended.out, ended.err.split()) == (130, "", ["interrupted"])


def test_options_reach_the_search(run_here, found):
    asked = found()
    run_here("fix", CONFIGS / "pos_tagger.yaml", "--set", "sequence.length=3", "--workers", "2", "--time-limit", "7.5")
    assert (asked.settings.sequence.length, asked.limits) == (3, (2, 7.5))
    run_here("fix", CONFIGS / "pos_tagger.yaml")
    assert asked.limits == (None, 60.0)


def test_the_command_to_apply_it_is_the_one_that_was_typed(run_here, folder, found, reports):
    found("fail", mending(folder))
    out = run_here("fix", "tagger.yaml", "--set", "sequence.length=3").out
    source = reports["fail"].settings.source
    assert f"\napply it: gradcheck-rnn fix {source} --set sequence.length=3 --write\n" in out


def test_json_names_files_from_the_working_directory_on(run_here, folder, found):
    found("fail", mending(folder))
    ended = run_here("fix", "tagger.yaml", "--output-format", "json")
    (patch,) = strict_json(ended.out)["patches"]
    assert ended.code == 1
    assert (patch["file"], patch["line"], patch["edits"]) == ("untransposed.py", 31, 1)
    subprocess.run(["patch", "-p1"], input=patch["diff"], text=True, capture_output=True, check=True)
    assert is_mended(folder)


@pytest.mark.parametrize(
    "arguments",
    [
        ("no_such.yaml",),
        (),
        (CONFIGS / "pos_tagger.yaml", CONFIGS / "elman.yaml"),
        (CONFIGS / "pos_tagger.yaml", "--time-limit", "0"),
        (CONFIGS / "pos_tagger.yaml", "--workers", "0"),
        (CONFIGS / "pos_tagger.yaml", "--set", "seed=x"),
    ],
)
def test_a_mistake_in_the_command_searches_nothing(run_here, found, arguments):
    asked = found()
    ended = run_here("fix", *arguments)
    assert (ended.code, ended.out, asked.settings) == (2, "", None)
    assert ended.err


def test_the_readme_shows_the_patch_of_the_tagger():
    """The diff is made by hand here: the search is tested elsewhere."""
    (shown,) = re.findall(r"```diff\n(.*?)```", (CONFIGS.parent / "README.md").read_text(), re.DOTALL)
    (diff,) = mending(FIXTURES).diffs(CONFIGS.parent)
    assert shown == diff.text


def last_line(text):
    return text.rstrip("\n").splitlines()[-1]


@pytest.fixture
def checked(monkeypatch, reports):
    """Have every check come to a report that is known."""

    def set_up(outcome="fail", source=None, **changed):
        def run_check(settings, **_):
            named = replace(settings, source=source or settings.source)
            known = reports.get(outcome, reports["pass"])
            return replace(known, settings=named, outcome=outcome, **changed)

        monkeypatch.setattr("gradcheck_rnn.api.run_check", run_check)

    return set_up


def test_a_failing_check_ends_with_the_command_that_repairs_it(run_here, folder):
    out = run_here("check", "tagger.yaml").out
    assert last_line(out) == "try: gradcheck-rnn fix tagger.yaml"


@pytest.mark.parametrize("with_map", [True, False])
@pytest.mark.parametrize("notes", [(), (Finding("kink", "W_hh", "a kink was stepped around"),)])
def test_an_empty_line_stands_before_the_command(run_here, checked, reports, with_map, notes):
    checked(chain=reports["fail"].chain if with_map else None, notes=notes)
    *_, before, empty, _ = run_here("check", CONFIGS / "pos_tagger.yaml").out.splitlines()
    assert empty == ""
    assert before.strip()


def test_the_command_has_the_keys_that_were_set(run_here, checked):
    checked()
    out = run_here("check", CONFIGS / "pos_tagger.yaml", "--set", "sequence.length=3", "--method", "direct").out
    assert last_line(out) == f"try: gradcheck-rnn fix {CONFIGS / 'pos_tagger.yaml'} --set sequence.length=3"


def test_of_several_checks_each_that_fails_has_its_command(run_here, folder, checked):
    checked()
    shutil.copy("tagger.yaml", "other one.yaml")
    text = run_here("check", "tagger.yaml", "other one.yaml").out
    assert [line for line in text.splitlines() if line.startswith("try: ")] == [
        "try: gradcheck-rnn fix tagger.yaml",
        "try: gradcheck-rnn fix 'other one.yaml'",
    ]


@pytest.mark.parametrize("options", [("--quiet",), ("--output-format", "json")])
def test_no_command_is_offered_without_a_text(run_here, checked, options):
    checked()
    ended = run_here("check", CONFIGS / "pos_tagger.yaml", *options)
    assert ended.code == 1
    assert "gradcheck-rnn fix" not in ended.out


def left_behind(kind, term, **evidence):
    return Finding(kind, term, "", evidence=evidence)


WRITES = left_behind("mutated-argument", "batch.inputs", function="gradients")


@pytest.mark.parametrize("finding", [WRITES, left_behind("state-leak", "gradients")])
def test_what_calls_leave_behind_may_be_repaired_too(run_here, checked, finding):
    checked(outcome="error", findings=(finding,))
    out = run_here("check", CONFIGS / "pos_tagger.yaml").out
    assert last_line(out) == f"try: gradcheck-rnn fix {CONFIGS / 'pos_tagger.yaml'}"


def test_a_configuration_from_stdin_is_to_be_given_again(run_here, checked):
    checked(source="-")
    assert last_line(run_here("check", CONFIGS / "pos_tagger.yaml").out) == (
        "try: gradcheck-rnn fix -  # with the same configuration on stdin"
    )


@pytest.mark.parametrize(
    "report",
    [
        {"outcome": "pass"},
        {"interrupted": True},
        {"in_python": False},
        {"outcome": "error", "findings": (Finding("raised", "gradients", ""),)},
        {"outcome": "error", "findings": (left_behind("mutated-argument", "batch.inputs", function="loss"),)},
        {"outcome": "error", "findings": (left_behind("state-leak", "loss"),)},
    ],
)
def test_no_command_is_offered_where_it_would_not_help(run_here, checked, report):
    """A right gradient, a check that was stopped, no Python of the user's, what no edit of a backward pass mends."""
    checked(**report)
    assert "gradcheck-rnn fix" not in run_here("check", CONFIGS / "pos_tagger.yaml").out


def test_planted_faults_and_programs_in_other_languages_are_no_python_to_edit(adapter):
    planted = run_fix(load_settings(str(CONFIGS / "elman.yaml"), overrides=["backward={fault: sign-flip:dh_next}"]))
    program = run_fix(load_settings(str(adapter(PROGRAM))), workers=1)
    for repair, why in ((planted, "names no adapter"), (program, "asks a program")):
        assert (repair.report.outcome, repair.report.in_python) == ("fail", False)
        assert repair.searched.tried == 0
        assert why in repair.searched.reason


def test_code_that_needs_a_call_of_its_loss_first_is_told_so(run_here, adapter):
    """A check calls the loss before the gradients, a search does not."""
    ended = run_here("fix", adapter(LOSS_FIRST), "--workers", "1")
    assert ended.code == 1
    words = " ".join(ended.out.split())
    assert "nothing could be searched: without a call of the loss before it, gradients raised" in words


@pytest.mark.campaign
def test_a_clip_that_the_configured_point_reaches_is_left_and_told(run_here, adapter, tmp_path, monkeypatch):
    """The slip is mended, the clip is the author's own: a check with as many steps still fails."""

    def slip_undone(function):
        if (at := function.text.text.find("h[1:]")) >= 0:
            yield Edit(function.text.file, (Change(at, at + 5, "h[:-1]"),), "slice", 1.0)

    monkeypatch.setattr("gradcheck_rnn.repair.candidates.OPERATORS", (slip_undone,))
    config = adapter(CLIPPED)
    ended = run_here("fix", config, "--set", "sequence.length=20", "--write", "--workers", "1")
    words = " ".join(ended.out.split())
    assert ended.code == 1
    assert "remains: a check passes with sequence.length=5; with 20, gradients are clipped at +-3" in words
    assert (tmp_path / "adapter.py").read_text().endswith(CLIPPED.replace("h[1:].T", "h[:-1].T"))
    again = run_here("fix", config, "--set", "sequence.length=20", "--workers", "1")
    assert again.code == 1
    assert "every gradient is right that is below +-3, at which" in " ".join(again.out.split())


CLIPPED = """
import numpy as np
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    h, probabilities = tagger_core.forward(parameters, batch)
    found = tagger_core.backward(parameters, batch, h, probabilities)
    dz, _ = tagger_core.errors(parameters, batch, h, probabilities)
    found["W_hh"] = h[1:].T @ dz
    return {name: np.clip(each, -3.0, 3.0) for name, each in found.items()}
"""

LOSS_FIRST = """
import tagger_core
seen = []
def loss(parameters, batch):
    seen.append(tagger_core.forward(parameters, batch))
    return tagger_core.loss(parameters, batch)
def gradients(parameters, batch):
    probabilities = seen[-1][1]
    found = tagger_core.gradients(parameters, batch)
    return {**found, "b_h": 2 * found["b_h"]}
"""

# gradients that come of a program, twice too large
ANSWERS = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "version": 1, "offers": ["loss", "gradients"]}), flush=True)
"""
PROGRAM = f"""
import tagger_core
from gradcheck_rnn.adapters import command
command([sys.executable, "-c", {ANSWERS!r}])
loss = tagger_core.loss
def gradients(parameters, batch):
    return {{name: 2 * value for name, value in tagger_core.gradients(parameters, batch).items()}}
"""
