"""The gated oracle judged: conventions by hand, gradients by the complex step, and each planted bug on some net."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from tests.thinned import thinned

from .broken import relative_gaps
from .broken_bug import IncompatibleEditsError
from .gated import (
    BUGS,
    BY_IDENTIFIER,
    Bug,
    GatedBatch,
    GatedSpec,
    adapter_source,
    complex_step_gradients,
    equivalents,
    fits,
    gradients,
    loss,
    named,
    random_case,
    shows,
)
from .gated_bug import contains, gate_words
from .gated_spec import GATES

SQUARE = {"input_size": 4, "hidden_size": 4, "output_size": 4}
RICH = {**SQUARE, "length": 6, "batch_size": 3, "biases": True, "learned": True, "inputs": "dense"}
VARIANTS = {
    "lstm": [
        {"lstm_output": output, "peepholes": peepholes, "coupled": coupled}
        for output, peepholes, coupled in itertools.product(("tanh", "identity"), (False, True), (False, True))
    ],
    "gru": [{"reset": reset, "keeps": keeps} for reset, keeps in itertools.product(("before", "after"), ("z", "1-z"))],
}
KINDS = """
missing-term untransposed-weight missing-activation-derivative wrong-activation-derivative bypassed-activation
overwritten-accumulator overwritten-carry wrong-time-index wrapped-index skipped-step wrong-operand double-counted-term
error-at-every-step stale-cache forward-order-loop truncated-chain missing-initial-state sign-flip scaled-gradient
missing-target clipped-gradient swapped-gates missing-gradient
"""
EVERY_VARIANT = [(cell, variant) for cell, variants in VARIANTS.items() for variant in variants]


def case(seed: int, **fixed: Any) -> tuple[GatedSpec, dict[str, np.ndarray], GatedBatch]:
    return random_case(np.random.default_rng(seed), **fixed)


@pytest.mark.parametrize(("cell", "variant"), thinned(EVERY_VARIANT, every=4))
def test_without_a_bug_the_gradients_are_those_of_the_complex_step(cell, variant):
    for seed in range(6):
        spec, parameters, batch = case(seed, cell=cell, **variant)
        by_hand, exact = gradients(spec, parameters, batch), complex_step_gradients(spec, parameters, batch)
        assert {name: value.shape for name, value in by_hand.items()} == {
            name: value.shape for name, value in parameters.items()
        }
        assert max(relative_gaps(by_hand, exact).values()) < 1e-10


def sigmoid(a: float) -> float:
    return 1.0 / (1.0 + math.exp(-a))


def lstm_by_hand(spec: GatedSpec, w: dict[str, float], inputs: list[float], h: float, c: float) -> list[float]:
    """Outputs of a net of one unit."""
    p = {gate: w.get(f"p_{gate}", 0.0) for gate in "ifo"}
    outputs = []
    for x in inputs:
        a = {gate: w[f"W_x{gate}"] * x + w[f"W_h{gate}"] * h + w[f"b_{gate}"] for gate in spec.gates}
        i = sigmoid(a["i"] + p["i"] * c)
        f = 1.0 - i if spec.coupled else sigmoid(a["f"] + p["f"] * c)
        c = f * c + i * math.tanh(a["g"])
        h = sigmoid(a["o"] + p["o"] * c) * (c if spec.lstm_output == "identity" else math.tanh(c))
        outputs.append(w["W_hy"] * h + w["b_y"])
    return outputs


def gru_by_hand(spec: GatedSpec, w: dict[str, float], inputs: list[float], h: float, _: float) -> list[float]:
    """Outputs of a net of one unit; both placements of r are the same there."""
    outputs = []
    for x in inputs:
        z, r = (sigmoid(w[f"W_x{gate}"] * x + w[f"W_h{gate}"] * h + w[f"b_{gate}"]) for gate in "zr")
        n = math.tanh(w["W_xn"] * x + w["W_hn"] * r * h + w["b_n"])
        h = (1.0 - z) * n + z * h if spec.keeps == "z" else z * n + (1.0 - z) * h
        outputs.append(w["W_hy"] * h + w["b_y"])
    return outputs


@pytest.mark.parametrize(("cell", "variant"), EVERY_VARIANT)
@pytest.mark.parametrize("steps", ["all", "last"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_the_loss_of_one_unit_is_that_worked_out_by_hand(cell, variant, steps, reduction):
    sizes = {"input_size": 1, "hidden_size": 1, "output_size": 1, "length": 4, "batch_size": 2, "inputs": "dense"}
    fixed = {"cell": cell, "loss": "mse", "steps": steps, "reduction": reduction, "biases": True, "learned": False}
    spec, parameters, batch = case(3, **sizes, **fixed, **variant)
    w = {name: value.item() for name, value in parameters.items()}
    start = {state: np.broadcast_to(value, (2, 1)) for state, value in batch.initial_state.items()}
    total = 0.0
    for b in range(2):
        h, c = start["h"][b].item(), start["c"][b].item() if cell == "lstm" else 0.0
        outputs = (lstm_by_hand if cell == "lstm" else gru_by_hand)(spec, w, batch.inputs[:, b, 0].tolist(), h, c)
        if steps == "all":
            total += sum(0.5 * (y - target) ** 2 for y, target in zip(outputs, batch.targets[:, b, 0], strict=True))
        else:
            total += 0.5 * (outputs[-1] - batch.targets[b, 0]) ** 2
    divisor = {"sum": 1, "mean": 2 * (4 if steps == "all" else 1)}[reduction]
    assert loss(spec, parameters, batch) == pytest.approx(total / divisor, rel=1e-13)


@pytest.mark.parametrize("reset", ["before", "after"])
def test_the_reset_gate_stands_before_or_after_the_recurrent_weight(reset):
    """One step of a net that outputs h, with z = 1/2 and r[0] = sigmoid(1) on the first of two units."""
    zero = np.zeros((2, 2))
    parameters = {f"W_{kind}{gate}": zero for kind, gate in itertools.product("xh", "zrn")}
    swap = np.array([[0.0, 2.0], [3.0, 0.0]])
    parameters |= {"W_hn": swap, "b_z": np.zeros(2), "b_r": np.array([1.0, 0.0]), "b_n": np.zeros(2)}
    parameters |= {"W_hy": np.eye(2), "b_y": np.zeros(2)}
    spec = GatedSpec(cell="gru", loss="mse", reset=reset)
    h, r = np.array([0.3, -0.2]), np.array([sigmoid(1.0), 0.5])
    n = np.tanh((r * h) @ swap if reset == "before" else r * (h @ swap))
    batch = GatedBatch(np.zeros((1, 2)), np.zeros((1, 2)), {"h": h})
    assert loss(spec, parameters, batch) == pytest.approx(0.5 * np.sum((0.5 * n + 0.5 * h) ** 2), rel=1e-13)


def test_softmax_cross_entropy_is_the_mean_of_the_negative_log_probabilities():
    spec, parameters, batch = case(0, layout="column", reduction="mean", steps="all", batch_size=2, biases=True)
    parameters |= {"W_hy": np.zeros_like(parameters["W_hy"])}
    log_p = parameters["b_y"] - np.log(np.sum(np.exp(parameters["b_y"])))
    assert loss(spec, parameters, batch) == pytest.approx(-np.mean(log_p[batch.targets]), rel=1e-13)


@pytest.mark.parametrize("cell", GATES)
def test_the_layouts_agree(cell):
    spec, parameters, batch = case(1, cell=cell, layout="row", batch_size=3)
    column = GatedSpec(**{**vars(spec), "layout": "column"})
    turned = {name: value.T for name, value in parameters.items()}
    expected = gradients(spec, parameters, batch)
    assert loss(column, turned, batch) == pytest.approx(loss(spec, parameters, batch), rel=1e-13)
    for name, value in gradients(column, turned, batch).items():
        np.testing.assert_allclose(value.T, expected[name], rtol=1e-9, atol=1e-13)


def test_every_bug_shows_on_some_random_net():
    hidden = set(BUGS)
    for seed in range(60):
        net = case(seed, **(SQUARE if seed % 2 else {}))
        hidden -= {bug for bug in hidden if shows(bug, *net)}
    assert not {bug.identifier for bug in hidden}


@pytest.mark.parametrize(("cell", "variant"), thinned(EVERY_VARIANT, every=6))
@pytest.mark.parametrize("layout", ["row", "column"])
def test_a_bug_runs_wherever_it_has_a_place_and_leaves_the_shapes(cell, variant, layout):
    """Sizes that all differ, so that a product the wrong way round could not pass unnoticed."""
    sizes = {"input_size": 2, "hidden_size": 4, "output_size": 3, "length": 5, "batch_size": 6}
    for biases, learned, steps in ((True, True, "all"), (False, False, "last")):
        choices = {"biases": biases, "learned": learned, "steps": steps, "layout": layout}
        spec, parameters, batch = case(4, cell=cell, **sizes, **choices, **variant)
        for bug in BUGS:
            if fits([bug], spec, parameters):
                wrong = gradients(spec, parameters, batch, [bug])
                assert {name: value.shape for name, value in wrong.items()} == {
                    name: value.shape for name, value in parameters.items()
                }, bug.identifier


@pytest.mark.parametrize("cell", GATES)
def test_layouts_and_biases_do_not_decide_what_a_bug_does(cell):
    """The text differs between rows and columns, and the same bug must change the same."""
    spec, parameters, batch = case(5, cell=cell, layout="row", **RICH)
    column = GatedSpec(**{**vars(spec), "layout": "column"})
    turned = {name: value.T for name, value in parameters.items()}
    for bug in BUGS:
        assert fits([bug], spec, parameters) == fits([bug], column, turned), bug.identifier
        if fits([bug], spec, parameters):
            rows, columns = gradients(spec, parameters, batch, [bug]), gradients(column, turned, batch, [bug])
            gaps = relative_gaps({name: value.T for name, value in columns.items()}, rows)
            assert max(gaps.values()) < 1e-9, bug.identifier


@pytest.mark.campaign
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_no_two_bugs_of_other_kind_or_gate_coincide_in_every_net(cell):
    """Such a pair would have to accept each other's names: there is none."""
    coincide: set[tuple[Bug, Bug]] = set()
    differ: set[tuple[Bug, Bug]] = set()
    for seed, (variant, steps) in enumerate(itertools.product(VARIANTS[cell], ("all", "last"))):
        net = case(seed, cell=cell, steps=steps, loss="mse", reduction="sum", **RICH, **variant)
        shown = [bug for bug in BUGS if shows(bug, *net)]
        points = np.array([fingerprint(bug, net) for bug in shown])
        for first, point in zip(shown, points, strict=True):
            same = np.all(np.isclose(points, point, rtol=1e-9, atol=1e-12), axis=1)
            for second, is_same in zip(shown, same, strict=True):
                (coincide if is_same else differ).add((first, second))
    always = coincide - differ
    assert not [pair for pair in always if (pair[0].kind, pair[0].gate) != (pair[1].kind, pair[1].gate)]


