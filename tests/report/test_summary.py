"""The table of several configurations: a row each, 80 columns, nothing lost."""

import io
from dataclasses import replace

import pytest

from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Acceptance, Finding
from gradcheck_rnn.report.summary import show_summary
from gradcheck_rnn.report.text import console_for
from gradcheck_rnn.report.words import accepted_lines
from tests.report.samples import compared, report_of

TRUNCATED = Finding("truncated-chain", "4", "the chain is cut", parameters=("W_hh",), evidence={"residual": 1e-16})


def called(source, report):
    return replace(report, settings=replace(report.settings, source=source))


def failing(source="configs/wrong.yaml", *, finding=TRUNCATED, error=0.5):
    rows = [compared("W_xh"), compared("W_hh", "fail", error)]
    return called(source, report_of(rows, outcome="fail", findings=[finding]))


def passing(source="configs/right.yaml"):
    return called(source, report_of([compared("W_xh", error=3e-12), compared("W_hh")]))


def summary(*reports, encoding="ascii"):
    written = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    show_summary(reports, console_for(written))
    written.seek(0)
    return [line.rstrip() for line in written.read().splitlines()]


def test_each_configuration_has_a_row_with_verdict_wrong_parameters_worst_error_and_finding():
    assert [line.split() for line in summary(failing(), passing())] == [
        ["verdict", "wrong", "error", "in", "configs/", "finding"],
        ["FAIL", "1/2", "5.0e-01", "wrong.yaml", "truncated-chain", "4"],
        ["pass", "0/2", "3.0e-12", "right.yaml"],
    ]


def test_files_of_several_folders_are_named_in_full():
    heading, first, second = summary(failing("a/net.yaml"), passing("b/net.yaml"))
    assert heading.split()[3] == "configuration"
    assert (first.split()[3], second.split()[3]) == ("a/net.yaml", "b/net.yaml")


def test_what_is_accepted_is_neither_a_pass_nor_a_fail():
    accepted = replace(TRUNCATED, accepted=Acceptance("memory", Location("baseline.yaml", 3)))
    assert summary(failing(finding=accepted), passing())[1].split()[0] == "accepted"


def test_a_new_fault_beside_an_accepted_one_is_named():
    accepted = replace(TRUNCATED, accepted=Acceptance("memory", Location("baseline.yaml", 3)))
    report = replace(failing(), findings=(accepted, Finding("sign-flip", "b_y", "wrong sign")))
    assert accepted_lines(report) == ["not accepted: sign-flip b_y"]
    (without,) = accepted_lines(replace(report, findings=(replace(accepted, parameters=()),)))
    assert without.startswith("not accepted: a ")


def test_without_a_baseline_nothing_is_said_of_one():
    assert accepted_lines(failing()) == accepted_lines(passing()) == []


def test_a_gradient_that_is_not_finite_has_no_largest_error():
    assert summary(failing(error=None), passing())[1].split()[2] == "-"


def test_a_check_without_rows_has_no_numbers():
    crashed = replace(failing(), outcome="error", rows=(), findings=(Finding("crashed", "gradients", "it crashed"),))
    assert summary(crashed, passing())[1].split() == ["ERROR", "-", "-", "wrong.yaml", "crashed", "gradients"]


@pytest.mark.parametrize("letters", [10, 60, 200])
def test_long_names_and_findings_stay_whole_within_80_columns(letters):
    long = replace(TRUNCATED, kind="missing-activation-derivative", term="sigmoid' of " + "f" * letters)
    name = "n" * letters + ".yaml"
    lines = summary(failing(f"a/{name}", finding=long), passing("b/net.yaml"))
    assert max(map(len, lines)) <= 80
    assert "".join(line[24:].replace(" ", "") for line in lines).count("n") >= letters
    assert sum(line.count("f") for line in lines[1:-1]) >= letters


def test_markup_in_a_name_is_printed_as_it_is():
    assert "[red]net.yaml" in "\n".join(summary(failing("[red]net.yaml"), passing("b/net.yaml")))
