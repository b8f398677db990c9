"""The README's picture shows what the command shows."""

import re
import xml.etree.ElementTree as ET

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.pictures.draw import CONFIG, PICTURE, ROOT


def shown_text():
    return " ".join(ET.fromstring(PICTURE.read_text()).itertext()).replace("\xa0", " ")


def test_the_picture_loads_nothing_from_the_web():
    text = PICTURE.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|@font-face|@import|href", text)


def test_the_picture_shows_each_row_with_its_verdict(monkeypatch):
    monkeypatch.chdir(ROOT)
    report = run_check(load_settings(CONFIG), workers=0)
    words = {"fail": "FAIL", "pass": "pass", "inconclusive": "unclear"}
    for row in report.rows:
        assert re.search(rf"{row.name}\s.*?{row.worst.analytic:.3e}.*?{words[row.verdict]}", shown_text(), re.DOTALL)


def test_the_readme_shows_it():
    assert f"({PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
