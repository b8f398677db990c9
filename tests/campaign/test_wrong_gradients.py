"""Wrong gradients never pass: each fault of the oracle, where it changes the gradient at all."""

import pytest

from gradcheck_rnn.pipeline.diagnosis.diagnose import Diagnosis
from tests.campaign.problems import check_adapter, wrong_problem
from tests.oracle.elman import FAULTS

WRONG = [fault for fault in FAULTS if fault != "none"]
FEW = 1
MANY = 100


@pytest.fixture
def no_diagnosis(monkeypatch):
    """The verdict alone: what the diagnosis makes of faults has tests of its own."""
    monkeypatch.setattr("gradcheck_rnn.pipeline.check.diagnose_user", lambda *_, **__: Diagnosis())


@pytest.mark.usefixtures("no_diagnosis")
@pytest.mark.parametrize("number", range(FEW))
@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_fails(fault, number, tmp_path):
    assert check_adapter(tmp_path, wrong_problem(fault, number), fault=fault).outcome == "fail"


@pytest.mark.campaign
@pytest.mark.usefixtures("no_diagnosis")
@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_never_passes_and_fails_in_99_of_100(fault, tmp_path):
    outcomes = [
        check_adapter(tmp_path, wrong_problem(fault, number), fault=fault).outcome for number in range(FEW, FEW + MANY)
    ]
    assert "pass" not in outcomes
    assert outcomes.count("fail") >= 99
