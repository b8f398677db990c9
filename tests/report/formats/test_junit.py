"""JUnit XML, read back by junitparser and by Python's own XML parser."""

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import Error, Failure, JUnitXml, Skipped

from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.formats.junit import render
from tests.report.formats.samples import (
    CORRECTED,
    FEW,
    INVOCATION,
    LOST,
    RAISED,
    RIGHT,
    WRONG,
    any_report,
    dead,
    failing,
    named,
)
from tests.report.samples import compared, report_of

# attributes and children by element, in junit-10.xsd of Jenkins' xunit plugin; those of a suite that it demands
ALLOWED = {
    "testsuites": ("name time tests failures errors", "testsuite"),
    "testsuite": (
        "name tests failures errors group time skipped timestamp hostname id package file log url",
        "testsuite properties testcase system-out system-err",
    ),
    "testcase": ("name time classname group", "skipped error failure system-out system-err"),
    "properties": ("", "property"),
    "property": ("name value", ""),
    **dict.fromkeys(("failure", "error", "skipped"), ("type message", "")),
    "system-out": ("", ""),
}
DEMANDED = {"name", "tests", "failures", "errors"}


def suites(*reports, invocation=INVOCATION):
    return list(JUnitXml.fromstring(render(reports, invocation).encode()))


def outcomes(suite):
    """Kinds of the elements of each case, by its name."""
    return {case.name: [type(each) for each in case.result] for case in suite}


def test_each_parameter_is_one_case_and_those_that_pass_are_too():
    (suite,) = suites(report_of([WRONG, RIGHT], [WRONG, RIGHT], outcome="fail", findings=[LOST]))
    assert [(case.name, case.classname) for case in suite] == [("W_hh", "net.yaml"), ("b_h", "net.yaml")]
    assert outcomes(suite) == {"W_hh": [Failure], "b_h": []}


def test_a_failure_tells_the_fault_the_numbers_the_mending_and_the_command():
    (suite,) = suites(failing(LOST))
    (told,) = next(iter(suite)).result
    assert told.type == "missing-term"
    assert told.message == "missing-term dh_next: the carry is lost"
    for words in ("help: dh_next = dz @ W_hh.T", "relative error 2.0e+00 at [0, 0]", "gradcheck-rnn check net.yaml"):
        assert words in told.text


def test_a_failure_shows_the_patch_that_was_found():
    (suite,) = suites(failing(CORRECTED))
    (told,) = next(iter(suite)).result
    assert "at /repository/net.py:2: dh = dy\n" in told.text
    assert f"patch:\n{CORRECTED.correction}\n" in told.text


def test_what_cannot_be_told_is_an_error_and_no_failure():
    (suite,) = suites(report_of([compared("W_hh", "inconclusive", 1.0), RIGHT], outcome="inconclusive"))
    assert outcomes(suite) == {"W_hh": [Error], "b_h": []}


def test_code_that_died_before_there_was_a_row_is_an_error_at_its_line():
    (suite,) = suites(dead(RAISED))
    assert outcomes(suite) == {"the check as a whole": [Error]}
    (told,) = next(iter(suite)).result
    assert "at /repository/net.py:41: raise" in told.text


def test_rows_that_agree_are_skipped_where_there_is_no_verdict():
    (suite,) = suites(report_of([RIGHT], outcome="error", findings=[Finding("mutated-argument", "x", "x is written")]))
    assert outcomes(suite) == {"b_h": [Skipped], "the check as a whole": [Error]}


def test_what_an_interruption_came_before_is_an_error():
    first, second = suites(report_of([RIGHT]), invocation=replace(INVOCATION, unchecked=("b.yaml",)))
    assert outcomes(first) == {"b_h": []}
    assert (second.name, outcomes(second)) == ("b.yaml", {"the check as a whole": [Error]})


def test_an_interrupted_check_is_an_error_and_what_nobody_looked_at_is_skipped():
    rows = [RIGHT, replace(compared("W_hh", "inconclusive", None, checked=0), worst=None)]
    report = replace(report_of(rows, outcome="inconclusive"), interrupted=True)
    (suite,) = suites(report)
    assert outcomes(suite) == {"b_h": [], "W_hh": [Skipped], "the check as a whole": [Error]}


def test_the_time_of_a_check_is_that_of_its_cases_together():
    document = JUnitXml.fromstring(
        render([failing(LOST), dead(RAISED)], replace(INVOCATION, seconds=(1.2345, 1000.5))).encode()
    )
    first, second = document
    assert (first.time, second.time, document.time) == (1.234, 1000.5, 1001.734)
    for suite in (first, second):
        assert sum(round(case.time * 1000) for case in suite) == round(suite.time * 1000)


@FEW
@given(st.lists(any_report(), max_size=3))
def test_any_reports_are_xml_whose_counts_are_those_of_its_cases(reports):
    document = JUnitXml.fromstring(render(reports, INVOCATION).encode())
    total = Counter()
    for suite, report in zip(document, reports, strict=True):
        count = Counter(type(each) for case in suite for each in case.result)
        assert (suite.failures, suite.errors, suite.skipped) == (count[Failure], count[Error], count[Skipped])
        assert suite.tests == len(list(suite))
        assert len(report.rows) <= suite.tests <= len(report.rows) + 1
        assert bool(suite.failures + suite.errors) == (report.outcome_but_accepted != "pass")
        total += Counter(tests=suite.tests, failures=suite.failures, errors=suite.errors)
    assert (document.tests, document.failures, document.errors) == (
        total["tests"],
        total["failures"],
        total["errors"],
    )


@FEW
@given(any_report())
def test_nothing_is_written_that_jenkins_refuses(report):
    for element in ElementTree.fromstring(render([report], INVOCATION).encode()).iter():
        attributes, children = ALLOWED[element.tag]
        assert set(element.keys()) <= set(attributes.split())
        assert {child.tag for child in element} <= set(children.split())
        if element.tag == "testsuite":
            assert set(element.keys()) >= DEMANDED


@FEW
@given(any_report())
def test_no_finding_is_lost(report):
    told = ElementTree.fromstring(render([report], INVOCATION).encode())
    kinds = [line.split(" ")[0].rstrip(":") for each in told.iter() if each.text for line in each.text.split("\n")]
    assert {finding.kind for finding in report.findings} <= set(kinds)


@pytest.mark.parametrize("text", ["]]> & <b> 'x' \"y\"", "é世界😀", "two\nlines", "%0A"])
def test_a_message_comes_back_as_it_was(text):
    (suite,) = suites(failing(replace(LOST, message=text)))
    (told,) = next(iter(suite)).result
    assert told.message == f"missing-term dh_next: {text}"
    assert f"missing-term dh_next: {text}\n" in told.text


@pytest.mark.parametrize(
    ("text", "shown"), [("\x1b[31m", "\\x1b[31m"), ("a\x00\r", "a\\x00\\r"), ("\udc80", "\\udc80")]
)
def test_what_xml_has_no_place_for_is_written_out(text, shown):
    (suite,) = suites(named(failing(LOST), text))
    assert suite.name == shown
