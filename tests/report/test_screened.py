"""Where a screened parameter is wrong, in words, and as JSON."""

import math
from dataclasses import replace

import pytest

from gradcheck_rnn.compare import Place, Screening
from gradcheck_rnn.report.machine import as_document
from gradcheck_rnn.report.screened import screening_lines, where
from gradcheck_rnn.report.words import headline
from tests.report.samples import compared, report_of

SCREENING = Screening(directions=4, telling=4, wrong=0, unseen=3e-9, unseen_share=2e-7, place=None)


@pytest.mark.parametrize(
    ("shape", "box", "expected"),
    [
        ((5, 4), ((3, 4), (2, 3)), "at [3, 2], and nowhere else that would show"),
        ((5, 4), ((3, 4), (0, 4)), "in row 3 (2 of 3 entries looked at there)"),
        ((5, 4), ((0, 5), (2, 3)), "in column 2 (2 of 3 entries looked at there)"),
        ((5, 4), ((1, 3), (0, 4)), "in rows 1 to 2 (2 of 3 entries looked at there)"),
        ((5, 4), ((3, 4), (1, 3)), "in row 3, columns 1 to 2 (2 of 3 entries looked at there)"),
        ((5, 4), ((0, 5), (0, 4)), "from end to end (2 of 3 entries looked at there)"),
        ((9,), ((2, 5),), "in entries 2 to 4 (2 of 3 entries looked at there)"),
        ((6, 3, 4), ((2, 3), (0, 3), (1, 3)), "in [2, 0:3, 1:3] (2 of 3 entries looked at there)"),
    ],
)
def test_a_place_is_named_as_people_name_it(shape, box, expected):
    assert where(Place(box, 3, 2), shape) == expected


def screened(verdict="pass", screening=SCREENING):
    at = compared("W_hh", verdict, checked=2)
    return report_of([replace(at, screening=screening)], outcome=verdict)


def test_a_pass_says_what_would_not_be_seen():
    assert headline(screened()).startswith("screened, not checked in full: random directions and 2 of 25 entries")
    (line,) = screening_lines(screened())
    assert line.endswith("not sure to be seen below 3e-09 in W_hh (2e-07 of its largest)")


def test_what_would_not_be_seen_in_a_gradient_of_zero_is_no_share():
    (line,) = screening_lines(screened(screening=replace(SCREENING, unseen_share=math.inf)))
    assert line.endswith("below 3e-09 in W_hh (whose gradient is zero)")


def test_what_fails_by_its_directions_alone_says_so():
    thin = replace(SCREENING, wrong=3, place=Place(((0, 5), (0, 5)), 6, 0))
    (line,) = screening_lines(screened("fail", thin))
    assert line.startswith("W_hh: its slope is wrong along 3 of 4 random directions, by too little in each entry")


def test_json_says_how_a_parameter_was_screened():
    place = Place(((3, 4), (0, 5)), 4, 4)
    (row,) = as_document(screened("fail", replace(SCREENING, wrong=4, place=place)))["parameters"]
    assert row["screened"] == {
        "directions": 4,
        "telling": 4,
        "wrong": 4,
        "unseen": 3e-9,
        "unseen_share": 2e-7,
        "place": {"box": [[3, 4], [0, 5]], "looked_at": 4, "wrong": 4},
    }
    (unscreened,) = as_document(report_of([compared("W_hh")]))["parameters"]
    assert "screened" not in unscreened
