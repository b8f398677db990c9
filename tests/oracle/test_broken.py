"""The second judge judged: right without a fault, wrong in the right places with one or two."""

import itertools
import json
import math
import pickle
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.thinned import thinned

from . import broken_net, elman
from .broken import (
    BUGS,
    BY_IDENTIFIER,
    UNNAMED,
    Bug,
    IncompatibleEditsError,
    both_show,
    compatible,
    equivalent_names,
    fits,
    gradients,
    named,
    relative_gaps,
    shows,
    source,
    truncated_to,
)
from .broken_adapter import write_adapter
from .elman import Spec
from .problems import draw_batch, draw_parameters, random_problem, spec_of

KNOWN = BUGS + UNNAMED
SQUARE = {"input_size": 4, "hidden_size": 4, "output_size": 4, "gain": 1.0}
VARIED = {"min_length": 3, "max_length": 9, "min_hidden_size": 2, "max_hidden_size": 6, "min_gain": 0.5}
ROUNDING = 1e-13  # a loop in another order adds up in another order

Draw = tuple[Spec, dict[str, np.ndarray], SimpleNamespace]


def draw(seed: int, **fixed: Any) -> Draw:
    rng = np.random.default_rng(seed)
    document = random_problem(rng, **fixed)
    return spec_of(document), draw_parameters(document, rng), draw_batch(document, rng)


def bug(identifier: str) -> Bug:
    return BY_IDENTIFIER[identifier]


@pytest.mark.parametrize("kind", ["softmax_cross_entropy", "mse"])
@pytest.mark.parametrize("layout", ["row", "column"])
@pytest.mark.parametrize("cell", ["tanh", "relu", "sigmoid"])
def test_without_a_fault_the_gradients_are_those_of_the_complex_step(cell, layout, kind):
    for seed, batch_size in itertools.product(range(3), (None, 1, 3)):
        fixed = {"cell": cell, "layout": layout, "kind": kind, "batch_size": batch_size}
        spec, parameters, batch = draw(seed, **fixed, max_length=9, max_hidden_size=5, max_input_size=4)
        exact, by_hand = elman.complex_step_gradient(spec, parameters, batch), gradients(spec, parameters, batch)
        assert list(by_hand) == list(parameters)
        assert max(relative_gaps(by_hand, exact).values()) < 1e-12


def test_the_loss_is_that_of_the_first_oracle():
    for seed in range(20):
        spec, parameters, batch = draw(seed, max_length=9)
        expected = elman.loss(spec, parameters, batch)
        assert broken_net.loss(spec, parameters, batch) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("seed", thinned(range(16), every=2))
def test_a_fault_leaves_the_shapes_and_every_parameter_that_it_does_not_touch(seed):
    spec, parameters, batch = draw(seed, **VARIED, **(SQUARE if seed % 2 else {}))
    right = gradients(spec, parameters, batch)
    for fault in KNOWN:
        if not fits([fault], spec, parameters):
            continue
        wrong = gradients(spec, parameters, batch, [fault])
        gaps = relative_gaps(wrong, right)
        assert {name: value.shape for name, value in wrong.items()} == {
            name: value.shape for name, value in parameters.items()
        }
        assert max((gaps[name] for name in gaps if name not in fault.touches), default=0.0) < ROUNDING, fault


def test_every_fault_shows_in_some_random_problem():
    hidden = set(KNOWN)
    for seed in range(60):
        problem = draw(seed, **VARIED, **(SQUARE if seed % 2 else {}))
        hidden -= {fault for fault in hidden if shows(fault, *problem)}
    assert not {fault.identifier for fault in hidden}


def test_every_fault_of_the_first_oracle_is_here_too():
    same = {
        "missing_carry": "missing-term:dh_next/never added",
        "untransposed_carry": "untransposed-weight:W_hh",
        "missing_activation_derivative": "missing-activation-derivative:f'",
        "time_index": "wrong-time-index:h[t-1]/h[t]",
        "overwritten_accumulator:W_hh": "overwritten-accumulator:W_hh",
        "overwritten_accumulator:b_y": "overwritten-accumulator:b_y",
        "truncation:1": "truncated-chain:1",
        "truncation:4": "truncated-chain:4",
        "factor_T": "scaled-gradient:T",
        "sign": "sign-flip:all",
        "missing_target": "missing-target:dy",
    }
    for seed, (theirs, ours) in itertools.product(range(5), same.items()):
        spec, parameters, batch = draw(seed, **VARIED, biases=True, initial_state="learned")
        expected = elman.gradients(spec, parameters, batch, theirs)
        wrong = gradients(spec, parameters, batch, [bug(ours)])
        assert max(relative_gaps(wrong, expected).values()) < 1e-12, ours


