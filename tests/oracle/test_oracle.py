"""The judge judged: closed forms, the complex step, and each planted fault where it should show and nowhere else."""

import json
import math
import pickle
import subprocess
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import yaml

from .adapter_source import write_adapter
from .elman import FAULTS, Spec, complex_step_gradient, gradients, loss
from .problems import CHOICES, GAIN, RANGES, can_show, draw_batch, draw_parameters, random_problem, spec_of, to_yaml

RECURRENT = {"W_xh", "W_hh", "b_h", "h0"}
OUTPUT = {"W_hy", "b_y"}
SHOWS_IN = {
    "missing_carry": RECURRENT,
    "untransposed_carry": RECURRENT,
    "missing_activation_derivative": RECURRENT,
    "wrong_activation_derivative": RECURRENT,
    "time_index": {"W_hh"},
    "truncation": RECURRENT,
    "factor_T": RECURRENT | OUTPUT,
    "sign": RECURRENT | OUTPUT,
    "missing_target": RECURRENT | OUTPUT,
}
REAL_FAULTS = [fault for fault in FAULTS if fault != "none"]
EVERY_FAULT_SHOWS = {"min_length": 6, "max_length": 9, "min_hidden_size": 8, "max_hidden_size": 12, "min_gain": 1.0}


def draw(seed: int, **fixed: Any) -> tuple[Spec, dict[str, np.ndarray], SimpleNamespace]:
    rng = np.random.default_rng(seed)
    document = random_problem(rng, **fixed)
    return spec_of(document), draw_parameters(document, rng), draw_batch(document, rng)


