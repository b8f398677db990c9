"""Roles of arrays that hold several described parameters, where nobody declared them: the oracle knows the truth."""

import ast
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from gradcheck_rnn.cells.catalogue import Variant
from gradcheck_rnn.pipeline.user.levelled import UserLoss
from gradcheck_rnn.pipeline.user.role_inference import (
    better_description,
    roles_by_loss,
    roles_by_names,
    why_undescribed,
)
from gradcheck_rnn.pipeline.user.role_notes import as_code, inferred_roles
from tests.oracle import gated
from tests.pipeline.fused_code import FORMS, FusedCode, net_of, random_code

SIZES = {"input_size": 4, "hidden_size": 3, "output_size": 2, "length": 5, "batch_size": 2}
PLAIN = {"biases": True, "learned": False, "loss": "mse", "reduction": "mean", "steps": "all"}
LSTM = {**SIZES, **PLAIN, "cell": "lstm", "layout": "row", "lstm_output": "tanh", "peepholes": False, "coupled": False}
GRU = {**SIZES, **PLAIN, "cell": "gru", "layout": "column", "reset": "before", "keeps": "z"}


def inferred(code, net=None):
    return roles_by_loss(net or code.net, UserLoss(code, code.points()))


def is_true(roles, code):
    """Whether the user's arrays are read as the oracle does, at points that the inference has not seen."""
    for point in code.points(3, seed=99):
        read, truth = roles.problem(code.net, point).parameters, code.separate(point)
        if not all(np.allclose(read[role], truth[role], rtol=1e-12, atol=0) for role in truth):
            return False
    return True


