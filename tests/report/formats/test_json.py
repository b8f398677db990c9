"""JSON and its schema."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from jsonschema import ValidationError

from gradcheck_rnn.report.formats.json import render
from tests.report.formats.samples import FEW, INVOCATION, LOST, RIGHT, any_report, failing
from tests.report.samples import report_of
from tests.schema import shipped_schema, validated


def document(*reports, invocation=INVOCATION):
    return validated(json.loads(render(reports, invocation), parse_constant=pytest.fail))


@FEW
@given(any_report())
def test_any_report_is_what_the_schema_says(report):
    read = document(report)
    assert [row["name"] for row in read["parameters"]] == [row.name for row in report.rows]


def test_what_an_interruption_left_out_is_named():
    read = document(report_of([RIGHT]), invocation=replace(INVOCATION, unchecked=("b.yaml",)))
    assert read["unchecked"] == ["b.yaml"]
    assert [each["verdict"] for each in read["reports"]] == ["pass"]


@pytest.mark.parametrize(
    "slip",
    [
        {"verdict": "wrong"},
        {"verdict": "pass"},  # with a parameter that fails
        {"seed": "0"},
        {"tolerance": None},
        {"remarks": []},
        {"findings": [{"kind": "kink"}]},
    ],
)
def test_the_schema_refuses_what_is_no_report(slip):
    with pytest.raises(ValidationError):
        validated(document(failing(LOST)) | slip)


def test_every_key_that_is_promised_is_demanded():
    report = shipped_schema()["definitions"]["report"]
    assert sorted(report["required"]) == sorted(report["properties"])
