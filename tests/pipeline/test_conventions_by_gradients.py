"""Whole checks of a GRU without a loss, whose conventions the configuration does not state."""

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.campaign.gated import document_of
from tests.oracle import gated
from tests.oracle.problems import to_yaml
from tests.pipeline.test_gated_checks import GRU, LSTM, PLAIN, SIZES

SMALL = SIZES | {"input_size": 5, "hidden_size": 3, "output_size": 4, "length": 4}
SQUARE = SMALL | {"input_size": 3, "output_size": 3, "inputs": "dense"}
ROW = GRU | {"layout": "row"}
A_QUARTER = """

_whole = gradients


def gradients(parameters, batch):
    return {name: 0.25 * value for name, value in _whole(parameters, batch).items()}
"""
STATES_ARE_OUTPUTS = """

_with_outputs = gradients


def gradients(parameters, batch):
    identity = {"W_hy": np.eye(3), "b_y": np.zeros(3)}
    whole = _with_outputs({**parameters, **identity}, batch)
    return {name: whole[name] for name in parameters}
"""


def check(folder, fields, *stated, sizes=SMALL, bugs=(), after=""):
    """Check code of the oracle without its loss; the configuration states the `stated` of the conventions."""
    spec, parameters, batch = gated.random_case(np.random.default_rng(4), **PLAIN, **sizes, **fields)
    source = gated.adapter_source(spec, [gated.BY_IDENTIFIER[bug] for bug in bugs])
    (folder / "adapter.py").write_text(source + after + "\n\ndel loss\n")
    document = document_of(spec, parameters, batch, seed=4) | {"backward": {"adapter": "adapter.py"}}
    document["model"] = {key: value for key, value in document["model"].items() if key not in ("layout", "gru")}
    (folder / "net.yaml").write_text(to_yaml(document))
    return run_check(load_settings(str(folder / "net.yaml"), overrides=stated), workers=0, thorough=False)


def inferred(report):
    return [note.message for note in report.notes if note.kind == "inferred-roles"]


def says(*keys):
    return [f"{' and '.join(f'`{key}`' for key in keys)} inferred: from your gradients, for there is no loss"]


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({}, ()),
        ({"keeps": "1-z"}, ("model.gru.keeps: 1-z",)),
        ({"reset": "after"}, ("model.gru.reset: after",)),
        ({"reset": "after", "keeps": "1-z"}, ("model.gru.reset: after", "model.gru.keeps: 1-z")),
    ],
)
def test_right_code_of_each_convention_passes(fields, keys, tmp_path):
    report = check(tmp_path, ROW | fields)
    assert (report.outcome, report.findings) == ("pass", ())
    assert inferred(report) == (says(*keys) if keys else [])


def test_three_conventions_are_inferred_at_once(tmp_path):
    report = check(tmp_path, GRU | {"reset": "after", "keeps": "1-z"}, sizes=SQUARE)
    assert report.outcome == "pass"
    assert inferred(report) == says("model.layout: column", "model.gru.reset: after", "model.gru.keeps: 1-z")


def test_the_layout_is_inferred_for_an_lstm(tmp_path):
    report = check(tmp_path, LSTM | {"layout": "column"}, sizes=SQUARE)
    assert report.outcome == "pass"
    assert inferred(report) == says("model.layout: column")


def test_one_step_from_zeros_does_not_hide_where_the_gate_resets(tmp_path):
    report = check(tmp_path, ROW | {"reset": "after"}, sizes=SMALL | {"length": 1})
    assert report.outcome == "pass"
    assert inferred(report) == says("model.gru.reset: after")


@pytest.mark.parametrize("identifier", ["gru:missing-term:dh_next", "gru:missing-term:W_hn in dr"])
def test_a_fault_is_named_under_the_inferred_convention(identifier, tmp_path):
    report = check(tmp_path, ROW | {"keeps": "1-z"}, bugs=[identifier])
    (finding,) = report.findings
    assert report.outcome == "fail"
    assert gated.BY_IDENTIFIER[identifier].named_by(finding.kind, finding.term)
    assert inferred(report) == says("model.gru.keeps: 1-z")


def test_a_constant_on_all_gradients_is_named_under_the_inferred_convention(tmp_path):
    report = check(tmp_path, ROW | {"keeps": "1-z"}, after=A_QUARTER)
    assert report.outcome == "fail"
    assert [finding.kind for finding in report.findings] == ["scaled-gradient"]
    assert inferred(report) == says("model.gru.keeps: 1-z")


def test_a_stated_convention_is_taken_at_its_word_and_the_other_is_named(tmp_path):
    report = check(tmp_path, ROW | {"keeps": "1-z"}, "model.gru.keeps=z")
    assert report.outcome == "fail"
    (note,) = [note for note in report.notes if note.kind == "inferred-roles"]
    assert note.help == "`model.gru.keeps: 1-z` would describe your gradients"


def test_gradients_that_agree_with_no_convention_name_the_keys_to_state(tmp_path):
    report = check(tmp_path, ROW, bugs=["gru:missing-target:dy"])
    assert report.outcome == "fail"
    (note,) = [note for note in report.notes if note.kind == "inferred-roles"]
    assert note.help.startswith("state `model.gru.reset` and `model.gru.keeps` in the configuration")


def test_a_net_without_output_layer_is_told_by_all_its_gradients(tmp_path):
    sizes = SMALL | {"output_size": 3}
    report = check(tmp_path, ROW | {"keeps": "1-z"}, "model.outputs=states", sizes=sizes, after=STATES_ARE_OUTPUTS)
    assert report.outcome == "pass"
    assert inferred(report) == says("model.gru.keeps: 1-z")
