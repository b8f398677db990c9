"""Right deep nets pass without a finding; a fault of theirs gets its name, with its layer or direction."""

import pytest

from tests.campaign.deep import NETS, check_adapter, is_named, planted_case, right_case

pytestmark = pytest.mark.campaign

RIGHT = 40
MANY = 24
CHECKED = 3


@pytest.mark.parametrize("number", range(RIGHT))
def test_a_right_net_passes_and_has_no_finding(tmp_path, number):
    report = check_adapter(tmp_path, *right_case(number))
    rows = [(row.name, row.verdict, row.max_relative_error) for row in report.rows if row.verdict != "pass"]
    assert (report.outcome, rows, list(report.findings)) == ("pass", [], [])


@pytest.mark.parametrize("group", NETS)
def test_90_of_100_faults_are_named_with_their_place(group):
    wrong = []
    for number in range(MANY):
        case, bug = planted_case(group, number)
        explanation = case.explanation(bug)
        if not is_named(case, bug, explanation):
            said = None if explanation is None else [fault.name for fault in explanation.faults]
            wrong.append(f"{number}: {bug.identifier} in {case.spec} -> {said}")
    assert len(wrong) <= 0.1 * MANY, "\n".join(wrong)


@pytest.mark.parametrize("number", range(CHECKED))
@pytest.mark.parametrize("group", NETS)
def test_a_planted_net_fails_as_a_user_would_see_it(tmp_path, group, number):
    case, bug = planted_case(group, number)
    assert check_adapter(tmp_path, case.spec, case.document, bug).outcome == "fail"
