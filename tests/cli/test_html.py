"""A check as a web page: what is looked into for it, and what becomes of the check itself."""

import re
import shlex

import pytest

from gradcheck_rnn.cli import demo
from gradcheck_rnn.pipeline import study
from tests.cli.running import CONFIGS, ROOT
from tests.report.html.pages import Read

FEW = ("--set", "check.entries=5", "--workers", "0")
TAGGER = CONFIGS / "pos_tagger.yaml"


@pytest.fixture
def in_clone(tmp_path, monkeypatch):
    """Stand in a folder that holds what the README's commands name."""
    for name in ("configs", "fixtures"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def readme_command(name):
    """The words of the README's command that makes a page."""
    (line,) = re.findall(
        rf"^gradcheck-rnn ({name} .*--report html=\S+)", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    return shlex.split(line)


@pytest.mark.campaign
def test_the_page_has_curves_of_both_points_and_the_line_that_mends_the_code(run_here, in_clone):
    ended = run_here(*readme_command("check"), *FEW)
    assert (ended.code, ended.err) == (1, "")
    assert "FAIL 3 of 5 parameters are wrong" in ended.out
    page = Read((in_clone / "report.html").read_text(encoding="utf-8"))
    drawn = [each.text.partition(".")[0] for each in page.named("figcaption")]
    assert drawn == [
        "Error over the step, configured point (T = 6)",
        "Error over the step, probe point (T = 9)",
        "Error over the sequence length",
        "Gradient norm by lag",
        "How far an error reaches back",
    ]
    assert [each.text.strip() for each in page.of_class("added")] == ["+        dh_next = dz @ W_hh.T"]


def test_the_readme_s_command_for_the_lesson_names_a_page(run_here, in_clone, monkeypatch):
    places = []
    monkeypatch.setattr(demo, "_show", lambda _name, _family, place: places.append(place))
    assert run_here(*readme_command("demo")).code == 0
    assert places == [in_clone / "lesson.html"]


def test_an_impatient_user_gets_the_verdict_and_the_page_without_the_curves(run_here, tmp_path, monkeypatch):
    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(study, "studied", stop)
    ended = run_here("check", TAGGER, *FEW, "--report", f"html={tmp_path / 'page.html'}")
    assert ended.code == 130
    assert "FAIL 3 of 5 parameters are wrong" in ended.out
    assert "W_hh" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["--report=html=page.html", "--output-format=html"])
def test_without_the_libraries_nothing_is_checked_and_the_command_to_install_them_is_said(
    option, run_here, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gradcheck_rnn.cli.further.find_spec", lambda _name: None)
    ended = run_here("check", TAGGER, option)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        "error: a report as html needs matplotlib and jinja2, not installed here\n"
        "  = help: pip install 'gradcheck-rnn[plot]'\n"
    )
    assert list(tmp_path.iterdir()) == []
