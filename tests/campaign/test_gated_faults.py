"""Every fault of an independent LSTM or GRU gets its name and its gate; right gradients get none."""

from functools import partial

import pytest

from gradcheck_rnn.diagnose.hypotheses import explain_gradients
from tests.campaign.faults import missed
from tests.campaign.gated import PlantedGate, right_witnesses

CELLS = ("lstm", "gru")
FEW = 2
MANY = 150
RIGHT = 100


@pytest.mark.parametrize("number", range(FEW))
@pytest.mark.parametrize("cell", CELLS)
def test_a_single_fault_is_named_with_its_gate(cell, number):
    assert missed([number], partial(PlantedGate, cell)) == []


@pytest.mark.campaign
@pytest.mark.parametrize("cell", CELLS)
def test_95_of_100_faults_are_named_with_their_gate(cell):
    wrong = missed(range(FEW, FEW + MANY), partial(PlantedGate, cell))
    assert len(wrong) <= 0.05 * MANY, "\n".join(wrong)


@pytest.mark.parametrize("number", range(FEW))
@pytest.mark.parametrize("cell", CELLS)
def test_a_right_gradient_has_no_fault(cell, number):
    assert explain_gradients(right_witnesses(cell, number)) is None


@pytest.mark.campaign
@pytest.mark.parametrize("cell", CELLS)
def test_many_right_gradients_have_no_fault(cell):
    found = [
        number for number in range(FEW, FEW + RIGHT) if explain_gradients(right_witnesses(cell, number)) is not None
    ]
    assert found == []