# A net of one unit and two steps, by hand: h_1 = tanh(u x_1 + w h_0), y_t = v h_t, and mse.
U, W, V, H0 = 0.7, -0.9, 1.3, 0.4
X, Y = (0.5, -1.2), (0.3, 0.8)
S = [math.tanh(U * X[0] + W * H0)]
S.append(math.tanh(U * X[1] + W * S[0]))
E = [V * s - y for s, y in zip(S, Y, strict=True)]
F = [1.0 - s**2 for s in S]
DZ2 = F[1] * V * E[1]
DZ1 = F[0] * (V * E[0] + W * DZ2)


def one_unit() -> Draw:
    spec = Spec(cell="tanh", biases=False, learned=True, loss="mse")
    parameters = {"W_xh": np.array([[U]]), "W_hh": np.array([[W]]), "W_hy": np.array([[V]]), "h0": np.array([H0])}
    batch = SimpleNamespace(inputs=np.array(X)[:, None], tokens=None, targets=np.array(Y)[:, None], initial_state={})
    return spec, parameters, batch


@pytest.mark.parametrize(
    ("identifier", "parameter", "expected"),
    [
        (None, "W_hh", DZ1 * H0 + DZ2 * S[0]),
        (None, "h0", W * DZ1),
        ("missing-term:dh_next/never added", "W_hh", F[0] * V * E[0] * H0 + DZ2 * S[0]),
        ("missing-term:W_hh", "W_xh", F[0] * (V * E[0] + DZ2) * X[0] + DZ2 * X[1]),
        ("bypassed-activation:dh_next", "W_xh", F[0] * (V * E[0] + W * V * E[1]) * X[0] + DZ2 * X[1]),
        ("sign-flip:dh_next/where added", "W_xh", F[0] * (V * E[0] - W * DZ2) * X[0] + DZ2 * X[1]),
        ("sign-flip:dh_next/where made", "h0", -W * F[0] * (V * E[0] - W * DZ2)),
        ("double-counted-term:dh_next/where added", "W_xh", F[0] * (V * E[0] + 2 * W * DZ2) * X[0] + DZ2 * X[1]),
        ("double-counted-term:dh_next/never set anew", "h0", W * DZ1 + W * DZ2),
        ("overwritten-carry:dh", "W_xh", F[0] * W * DZ2 * X[0] + DZ2 * X[1]),
        ("missing-activation-derivative:f'", "h0", W * (V * E[0] + W * V * E[1])),
        ("missing-activation-derivative:f' of dh_next", "h0", W * (F[0] * V * E[0] + W * DZ2)),
        ("wrong-activation-derivative:f'/f itself", "h0", W * S[0] * (V * E[0] + W * S[1] * V * E[1])),
        ("wrong-time-index:f'/step after, clamped", "h0", W * F[1] * (V * E[0] + W * DZ2)),
        (
            "forward-order-loop:loop",
            "W_xh",
            F[0] * V * E[0] * X[0] + F[1] * (V * E[1] + W * F[0] * V * E[0]) * X[1],
        ),
        ("skipped-step:first/hidden part", "W_xh", DZ2 * X[1]),
        ("skipped-step:last/everything", "W_hy", E[0] * S[0]),
        ("stale-cache:cache/last, hidden part", "W_xh", F[1] * (V * E[0] + W * DZ2) * X[1] + DZ2 * X[1]),
        ("missing-target:dy", "W_hy", V * S[0] ** 2 + V * S[1] ** 2),
        ("sign-flip:target", "W_hy", (V * S[0] + Y[0]) * S[0] + (V * S[1] + Y[1]) * S[1]),
        ("wrong-time-index:dy/step after, dropped", "h0", W * F[0] * V * E[1]),
        (
            "clipped-gradient:dh_next/dh_next elementwise at 0.01",
            "h0",
            math.copysign(0.01, W * (V * E[0] + math.copysign(0.01, W * DZ2))),
        ),
        ("scaled-gradient:1/T", "h0", W * DZ1 / 2),
        ("regulariser-mismatch:W_hy/lambda 0.1", "W_hy", E[0] * S[0] + E[1] * S[1] + 0.1 * V),
        ("overwritten-accumulator:W_hh", "W_hh", DZ1 * H0),
        ("double-counted-term:W_hh", "W_hh", DZ1 * H0 + 2 * DZ2 * S[0]),
        ("wrong-time-index:h[t-1]/h[t]", "W_hh", DZ1 * S[0] + DZ2 * S[1]),
        ("wrapped-index:h[t-1]", "W_hh", DZ1 * S[1] + DZ2 * S[0]),
        ("missing-initial-state:h[t-1]", "W_hh", DZ2 * S[0]),
        ("wrong-time-index:W_xh/step after, dropped", "W_xh", DZ2 * X[0]),
        ("missing-activation-derivative:W_xh", "W_xh", (V * E[0] + W * DZ2) * X[0] + V * E[1] * X[1]),
        ("missing-term:dh_next in W_hh", "W_hh", F[0] * V * E[0] * H0 + DZ2 * S[0]),
        ("wrong-operand:W_hh/h[t] for dz", "W_hh", S[0] * H0 + S[1] * S[0]),
        ("unexplained:/loop runs one step too far", "W_hy", E[0] * S[0] + E[1] * S[1] + E[1] * H0),
    ],
)
def test_two_steps_of_one_unit_are_wrong_as_worked_out_by_hand(identifier, parameter, expected):
    faults = [bug(identifier)] if identifier else []
    wrong = gradients(*one_unit(), faults)[parameter].item()
    assert wrong == pytest.approx(expected, rel=1e-13)


