"""A baseline accepts the faults that it holds, and nothing that is only like them."""

from dataclasses import replace

import pytest

from gradcheck_rnn.baseline.match import match
from gradcheck_rnn.findings import Finding
from tests.baseline.known import CUT, ENTRY, PROVEN, baseline, failing


def accepted(known, *reports, **options):
    return [report.is_accepted for report in match(known, reports, **options).reports]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").touch()
    return tmp_path


def test_the_same_fault_is_accepted_for_its_reason():
    (report,) = match(baseline(ENTRY), [failing(CUT)]).reports
    assert report.is_accepted
    assert report.findings[0].accepted.reason == "the window of the paper"
    assert str(report.findings[0].accepted.location) == "known.yaml:3:5"


def with_evidence(**changes):
    return replace(CUT, evidence={**PROVEN, **changes})


CHANGED = {
    "another window": replace(with_evidence(amount=3.0), term="3"),
    "another kind": replace(CUT, kind="missing-term"),
    "one parameter more": replace(CUT, parameters=("W_xh", "W_hh", "b_h")),
    "one parameter less": replace(CUT, parameters=("W_hh",)),
    "another amount": with_evidence(amount=4.001),
    "another way to cut": with_evidence(damage="cut at multiples of some length"),
    "no amount": replace(CUT, evidence={"residual": 1e-16, "damage": "cut after some lags"}),
    "not matched": replace(CUT, certainty="likely", evidence={}),
}


@pytest.mark.parametrize("finding", CHANGED.values(), ids=CHANGED)
def test_a_fault_that_has_changed_is_new_and_its_entry_is_stale(finding):
    matched = match(baseline(ENTRY), [failing(finding)])
    assert [report.is_accepted for report in matched.reports] == [False]
    assert matched.stale == (ENTRY,)


def test_the_digits_that_a_file_leaves_out_do_not_matter():
    assert accepted(baseline(replace(ENTRY, amount=1.23457)), failing(with_evidence(amount=1.2345678))) == [True]


def test_another_fault_beside_an_accepted_one_fails():
    sign = Finding("sign-flip", "b_y", "db_y has the wrong sign", parameters=("b_y",), evidence={"residual": 0.0})
    assert accepted(baseline(ENTRY), failing(CUT, sign, wrong=("W_xh", "W_hh", "b_y"))) == [False]


def test_another_fault_of_a_parameter_that_is_covered_already_fails():
    sign = Finding("sign-flip", "W_hh", "dW_hh has the wrong sign", parameters=("W_hh",), evidence={"residual": 0.0})
    assert accepted(baseline(ENTRY), failing(CUT, sign)) == [False]


def test_a_wrong_parameter_that_no_accepted_fault_explains_fails():
    assert accepted(baseline(ENTRY), failing(CUT, wrong=("W_xh", "W_hh", "b_y"))) == [False]


def test_what_is_only_likely_covers_no_parameter_even_with_an_entry_by_hand():
    unexplained = Finding("unexplained", "W_hh", "no known fault", certainty="likely", parameters=("W_xh", "W_hh"))
    by_hand = replace(ENTRY, kind="unexplained", term="W_hh", damage=None, amount=None)
    (report,) = match(baseline(by_hand), [failing(unexplained)]).reports
    assert report.findings[0].accepted is not None
    assert not report.is_accepted


def test_a_fault_of_the_code_is_accepted_by_an_entry_of_its_own():
    lost = Finding("missing-key", "b_y", "gradients has no b_y", parameters=("b_y",))
    by_hand = replace(ENTRY, kind="missing-key", term="b_y", parameters=("b_y",), damage=None, amount=None)
    assert accepted(baseline(by_hand), failing(lost, wrong=("b_y",))) == [True]


def test_the_fault_of_another_configuration_is_not_accepted():
    assert accepted(baseline(ENTRY), failing(CUT, source="other.yaml")) == [False]


@pytest.mark.parametrize("source", ["net.yaml", "./net.yaml", "nets/../net.yaml", "{here}/net.yaml"])
def test_a_configuration_is_known_by_its_file_however_it_is_named(source, here):
    (here / "nets").mkdir()
    assert accepted(baseline(ENTRY), failing(CUT, source=source.format(here=here))) == [True]


def test_configurations_are_named_from_the_folder_of_the_baseline(here):
    up = replace(ENTRY, config="../net.yaml")
    (here / "ci").mkdir()
    assert accepted(baseline(up, folder="ci"), failing(CUT)) == [True]
    assert accepted(baseline(ENTRY, folder="ci"), failing(CUT)) == [False]


def test_standard_input_is_a_configuration_of_its_own():
    assert accepted(baseline(ENTRY), failing(CUT, source="-")) == [False]
    assert accepted(baseline(replace(ENTRY, config="-")), failing(CUT, source="-")) == [True]


def test_a_pass_leaves_its_entry_stale_with_a_note_at_its_place():
    matched = match(baseline(ENTRY), [failing(wrong=())])
    (note,) = matched.reports[0].notes
    assert (note.kind, str(note.location)) == ("stale-baseline", "known.yaml:3:5")
    assert matched.reports[0].outcome == "pass"


def test_an_entry_of_a_configuration_that_was_not_checked_is_not_stale(here):
    (here / "other.yaml").touch()
    assert match(baseline(replace(ENTRY, config="other.yaml")), [failing(wrong=())]).stale == ()


def test_an_entry_of_a_configuration_that_is_gone_is_stale():
    lost = replace(ENTRY, config="lost.yaml")
    assert match(baseline(lost), [failing(wrong=())]).stale == (lost,)


@pytest.mark.parametrize("state", [{"outcome": "error"}, {"outcome": "inconclusive"}, {"interrupted": True}])
def test_nothing_is_stale_where_the_check_did_not_come_to_its_end(state):
    assert match(baseline(ENTRY), [replace(failing(wrong=()), **state)]).stale == ()


def test_an_interrupted_check_is_not_accepted():
    assert accepted(baseline(ENTRY), replace(failing(CUT), interrupted=True)) == [False]


def test_what_cannot_be_told_beside_an_accepted_fault_stays_open():
    rows = [replace(row, verdict="inconclusive") if row.name == "b_y" else row for row in failing(CUT).rows]
    (report,) = match(baseline(ENTRY), [replace(failing(CUT), rows=tuple(rows))]).reports
    assert report.is_accepted
    assert report.outcome_but_accepted == "inconclusive"
    assert match(baseline(ENTRY), [failing(CUT)]).reports[0].outcome_but_accepted == "pass"


def test_of_some_parameters_alone_theirs_is_compared_and_nothing_is_stale():
    part = failing(replace(CUT, parameters=("W_hh",)), wrong=("W_hh",))
    assert accepted(baseline(ENTRY), part, only=["W_hh"]) == [True]
    assert match(baseline(ENTRY), [failing(wrong=())], only=["W_hh"]).stale == ()
