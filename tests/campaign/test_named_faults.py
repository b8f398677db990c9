"""Every fault of an independent implementation gets its name; right gradients get none."""

from functools import partial

import numpy as np
import pytest

from gradcheck_rnn.diagnose.hypotheses import explain_gradients
from gradcheck_rnn.diagnose.witness import Witness
from tests.campaign.faults import Planted, draws, missed
from tests.oracle import broken
from tests.oracle.problems import random_problem, spec_of

FEW = 6
SHARD = 250
SHARDS = 4
PAIRS = 100


@pytest.mark.parametrize("number", range(FEW))
def test_a_single_fault_is_named(number):
    assert missed([number], partial(Planted, faults=1)) == []


@pytest.mark.campaign
@pytest.mark.parametrize("shard", range(SHARDS))
def test_98_of_100_single_faults_are_named(shard):
    numbers = range(FEW + shard * SHARD, FEW + (shard + 1) * SHARD)
    wrong = missed(numbers, partial(Planted, faults=1))
    assert len(wrong) <= 0.02 * SHARD, "\n".join(wrong)


@pytest.mark.campaign
@pytest.mark.parametrize("half", range(2))
def test_90_of_100_pairs_of_faults_are_named(half):
    wrong = missed(range(half * PAIRS, (half + 1) * PAIRS), partial(Planted, faults=2))
    assert len(wrong) <= 0.1 * PAIRS, "\n".join(wrong)


def right_witnesses(number: int) -> list[Witness]:
    document = random_problem(np.random.default_rng([2028, number]), max_hidden_size=16)
    spec = spec_of(document)
    return [
        Witness(problem, broken.gradients(spec, dict(problem.parameters), problem.batch)) for problem in draws(document)
    ]


@pytest.mark.parametrize("number", range(FEW))
def test_a_right_gradient_has_no_fault(number):
    assert explain_gradients(right_witnesses(number)) is None


@pytest.mark.campaign
def test_a_thousand_right_gradients_have_no_fault():
    found = [number for number in range(FEW, FEW + 1000) if explain_gradients(right_witnesses(number)) is not None]
    assert found == []