def test_the_carry_goes_through_the_transposed_weight_and_the_fault_through_the_other():
    """One step, two relu units at work: dL/dh0 = W' V' y for y = V W h0 and half its square."""
    W, V, h0 = np.array([[0.5, 2.0], [1.0, 0.25]]), np.array([[1.0, 3.0]]), np.array([1.0, 0.5])
    spec = Spec(cell="relu", layout="column", biases=False, learned=True, loss="mse")
    parameters = {"W_xh": np.zeros((2, 1)), "W_hh": W, "W_hy": V, "h0": h0}
    batch = SimpleNamespace(inputs=np.ones((1, 1)), tokens=None, targets=np.zeros((1, 1)), initial_state={})
    y = (V @ W @ h0).item()
    right = gradients(spec, parameters, batch)["h0"]
    wrong = gradients(spec, parameters, batch, [bug("untransposed-weight:W_hh")])["h0"]
    np.testing.assert_allclose(right, [y * (0.5 + 3.0), y * (2.0 + 0.75)], rtol=1e-14)
    np.testing.assert_allclose(wrong, [y * (0.5 + 6.0), y * (1.0 + 0.75)], rtol=1e-14)


@pytest.mark.parametrize("window", [1, 2, 3, 4])
def test_a_window_of_k_keeps_k_plus_one_of_the_equal_terms_of_a_linear_recurrence(window):
    """h_t = w h_{t-1} from h_0 = 1 and L = h_T**2 / 2: each step contributes w**(2T - 1) to dL/dw."""
    w, T = 0.9, 7
    spec = Spec(cell="relu", biases=False, learned=True, loss="mse", steps="last")
    parameters = {"W_xh": np.zeros((1, 1)), "W_hh": np.array([[w]]), "W_hy": np.ones((1, 1)), "h0": np.ones(1)}
    batch = SimpleNamespace(inputs=np.ones((T, 1)), tokens=None, targets=np.zeros(1), initial_state={})
    wrong = gradients(spec, parameters, batch, [bug(f"truncated-chain:{window}")])
    assert wrong["W_hh"].item() == pytest.approx((window + 1) * w ** (2 * T - 1), rel=1e-13)
    assert wrong["h0"].item() == 0.0


def test_a_window_as_long_as_the_sequence_less_one_truncates_nothing():
    problem = draw(2, **SQUARE, length=4, initial_state="learned", steps="all")
    assert not shows(bug("truncated-chain:3"), *problem)
    assert shows(bug("truncated-chain:2"), *problem)


