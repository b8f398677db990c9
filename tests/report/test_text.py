"""Text of a report made by hand, on consoles of several widths and encodings."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from gradcheck_rnn.compare import Worst
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.text import console_for, show
from tests.report.samples import compared, report_of


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self):
        return True


def rendered(report, *, quiet=False):
    """The text in a pipe."""
    stream = io.StringIO()
    show(report, console_for(stream), quiet=quiet)
    return stream.getvalue()


def rendered_on_terminal(report, columns):
    stream = Terminal()
    console = Console(file=stream, width=columns, highlight=False, markup=False, emoji=False, color_system=None)
    show(report, console)
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


LONG = "a_weight_whose_name_is_longer_than_any_terminal_is_wide" * 2


def test_a_long_name_and_a_large_index_are_whole_in_a_pipe():
    worst = Worst((123456, 654321), -1.25e-100, 1.5e-100, 1e-300)
    text = rendered(report_of([compared(LONG, "fail", 2.0, shape=(200000, 700000), checked=1, worst=worst)]))
    (line,) = [" ".join(line.split()) for line in text.splitlines() if line.startswith(LONG)]
    assert line == (
        f"{LONG} 200000x700000 1 of 140000000000 2.0e+00 [123456, 654321] -1.250e-100 1.500e-100 1e-300 FAIL"
    )


@pytest.mark.parametrize("columns", [30, 50, 78, 80, 200])
def test_every_number_stands_on_a_terminal_of_any_width(columns):
    text = rendered_on_terminal(
        report_of([compared("W_hh", "fail", 0.25, worst=Worst((3, 1), 0.5, 0.375, 2e-15))]), columns
    )
    for part in ("W_hh", "5x5", "2.5e-01", "[3, 1]", "5.000e-01", "3.750e-01", "2e-15", "FAIL"):
        assert part in text
    assert max(map(len, text.splitlines())) <= columns


def test_an_index_and_brackets_in_a_message_are_no_markup():
    finding = Finding("unexplained", "dh[t-1]", "dh[t-1] is off in [red]both[/red] :smile:", help="look at h[t - 1]")
    text = rendered(report_of([compared("W_hh", "fail", worst=Worst((3, 1), 1.0, 2.0, 0.0))], findings=[finding]))
    assert "[3, 1]" in text
    assert "dh[t-1] is off in [red]both[/red] :smile:" in text
    assert "look at h[t - 1]" in text


def test_an_entry_of_the_probe_is_marked_and_explained():
    text = rendered(report_of([compared("W_hh")], [compared("W_hh", "fail", 1.0)]))
    assert "[0, 0]*" in text
    assert re.search(r"^\* at the probe point", text, re.MULTILINE)


def test_without_a_probe_nothing_is_marked():
    assert "*" not in rendered(report_of([compared("W_hh")]))


def test_a_row_without_numbers_shows_dashes():
    comparison = compared("W_hh", "fail", None)
    missing = replace(comparison, worst=None)
    (line,) = [line for line in rendered(report_of([missing], outcome="fail")).splitlines() if line.startswith("W_hh")]
    assert line.split() == ["W_hh", "5x5", "25", "-", "-", "-", "-", "-", "FAIL"]


def test_a_finding_shows_its_place_its_line_and_its_help():
    place = Location("net.py", 41, text="    dh = dz @ W_hh")
    finding = Finding("untransposed-weight", "W_hh", "the carry lacks a transpose", help="W_hh.T", location=place)
    text = rendered(report_of([compared("W_hh", "fail")], outcome="fail", findings=[finding]))
    lines = [line.rstrip() for line in text.splitlines()]
    at = lines.index("untransposed-weight W_hh: the carry lacks a transpose")
    assert lines[at + 1 : at + 4] == ["  at net.py:41", "      dh = dz @ W_hh", "  help: W_hh.T"]


def test_the_help_of_a_note_is_shown_too():
    note = Finding("forward-differs", "loss", "your loss is not the described one", help="look at `model.layout`")
    assert "look at `model.layout`" in rendered(report_of([compared("W_hh")], notes=[note]))


def test_prose_is_wrapped_and_no_word_is_lost():
    message = " ".join(f"word{number}" for number in range(100))
    text = rendered(report_of([compared("W_hh")], notes=[Finding("kink", "loss", message)]))
    assert max(map(len, text.splitlines())) <= 80
    assert not [line for line in text.splitlines() if "word" in line and line.endswith(" ")]
    assert message in " ".join(text.split())


def test_quiet_is_one_line_whatever_its_length():
    report = report_of([compared(LONG, "fail", shape=(2, 2))], outcome="fail")
    assert rendered(report, quiet=True).count("\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_character_that_the_stream_lacks_stops_nothing(encoding):
    finding = Finding(
        "raised", "loss", "loss raised ValueError: θ ≤ \ud83d 3", evidence={"traceback": "größe.py:1 in θ: …"}
    )
    report = report_of([compared("θ", shape=(2, 2))], outcome="error", findings=[finding])
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n")
    show(report, console_for(stream))
    stream.flush()
    text = stream.buffer.getvalue().decode(encoding)
    assert "loss raised ValueError" in text
    assert "PASS" not in text


def test_a_report_is_as_text_what_stands_in_a_pipe_whatever_the_terminal(monkeypatch):
    report = report_of([compared(LONG, "fail", 2.0, shape=(3, 2))])
    piped = [line.rstrip() for line in rendered(report).splitlines()]
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    assert str(report).splitlines() == piped
