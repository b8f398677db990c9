"""The deep oracle's bugs judged: each shows, in both layouts alike, and is named by its own kind, term and place."""

from dataclasses import replace
from typing import Any

import pytest

from tests.thinned import thinned

from .broken import relative_gaps
from .deep import DeepBug, adapter_source, bugs_of, equivalents, everywhere_of, fits, gradients, named, shows
from .deep_bug import NET, without_places
from .deep_bugs import GATED
from .test_deep import case, turned_by_layout
from .test_gated import KINDS

SQUARE = {"input_size": 3, "embedding_size": 3, "hidden_size": 3, "output_size": 3, "length": 6, "batch_size": 3}
RICH = {**SQUARE, "biases": True, "learned": True, "layout": "row", "gain": 1.25, "reduction": "sum"}
RESET = {"reset": "after", "recurrent_bias": True}
NETS: tuple[dict[str, Any], ...] = (
    {"cell": "lstm", "layers": 2, "inputs": "embedding", "loss": "softmax_cross_entropy", "steps": "all"},
    {"cell": "gru", "layers": 2, "inputs": "dense", "loss": "mse", "steps": "last", **RESET},
    {
        "cell": "gru",
        "bidirectional": True,
        "inputs": "parameter",
        "outputs": "states",
        "loss": "projection",
        "steps": "all",
        **RESET,
    },
    {"cell": "tanh", "layers": 3, "inputs": "embedding", "loss": "mse", "steps": "all"},
    {"cell": "sigmoid", "bidirectional": True, "inputs": "embedding", "loss": "mse", "steps": "all", "output_size": 6},
    {"cell": "relu", "inputs": "parameter", "outputs": "states", "loss": "projection", "steps": "last"},
)
GATED_ALONE = {one for bugs in GATED.values() for one in bugs}  # judged with one layer in test_gated
ENOUGH = 30
SOME = 5  # of their texts each is much like its neighbours
EVERY_KIND = {*KINDS.split(), "transposed-gradient"}


def own_bugs(spec: Any) -> list[DeepBug]:
    return [bug for bug in bugs_of(spec) if bug.bug not in GATED_ALONE]


def needs_are_met(bug: DeepBug, net: dict[str, Any]) -> bool:
    opposite = "last step" if net["steps"] == "all" else "all steps"
    return opposite not in bug.bug.needs


def hidden_bugs(net: dict[str, Any], bugs: Any) -> set[str]:
    """Those that show at none of many draws."""
    hidden = [bug for bug in bugs(case(0, **RICH | net)[0]) if needs_are_met(bug, net)]
    for seed in range(ENOUGH):
        drawn = case(seed, **RICH | net | ({"layout": "column"} if seed % 2 else {}))
        hidden = [bug for bug in same_bugs(hidden, bugs(drawn[0])) if not shows(bug, *drawn)]
    return {bug.identifier for bug in hidden}


def same_bugs(wanted: list[DeepBug], found: Any) -> list[DeepBug]:
    """Bugs of another layout or variant, by their identifiers."""
    identifiers = {bug.identifier for bug in wanted}
    return [bug for bug in found if bug.identifier in identifiers]


# What a loss on the last step alone, or the cell that starts there, leaves without effect.
NEVER_AT_THE_LAST_STEP = (
    "overwritten-carry",
    "skipped-step:last",
    "t+1, clamped in W_hy",
    "all but the last",
    "of step t+1",
)


@pytest.mark.parametrize("net", thinned(NETS, every=4), ids=lambda net: net["cell"])
def test_every_bug_shows_at_a_random_draw(net):
    hidden = hidden_bugs(net, own_bugs)
    if net["steps"] == "last":
        hidden = {one for one in hidden if not any(part in one for part in NEVER_AT_THE_LAST_STEP)}
    assert not hidden


@pytest.mark.campaign
@pytest.mark.parametrize("net", NETS, ids=lambda net: net["cell"])
def test_every_bug_of_a_cell_shows_in_every_place_and_everywhere(net):
    variants = {"peepholes": True, "coupled": False, "lstm_output": "tanh"} if net["cell"] == "lstm" else {}
    assert not hidden_bugs(net | variants | {"steps": "all"}, lambda spec: (*bugs_of(spec), *everywhere_of(spec)))


def test_there_are_many_bugs_that_one_layer_does_not_have():
    found = {
        (bug.group, bug.identifier)
        for net in NETS
        for bug in bugs_of(case(0, **RICH | net)[0])
        if bug.group not in ("cell", "output")
    }
    assert len(found) >= 80