@pytest.mark.parametrize(
    ("cell", "kind", "steps", "initial_state"),
    thinned(
        itertools.product(
            ["tanh", "relu", "sigmoid"], ["softmax_cross_entropy", "mse"], ["all", "last"], ["zeros", "learned"]
        ),
        every=9,
    ),
)
def test_faults_that_always_give_the_same_gradients_accept_each_other_names(cell, kind, steps, initial_state):
    """Clips are left out, for whether two of them act alike depends on the numbers."""
    fixed = {**SQUARE, "cell": cell, "kind": kind, "steps": steps, "initial_state": initial_state, "reduction": "sum"}
    draws = [draw(seed, **fixed, length=7, batch_size=3, biases=True, inputs="dense") for seed in range(2)]
    spec = draws[0][0]
    rights = [gradients(*at) for at in draws]
    faults, points = [], []
    for fault in BUGS:
        if fault.kind == "clipped-gradient" or not fits([fault], spec, draws[0][1]):
            continue
        wrong = [gradients(*at, [fault]) for at in draws]
        if all(max(relative_gaps(*pair).values()) > 1e-6 for pair in zip(wrong, rights, strict=True)):
            faults.append(fault)
            points.append(np.hstack([value.ravel() for at in wrong for value in at.values()]))
    for fault, point in zip(faults, points, strict=True):
        for same in np.flatnonzero(np.all(np.isclose(np.array(points), point, rtol=1e-7, atol=1e-12), axis=1)):
            other = faults[same]
            assert fault.lenient or other.lenient or fault.accepts(*other.name(spec), spec), (fault, other)


def test_names_are_spelled_with_the_cell():
    assert bug("missing-activation-derivative:f'").name(Spec(cell="relu")) == ("missing-activation-derivative", "relu'")
    at_relu = bug("stale-cache:cache/last, only in the derivative").names(Spec(cell="relu"))
    assert at_relu == {("stale-cache", "cache"), ("stale-cache", "relu'")}


def test_an_unnamed_fault_may_stay_unexplained_and_a_named_one_may_not():
    problem = draw(3, **VARIED, **SQUARE)
    unnamed, plain = bug("unexplained:/own error twice"), bug("untransposed-weight:W_hh")
    assert named(unnamed, ("unexplained", "chain"), *problem)
    assert named(unnamed, ("scaled-gradient", "W_xh"), *problem)
    assert not named(unnamed, ("sign-flip", "dh_next"), *problem)
    assert not named(plain, ("unexplained", "chain"), *problem)


def test_a_lenient_fault_is_named_by_its_kind():
    problem = draw(3, **SQUARE, length=7, steps="all")
    chunks = bug("truncated-chain:3/chunks from the start")
    assert named(chunks, ("truncated-chain", "2"), *problem)
    assert not named(bug("truncated-chain:3"), ("truncated-chain", "2"), *problem)


def test_what_two_steps_cannot_tell_apart_has_either_name():
    problem = draw(4, **SQUARE, length=2, batch_size=3, steps="all")
    assert ("scaled-gradient", "2") in equivalent_names(bug("scaled-gradient:T"), *problem)
    assert ("scaled-gradient", "B") not in equivalent_names(bug("scaled-gradient:T"), *problem)


def test_a_window_that_ends_before_the_first_step_may_be_called_a_skipped_first_step():
    """One output error, at the end of eight steps: with a window of six it reaches all steps but the first."""
    problem = draw(4, **SQUARE, length=8, steps="last", initial_state="zeros")
    assert named(bug("skipped-step:first/hidden part"), ("truncated-chain", "6"), *problem)
    assert named(truncated_to(6), ("skipped-step", "first"), *problem)
    assert not named(truncated_to(5), ("skipped-step", "first"), *problem)


def test_two_faults_of_two_parameters_change_each_as_each_alone():
    spec, parameters, batch = draw(5, **SQUARE, length=5, biases=True)
    first, second = bug("wrapped-index:h[t-1]"), bug("skipped-step:b_y/first")
    right = gradients(spec, parameters, batch)
    pair = gradients(spec, parameters, batch, [first, second])
    for name in parameters:
        alone = {"W_hh": [first], "b_y": [second]}.get(name)
        expected = gradients(spec, parameters, batch, alone)[name] if alone else right[name]
        np.testing.assert_array_equal(pair[name], expected)


def test_a_constant_multiplies_whatever_else_is_wrong():
    spec, parameters, batch = draw(6, **SQUARE, length=5)
    for identifier in ("untransposed-weight:W_hh", "truncated-chain:2", "sign-flip:target"):
        alone = gradients(spec, parameters, batch, [bug(identifier)])
        for name, value in gradients(spec, parameters, batch, [bug(identifier), bug("scaled-gradient:T")]).items():
            np.testing.assert_allclose(value, 5.0 * alone[name], rtol=1e-14)


def test_two_faults_of_the_chain_are_both_at_work_in_one_unit():
    faults = [bug("bypassed-activation:dh_next"), bug("sign-flip:dh_next/where added")]
    wrong = gradients(*one_unit(), faults)["W_xh"].item()
    assert wrong == pytest.approx(F[0] * (V * E[0] - W * V * E[1]) * X[0] + DZ2 * X[1], rel=1e-13)


