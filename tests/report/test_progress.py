"""What stderr says while a check runs."""

import io
import re

import pytest
from rich.console import Console

from gradcheck_rnn.report.duration import in_words
from gradcheck_rnn.report.progress import ProgressBar


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2.4, "2 s"), (45, "45 s"), (89, "89 s"), (240, "4 min"), (5340, "89 min"), (5400, "1.5 h"), (40 * 3600, "40 h"),
     (3 * 86400, "3 days"), (400 * 86400, "400 days")],
)  # fmt: skip
def test_a_span_of_time_is_said_in_the_unit_that_a_person_would_take(seconds, words):
    assert in_words(seconds) == words


def test_a_long_run_is_foretold_in_one_line(capsys):
    ProgressBar().foresee("9400 entries at two points", 240.0, ["check.entries: 100", "--workers 2"])
    expected = "about 4 min: 9400 entries at two points; faster: check.entries: 100, --workers 2\n"
    assert capsys.readouterr() == ("", expected)


def test_a_line_is_not_broken_where_nobody_watches(capsys):
    ProgressBar().foresee("x" * 200, 240.0, [])
    assert capsys.readouterr().err == f"about 4 min: {'x' * 200}\n"


def test_a_short_run_is_not_worth_a_line(capsys):
    ProgressBar().foresee("94 entries at two points", 1.9, ["--workers 2"])
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def drawn(monkeypatch):
    """Draw two points of a check on a terminal so wide; returns what was written."""
    monkeypatch.setattr("gradcheck_rnn.report.progress.PATIENCE", 0.0)

    def draw(width, labels=("configured", "probe")):
        written = io.StringIO()
        console = Console(file=written, force_terminal=True, width=width, markup=False)
        monkeypatch.setattr("gradcheck_rnn.report.progress.Console", lambda **_: console)
        with ProgressBar() as progress:
            for point in labels:
                for done in (10, 50):
                    progress(point, done, 100)
                    progress._bar.refresh()
        return written.getvalue()

    return draw


@pytest.mark.parametrize("width", [30, 80])
def test_the_bar_says_which_point_how_far_and_how_long_still(drawn, width):
    text = drawn(width)
    for point in ("configured point", "probe point"):
        assert point in text
    assert "10%" in text
    assert "50%" in text
    assert re.search(r"50%\S* \S*\d:\d\d:\d\d", text)
    assert "…" not in text


def test_what_is_no_point_is_not_called_one(drawn):
    text = drawn(80, ("probe", "edits tried"))
    assert "edits tried " in text
    assert "tried point" not in text


def test_no_bar_is_drawn_where_stderr_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr("gradcheck_rnn.report.progress.PATIENCE", 0.0)
    with ProgressBar() as progress:
        progress("configured", 1, 2)
    assert capsys.readouterr() == ("", "")
