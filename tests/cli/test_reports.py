"""`--report FORMAT=PATH` and `--output-format`: files that are whole or not there, and what stdout still holds."""

import json
import os
import re
import shlex
import signal
from pathlib import Path

import pytest
from junitparser import JUnitXml

from gradcheck_rnn.report.formats.catalogue import RENDERERS
from tests.cli.running import CONFIGS, PATIENCE, ROOT, run, run_on_terminal, strict_json
from tests.cli.test_signals import HANGING, HANGING_LATE, begun

WRONG, RIGHT = CONFIGS / "pos_tagger.yaml", CONFIGS / "pos_tagger_right.yaml"
FORMATS = sorted(name for name in RENDERERS if name != "html")  # pages have tests of their own


@pytest.fixture
def quick(tagger):
    """A check that is over at once, because user code dies."""
    return "check", tagger("gradients_raise"), "--workers", "0"


def wanted(folder, *formats):
    return [word for name in formats for word in ("--report", f"{name}={folder / name}")]


def counts(file):
    document = JUnitXml.fromstring(file.read_bytes())
    return document.tests, document.failures, document.errors


def test_every_format_is_written_and_the_text_stays_on_stdout(run_here, tmp_path):
    ended = run_here("check", WRONG, *wanted(tmp_path, *FORMATS))
    assert ended.code == 1
    assert ended.out.startswith(f"{WRONG}: tanh net")
    assert ended.out.endswith(f"try: gradcheck-rnn fix {WRONG}\n")
    assert sorted(file.name for file in tmp_path.iterdir()) == FORMATS
    assert counts(tmp_path / "junit") == (5, 3, 0)
    assert strict_json((tmp_path / "json").read_text())["verdict"] == "fail"
    assert json.loads((tmp_path / "sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "markdown").read_text().startswith("## ❌ FAIL")
    assert (tmp_path / "github").read_text().count("::error ") == 3


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "junit"])  # which tells how long it took
def test_stdout_holds_a_format_that_is_asked_for_and_nothing_else(name, quick, run_here, tmp_path):
    ended = run_here(*quick, "--output-format", name, *wanted(tmp_path, name))
    assert ended.out == (tmp_path / name).read_text() != ""


def test_an_encoding_without_the_characters_of_a_report_does_not_matter(quick, tmp_path):
    arguments = [*quick, "--output-format", "markdown", *wanted(tmp_path, "markdown")]
    ended = run(*arguments, environment={"PYTHONIOENCODING": "ascii"})
    assert ended.out == (tmp_path / "markdown").read_text(encoding="utf-8")
    assert "❌ ERROR" in ended.out


def test_code_that_dies_leaves_its_reports(quick, run_here, tmp_path):
    assert run_here(*quick, *wanted(tmp_path, "junit", "github")).code == 3
    assert counts(tmp_path / "junit") == (1, 0, 1)
    assert "gradients_raise.py,line=7," in (tmp_path / "github").read_text()


def test_an_interrupted_check_leaves_what_is_known(adapter, tmp_path):
    config = adapter(HANGING_LATE, more="check: {loss: user}\n")
    with begun(config, tmp_path, "--workers", "1", *wanted(tmp_path, "junit", "json")) as (process, _):
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert counts(tmp_path / "junit") == (6, 0, 2)
    assert strict_json((tmp_path / "json").read_text())["verdict"] == "inconclusive"


