"""Draws: what comes in which shape, which tokens, how wide; and that one size's change leaves the rest alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from gradcheck_rnn.model.draw import (
    PROBE_ENTRIES,
    configured_net,
    configured_problem,
    probe_net,
    probe_problem,
    shorter_probe_nets,
    stream,
)
from tests.model.problems import document, documents, problem_of, settings_of


def drawn(**fixed):
    return configured_problem(settings_of(document(**fixed)))


@given(documents())
@settings(max_examples=60)
def test_a_batch_has_the_shapes_and_types_of_the_contract(given_document):
    batch = configured_problem(settings_of(given_document)).batch
    model, sequence, loss = (given_document[part] for part in ("model", "sequence", "loss"))
    batched = () if sequence["batch_size"] is None else (sequence["batch_size"],)
    steps = (sequence["length"], *batched)
    counted = steps if loss["steps"] == "all" else batched
    assert batch.inputs.shape == (*steps, model["input_size"])
    assert batch.inputs.dtype == np.float64
    if sequence["inputs"] == "dense":
        assert batch.tokens is None
    else:
        assert batch.tokens.shape == steps
        assert batch.tokens.dtype.kind == "i"
        np.testing.assert_array_equal(batch.inputs, np.eye(model["input_size"])[batch.tokens])
    if loss["kind"] == "mse":
        assert batch.targets.shape == (*counted, model["output_size"])
        assert batch.targets.dtype == np.float64
    else:
        assert batch.targets.shape == counted
        assert batch.targets.dtype.kind == "i"
        assert np.isin(batch.targets, np.arange(model["output_size"])).all()
    assert {name: state.shape for name, state in batch.initial_state.items()} == {"h": (*batched, model["hidden_size"])}
    assert batch.initial_state["h"].dtype == np.float64


@given(documents())
@settings(max_examples=60)
def test_parameters_have_the_shapes_of_their_layout(given_document):
    parameters = configured_problem(settings_of(given_document)).parameters
    model = given_document["model"]
    I, H, O = model["input_size"], model["hidden_size"], model["output_size"]  # noqa: E741 - the field's names
    rows = {"W_xh": (I, H), "W_hh": (H, H), "W_hy": (H, O)}
    expected = {name: shape if model["layout"] == "row" else shape[::-1] for name, shape in rows.items()}
    expected |= {"b_h": (H,), "b_y": (O,)} if model["biases"] else {}
    expected |= {"h0": (H,)} if model["initial_state"] == "learned" else {}
    assert {name: value.shape for name, value in parameters.items()} == expected


def test_the_configured_point_starts_from_zeros():
    problem = drawn(biases=True, initial_state="learned")
    for name in ("b_h", "b_y", "h0"):
        assert not problem.parameters[name].any()
    assert not problem.batch.initial_state["h"].any()


def test_a_random_initial_state_is_drawn():
    given_document = document(hidden_size=400, batch_size=None)
    given_document["model"]["initial_state"] = "random"
    state = configured_problem(settings_of(given_document)).batch.initial_state["h"]
    assert state.std() == pytest.approx(0.5, rel=0.15)


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        ("normal", 0.3),
        ("normal_fan_in", 0.3 / 20),
        ("uniform", 0.3 / 3**0.5),
        ("uniform_fan_in", 0.3 / 20 / 3**0.5),
    ],
)
@pytest.mark.parametrize("layout", ["row", "column"])
def test_weights_are_as_wide_as_their_distribution_says(distribution, expected, layout):
    """I = H = 400: the standard deviation of a uniform draw is its half-width over sqrt(3)."""
    given_document = document(input_size=400, hidden_size=400, layout=layout)
    given_document["model"]["init"] = {"distribution": distribution, "scale": 0.3}
    parameters = configured_problem(settings_of(given_document)).parameters
    for name in ("W_xh", "W_hh", "W_hy"):
        assert parameters[name].std() == pytest.approx(expected, rel=0.1)
    if distribution.startswith("uniform"):
        assert np.abs(parameters["W_xh"]).max() < expected * 3**0.5


@pytest.mark.parametrize("layout", ["row", "column"])
def test_the_fan_in_is_what_a_weight_sums_over(layout):
    given_document = document(input_size=100, hidden_size=400, output_size=4, layout=layout)
    parameters = configured_problem(settings_of(given_document)).parameters
    assert parameters["W_xh"].std() == pytest.approx(1 / 10, rel=0.1)
    assert parameters["W_hy"].std() == pytest.approx(1 / 20, rel=0.1)


@pytest.mark.parametrize(
    ("changed", "value", "same_parameters", "same_batch"),
    [
        ("output_size", 5, {"W_xh", "W_hh", "b_h"}, {"tokens", "inputs", "state"}),
        ("input_size", 5, {"W_hh", "b_h", "W_hy", "b_y"}, {"targets", "state"}),
        ("length", 7, {"W_xh", "W_hh", "b_h", "W_hy", "b_y"}, {"state"}),
        ("batch_size", 4, {"W_xh", "W_hh", "b_h", "W_hy", "b_y"}, set()),
    ],
)
def test_a_change_of_one_size_leaves_other_draws_alone(changed, value, same_parameters, same_batch):
    sizes = {"input_size": 4, "hidden_size": 3, "output_size": 4, "length": 5, "batch_size": 2}
    fixed = {"biases": True, "initial_state": "zeros", "kind": "softmax_cross_entropy", "steps": "all", "seed": 11}
    before, after = (
        problem_settings(inputs="tokens", layout="row", **fixed, **sizes),
        problem_settings(inputs="tokens", layout="row", **fixed, **{**sizes, changed: value}),
    )
    one, other = probe_of(before), probe_of(after)
    for name in same_parameters:
        np.testing.assert_array_equal(one.parameters[name], other.parameters[name], err_msg=name)
    for name in same_batch:
        np.testing.assert_array_equal(array_of(one, name), array_of(other, name), err_msg=name)


def problem_settings(**fixed):
    return settings_of(document(**{name: value for name, value in fixed.items() if name != "seed"}) | {"seed": 11})


def probe_of(chosen):
    """A probe at the configured sizes: everything in it is drawn, nothing is zero."""
    return probe_problem(configured_net(chosen), chosen)


def array_of(problem, name):
    return problem.batch.initial_state["h"] if name == "state" else getattr(problem.batch, name)


def test_equal_settings_give_equal_draws():
    one, other = drawn(seed=5), drawn(seed=5)
    for name, value in one.parameters.items():
        np.testing.assert_array_equal(value, other.parameters[name])
    np.testing.assert_array_equal(one.batch.inputs, other.batch.inputs)


def test_another_seed_gives_other_draws():
    given_document = document(seed=5)
    one, other = (configured_problem(settings_of(given_document | {"seed": seed})) for seed in (1, 2))
    assert not np.array_equal(one.parameters["W_hh"], other.parameters["W_hh"])


def test_streams_of_different_names_differ():
    assert stream(0, "W_xh").random() != stream(0, "W_hh").random()
    assert stream(0, "W_xh").random() == stream(0, "W_xh").random()


def test_further_probes_are_drawn_anew():
    chosen = settings_of(document())
    net = configured_net(chosen)
    first, second = probe_problem(net, chosen, 0), probe_problem(net, chosen, 1)
    for name, value in first.parameters.items():
        assert not np.array_equal(value, second.parameters[name])
    assert not np.array_equal(first.batch.initial_state["h"], second.batch.initial_state["h"])


@pytest.mark.parametrize("batch_size", [None, 3])
@pytest.mark.parametrize("length", [2, 5])
def test_probe_tokens_are_distinct_and_the_same_across_the_batch(length, batch_size):
    chosen = settings_of(document(inputs="tokens", input_size=5, length=length, batch_size=batch_size))
    tokens = probe_of(chosen).batch.tokens
    rows = tokens if batch_size is None else tokens[:, 0]
    assert len(set(rows.tolist())) == length
    if batch_size is not None:
        assert (tokens == tokens[:, :1]).all()


def test_tokens_repeat_only_after_the_whole_vocabulary():
    chosen = settings_of(document(inputs="tokens", input_size=4, length=11, batch_size=None))
    tokens = probe_of(chosen).batch.tokens
    assert sorted(tokens[:4].tolist()) == sorted(tokens[4:8].tolist()) == [0, 1, 2, 3]
    assert len(set(tokens[8:].tolist())) == 3


def test_plain_tokens_repeat_and_differ_across_the_batch():
    tokens = drawn(inputs="tokens", input_size=2, length=7, batch_size=4).batch.tokens
    assert not (tokens == tokens[:, :1]).all()


def test_a_probe_keeps_dense_inputs_dense():
    chosen = settings_of(document(inputs="dense"))
    assert probe_of(chosen).batch.tokens is None


def test_probe_biases_and_states_have_a_spread_of_one_half():
    chosen = settings_of(document(hidden_size=300, output_size=300, biases=True, batch_size=4, initial_state="zeros"))
    probe = probe_of(chosen)
    for value in (probe.parameters["b_h"], probe.parameters["b_y"], probe.batch.initial_state["h"]):
        assert value.std() == pytest.approx(0.5, rel=0.15)
        assert abs(value.mean()) < 0.1


def test_a_learned_probe_state_is_a_parameter_and_not_in_the_batch():
    probe = probe_of(settings_of(document(hidden_size=300, initial_state="learned")))
    assert probe.parameters["h0"].std() == pytest.approx(0.5, rel=0.15)
    assert not probe.batch.initial_state["h"].any()


@pytest.mark.parametrize("layout", ["row", "column"])
def test_a_tanh_probe_has_gain_one(layout):
    chosen = settings_of(document(cell="tanh", input_size=100, hidden_size=400, layout=layout, gain=0.01))
    parameters = probe_of(chosen).parameters
    assert parameters["W_hh"].std() == pytest.approx(1 / 20, rel=0.1)
    assert parameters["W_xh"].std() == pytest.approx(1 / 10, rel=0.1)


@pytest.mark.parametrize(("cell", "gain"), [("relu", 2**0.5), ("sigmoid", 4.0)])
def test_a_probe_makes_up_for_what_the_slope_takes_from_the_chain(cell, gain):
    """A relu passes half of the units; the slope of a sigmoid is at most 1/4."""
    parameters = probe_of(settings_of(document(cell=cell, hidden_size=400))).parameters
    assert parameters["W_hh"].std() == pytest.approx(gain / 20, rel=0.1)


@pytest.mark.parametrize("length", [1, 4, 30])
def test_a_probe_is_never_shorter_than_the_configured_sequence(length):
    net = configured_net(settings_of(document(length=length)))
    assert probe_net(net, reducible=True).sizes.length == max(length, 9)


def test_a_large_net_is_probed_at_a_reduced_size_with_the_same_structure():
    chosen = settings_of(document(input_size=300, hidden_size=250, output_size=300, length=200, batch_size=64))
    net = configured_net(chosen)
    reduced = probe_net(net, reducible=True)
    assert replace(reduced, sizes=net.sizes) == net
    assert sum(int(np.prod(shape)) for shape in reduced.shapes.values()) < PROBE_ENTRIES / 2
    assert reduced.sizes.batch in range(2, 64)
    assert reduced.sizes.length in range(9, 200)


def test_a_large_net_keeps_its_sizes_where_the_user_s_shapes_cannot_vary():
    net = configured_net(settings_of(document(input_size=300, hidden_size=250, output_size=300, batch_size=64)))
    kept = probe_net(net, reducible=False)
    assert replace(kept.sizes, length=net.sizes.length) == net.sizes


def test_shorter_probes_shrink_the_sequence_and_nothing_else():
    net = configured_net(settings_of(document(length=20)))
    lengths = [shorter.sizes.length for shorter in shorter_probe_nets(net)]
    assert lengths == sorted(lengths, reverse=True)
    assert max(lengths) < 20
    assert min(lengths) > 1
    for shorter in shorter_probe_nets(net):
        assert replace(shorter, sizes=replace(shorter.sizes, length=20)) == net


def test_the_shortest_sequences_have_no_shorter_probe():
    assert shorter_probe_nets(configured_net(settings_of(document(length=2)))) == []


def test_single_precision_is_drawn_in_single_precision():
    chosen = settings_of(document(kind="mse", inputs="dense") | {"dtype": "float32"})
    for problem in (configured_problem(chosen), probe_of(chosen)):
        batch = problem.batch
        arrays = (*problem.parameters.values(), batch.inputs, batch.targets, batch.initial_state["h"])
        assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_single_precision_is_the_rounded_double_precision():
    given_document = document(seed=8)
    double, single = (configured_problem(settings_of(given_document | {"dtype": d})) for d in ("float64", "float32"))
    for name, value in double.parameters.items():
        np.testing.assert_array_equal(single.parameters[name], value.astype(np.float32))


def test_double_precision_keeps_the_values():
    problem = problem_of(document())
    single = problem.at({name: value.astype(np.float32) for name, value in problem.parameters.items()})
    for name, value in single.in_double_precision().parameters.items():
        assert value.dtype == np.float64
        np.testing.assert_array_equal(value, single.parameters[name])
