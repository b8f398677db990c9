"""A logarithmic plot in characters: each mark in its decade and column, axes that any encoding can show."""

import pytest

from gradcheck_rnn.report.sweep.plot import ASCII, MARGIN, MOST_ROWS, Axis, Mark, can_draw, log_plot

AXIS = Axis("h", 5, {0: "1e-02", 4: "1e+02"})


def rows(lines):
    """Signs of each row by its label."""
    return {line[: MARGIN - 1].strip(): line[MARGIN:] for line in lines if line[MARGIN - 1 : MARGIN] == "│"}


def test_a_mark_stands_in_the_nearest_decade_and_in_its_column():
    drawn = rows(log_plot([Mark(0, 2e-3, "a"), Mark(4, 0.9, "b"), Mark(2, 5e-2, "c")], AXIS, name="error"))
    assert drawn == {"1e+00": "    b", "1e-01": "  c", "1e-02": "", "1e-03": "a"}


def test_a_later_mark_covers_an_earlier_one():
    assert rows(log_plot([Mark(1, 1.0, "a"), Mark(1, 1.0, "b")], AXIS, name="error"))["1e+00"] == " b"


def test_zero_has_a_row_of_its_own_below_the_others():
    assert list(rows(log_plot([Mark(0, 1.0, "a"), Mark(1, 0.0, "b")], AXIS, name="error")).items())[-1] == ("0", " b")


def test_without_zeros_there_is_no_such_row():
    assert "0" not in rows(log_plot([Mark(0, 1.0, "a")], AXIS, name="error"))


def test_zeros_alone_make_a_plot_of_one_row():
    assert rows(log_plot([Mark(3, 0.0, "a")], AXIS, name="error")) == {"0": "   a"}


def test_a_plot_of_nothing_is_its_axis():
    assert rows(log_plot([], AXIS, name="error")) == {}


def test_what_lies_too_low_is_drawn_at_the_lower_edge():
    drawn = rows(log_plot([Mark(0, 1.0, "a"), Mark(1, 1e-300, "b")], AXIS, name="error"))
    assert (len(drawn), list(drawn)[-1]) == (MOST_ROWS, f"1e-{MOST_ROWS - 1}")
    assert drawn[f"1e-{MOST_ROWS - 1}"] == " b"


def test_both_axes_have_their_names():
    lines = log_plot([Mark(0, 1.0, "a")], AXIS, name="relative error")
    assert lines[0] == "relative error"
    assert lines[-1].startswith("h ")


def test_labels_that_would_run_into_each_other_are_left_out():
    labels = log_plot([Mark(0, 1.0, "a")], AXIS, name="error")[-1]
    assert labels.split() == ["h", "1e-02"]


def test_a_label_at_the_edge_does_not_stick_out():
    lines = log_plot([Mark(0, 1.0, "a")], Axis("T", 20, {19: "1e+00"}), name="error")
    assert {len(line) for line in lines[-2:]} == {MARGIN + 20}


@pytest.mark.parametrize(("encoding", "can"), [("utf-8", True), ("cp437", True), ("ascii", False), ("latin-1", False)])
def test_an_encoding_without_lines_gets_plain_characters(encoding, can):
    assert can_draw(encoding) == can
    for line in log_plot([Mark(0, 1.0, "a")], AXIS, name="error"):
        line.translate(ASCII).encode(encoding)