def fingerprint(bug: Bug, net: tuple[GatedSpec, dict[str, np.ndarray], GatedBatch]) -> np.ndarray:
    """All gradients, one after the other."""
    return np.concatenate([value.ravel() for value in gradients(*net, [bug]).values()])


def test_where_the_last_step_counts_alone_an_overwritten_readout_is_a_missing_one():
    net = case(7, cell="gru", **RICH, steps="last")
    found = equivalents(BY_IDENTIFIER["gru:overwritten-accumulator:W_hy"], *net)
    assert BY_IDENTIFIER["gru:missing-gradient:W_hy"] in found
    assert named(found[0], "missing-gradient", "W_hy", *net)
    assert not named(found[0], "missing-gradient", "b_y", *net)
    apart = equivalents(BY_IDENTIFIER["gru:untransposed-weight:W_hz"], *net)
    assert apart == (BY_IDENTIFIER["gru:untransposed-weight:W_hz"],)


def test_identifiers_are_unique_and_gates_are_the_cells():
    assert len(BY_IDENTIFIER) == len(BUGS)
    for bug in BUGS:
        assert bug.terms, bug.identifier
        assert bug.gate in ("", *GATES[bug.cell]), bug.identifier
        if bug.gate:
            assert any(bug.named_by(bug.kind, word) for word in gate_words(bug.gate)), bug.identifier