@pytest.mark.parametrize("net", NETS, ids=lambda net: net["cell"])
def test_a_bug_does_the_same_in_both_layouts(net):
    spec, parameters, batch = case(5, **RICH | net)
    column = replace(spec, layout="column")
    turned = {name: turned_by_layout(name, value) for name, value in parameters.items()}
    in_columns = {bug.identifier: bug for bug in bugs_of(column)}
    assert in_columns.keys() == {bug.identifier for bug in bugs_of(spec)}
    for bug in own_bugs(spec)[::SOME]:
        if fits([bug], spec, parameters):
            rows = gradients(spec, parameters, batch, [bug])
            columns = gradients(column, turned, batch, [in_columns[bug.identifier]])
            gaps = relative_gaps({name: turned_by_layout(name, value) for name, value in columns.items()}, rows)
            assert max(gaps.values()) < 1e-9, bug.identifier


@pytest.mark.parametrize("net", NETS, ids=lambda net: net["cell"])
def test_a_bug_runs_wherever_it_fits_and_leaves_the_shapes(net):
    """Sizes that all differ, so that a product the wrong way round could not pass unnoticed."""
    sizes = {"input_size": 2, "embedding_size": 7, "hidden_size": 4, "output_size": 3, "length": 5, "batch_size": 6}
    spec, parameters, batch = case(4, **net | sizes, biases=False, learned=True)
    for bug in own_bugs(spec)[::SOME]:
        if fits([bug], spec, parameters):
            wrong = gradients(spec, parameters, batch, [bug])
            assert {name: value.shape for name, value in wrong.items()} == {
                name: value.shape for name, value in parameters.items()
            }, bug.identifier


@pytest.mark.parametrize("net", NETS, ids=lambda net: net["cell"])
def test_identifiers_are_unique_and_kinds_are_those_of_the_report(net):
    bugs = [*bugs_of(case(0, **RICH | net)[0]), *everywhere_of(case(0, **RICH | net)[0])]
    assert len({bug.identifier for bug in bugs}) == len(bugs)
    assert {kind for bug in bugs for kind in (bug.kind, *bug.bug.also)} <= EVERY_KIND


@pytest.mark.parametrize("net", NETS, ids=lambda net: net["cell"])
def test_a_bug_is_named_by_its_subject_in_its_place(net):
    spec = case(0, **RICH | net)[0]
    for bug in bugs_of(spec):
        subject = bug.identifier.split(":", 2)[2].partition("/")[0]
        place = next(iter(bug.places), "")
        words = bug.bug.terms
        assert any(
            bug.named_by(bug.kind, term) for term in (f"{subject}{place}", *(f"{word}{place}" for word in words))
        )
        if place and bug.parts != (NET,):
            assert not any(bug.named_by(bug.kind, word) for word in words if not without_places(word)[1])


def test_a_place_is_read_off_a_term_in_whatever_form():
    assert without_places("W_hh_2") == ("W_hh", {"_2"})
    assert without_places("tanh'_1 of dh_next_1") == ("tanh' of dh_next", {"_1"})
    assert without_places("h_2[t-1]") == ("h[t-1]", {"_2"})
    assert without_places("dh_next of layer 2") == ("dh_next", {"_2"})
    assert without_places("W_hi_rtl in dh_next") == ("W_hi in dh_next", {"_rtl"})
    assert without_places("h[t-1]") == ("h[t-1]", frozenset())


def bug_called(identifier: str, spec: Any) -> DeepBug:
    return next(bug for bug in (*bugs_of(spec), *everywhere_of(spec)) if bug.identifier == identifier)


def test_a_bug_of_one_layer_is_not_named_by_the_other():
    net = case(3, cell="tanh", layers=2, **SQUARE)
    bug = bug_called("elman_2:untransposed-weight:W_hh", net[0])
    assert named(bug, "untransposed-weight", "W_hh_2", *net)
    assert not named(bug, "untransposed-weight", "W_hh_1", *net)
    assert not named(bug, "untransposed-weight", "W_hh", *net)


def test_a_bug_is_a_line_of_its_layer_and_everywhere_one_of_each():
    spec = case(3, cell="tanh", layers=2, layout="row", inputs="dense", loss="mse")[0]
    right = set(adapter_source(spec).splitlines())
    alone, both = (bug_called(f"{name}:untransposed-weight:W_hh", spec) for name in ("elman_2", "elman everywhere"))
    assert set(adapter_source(spec, [alone]).splitlines()) - right == {'    dh_prev = dz @ p["W_hh_2"]'}
    changed = {'    dh_prev = dz @ p["W_hh_1"]', '    dh_prev = dz @ p["W_hh_2"]'}
    assert set(adapter_source(spec, [both]).splitlines()) - right == changed


def test_an_error_that_is_not_passed_down_is_found_under_its_other_name():
    net = case(9, cell="tanh", layers=2, inputs="dense", loss="mse", steps="all", **SQUARE)
    bug = bug_called("elman_2:missing-term:dx", net[0])
    found = {one.identifier for one in equivalents(bug, *net)}
    assert found == {"elman_2:missing-term:dx", "layers:missing-term:dx_2 in dh_1/none of it"}
