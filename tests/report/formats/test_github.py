"""Annotations, read back in the way of GitHub's runner (its ActionCommand.cs)."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.report.formats.github import render
from gradcheck_rnn.report.formats.invocation import Invocation
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

LINE = re.compile(r"::([a-z]+) ([^:]*)::(.*)")
ESCAPES = {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}


@dataclass(frozen=True)
class Annotation:
    level: str
    properties: dict[str, str]
    message: str


def decoded(text, *escapes):
    for escape in escapes:  # a percent sign comes last
        text = text.replace(escape, ESCAPES[escape])
    return text


def annotations(*reports, invocation=INVOCATION):
    """What the runner reads; a line that is no command is not."""
    lines = re.split("\r\n|\r|\n", render(reports, invocation))
    assert lines.pop() == ""
    return [_annotation(line) for line in lines]


def _annotation(line):
    level, properties, message = LINE.fullmatch(line).groups()
    pairs = [each.partition("=")[::2] for each in properties.split(",")]
    assert len({name for name, _ in pairs}) == len(pairs)
    return Annotation(
        level, {name: decoded(value, *ESCAPES) for name, value in pairs}, decoded(message, "%0D", "%0A", "%25")
    )


def test_a_wrong_parameter_is_an_error_on_the_configuration():
    (told,) = annotations(failing(LOST))
    assert told.level == "error"
    assert told.properties == {"file": "net.yaml", "title": "W_hh: missing-term dh_next"}
    assert told.message.split("\n") == [
        "the carry is lost",
        "relative error 2.0e+00 at [0, 0] of the configured point: analytic 5.000e-01, numeric 1.500e+00 ± 1e-15 "
        "(tolerance 1e-06)",
        "help: dh_next = dz @ W_hh.T",
        "reproduce: gradcheck-rnn check net.yaml",
    ]


def test_a_finding_whose_line_is_known_stands_there():
    place = RAISED.location
    (told,) = annotations(failing(replace(LOST, location=place)))
    assert (told.properties["file"], told.properties["line"]) == ("net.py", "41")


def test_a_patch_that_was_found_is_shown_on_the_line_that_it_changes():
    (told,) = annotations(failing(CORRECTED))
    assert (told.properties["file"], told.properties["line"]) == ("net.py", "2")
    assert "\npatch:\n@@ net.py:2 @@\n- dh = dy\n+ dh = dy + dh_next\nreproduce: " in told.message


def test_files_are_named_from_the_repository_not_from_the_folder_of_the_command():
    below = Invocation(folder=Path("/repository/models"), root=Path("/repository"))
    (config,) = annotations(failing(LOST), invocation=below)
    (line,) = annotations(dead(RAISED), invocation=below)
    assert (config.properties["file"], line.properties["file"]) == ("models/net.yaml", "net.py")


def test_a_configuration_from_stdin_has_no_file():
    (told,) = annotations(named(failing(LOST), "-"))
    assert set(told.properties) == {"title"}


def test_a_pass_says_nothing():
    assert render([report_of([RIGHT])], INVOCATION) == ""


def test_the_worst_of_all_configurations_comes_first():
    wrong = report_of(
        [compared("W_xh", "fail", 0.1), compared("W_hh", "fail", 2.0), compared("b_h", "fail", None)], outcome="fail"
    )
    unclear = report_of([compared("W_hy", "inconclusive", 3.0)], outcome="inconclusive")
    told = annotations(unclear, wrong, dead(RAISED))
    assert [each.properties["title"].partition(":")[0] for each in told] == ["raised", "b_h", "W_hh", "W_xh", "W_hy"]
    assert [each.level for each in told] == ["error"] * 4 + ["warning"]


def test_what_an_interruption_came_before_is_an_error():
    (told,) = annotations(report_of([RIGHT]), invocation=replace(INVOCATION, unchecked=("b.yaml",)))
    assert (told.level, told.properties) == ("error", {"file": "b.yaml", "title": "interrupted"})


@FEW
@given(st.lists(any_report(), max_size=2))
def test_any_report_gives_one_annotation_for_each_parameter_that_does_not_pass(reports):
    told = annotations(*reports)
    for report in reports:
        bad = [row.name for row in report.rows if row.verdict == "fail"]
        for name in bad:
            assert any(each.properties["title"].startswith(f"{name}: ") for each in told)
    assert bool(told) == any(report.outcome != "pass" for report in reports)
    assert len(told) <= sum(len(report.rows) + 1 for report in reports)


@FEW
@given(st.text())
def test_any_message_comes_back_as_it_was(text):
    (told,) = annotations(failing(replace(LOST, message=text)))
    assert told.message.startswith(f"{text}\nrelative error")


@FEW
@given(st.text())
def test_any_title_and_file_come_back_as_they_were(text):
    (told,) = annotations(named(failing(replace(LOST, term=text, message="")), f"a{text.replace('/', '')}"))
    assert told.properties["title"] == (f"W_hh: missing-term {text}" if text else "W_hh: missing-term")
    assert told.properties["file"] == f"a{text.replace('/', '')}"


@pytest.mark.parametrize(("text", "escape"), [("%", "%25"), (":", "%3A"), (",", "%2C"), ("\r\n", "%0D%0A")])
def test_a_title_is_escaped_as_the_toolkit_does(text, escape):
    assert f"title=W_hh%3A missing-term a{escape}b::" in render([failing(replace(LOST, term=f"a{text}b"))], INVOCATION)
