"""Sentences claim no more than the rows prove."""

import pytest

from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.words import evidence, headline, proof
from tests.report.samples import compared, report_of


def report_with(failing, **others):
    rows = [compared(name, "fail" if name in failing else "pass") for name in ("W_xh", "W_hh", "b_h", "W_hy", "b_y")]
    return report_of(rows, outcome="fail" if failing else "pass", **others)


def test_a_pass_counts_entries_and_names_the_tolerance_and_the_largest_error():
    assert headline(report_with([])) == "all 94 entries agree (tolerance 1e-06, largest relative error 1e-12)"


def test_a_sampled_pass_says_that_it_sampled():
    report = report_of([compared("W_hh", checked=3), compared("b_h", checked=2)])
    assert headline(report).startswith("5 sampled of 30 entries agree")


@pytest.mark.parametrize(
    ("failing", "text"),
    [(["b_h"], "1 of 5 parameters is wrong: b_h"), (["W_xh", "W_hh"], "2 of 5 parameters are wrong: W_xh, W_hh")],
)
def test_a_failure_names_the_parameters(failing, text):
    assert headline(report_with(failing)).startswith(text)


def test_an_error_names_each_kind_once():
    findings = [Finding("raised", "loss", "a"), Finding("raised", "gradients", "b"), Finding("state-leak", "loss", "c")]
    report = report_of([], outcome="error", findings=findings)
    assert headline(report) == "no verdict: raised, state-leak"


def test_the_output_path_is_right_where_its_rows_agree_and_others_fail():
    assert "W_hy, b_y agree (to 1e-12): the output path is right" in evidence(report_with(["W_xh", "W_hh", "b_h"]))


@pytest.mark.parametrize("failing", [[], ["W_hy"], ["b_y", "W_xh"], ["W_hy", "b_y"]])
def test_nothing_is_said_of_the_output_path_where_that_fails_or_nothing_does(failing):
    assert not [line for line in evidence(report_with(failing)) if "output path" in line]


def test_b_h_that_agrees_points_to_the_product_of_the_weight_that_does_not():
    (line,) = [line for line in evidence(report_with(["W_hh"])) if line.startswith("b_h agrees")]
    assert line.endswith("W_hh")


def test_the_users_own_names_are_used():
    report = report_of(
        [compared("U", "fail", shape=(5, 8)), compared("V", shape=(4, 5))],
        outcome="fail",
        roles={"U": "W_xh", "V": "W_hy"},
    )
    assert evidence(report) == ["V agrees (to 1e-12): the output path is right"]


def test_without_roles_nothing_is_concluded():
    report = report_of(
        [compared("U", "fail", shape=(5, 8)), compared("V", shape=(4, 5))],
        outcome="fail",
        roles={},
    )
    assert evidence(report) == []


def test_faults_beside_one_are_named_as_titles_name_them():
    known = {"residual": 1e-16, "draws": 3, "together_with": ["truncated-chain:4"], "equivalent": ["sign-flip:h:2"]}
    said = proof(Finding("scaled-gradient", "T", "every gradient is multiplied by T", evidence=known))
    assert "this fault, together with truncated-chain 4, gives" in said
    assert said.endswith("; the same gradients: sign-flip h:2")


def test_where_float32_is_in_the_way_the_verdict_says_so_and_blames_no_error_bar():
    rounded = Finding("float32-inside", "gradients", "rounded to float32")
    report = report_of([compared("W_xh", "inconclusive")], outcome="inconclusive", findings=[rounded])
    assert headline(report) == "W_xh cannot be told: float32 rounds more coarsely than the tolerance 1e-06"
    assert evidence(report) == []
