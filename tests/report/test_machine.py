"""JSON of a report made by hand."""

import json
import math

import pytest

from gradcheck_rnn.compare import Worst
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.machine import to_json
from tests.report.samples import compared, report_of
from tests.schema import validated


def refuse(constant):
    raise ValueError(constant)


def document(*reports):
    return validated(json.loads(to_json(reports), parse_constant=refuse))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_becomes_null_wherever_it_stands(value):
    worst = Worst((1, 2), value, value, value)
    finding = Finding("unexplained", "W_hh", "a message", evidence={"residual": value, "nested": {"all": [value, 1.0]}})
    report = report_of(
        [compared("W_hh", "fail", value, worst=worst)],
        [compared("W_hh", "fail", value, worst=worst)],
        findings=[finding],
        outcome="fail",
    )
    read = document(report)
    for row in [*read["parameters"], *read["probe"]["parameters"]]:
        assert row["max_relative_error"] is None
        assert [row["worst"][key] for key in ("analytic", "numeric", "numeric_error")] == [None] * 3
        assert row["worst"]["index"] == [1, 2]
    assert read["findings"][0]["evidence"] == {"residual": None, "nested": {"all": [None, 1.0]}}


def test_numbers_survive_to_the_last_digit():
    third = 1 / 3
    row = document(report_of([compared("W_hh", error=third, worst=Worst((0, 0), third, -third, 1e-300))]))[
        "parameters"
    ][0]
    assert row["max_relative_error"] == third
    assert row["worst"] == {
        "point": "configured",
        "index": [0, 0],
        "analytic": third,
        "numeric": -third,
        "numeric_error": 1e-300,
    }


def test_a_finding_without_a_place_has_null_there():
    finding = Finding("unexplained", "W_hh", "a message")
    read = document(report_of([compared("W_hh", "fail", 1.0)], findings=[finding], outcome="fail"))
    assert read["findings"][0]["location"] is None


def test_an_unknown_line_is_null_not_0():
    place = Location("net.py")
    read = document(report_of([compared("W_hh")], notes=[Finding("kink", "loss", "a message", location=place)]))
    assert read["notes"][0]["location"] == {"file": "net.py", "line": None}


def test_one_report_stands_alone_and_several_in_a_list():
    one = report_of([compared("W_hh")])
    assert document(one)["verdict"] == "pass"
    assert document(one, one) == {"reports": [document(one)] * 2}


def test_without_a_probe_there_is_null():
    assert document(report_of([compared("W_hh")]))["probe"] is None