def test_a_bug_is_named_by_its_own_subject():
    """Behind a slash stands the variant, which says nothing of the term."""
    for bug in BUGS:
        subject = bug.identifier.split(":", 2)[2]
        assert any(bug.named_by(bug.kind, term) for term in (subject, subject.partition("/")[0])), bug.identifier


def test_the_kinds_are_those_of_the_report():
    assert {kind for bug in BUGS for kind in (bug.kind, *bug.also)} <= set(KINDS.split())


@pytest.mark.parametrize("cell", GATES)
def test_a_window_as_long_as_the_sequence_less_one_truncates_nothing(cell):
    bug = BY_IDENTIFIER[f"{cell}:truncated-chain:3"]
    for steps in ("all", "last"):
        fixed = {"cell": cell, **RICH, "steps": steps}
        assert not shows(bug, *case(11, **fixed | {"length": 4}))
        assert shows(bug, *case(11, **fixed | {"length": 5}))


def test_a_word_stands_in_a_term_only_as_a_whole():
    assert contains("sigmoid' of f", "f")
    assert contains("c[t-1] in df", "df")
    assert not contains("of", "f")
    assert not contains("W_hf", "f")
    assert not contains("1/T", "T")
    assert not contains("f'", "f")


def test_two_bugs_of_different_lines_fit_one_program_and_of_one_fragment_do_not():
    spec, parameters, _ = case(8, cell="lstm", **RICH, coupled=False)
    slope, weight = BY_IDENTIFIER["lstm:missing-activation-derivative:sigmoid' of f"], "lstm:untransposed-weight:W_hi"
    assert fits([slope, BY_IDENTIFIER[weight]], spec, parameters)
    same_fragment = [BY_IDENTIFIER["lstm:swapped-gates:i for g in di"], BY_IDENTIFIER["lstm:missing-term:g in di"]]
    assert not fits(same_fragment, spec, parameters)
    with pytest.raises(IncompatibleEditsError):
        adapter_source(spec, same_fragment)