def test_a_check_that_is_interrupted_before_anything_is_known_is_not_green(adapter, tmp_path):
    (tmp_path / "junit").write_text("of yesterday")
    with begun(
        RIGHT, tmp_path, str(adapter(HANGING)), "--output-format", "json", *wanted(tmp_path, "junit", "json")
    ) as (process, _):
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert counts(tmp_path / "junit") == (6, 0, 1)
    assert strict_json((tmp_path / "json").read_text())["unchecked"] == [str(tmp_path / "tagger.yaml")]
    assert strict_json(out) == strict_json((tmp_path / "json").read_text())


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("yunit=a.xml", "known are json, markdown, junit, github, sarif"),
        ("junit", "names no file"),
        ("junit=", "names no file"),
        ("junit=-", "--output-format junit writes it to stdout"),
        ("junit=no/such/folder/a.xml", "there is no folder"),
        ("junit=.", "no regular file"),
        ("junit=/dev/null", "no regular file"),
    ],
)
def test_a_report_that_could_not_be_written_is_a_mistake_of_usage(word, said, run_here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gradcheck_rnn.cli.check._run", lambda *_, **__: pytest.fail("something was checked"))
    ended = run_here("check", WRONG, "--report", word)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert list(tmp_path.iterdir()) == []


def test_all_mistakes_are_told_at_once(run_here, tmp_path):
    ended = run_here("check", WRONG, "--report", "yunit=a", *wanted(tmp_path, "json", "json"))
    assert (ended.code, ended.err.count("error: ")) == (2, 2)
    assert "two reports are to be written to one file" in ended.err


def test_a_file_that_cannot_be_written_leaves_the_former_and_the_verdict(run_here, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    (tmp_path / "json").write_text("before")
    monkeypatch.setattr(Path, "replace", full)
    ended = run_here("check", WRONG, *wanted(tmp_path, "json"))
    assert ended.code == 3
    assert "No space left on device" in ended.err
    assert "FAIL 3 of 5 parameters" in ended.out
    assert [file.read_text() for file in tmp_path.iterdir()] == ["before"]


def test_a_file_is_readable_for_others_as_any_new_file_is(quick, run_here, tmp_path):
    (tmp_path / "plain").touch()
    run_here(*quick, *wanted(tmp_path, "junit"))
    assert (tmp_path / "junit").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_link_is_followed(quick, run_here, tmp_path):
    (tmp_path / "junit").symlink_to(tmp_path / "real")
    run_here(*quick, *wanted(tmp_path, "junit"))
    assert (tmp_path / "junit").is_symlink()
    assert counts(tmp_path / "real") == (1, 0, 1)


def test_on_github_actions_annotations_follow_the_text(quick, run_here, monkeypatch):
    text = run_here(*quick).out
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ended = run_here(*quick)
    assert text
    assert ended.out.startswith(text)
    (added,) = ended.out[len(text) :].splitlines()
    assert added.startswith("::error file=")


@pytest.mark.parametrize("name", ["text", "json"])
def test_a_format_that_was_chosen_has_no_annotations(name, quick, run_here, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::error" not in run_here(*quick, "--output-format", name).out


def test_a_terminal_has_no_annotations(quick):
    ended = run_on_terminal(*map(str, quick), columns=100, environment={"GITHUB_ACTIONS": "true"})
    assert "ERROR" in ended.out
    assert "::error" not in ended.out


def test_annotations_name_files_from_the_repository(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.py").write_text("def gradients(parameters, batch):\n    return 1 / 0\n")
    (tmp_path / "models" / "net.yaml").write_text(
        "model: {input_size: 3, hidden_size: 2, output_size: 2}\nsequence: {length: 2}\nseed: 0\n"
        "backward: {adapter: net.py}\n"
    )
    ended = run("check", "net.yaml", cwd=tmp_path / "models", environment={"GITHUB_ACTIONS": "true"})
    assert ended.out.splitlines()[-1].startswith("::error file=models/net.py,line=2,title=raised::")


@pytest.fixture
def searched(monkeypatch):
    """The reports that a patch was searched for, in the place of the search."""
    found = []

    def search(report, _folder, **_options):
        found.append(report.settings.source)
        return report

    monkeypatch.setattr("gradcheck_rnn.pipeline.patched.patched", search)
    return found


def test_annotations_and_sarif_stand_on_the_line_that_is_wrong(run_here, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ended = run_here("check", "configs/pos_tagger.yaml", *wanted(tmp_path, "sarif", "json"))
    file, line = "fixtures/pos_tagger/untransposed.py", 31
    assert "dh_next = dz @ W_hh\n" in (ROOT / file).read_text().splitlines(keepends=True)[line - 1]
    told = [each for each in ended.out.splitlines() if each.startswith("::")]
    assert [each.split(",title=")[0] for each in told] == [f"::error file={file},line={line}"] * 3
    assert all("%0A+ dh_next = dz @ W_hh.T%0A" in each for each in told)
    assert strict_json((tmp_path / "json").read_text())["findings"][0]["location"] == {"file": file, "line": line}
    (result,) = json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": line}
    (change,) = result["fixes"][0]["artifactChanges"]
    assert [each["insertedContent"]["text"] for each in change["replacements"]] == ["        dh_next = dz @ W_hh.T\n"]


def test_a_patch_is_searched_for_formats_that_stand_beside_the_code_and_once_for_all_of_them(
    run_here, tmp_path, searched
):
    for formats, count in ((("json", "junit", "markdown"), 0), (("github",), 1), (("github", "sarif"), 1)):
        searched.clear()
        run_here("check", WRONG, *wanted(tmp_path, *formats))
        assert len(searched) == count, formats


def test_a_page_and_annotations_share_one_search(run_here, tmp_path, searched, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.pipeline.study.studied", lambda report, *_, **__: report)
    run_here("check", WRONG, *wanted(tmp_path, "html", "github"))
    assert searched == [str(WRONG)]


def test_no_line_is_searched_after_a_check_that_took_long(run_here, tmp_path, searched, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.pipeline.patched.PATCH_TIME", 0.0)
    assert run_here("check", WRONG, *wanted(tmp_path, "github")).code == 1
    assert searched == []
    assert "::error file=" in (tmp_path / "github").read_text()


def test_no_line_is_searched_after_a_check_whose_time_a_journal_hides(run_here, tmp_path, searched):
    command = ("check", WRONG, *wanted(tmp_path, "github"), "--journal", tmp_path / "journal")
    assert run_here(*command).code == run_here(*command).code == 1
    assert searched == []


def test_ctrl_c_during_the_search_leaves_the_lines_out_and_the_reports_are_written(run_here, tmp_path, monkeypatch):
    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("gradcheck_rnn.pipeline.patched.repair_of", stop)
    ended = run_here("check", WRONG, *wanted(tmp_path, "github", "json"))
    assert ended.code == 130
    assert "FAIL 3 of 5 parameters are wrong" in ended.out
    assert f"::error file={WRONG.relative_to(ROOT)},title=" in (tmp_path / "github").read_text()
    document = strict_json((tmp_path / "json").read_text())
    assert (document["verdict"], document["findings"][0]["location"]) == ("fail", None)


def test_the_help_names_every_format(run_here):
    text = " ".join(run_here("check", "--help").out.split())
    assert f"Formats: {', '.join(RENDERERS)}." in text


def test_the_command_of_the_readme_writes_its_reports(run_here, tmp_path, monkeypatch):
    for folder in ("configs", "fixtures"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    shown = re.search(r"<!-- run: reports -->\n```sh\ngradcheck-rnn (.*)\n```", (ROOT / "README.md").read_text())
    assert run_here(*map(os.path.expandvars, shlex.split(shown[1]))).code == 1
    assert counts(tmp_path / "gradcheck.xml") == (5, 3, 0)
    assert "❌ FAIL `configs/pos_tagger.yaml`" in (tmp_path / "summary.md").read_text()