def test_two_faults_of_one_fragment_do_not_fit_one_program():
    faults = [bug("untransposed-weight:W_hh"), bug("missing-term:W_hh")]
    assert not compatible(faults)
    assert not both_show(faults, *draw(7, **SQUARE, length=5))
    with pytest.raises(IncompatibleEditsError, match="cannot be changed twice"):
        source(faults)


def test_nearly_all_pairs_fit_one_program_and_run():
    spec, parameters, batch = draw(8, **SQUARE, length=4)
    faults = [fault for fault in KNOWN if fits([fault], spec, parameters)]
    pairs = list(itertools.combinations(faults[::13], 2))
    fitting = [pair for pair in pairs if compatible(pair)]
    assert len(fitting) > 0.9 * len(pairs)
    for pair in fitting:
        wrong = gradients(spec, parameters, batch, pair)
        assert {name: value.shape for name, value in wrong.items()} == {
            name: value.shape for name, value in parameters.items()
        }


def test_a_pair_in_which_one_fault_hides_the_other_is_no_pair():
    problem = draw(8, **SQUARE, length=5, steps="all", initial_state="zeros")
    assert not both_show([bug("sign-flip:W_hh"), bug("missing-gradient:W_hh")], *problem)
    assert not both_show([bug("missing-term:dh_next/never added"), bug("untransposed-weight:W_hh")], *problem)
    assert both_show([bug("sign-flip:W_hh"), bug("untransposed-weight:W_hh")], *problem)


def test_what_a_net_cannot_have_does_not_show():
    one_step = draw(9, length=1, hidden_size=1, output_size=3, kind="mse", steps="all", biases=False, batch_size=None)
    for identifier in (
        "untransposed-weight:W_hh",  # one unit
        "untransposed-weight:W_hy",  # not square
        "diagonal-softmax:dy",
        "error-at-every-step:dy/everywhere",
        "overwritten-accumulator:b_h",  # no biases
        "truncated-chain:1",
        "scaled-gradient:T",
        "scaled-gradient:B",
    ):
        assert not shows(bug(identifier), *one_step), identifier


def test_a_fault_that_overflows_does_not_show():
    spec, parameters, batch = draw(10, **SQUARE, length=25, batch_size=4, cell="relu", reduction="sum", steps="all")
    parameters = {name: 4.0 * np.abs(value) for name, value in parameters.items()}
    assert not shows(bug("wrong-operand:W_hh/gradient with this step"), spec, parameters, batch)


def test_the_arguments_are_left_as_they_were():
    spec, parameters, batch = draw(11, **SQUARE, length=5)
    for array in (*parameters.values(), batch.inputs, batch.targets, batch.initial_state["h"]):
        array.setflags(write=False)
    for fault in KNOWN:
        if fits([fault], spec, parameters):
            gradients(spec, parameters, batch, [fault])
    assert not shows([], spec, parameters, batch)


def test_identifiers_are_unique():
    assert len(BY_IDENTIFIER) == len(KNOWN)


CALL_ADAPTER = """
import json, pickle, sys
sys.path.insert(0, sys.argv[1])
import adapter
parameters, batch = pickle.load(sys.stdin.buffer)
gradient = {name: value.tolist() for name, value in adapter.gradients(parameters, batch).items()}
print(json.dumps({"loss": adapter.loss(parameters, batch) if hasattr(adapter, "loss") else None, "gradient": gradient}))
"""


@pytest.mark.parametrize("with_loss", [True, False])
def test_an_adapter_holds_the_planted_faults_in_its_own_text(tmp_path, with_loss):
    spec, parameters, batch = draw(12, **SQUARE, length=5, reduction="mean")
    faults = [bug("untransposed-weight:W_hh"), bug("sign-flip:all")]
    path = write_adapter(tmp_path, spec, faults, with_loss=with_loss)
    assert "run.carry = W @ run.da[t]" in path.read_text(encoding="utf-8")

    done = subprocess.run(
        [sys.executable, "-c", CALL_ADAPTER, str(path.parent)],
        input=pickle.dumps((parameters, batch)),
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        check=True,
    )

    answer = json.loads(done.stdout)
    expected = pytest.approx(elman.loss(spec, parameters, batch), rel=1e-13) if with_loss else None
    assert answer["loss"] == expected
    for name, value in gradients(spec, parameters, batch, faults).items():
        np.testing.assert_array_equal(np.array(answer["gradient"][name]), value)
