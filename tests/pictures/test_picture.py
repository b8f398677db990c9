"""The README and its pictures show what the commands show."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import click
import pytest

from gradcheck_rnn.cli.main import cli
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.diagnose.reading import read_chain
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.value import Report
from tests.pictures.draw import CHECK_PICTURE, CONFIG, MAPPED, MAPS_PICTURE, ROOT, mapped_chain

PICTURES = (CHECK_PICTURE, MAPS_PICTURE)
README = (ROOT / "README.md").read_text()
# steps of the pictured maps, and how far back the cut chain reaches
STEPS, LAGS = 8, 4
# what the cell of step t's error and step k's use is, fault by fault, from what the fault does
CELLS = {
    "missing-term:dh_next": lambda lag: "=" if lag == 0 else "o",
    "untransposed-weight:W_hh": lambda lag: "=" if lag == 0 else "x",
    "truncated-chain:4": lambda lag: "=" if lag <= LAGS else "o",
}


@pytest.fixture(scope="module")
def report() -> Report:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return run_check(load_settings(CONFIG), workers=0)


def shown_text(picture: Path) -> str:
    """All that a picture says, blanks and line breaks as single blanks."""
    return " ".join(" ".join(ET.fromstring(picture.read_text()).itertext()).split())


def shown_words(picture: Path) -> list[tuple[float, float, str]]:
    """Every piece of text with the place where it stands, by lines."""
    texts = ET.fromstring(picture.read_text()).iter("{http://www.w3.org/2000/svg}text")
    placed = [
        (float(each.get("y", "0")), float(each.get("x", "0")), " ".join((each.text or "").split())) for each in texts
    ]
    return sorted(each for each in placed if each[2])


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_a_picture_loads_nothing_from_the_web(picture):
    text = picture.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|@font-face|@import|href", text)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
def test_the_readme_shows_a_picture(picture):
    assert f"({picture.relative_to(ROOT)})" in README


def test_the_picture_of_the_check_shows_each_row_with_its_verdict(report):
    words = {"fail": "FAIL", "pass": "pass", "inconclusive": "unclear"}
    for row in report.rows:
        # which entry of a right gradient is the worst one is decided by rounding
        worst = f"{row.worst.analytic:.3e}" if row.verdict == "fail" else r"\d\.\d{3}e-\d\d"
        assert re.search(rf"{row.name}\s.*?{worst}.*?{words[row.verdict]}", shown_text(CHECK_PICTURE))


@pytest.mark.parametrize("where", ["picture", "readme"])
def test_the_finding_is_shown_with_its_term_its_runner_up_and_its_mending(report, where):
    text = shown_text(CHECK_PICTURE) if where == "picture" else " ".join(README.split())
    (finding,) = report.findings
    assert re.search(rf"{finding.kind} {finding.term} ?: {re.escape(finding.message)}", text)
    assert f"the next best, {finding.evidence['runner_up']['kind']} {finding.evidence['runner_up']['term']}" in text
    assert finding.help in text


@pytest.mark.parametrize("fault", MAPPED)
def test_the_picture_of_the_maps_shows_what_the_fault_does_to_each_cell(fault):
    left, right = column_of(fault)
    words = shown_words(MAPS_PICTURE)
    line_of = {word: y for y, _, word in words if re.fullmatch(r"t = \d", word)}
    for t in range(STEPS):
        cells = [word for y, x, word in words if y == line_of[f"t = {t}"] and left <= x < right]
        assert "".join(cells).replace(" ", "") == "".join(CELLS[fault](t - k) for k in range(t + 1))


@pytest.mark.parametrize("fault", MAPPED)
def test_the_picture_of_the_maps_reads_each_map_as_the_report_does(fault):
    left, right = column_of(fault)
    column = " ".join(word for _, x, word in shown_words(MAPS_PICTURE) if left <= x < right)
    assert read_chain(mapped_chain(fault)) in column


def column_of(fault: str) -> tuple[float, float]:
    """The left edge of a map's column and that of the next one."""
    edges = {word: x for _, x, word in shown_words(MAPS_PICTURE) if word.replace(" ", ":", 1) in MAPPED}
    left = edges[fault.replace(":", " ", 1)]
    return left, min((x for x in edges.values() if x > left), default=float("inf"))


def test_the_readme_has_a_row_for_each_command():
    assert isinstance(cli, click.Group)
    for name in cli.commands:
        assert re.search(rf"^\| `{name}\b", README, re.MULTILINE)
