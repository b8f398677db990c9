"""What the README shows of the examples in other languages is what they print."""

import re

import pytest

from tests.cli.running import ROOT
from tests.languages import needs

README = (ROOT / "README.md").read_text()
# of numbers that rounding made only the place counts, and of a row that passes no number at all: processors differ
ROUNDING = re.compile(r"\d(\.\d+)?e-1\d")
PASSING_ROW = re.compile(r"^(\w+ +\w+ +\d+) .* pass$")


def comparable(text: str) -> str:
    lines = [PASSING_ROW.sub(r"\1 pass", line.rstrip()) for line in text.splitlines()]
    return "\n".join(" ".join(ROUNDING.sub("rounding", line).split()) for line in lines)


@pytest.mark.parametrize("language", [pytest.param(each, marks=needs(each)) for each in ("node", "octave")])
def test_the_readme_shows_the_real_output(language, run_here, monkeypatch):
    block = rf"<!-- output: {language}_tagger -->\n```sh\ngradcheck-rnn (.*)\n```\n\n```text\n((?:.*\n)*?)```"
    shown = re.search(block, README)
    assert shown is not None
    command, text = shown.groups()
    monkeypatch.chdir(ROOT)
    ended = run_here(*command.split())
    assert ended.code == 1
    assert comparable(text) in comparable(ended.out)
