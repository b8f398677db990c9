"""The deep oracle judged: its losses by hand and by symmetry, its gradients by the complex step."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from .broken import relative_gaps
from .deep import DeepSpec, GatedBatch, adapter_source, complex_step_gradients, gradients, loss, random_case
from .deep_case import SHAPES

CELLS = ("tanh", "relu", "sigmoid", "lstm", "gru")
EVERY_NET = [(cell, shape) for cell in CELLS for shape in SHAPES if shape.get("cell", cell) == cell]
PLAIN = {
    "inputs": "dense",
    "outputs": "layer",
    "loss": "mse",
    "reduction": "sum",
    "steps": "all",
    "biases": True,
    "learned": False,
}

Case = tuple[DeepSpec, dict[str, np.ndarray], GatedBatch]


def case(seed: int, **fixed: Any) -> Case:
    return random_case(np.random.default_rng(seed), **fixed)


@pytest.mark.parametrize(("cell", "shape"), EVERY_NET, ids=lambda given: str(given))
def test_without_a_bug_the_gradients_are_those_of_the_complex_step(cell, shape):
    for seed in range(3):
        spec, parameters, batch = case(seed, **{"cell": cell} | shape)
        by_hand, exact = gradients(spec, parameters, batch), complex_step_gradients(spec, parameters, batch)
        assert {name: value.shape for name, value in by_hand.items()} == {
            name: value.shape for name, value in parameters.items()
        }
        assert max(relative_gaps(by_hand, exact).values()) < 1e-10


COMBINED = [
    dict(zip(("inputs", "loss", "reduction", "steps"), choices, strict=True)) | place
    for place in ({"layers": 2}, {"bidirectional": True})
    for choices in itertools.product(
        ("tokens", "embedding", "parameter"), ("mse", "projection"), ("sum", "mean"), ("all", "last")
    )
]


@pytest.mark.parametrize("choices", COMBINED, ids=str)
def test_all_that_makes_a_net_deep_goes_together(choices):
    net = case(7, **choices, cell="gru", learned=True, length=3, hidden_size=2, batch_size=2)
    assert max(relative_gaps(gradients(*net), complex_step_gradients(*net)).values()) < 1e-10


def test_two_layers_of_one_unit_are_those_worked_out_by_hand():
    sizes = {"input_size": 1, "hidden_size": 1, "output_size": 1, "length": 2, "batch_size": None}
    spec, parameters, batch = case(3, cell="tanh", layers=2, **sizes, **PLAIN)
    w = {name: value.item() for name, value in parameters.items()}
    first, second = (state.item() for state in batch.initial_state["h"])
    total = 0.0
    for x, target in zip(batch.inputs[:, 0], batch.targets[:, 0], strict=True):
        first = math.tanh(w["W_xh_1"] * x + w["W_hh_1"] * first + w["b_h_1"])
        second = math.tanh(w["W_xh_2"] * first + w["W_hh_2"] * second + w["b_h_2"])
        total += 0.5 * (w["W_hy"] * second + w["b_y"] - target) ** 2
    assert loss(spec, parameters, batch) == pytest.approx(total, rel=1e-13)


def test_two_directions_of_one_unit_are_those_worked_out_by_hand():
    sizes = {"input_size": 1, "hidden_size": 1, "output_size": 1, "length": 2, "batch_size": None}
    spec, parameters, batch = case(4, cell="tanh", bidirectional=True, layout="row", **sizes, **PLAIN)
    w = {name: value.item() for name, value in parameters.items() if name != "W_hy"}
    to_right, to_left = (state.item() for state in batch.initial_state["h"])
    x_0, x_1 = batch.inputs[:, 0].tolist()
    ltr_0 = math.tanh(w["W_xh_ltr"] * x_0 + w["W_hh_ltr"] * to_right + w["b_h_ltr"])
    ltr_1 = math.tanh(w["W_xh_ltr"] * x_1 + w["W_hh_ltr"] * ltr_0 + w["b_h_ltr"])
    rtl_1 = math.tanh(w["W_xh_rtl"] * x_1 + w["W_hh_rtl"] * to_left + w["b_h_rtl"])
    rtl_0 = math.tanh(w["W_xh_rtl"] * x_0 + w["W_hh_rtl"] * rtl_1 + w["b_h_rtl"])
    u, v = parameters["W_hy"][:, 0].tolist()
    errors = np.array([u * ltr_0 + v * rtl_0, u * ltr_1 + v * rtl_1]) + w["b_y"] - batch.targets[:, 0]
    assert loss(spec, parameters, batch) == pytest.approx(0.5 * np.sum(errors**2), rel=1e-13)


def test_a_gru_with_a_recurrent_bias_resets_it_too():
    """One step of one unit with z = 1/2 and r = sigmoid(1): n = tanh(r b_hn), and h goes into the loss itself."""
    zero = np.zeros((1, 1))
    parameters = {f"W_{kind}{gate}": zero for kind, gate in itertools.product("xh", "zrn")}
    parameters |= {"b_z": np.zeros(1), "b_r": np.ones(1), "b_n": np.zeros(1), "b_hn": np.full(1, 0.7)}
    spec = DeepSpec(cell="gru", reset="after", recurrent_bias=True, inputs="dense", outputs="states", loss="projection")
    batch = GatedBatch(np.zeros((1, 1)), np.full((1, 1), 3.0), {"h": np.array([0.4])})
    h = 0.5 * math.tanh(0.7 / (1.0 + math.exp(-1.0))) + 0.5 * 0.4
    assert loss(spec, parameters, batch) == pytest.approx(3.0 * h, rel=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_an_embedding_is_a_net_whose_dense_inputs_are_rows_of_it(cell):
    spec, parameters, batch = case(5, cell=cell, inputs="embedding", layers=2, layout="row", batch_size=2)
    dense = GatedBatch(parameters["E"][batch.tokens], batch.targets, batch.initial_state)
    without = {name: value for name, value in parameters.items() if name != "E"}
    expected = loss(replace(spec, inputs="dense"), without, dense)
    assert loss(spec, parameters, batch) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("cell", CELLS)
def test_a_reversed_sequence_exchanges_the_directions(cell):
    spec, parameters, batch = case(
        6, cell=cell, bidirectional=True, outputs="states", loss="projection", steps="all", inputs="dense"
    )
    exchanged = {"_ltr": "_rtl", "_rtl": "_ltr"}
    mirrored = {f"{name[:-4]}{exchanged[name[-4:]]}": value for name, value in parameters.items()}
    turned = GatedBatch(
        batch.inputs[::-1],
        np.concatenate(np.split(batch.targets[::-1], 2, axis=-1)[::-1], axis=-1),
        {state: pair[::-1] for state, pair in batch.initial_state.items()},
    )
    assert loss(spec, mirrored, turned) == pytest.approx(loss(spec, parameters, batch), rel=1e-13)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_layouts_agree(shape):
    spec, parameters, batch = case(1, **shape, layout="row", batch_size=3)
    column = replace(spec, layout="column")
    turned = {name: turned_by_layout(name, value) for name, value in parameters.items()}
    expected = gradients(spec, parameters, batch)
    assert loss(column, turned, batch) == pytest.approx(loss(spec, parameters, batch), rel=1e-13)
    for name, value in gradients(column, turned, batch).items():
        np.testing.assert_allclose(turned_by_layout(name, value), expected[name], rtol=1e-9, atol=1e-13)


def turned_by_layout(name: str, value: np.ndarray) -> np.ndarray:
    """Weights and E are turned; inputs and states have no layout."""
    return value if name[:2] in ("x", "h0", "c0") else value.T


def test_the_mean_is_over_the_steps_that_count_and_the_sequences():
    for steps, divisor in (("all", 6), ("last", 2)):
        fixed = {"outputs": "states", "loss": "projection", "layers": 2, "steps": steps, "length": 3, "batch_size": 2}
        spec, parameters, batch = case(8, **fixed, reduction="mean")
        summed = loss(replace(spec, reduction="sum"), parameters, batch)
        assert loss(spec, parameters, batch) == pytest.approx(summed / divisor, rel=1e-13)


def test_parameters_have_the_names_and_shapes_of_the_contract():
    sizes = {"input_size": 5, "embedding_size": 3, "hidden_size": 2, "output_size": 4, "batch_size": 6, "length": 7}
    common = {"layout": "row", "biases": True, "learned": True, "outputs": "layer", "loss": "mse"}
    stack = case(0, cell="tanh", layers=2, inputs="embedding", **common, **sizes)
    assert {name: value.shape for name, value in stack[1].items()} == {
        **{"E": (5, 3), "W_xh_1": (3, 2), "W_hh_1": (2, 2), "b_h_1": (2,), "h0_1": (2,)},
        **{"W_xh_2": (2, 2), "W_hh_2": (2, 2), "b_h_2": (2,), "h0_2": (2,), "W_hy": (2, 4), "b_y": (4,)},
    }
    pair = case(0, cell="gru", bidirectional=True, inputs="parameter", **common, **sizes)
    assert pair[1]["x"].shape == (7, 6, 5)
    assert pair[1]["W_hy"].shape == (4, 4)
    assert {"W_xz_ltr", "W_hn_rtl", "b_r_rtl", "h0_ltr"} <= pair[1].keys()


def test_an_adapter_stands_alone_and_leaves_its_arguments():
    spec, parameters, batch = case(10, cell="lstm", layers=2, inputs="embedding", learned=False)
    starts = [start for states in batch.initial_state.values() for start in states]
    for array in (*parameters.values(), batch.inputs, batch.targets, *starts):
        array.setflags(write=False)
    adapter: dict[str, Any] = {}
    exec(adapter_source(spec), adapter)
    assert adapter["loss"](parameters, batch) == loss(spec, parameters, batch)
    assert adapter["gradients"](parameters, batch).keys() == parameters.keys()


def test_an_unknown_choice_is_refused():
    with pytest.raises(TypeError, match="depth"):
        case(0, depth=2)
