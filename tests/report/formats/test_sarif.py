"""SARIF, held against the official schema."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from gradcheck_rnn.explain import read_page
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.repair.patch import Correction
from gradcheck_rnn.repair.unified import deltas
from gradcheck_rnn.report.formats.invocation import Invocation
from gradcheck_rnn.report.formats.sarif import render
from gradcheck_rnn.report.repair.value import FoundEdits
from tests.report.formats.samples import (
    CORRECTED,
    FEW,
    INVOCATION,
    LOST,
    RAISED,
    RIGHT,
    any_report,
    dead,
    failing,
    named,
)
from tests.report.samples import compared, report_of

SCHEMA = Path(__file__).with_name("schemas") / "sarif-2.1.0-rtm.5.json"


@cache
def official():
    return Draft4Validator(json.loads(SCHEMA.read_text()))


def run_of(*reports, invocation=INVOCATION):
    document = json.loads(render(reports, invocation))
    official().validate(document)
    (run,) = document["runs"]
    return run


def physical(result):
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"], place["region"]["startLine"]


def test_a_pass_is_a_run_without_results():
    run = run_of(report_of([RIGHT]))
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_a_finding_is_a_result_whose_rule_is_its_page():
    run = run_of(failing(LOST))
    (result,) = run["results"]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert (result["ruleId"], rule["id"], result["level"]) == ("missing-term", "missing-term", "error")
    assert rule["help"]["markdown"] == read_page("missing-term").text
    assert "the carry is lost\nhelp: dh_next = dz @ W_hh.T" in result["message"]["text"]


def test_a_result_names_the_parameters():
    (result,) = run_of(failing(LOST))["results"]
    assert result["locations"][0]["logicalLocations"] == [{"name": "W_hh", "kind": "parameter"}]


def patched(file, before, after):
    """A report whose patch makes one text of a file another."""
    corrections = (Correction(file, tuple(deltas(before, after))),)
    return replace(failing(CORRECTED), patch=FoundEdits((), 12, "", corrections))


def applied(fix, text):
    """A text after a fix of one file, by lines and columns as SARIF counts them."""
    (change,) = fix["artifactChanges"]
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    for each in reversed(change["replacements"]):
        region = each["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + each["insertedContent"]["text"] + text[end:]
    return text


def test_a_finding_that_a_patch_mends_has_it_as_a_fix_and_stands_on_its_line():
    (result,) = run_of(patched("net.py", "def f():\ndh = dy\n", "def f():\ndh = dy + dh_next\n"))["results"]
    assert physical(result) == ({"uri": "net.py", "uriBaseId": "%SRCROOT%"}, 2)
    assert "patch:\n@@ net.py:2 @@\n- dh = dy\n+ dh = dy + dh_next\n" in result["message"]["text"]
    (fix,) = result["fixes"]
    assert fix["artifactChanges"][0]["artifactLocation"] == {"uri": "net.py", "uriBaseId": "%SRCROOT%"}
    assert fix["artifactChanges"][0]["replacements"] == [
        {
            "deletedRegion": {"startLine": 2, "startColumn": 1, "endLine": 3, "endColumn": 1},
            "insertedContent": {"text": "dh = dy + dh_next\n"},
        }
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb\nc\n", "a\nx\nb\nc\n"),
        ("a\nb\nc\n", "x\na\nb\n"),
        ("a\nb", "a\nc"),
        ("a\nb", "a\nb\nc"),
        ("a\r\nb\r\nc", "a\r\nx\r\nd"),
        ("a\nb\nc\nd\ne\n", "a\nB\nc\nd\n"),
    ],
)
def test_a_fix_applied_gives_the_patched_text(before, after):
    (result,) = run_of(patched("net.py", before, after))["results"]
    assert applied(result["fixes"][0], before) == after


def test_what_a_patch_does_not_mend_has_no_fix():
    report = patched("net.py", "a\n", "b\n")
    (result,) = run_of(replace(report, findings=(LOST,)))["results"]
    assert "fixes" not in result


def test_places_are_relative_to_the_root_of_the_repository():
    below = Invocation(folder=Path("/repository/a b"), root=Path("/repository"))
    config, line = run_of(failing(LOST), dead(RAISED), invocation=below)["results"]
    assert physical(config) == ({"uri": "a%20b/net.yaml", "uriBaseId": "%SRCROOT%"}, 1)
    assert physical(line) == ({"uri": "net.py", "uriBaseId": "%SRCROOT%"}, 41)
    (related,) = line["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/net.yaml"


def test_a_file_elsewhere_keeps_its_whole_name():
    (result,) = run_of(named(failing(LOST), "/else where/net.yaml"))["results"]
    assert physical(result)[0] == {"uri": "file:///else%20where/net.yaml"}


def test_what_cannot_be_told_is_a_warning():
    (result,) = run_of(report_of([compared("W_hh", "inconclusive", 1.0)], outcome="inconclusive"))["results"]
    assert (result["ruleId"], result["level"]) == ("numeric-unreliable", "warning")


def test_a_parameter_without_a_finding_is_a_result_too():
    (result,) = run_of(failing())["results"]
    assert (result["ruleId"], result["properties"]["term"]) == ("unexplained", "W_hh")


def test_a_run_that_was_interrupted_says_what_it_left_out():
    (told,) = run_of(report_of([RIGHT]), invocation=replace(INVOCATION, unchecked=("b.yaml",)))["invocations"]
    assert told["executionSuccessful"] is False
    assert [each["message"]["text"] for each in told["toolExecutionNotifications"]] == [
        "interrupted: b.yaml was not checked"
    ]


def test_a_check_that_was_interrupted_is_a_result():
    stopped = Finding("interrupted", "check", "interrupted: 40 of 94 entries were compared")
    report = replace(report_of([RIGHT], outcome="inconclusive", notes=[stopped]), interrupted=True)
    run = run_of(report)
    assert [result["ruleId"] for result in run["results"]] == ["interrupted"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_a_fingerprint_stays_when_lines_move_and_differs_between_faults():
    moved = replace(RAISED, location=replace(RAISED.location, line=50))
    other = replace(RAISED, term="gradients")
    prints = [run_of(dead(each))["results"][0]["partialFingerprints"] for each in (RAISED, moved, other)]
    assert prints[0] == prints[1] != prints[2]


@FEW
@given(st.lists(any_report(), max_size=2))
def test_any_reports_are_valid_and_lose_no_finding(reports):
    run = run_of(*reports)
    told = [(result["ruleId"], result["properties"]["term"]) for result in run["results"]]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert {(each.kind, each.term) for report in reports for each in report.findings} <= set(told)
    assert [rules[result["ruleIndex"]] for result in run["results"]] == [kind for kind, _ in told]
    assert bool(told) == any(report.outcome != "pass" for report in reports)


def test_a_kind_without_a_page_is_a_rule_all_the_same():
    run = run_of(failing(Finding("of-another-version", "W_hh", "new", parameters=("W_hh",))))
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["of-another-version"]
