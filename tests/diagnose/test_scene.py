"""Hypotheses share what their faults do not touch, and what may be done to a finished gradient is recognised."""

import numpy as np
import pytest

from gradcheck_rnn.diagnose.scene import Scene
from gradcheck_rnn.diagnose.witness import SAME, Witness
from gradcheck_rnn.faults.finished import whole_gradient_faults
from gradcheck_rnn.faults.library import chain_faults, own_faults
from gradcheck_rnn.model.reference import finish, reference_gradients
from gradcheck_rnn.model.taps import Taps
from tests.diagnose.witnesses import plain, problems_of

NETS = (
    {"cell": "tanh", "layers": 2, "bidirectional": True},
    {"cell": "lstm", "lstm": {"peepholes": True}, "initial_state": "learned"},
    {"cell": "gru", "gru": {"reset": "before"}},
)


def scene_of(batch_size=None, **model) -> Scene:
    drawn = plain(batch_size=batch_size)
    first, *_ = problems_of(drawn | {"model": drawn["model"] | model}, lengths=(4,))
    return Scene(Witness(first, reference_gradients(first)))


@pytest.mark.parametrize("model", NETS, ids=lambda model: model["cell"])
def test_a_hypothesis_predicts_what_a_whole_backward_pass_with_its_fault_returns(model):
    """The whole pass shares nothing with the right one."""
    scene = scene_of(**model)
    net = scene.net
    for fault in chain_faults(net.structure, loss=net.loss.kind, steps=net.loss.steps, length=net.sizes.length):
        predicted = scene.hypothesis([fault]).gradients
        for name, value in reference_gradients(scene.problem, [fault]).items():
            np.testing.assert_array_equal(predicted[name], net.orient(name, value), err_msg=f"{fault.says}: {name}")


@pytest.mark.parametrize("fault", [*whole_gradient_faults("W_hh")], ids=lambda fault: fault.says)
def test_a_gradient_with_a_fault_of_its_end_may_come_of_the_right_one(fault):
    right = scene_of()
    value, parameter = right.right.gradients["W_hh"], right.parameters["W_hh"]
    returned = finish("W_hh", right.net, 100 * value, parameter, Taps([fault]))
    spoiled = Scene(Witness(right.problem, {**right.returned, "W_hh": returned}))
    assert spoiled.may_become("W_hh", 100 * value, SAME)


def test_noise_comes_of_no_gradient():
    scene = scene_of()
    assert not scene.may_become("W_hh", np.random.default_rng(0).normal(size=scene.returned["W_hh"].shape), SAME)


@pytest.mark.parametrize("model", [{}, *NETS, {"cell": "gru", "layers": 2}], ids=str)
def test_two_faults_of_one_parameter_leave_its_shape_as_it_is(model):
    scene = scene_of(**model, batch_size=3)
    local = own_faults(scene.net.structure)
    for name, right in scene.right.gradients.items():
        for faults, predicted in scene.damaged_twice(name, scene.right, 1.0, local[name]):
            assert predicted.shape == right.shape, faults