def relative_gaps(wrong: Mapping[str, np.ndarray], right: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Largest difference in each tensor, over the largest entry of the right one."""
    assert wrong.keys() == right.keys()
    gaps = {name: np.max(np.abs(wrong[name] - right[name])) for name in right}
    return {name: float(gap / np.max(np.abs(right[name]))) if gap else 0.0 for name, gap in gaps.items()}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_hand_written_gradients_agree_with_the_complex_step(cell, seed):
    spec, parameters, batch = draw(seed, cell=cell, max_length=10, max_hidden_size=6, max_input_size=5)
    exact, by_hand = complex_step_gradient(spec, parameters, batch), gradients(spec, parameters, batch)
    for name in parameters:
        assert by_hand[name].shape == parameters[name].shape
        np.testing.assert_allclose(by_hand[name], exact[name], rtol=0, atol=1e-12 * np.max(np.abs(exact[name])))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fault", REAL_FAULTS)
def test_a_fault_shows_in_its_own_parameters_and_in_no_other(fault, seed):
    variant = {"biases": True} if fault.endswith(("b_h", "b_y")) else {}
    spec, parameters, batch = draw(seed, **EVERY_FAULT_SHOWS, **variant)
    kind, _, parameter = fault.partition(":")
    expected = SHOWS_IN.get(kind, {parameter}) & parameters.keys()
    gaps = relative_gaps(gradients(spec, parameters, batch, fault), gradients(spec, parameters, batch))
    assert {name for name, gap in gaps.items() if gap > 1e-6} == expected
    assert {name for name, gap in gaps.items() if gap > 0.0} == expected


@pytest.mark.parametrize("fault", REAL_FAULTS)
def test_can_show_tells_exactly_when_a_fault_is_visible(fault):
    """Documents small enough to hide faults: one step, one unit, no biases."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        document = random_problem(rng, max_length=4, max_hidden_size=2, min_gain=0.5, cell="tanh")
        spec, parameters, batch = spec_of(document), draw_parameters(document, rng), draw_batch(document, rng)
        if fault.startswith("overwritten_accumulator:b_") and "b_h" not in parameters:
            assert not can_show(fault, document)
            continue
        gaps = relative_gaps(gradients(spec, parameters, batch, fault), gradients(spec, parameters, batch))
        assert (max(gaps.values()) > 1e-10) == can_show(fault, document), document


@pytest.mark.parametrize("seed", range(6))
def test_a_window_as_long_as_the_sequence_truncates_nothing(seed):
    spec, parameters, batch = draw(seed, max_length=10, max_hidden_size=6)
    right = gradients(spec, parameters, batch)
    for window in (len(batch.inputs) - 1, len(batch.inputs)):
        whole = gradients(spec, parameters, batch, f"truncation:{window}")
        assert max(relative_gaps(whole, right).values()) < 1e-13


def test_a_window_of_no_lags_is_a_missing_carry():
    spec, parameters, batch = draw(1, **EVERY_FAULT_SHOWS, initial_state="learned")
    no_lags = gradients(spec, parameters, batch, "truncation:0")
    assert max(relative_gaps(no_lags, gradients(spec, parameters, batch, "missing_carry")).values()) < 1e-13


def test_a_symmetric_recurrent_weight_hides_the_untransposed_carry():
    spec, parameters, batch = draw(2, **EVERY_FAULT_SHOWS)
    parameters["W_hh"] = parameters["W_hh"] + parameters["W_hh"].T
    wrong = gradients(spec, parameters, batch, "untransposed_carry")
    assert max(relative_gaps(wrong, gradients(spec, parameters, batch)).values()) < 1e-14


def test_the_overwritten_accumulator_keeps_the_first_step_alone():
    """The backward loop ends at t = 0, where W_hh meets the initial state: where that is zero, nothing is left."""
    spec, parameters, batch = draw(3, **EVERY_FAULT_SHOWS, initial_state="zeros")
    batch.initial_state["h"] = np.zeros_like(batch.initial_state["h"])
    assert not gradients(spec, parameters, batch, "overwritten_accumulator:W_hh")["W_hh"].any()


def test_the_faults_of_length_and_sign_are_constants():
    spec, parameters, batch = draw(4, length=7)
    right = gradients(spec, parameters, batch)
    for fault, constant in (("factor_T", 7.0), ("sign", -1.0)):
        for name, wrong in gradients(spec, parameters, batch, fault).items():
            np.testing.assert_allclose(wrong, constant * right[name], rtol=1e-14)


def test_an_unknown_fault_is_refused():
    spec, parameters, batch = draw(0)
    with pytest.raises(ValueError, match="unknown fault `mising_carry`"):
        gradients(spec, parameters, batch, "mising_carry")


def test_one_step_without_recurrence_is_softmax_regression():
    """At T = 1 with h0 = 0 and an identity relu layer the net is y = W x + b, whose gradient is (p - e_k) x'."""
    spec = Spec(cell="relu", layout="column", loss="softmax_cross_entropy")
    x, W, b, k = np.array([0.5, 2.0, 1.0]), np.array([[1.0, -0.5, 0.25], [0.0, 1.0, -1.0]]), np.array([0.1, -0.2]), 1
    parameters = {"W_xh": np.eye(3), "W_hh": np.ones((3, 3)), "b_h": np.zeros(3), "W_hy": W, "b_y": b}
    batch = SimpleNamespace(inputs=x[None], tokens=None, targets=np.array([k]), initial_state={"h": np.zeros(3)})
    p = np.exp(W @ x + b) / np.sum(np.exp(W @ x + b))
    error = p - np.array([0.0, 1.0])

    d = gradients(spec, parameters, batch)

    assert loss(spec, parameters, batch) == pytest.approx(-math.log(p[k]), rel=1e-14)
    np.testing.assert_allclose(d["W_hy"], np.outer(error, x), rtol=1e-14)
    np.testing.assert_allclose(d["b_y"], error, rtol=1e-14)
    np.testing.assert_allclose(d["b_h"], W.T @ error, rtol=1e-14)
    np.testing.assert_allclose(d["W_xh"], np.outer(W.T @ error, x), rtol=1e-14)
    assert not d["W_hh"].any()


def test_a_scalar_linear_recurrence_has_its_textbook_gradient():
    """h_t = w h_{t-1} with h_0 = 1 (relu, all positive) and L = h_T**2 / 2 give dL/dw = T w**(2T - 1)."""
    w, T = 0.9, 5
    spec = Spec(cell="relu", biases=False, learned=True, loss="mse", steps="last")
    parameters = {"W_xh": np.zeros((1, 1)), "W_hh": np.array([[w]]), "W_hy": np.ones((1, 1)), "h0": np.ones(1)}
    batch = SimpleNamespace(inputs=np.ones((T, 1)), tokens=None, targets=np.zeros(1), initial_state={})
    d = gradients(spec, parameters, batch)
    assert loss(spec, parameters, batch) == pytest.approx(w ** (2 * T) / 2, rel=1e-14)
    assert d["W_hh"].item() == pytest.approx(T * w ** (2 * T - 1), rel=1e-14)
    assert d["h0"].item() == pytest.approx(w ** (2 * T), rel=1e-14)


@pytest.mark.parametrize(("steps", "counted"), [("all", 7), ("last", 1)])
def test_no_weights_make_every_class_equally_likely(steps, counted):
    spec, parameters, batch = draw(
        6, kind="softmax_cross_entropy", reduction="sum", steps=steps, length=7, batch_size=3
    )
    silent = {name: np.zeros_like(theta) for name, theta in parameters.items()}
    classes = parameters["W_hy"].shape[1 if spec.layout == "row" else 0]
    assert loss(spec, silent, batch) == pytest.approx(3 * counted * math.log(classes), rel=1e-14)


def test_no_weights_leave_half_the_squared_targets():
    spec, parameters, batch = draw(7, kind="mse", reduction="sum", batch_size=2)
    silent = {name: np.zeros_like(theta) for name, theta in parameters.items()}
    assert loss(spec, silent, batch) == pytest.approx(np.sum(batch.targets**2) / 2, rel=1e-14)


@pytest.mark.parametrize(("steps", "counted"), [("all", 4 * 5), ("last", 4)])
def test_the_mean_divides_by_the_batch_and_by_the_steps_that_count(steps, counted):
    fixed = {"length": 5, "batch_size": 4, "steps": steps}
    spec, parameters, batch = draw(8, reduction="sum", **fixed)
    mean_spec, *_ = draw(8, reduction="mean", **fixed)
    assert loss(mean_spec, parameters, batch) == pytest.approx(loss(spec, parameters, batch) / counted, rel=1e-14)
    right = gradients(spec, parameters, batch)
    for name, mean in gradients(mean_spec, parameters, batch).items():
        np.testing.assert_allclose(counted * mean, right[name], rtol=1e-13)


@pytest.mark.parametrize("steps", ["all", "last"])
@pytest.mark.parametrize("initial_state", ["zeros", "learned"])
def test_a_batch_is_the_sum_of_its_sequences(steps, initial_state):
    fixed = {"batch_size": 3, "steps": steps, "initial_state": initial_state, "reduction": "sum"}
    spec, parameters, batch = draw(9, **fixed)
    alone = [
        SimpleNamespace(
            inputs=batch.inputs[:, b],
            targets=batch.targets[:, b] if steps == "all" else batch.targets[b],
            initial_state={"h": batch.initial_state["h"][b]},
        )
        for b in range(3)
    ]
    assert loss(spec, parameters, batch) == pytest.approx(sum(loss(spec, parameters, one) for one in alone), rel=1e-13)
    each = [gradients(spec, parameters, one) for one in alone]
    total = {name: sum(one[name] for one in each) for name in parameters}
    assert max(relative_gaps(total, gradients(spec, parameters, batch)).values()) < 1e-13


@pytest.mark.parametrize("fault", FAULTS)
def test_the_other_layout_is_the_same_net_transposed(fault):
    row, parameters, batch = draw(10, layout="row", length=6, biases=True)
    column, *_ = draw(10, layout="column", length=6, biases=True)
    transposed = {name: theta.T for name, theta in parameters.items()}
    assert loss(column, transposed, batch) == loss(row, parameters, batch)
    expected = gradients(row, parameters, batch, fault)
    for name, value in gradients(column, transposed, batch, fault).items():
        np.testing.assert_array_equal(value.T, expected[name])


def test_the_arguments_are_left_as_they_were():
    spec, parameters, batch = draw(11)
    for array in (*parameters.values(), batch.inputs, batch.targets, batch.initial_state["h"]):
        array.setflags(write=False)
    for fault in ("none", "truncation:2"):
        gradients(spec, parameters, batch, fault)
    assert loss(spec, parameters, batch) == loss(spec, parameters, batch)


def test_random_problems_cover_every_choice_and_stay_in_their_ranges():
    rng = np.random.default_rng(0)
    documents = [random_problem(rng) for _ in range(400)]
    seen: dict[str, set[Any]] = {}
    for document in documents:
        for part in (document["model"], document["sequence"], document["loss"], {"seed": document["seed"]}):
            for name, value in part.items():
                if name != "init":
                    seen.setdefault(name, set()).add(value)
        assert GAIN[0] <= document["model"]["init"]["scale"] <= GAIN[1]
    for name, choices in CHOICES.items():
        assert seen[name] == set(choices)
    for name, (low, high) in RANGES.items():
        assert low <= min(seen[name])
        assert max(seen[name]) <= high
    assert seen["length"] == set(range(1, 26))


def test_a_random_problem_keeps_what_is_fixed():
    rng = np.random.default_rng(1)
    for _ in range(50):
        document = random_problem(rng, cell="relu", min_length=6, max_hidden_size=3, batch_size=None, gain=1.0)
        assert document["model"]["cell"] == "relu"
        assert document["sequence"]["length"] >= 6
        assert document["model"]["hidden_size"] <= 3
        assert document["sequence"]["batch_size"] is None
        assert document["model"]["init"]["scale"] == 1.0
    with pytest.raises(TypeError, match="lenght"):
        random_problem(rng, lenght=6)


def test_a_document_survives_its_yaml():
    rng = np.random.default_rng(2)
    for _ in range(20):
        document = random_problem(rng)
        assert yaml.safe_load(to_yaml(document)) == document


CALL_ADAPTER = """
import json, pickle, sys
sys.path.insert(0, sys.argv[1])
import adapter
parameters, batch = pickle.load(sys.stdin.buffer)
gradient = {name: value.tolist() for name, value in adapter.gradients(parameters, batch).items()}
print(json.dumps({"loss": adapter.loss(parameters, batch) if hasattr(adapter, "loss") else None, "gradient": gradient}))
"""


@pytest.mark.parametrize("with_loss", [True, False])
def test_an_adapter_computes_the_planted_fault_in_a_process_of_its_own(tmp_path, with_loss):
    rng = np.random.default_rng(3)
    document = random_problem(rng, length=6, min_hidden_size=4, max_hidden_size=6)
    spec, parameters, batch = spec_of(document), draw_parameters(document, rng), draw_batch(document, rng)
    path = write_adapter(tmp_path, document, "untransposed_carry", scale=-2.5, with_loss=with_loss)

    done = subprocess.run(
        [sys.executable, "-c", CALL_ADAPTER, str(path.parent)],
        input=pickle.dumps((parameters, batch)),
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        check=True,
    )

    answer = json.loads(done.stdout)
    assert answer["loss"] == (-2.5 * loss(spec, parameters, batch) if with_loss else None)
    for name, value in gradients(spec, parameters, batch, "untransposed_carry").items():
        np.testing.assert_array_equal(np.array(answer["gradient"][name]), -2.5 * value)
