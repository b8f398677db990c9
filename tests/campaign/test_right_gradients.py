"""Correct gradients never fail: the oracle's, in every cell, loss, layout and gain."""

import pytest

from tests.campaign.problems import check_adapter, check_described, outcome, right_problem, small_problem

FEW = 3
MANY = 300
# black boxes with every entry differenced; the others with a sample of each parameter
WHOLE = 60
SAMPLE = 30


@pytest.mark.parametrize("number", range(FEW))
def test_a_right_gradient_passes_as_a_described_model_and_through_an_adapter(number, tmp_path):
    document = right_problem(number)
    assert outcome(check_described(tmp_path, document)) == "pass"
    assert outcome(check_adapter(tmp_path, document)) == "pass"


@pytest.mark.parametrize("number", range(0, FEW, 3))
def test_a_right_gradient_passes_as_a_black_box(number, tmp_path):
    report = check_adapter(tmp_path, right_problem(number), loss="user", entries=SAMPLE)
    assert outcome(report) == "pass"
    assert report.loss == "user"


@pytest.mark.campaign
@pytest.mark.parametrize("number", range(MANY))
def test_many_right_gradients_pass(number, tmp_path, monkeypatch):
    document = right_problem(number)
    assert outcome(check_described(tmp_path, document)) == "pass"
    # the power of the check is that of the described net, and the black box differences what would be confirmed
    monkeypatch.setattr("gradcheck_rnn.pipeline.check.judge_power", lambda *_: None)
    monkeypatch.setattr("gradcheck_rnn.pipeline.user.confirm.CONFIRMED", 2)
    assert outcome(check_adapter(tmp_path, document)) == "pass"
    entries = "all" if number < WHOLE else SAMPLE
    assert outcome(check_adapter(tmp_path, document, loss="user", entries=entries)) == "pass"


@pytest.mark.parametrize("factor", [1e-9, -1.0, 1e9])
@pytest.mark.parametrize("loss", ["auto", "user"])
def test_a_factor_on_the_loss_changes_no_verdict(loss, factor, tmp_path):
    document = small_problem()
    assert outcome(check_adapter(tmp_path, document, scale=factor, loss=loss)) == "pass"
    wrong = check_adapter(tmp_path, document, scale=factor, loss=loss, fault="missing_carry")
    assert [row.name for row in wrong.rows if row.verdict == "fail"] == ["W_xh", "W_hh", "b_h"]
