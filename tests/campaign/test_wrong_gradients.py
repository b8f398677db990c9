"""Wrong gradients never pass: each fault of the oracle, where it changes the gradient at all."""

import pytest

from gradcheck_rnn.pipeline.diagnosis.diagnose import Diagnosis
from tests.campaign.problems import check_adapter, outcome, wrong_problem
from tests.oracle.elman import FAULTS

WRONG = [fault for fault in FAULTS if fault != "none"]
FEW = 1
MANY = 100


@pytest.fixture
def verdict_alone(monkeypatch):
    """Without what takes longer and has tests of its own: the diagnosis, and most of the confirmation."""
    monkeypatch.setattr("gradcheck_rnn.pipeline.check.diagnose_user", lambda *_, **__: Diagnosis())
    monkeypatch.setattr("gradcheck_rnn.pipeline.user.confirm.CONFIRMED", 2)


@pytest.mark.usefixtures("verdict_alone")
@pytest.mark.parametrize("number", range(FEW))
@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_fails(fault, number, tmp_path):
    assert check_adapter(tmp_path, wrong_problem(fault, number), fault=fault).outcome == "fail"


@pytest.mark.campaign
@pytest.mark.usefixtures("verdict_alone")
@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_never_passes_and_fails_in_99_of_100(fault, tmp_path):
    outcomes = [
        outcome(check_adapter(tmp_path, wrong_problem(fault, number), fault=fault)) for number in range(FEW, FEW + MANY)
    ]
    assert "pass" not in outcomes
    others = [each for each in outcomes if not each.startswith("fail")]
    assert len(others) <= 1, "\n".join(others)