def test_a_bug_of_the_other_cell_or_of_a_missing_gate_does_not_fit():
    coupled = case(9, cell="lstm", coupled=True, **RICH)
    assert not shows(BY_IDENTIFIER["lstm:untransposed-weight:W_hf"], *coupled)
    assert not shows(BY_IDENTIFIER["gru:untransposed-weight:W_hz"], *coupled)
    with pytest.raises(LookupError, match="has no place"):
        adapter_source(coupled[0], [BY_IDENTIFIER["lstm:untransposed-weight:W_hf"]])


def test_an_adapter_is_one_net_and_its_bug_is_a_line_of_it():
    spec = GatedSpec(cell="lstm", layout="column")
    wrong = adapter_source(spec, [BY_IDENTIFIER["lstm:untransposed-weight:W_hf"]])
    changed = set(wrong.splitlines()) - set(adapter_source(spec).splitlines())
    assert changed == {'        + p["W_hf"] @ da_f'}


def test_the_arguments_are_left_as_they_were():
    for cell in GATES:
        spec, parameters, batch = case(10, cell=cell, **RICH)
        for array in (*parameters.values(), batch.inputs, batch.targets, *batch.initial_state.values()):
            array.setflags(write=False)
        for bug in BUGS:
            if fits([bug], spec, parameters):
                gradients(spec, parameters, batch, [bug])


def test_an_unknown_choice_is_refused():
    with pytest.raises(TypeError, match="peepholes"):
        case(0, cell="gru", peepholes=True)
