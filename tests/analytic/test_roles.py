"""Roles: by name or by ROLES, up to axes of length 1; what does not fit has a reason, what is unknown is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.analytic.roles import find_roles, own_shapes, read_roles
from gradcheck_rnn.errors import UsageError
from gradcheck_rnn.model.draw import configured_net
from gradcheck_rnn.model.net import Net, Sizes
from gradcheck_rnn.model.problem import Problem
from tests.model.problems import document, problem_of, settings_of

DRAWN = document(input_size=2, hidden_size=3, output_size=4, biases=True, initial_state="zeros", layout="row")
NET = configured_net(settings_of(DRAWN))
PATH = Path("my_adapter.py")
ROLES = {"U": "W_xh", "W": "W_hh", "a": "b_h", "V": "W_hy", "c": "b_y"}
OWN = {name: NET.shapes[role] for name, role in ROLES.items()}


def find(shapes, declared=None, net=NET):
    return find_roles(net, shapes, None if declared is None else read_roles(declared), PATH)


def refused(shapes, declared) -> str:
    with pytest.raises(UsageError) as caught:
        find(shapes, declared)
    return str(caught.value)


def test_equal_names_are_equal_roles():
    roles, reason = find(NET.shapes)
    assert roles.described == {name: name for name in NET.shapes}
    assert reason == ""


def test_declared_roles_rename():
    roles, _ = find(OWN, ROLES)
    assert roles.described == ROLES


def test_the_order_is_the_user_s():
    backwards = dict(reversed(OWN.items()))
    assert list(find(backwards, ROLES)[0].described) == list(backwards)


@pytest.mark.parametrize("shape", [(3, 1), (1, 3), (1, 3, 1), (3,)])
def test_axes_of_length_one_may_be_added(shape):
    assert find({**NET.shapes, "b_h": shape})[0] is not None


def test_a_point_goes_to_the_described_problem_and_back():
    problem = problem_of(DRAWN)
    like = {**OWN, "a": (3, 1)}
    roles, _ = find(like, ROLES)
    point = roles.point(problem, like)
    assert own_shapes(point.parameters) == like
    np.testing.assert_array_equal(point.parameters["a"][:, 0], problem.parameters["b_h"])
    back = roles.problem(NET, point)
    assert list(back.parameters) == list(NET.shapes)
    for name, value in problem.parameters.items():
        np.testing.assert_array_equal(back.parameters[name], value)


def test_without_shapes_of_their_own_parameters_keep_the_described_ones():
    roles, _ = find(OWN, ROLES)
    assert own_shapes(roles.point(problem_of(DRAWN)).parameters) == OWN


TWO_BIASES = {**ROLES, "a2": "b_h"}


def test_biases_of_one_role_are_added():
    problem = problem_of(DRAWN)
    roles, _ = find({**OWN, "a2": (3, 1)}, TWO_BIASES)
    point = roles.point(problem, {**OWN, "a2": (3, 1)})
    point.parameters["a2"][:] += np.array([[1.0], [2.0], [-3.0]])
    described = roles.problem(NET, point).parameters
    np.testing.assert_allclose(described["b_h"], problem.parameters["b_h"] + [1.0, 2.0, -3.0], rtol=1e-14)
    np.testing.assert_array_equal(described["W_hh"], problem.parameters["W_hh"])


def test_a_described_bias_is_split_into_unequal_parts():
    """Equal ones would hide code that takes one for the other."""
    problem = problem_of(DRAWN)
    point = find({**OWN, "a2": (3,)}, TWO_BIASES)[0].point(problem)
    one, other = point.parameters["a"], point.parameters["a2"]
    np.testing.assert_allclose(one + other, problem.parameters["b_h"], rtol=1e-14)
    assert not np.isclose(one, other).any()


def test_all_names_of_a_role_are_given():
    roles, _ = find({**OWN, "a2": (3,)}, TWO_BIASES)
    assert roles.names("b_h") == ["a", "a2"]
    assert roles.names("W_hh") == ["W"]


def test_a_parameter_that_is_not_there_is_named():
    roles, reason = find({name: shape for name, shape in NET.shapes.items() if name != "b_y"})
    assert roles is None
    assert "b_y" in reason
    assert "ROLES" in reason


def test_roles_that_leave_one_out_name_it():
    roles, reason = find(OWN, {name: role for name, role in ROLES.items() if name != "V"})
    assert roles is None
    assert "W_hy" in reason
    assert "ROLES" not in reason


def test_names_of_one_s_own_need_roles():
    roles, reason = find(OWN)
    assert roles is None
    for role in ROLES.values():
        assert role in reason


def test_a_parameter_too_many_is_named():
    roles, reason = find({**NET.shapes, "gamma": (3,)})
    assert roles is None
    assert "gamma" in reason


def test_another_size_is_a_reason_with_both_shapes():
    roles, reason = find({**NET.shapes, "W_hy": (3, 5)})
    assert roles is None
    assert "W_hy has shape (3, 5)" in reason
    assert "(3, 4)" in reason
    assert "layout" not in reason


@pytest.mark.parametrize(("layout", "other"), [("row", "column"), ("column", "row")])
def test_transposed_weights_are_told_of_the_layout(layout, other):
    net = configured_net(settings_of(DRAWN | {"model": DRAWN["model"] | {"layout": layout}}))
    transposed = {name: shape[::-1] for name, shape in net.shapes.items()}
    roles, reason = find(transposed, net=net)
    assert roles is None
    assert f"`model.layout: {other}`" in reason


def test_a_role_that_does_not_exist_is_refused_with_what_was_meant():
    text = refused(OWN, {**ROLES, "V": "W_hhy"})
    assert "unknown role `W_hhy`" in text
    assert "did you mean `W_hy`?" in text
    assert str(PATH) in text


def test_a_name_that_no_parameter_has_is_refused_with_those_that_there_are():
    text = refused(OWN, {**ROLES, "weights_of_the_output": "W_hy"})
    assert "`weights_of_the_output`" in text
    assert "U, W, a, V, c" in text


def test_a_role_that_is_given_twice_is_refused():
    assert "gives the role `W_hh` twice" in refused(OWN, {**ROLES, "V": "W_hh"})


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(UsageError) as caught:
        find(OWN, {**ROLES, "X": "W_hy", "V": "W_zz"})
    assert len(caught.value.mistakes) == 2


LSTM = Net(Sizes(input_size=3, hidden_size=2, output_size=4, length=5), cell="lstm")
READOUT = {name: shape for name, shape in LSTM.shapes.items() if name in ("W_hy", "b_y")}
FUSED = {
    "Wx": ["W_xi", "W_xf", "W_xo", "W_xg"],
    "Wh": ["W_hi", "W_hf", "W_ho", "W_hg"],
    "b": ["b_i", "b_f", "b_o", "b_g"],
    "W_hy": "W_hy",
    "b_y": "b_y",
}
# what is in a batch makes no difference here
BATCH = problem_of(DRAWN).batch
FUSED_SHAPES = {"Wx": (3, 8), "Wh": (2, 8), "b": (8, 1), **READOUT}


@pytest.mark.parametrize("layout", ["row", "column"])
def test_blocks_stand_side_by_side_in_the_order_of_the_list(layout):
    net = replace(LSTM, layout=layout)
    turn = (lambda shape: shape) if layout == "row" else (lambda shape: shape[::-1])
    shapes = {name: turn(shape) if name in ("Wx", "Wh") else shape for name, shape in FUSED_SHAPES.items()}
    roles, reason = find(shapes | {name: net.shapes[name] for name in READOUT}, FUSED, net)
    assert reason == ""
    values = {name: np.full(shape, float(i)) for i, (name, shape) in enumerate(net.shapes.items())}
    problem = Problem(net, values, BATCH)
    point = roles.point(problem, shapes | {name: net.shapes[name] for name in READOUT})
    across = point.parameters["Wx"] if layout == "row" else point.parameters["Wx"].T
    expected = [values[name].flat[0] for name in FUSED["Wx"] for _ in range(2)]
    assert across.tolist() == [expected] * 3
    assert point.parameters["b"].shape == (8, 1)
    back = roles.problem(net, point)
    assert {name: value.tolist() for name, value in back.parameters.items()} == {
        name: value.tolist() for name, value in values.items()
    }


def test_a_matrix_of_h_and_x_has_rows_of_blocks_and_may_hold_the_bias():
    declared = {f"W{g}": [[f"W_h{g}"], [f"W_x{g}"], [f"b_{g}"]] for g in "ifog"} | {"W_hy": "W_hy", "b_y": "b_y"}
    shapes = {f"W{g}": (6, 2) for g in "ifog"} | READOUT
    roles, reason = find(shapes, declared, LSTM)
    assert reason == ""
    values = {name: np.random.default_rng(0).normal(size=shape) for name, shape in LSTM.shapes.items()}
    point = roles.point(Problem(LSTM, values, BATCH), shapes)
    expected = np.vstack([values["W_hf"], values["W_xf"], values["b_f"]])
    np.testing.assert_array_equal(point.parameters["Wf"], expected)
    np.testing.assert_array_equal(roles.read("Wf", "b_f", LSTM, point.parameters["Wf"]), values["b_f"])


def test_blocks_of_another_total_size_are_no_description():
    roles, reason = find(FUSED_SHAPES | {"Wx": (3, 6)}, FUSED, LSTM)
    assert roles is None
    assert reason == "Wx has shape (3, 6), its blocks W_xi W_xf W_xo W_xg have (3, 8) together"


def test_an_unknown_block_is_refused_with_what_was_meant():
    with pytest.raises(UsageError, match="unknown role `W_xff`"):
        find(FUSED_SHAPES, FUSED | {"Wx": ["W_xi", "W_xff", "W_xo", "W_xg"]}, LSTM)


@pytest.mark.parametrize("roles", [{"W": []}, {"W": [["W_xi"], "W_xf"]}, {"W": [[]]}, {"W": 3}, {"W": [3]}])
def test_what_is_no_list_of_names_is_none(roles):
    assert read_roles(roles) is None