@pytest.mark.parametrize("names", ["usual", "meaningless"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(3))
def test_the_arrays_of_a_random_net_are_read_as_they_were_written(form, names, seed):
    """Cell, variant, layout, loss, the order of gates and rows are random, sizes often equal."""
    rng = np.random.default_rng([seed, len(form)])
    sizes = dict(zip(("input_size", "hidden_size", "output_size"), rng.integers(2, 5, 3).tolist(), strict=True))
    code = random_code(rng, form, names=names, **sizes)
    roles = inferred(code)
    assert roles is not None, code
    assert is_true(roles, code)


@pytest.mark.parametrize("order", list(map("".join, permutations("ifog"))))
def test_each_order_of_the_gates_of_an_lstm_is_found(order):
    code = random_code(np.random.default_rng(1), "fused", order=order, **LSTM)
    assert inferred(code).blocks["Wx"] == (tuple(f"W_x{gate}" for gate in order),)


@pytest.mark.parametrize("order", list(map("".join, permutations("zrn"))))
def test_each_order_of_the_gates_of_a_gru_is_found(order):
    code = random_code(np.random.default_rng(1), "fused", order=order, **GRU)
    assert inferred(code).blocks["b"] == (tuple(f"b_{gate}" for gate in order),)


def test_arrays_may_have_their_gates_in_orders_of_their_own():
    code = random_code(np.random.default_rng(1), "fused", order="ifog", **LSTM)
    code = replace(code, grids=code.grids | {"Wh": [["W_hg", "W_ho", "W_hi", "W_hf"]]})
    assert inferred(code).blocks["Wh"] == (("W_hg", "W_ho", "W_hi", "W_hf"),)


@pytest.mark.parametrize("form", FORMS)
def test_the_loss_is_called_as_often_as_there_are_blocks_and_a_few_times_more(form):
    """Of 4! ** 3 assignments; rows may be [h; x] or [x; h], and the wrong order costs two calls."""
    code = random_code(np.random.default_rng(1), form, names="meaningless", **LSTM)
    assert inferred(code) is not None
    blocks = sum(len(row) for grid in code.grids.values() for row in grid)
    assert code.calls <= 5 + 6 * 2 + blocks


@pytest.mark.parametrize("sizes", [{"output_size": 1}, {"input_size": 1}, {"hidden_size": 1}])
@pytest.mark.parametrize("fields", [LSTM, GRU])
def test_biases_that_are_added_are_found_where_weights_are_vectors_too(fields, sizes):
    code = random_code(np.random.default_rng(1), "two fused biases", **fields | sizes)
    assert is_true(inferred(code), code)


def test_the_two_biases_of_a_gru_in_torch_are_told_apart():
    """Those of z and r are added, those of n are not: one of them is within the product with r."""
    spec, parameters, batch = gated.random_case(np.random.default_rng(1), **GRU | {"reset": "after"})
    spec = replace(spec, recurrent_bias=True)
    net = net_of(spec, parameters, batch)
    x, h = ([f"{start}{gate}" for gate in "rzn"] for start in ("W_x", "W_h"))
    grids = {"w_ih": [x], "w_hh": [h], "b_ih": [["b_r", "b_z", "b_n"]], "b_hh": [["b_r", "b_z", "b_hn"]]}
    code = FusedCode(spec, net, grids | {"W_hy": [["W_hy"]], "b_y": [["b_y"]]})
    usual = replace(net, variant=Variant())
    assert is_true(inferred(code), code)
    assert roles_by_loss(usual, UserLoss(code, code.points())) is None
    keys = "`model.gru.reset: after` and `model.gru.recurrent_bias: true`"
    assert keys in why_undescribed(usual, UserLoss(code, code.points()), "")


@pytest.mark.parametrize("factor", [-1.0, 1 / 35])
def test_a_constant_factor_does_not_matter(factor):
    class Scaled(FusedCode):
        def loss(self, point):
            return factor * super().loss(point)

    code = random_code(np.random.default_rng(1), "fused", **LSTM)
    assert is_true(inferred(Scaled(code.spec, code.net, code.grids)), code)


def test_a_loss_in_single_precision_is_enough():
    class Single(FusedCode):
        def loss(self, point):
            return float(np.float32(super().loss(point)))

    code = random_code(np.random.default_rng(1), "concatenated", **LSTM)
    assert is_true(inferred(Single(code.spec, code.net, code.grids)), code)


def test_code_that_takes_no_initial_state_is_described_from_zeros():
    class FromZeros(FusedCode):
        def loss(self, point):
            start = {name: 0 * state for name, state in point.batch.initial_state.items()}
            return super().loss(replace(point, batch=replace(point.batch, initial_state=start)))

    code = random_code(np.random.default_rng(1), "fused", **LSTM)
    assert is_true(inferred(FromZeros(code.spec, code.net, code.grids)), code)


@pytest.mark.parametrize(
    ("edit", "fields"),
    [
        (("h = o * np.tanh(c)", "h = o * np.arctan(c)"), LSTM),
        (("g = sigmoid(a_i), np.tanh(a_g)", "g = sigmoid(a_i), sigmoid(a_g)"), LSTM),
        (("sigmoid(a_z)", "sigmoid(0.9 * a_z)"), GRU),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_another_net_is_taken_for_none(form, edit, fields, monkeypatch):
    code = random_code(np.random.default_rng(1), form, **fields)
    text = gated.adapter_source(code.spec)
    assert edit[0] in text
    program = {}
    exec(text.replace(*edit), program)
    monkeypatch.setattr(gated, "loss", lambda _, parameters, batch: program["loss"](parameters, batch))
    loss = UserLoss(code, code.points())
    assert roles_by_loss(code.net, loss) is None
    assert "would describe" not in why_undescribed(code.net, loss, "")


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        (LSTM | {"lstm_output": "identity"}, "`model.lstm.output: identity`"),
        (LSTM | {"coupled": True}, "`model.lstm.coupled_gates: true`"),
        (LSTM | {"peepholes": True, "layout": "column"}, "`model.layout: column` and `model.lstm.peepholes: true`"),
        (GRU | {"keeps": "1-z"}, "`model.gru.keeps: 1-z`"),
        (GRU | {"keeps": "1-z", "reset": "after"}, "`model.gru.reset: after` and `model.gru.keeps: 1-z`"),
        (GRU | {"layout": "row", "reset": "after"}, "`model.layout: row` and `model.gru.reset: after`"),
    ],
)
@pytest.mark.parametrize("form", ["fused", "concatenated"])
def test_the_keys_that_would_describe_the_loss_are_named(form, fields, keys):
    code = random_code(np.random.default_rng(1), form, **fields)
    usual = random_code(np.random.default_rng(1), form, **(LSTM if fields["cell"] == "lstm" else GRU))
    loss = UserLoss(code, code.points())
    assert roles_by_loss(usual.net, loss) is None
    assert f"{keys} would describe your loss, with W" in why_undescribed(usual.net, loss, "")


def test_blocks_that_are_declared_in_a_wrong_order_are_put_right():
    code = random_code(np.random.default_rng(1), "fused", order="igfo", **LSTM)
    text = better_description(code.net, UserLoss(code, code.points()))
    assert '"b": ["b_i", "b_g", "b_f", "b_o"]' in text


def test_the_note_holds_the_roles_as_code():
    code = random_code(np.random.default_rng(1), "concatenated with biases", **GRU)
    roles = inferred(code)
    (note,) = inferred_roles(roles, by_loss=True)
    line = note.help.partition(" in the adapter")[0]
    assert line == as_code(roles)
    declared = ast.literal_eval(line.removeprefix("ROLES = "))
    assert declared == {name: grid[0][0] if name == grid[0][0] else grid for name, grid in code.grids.items()}
    assert note.evidence["roles"] == declared


def test_without_a_loss_nobody_can_tell_the_blocks_of_a_fused_array():
    code = random_code(np.random.default_rng(1), "fused", **LSTM)
    shapes = {name: value.shape for name, value in code.points()[0].parameters.items()}
    assert roles_by_names(code.net, shapes, "which is which")[0] is None
