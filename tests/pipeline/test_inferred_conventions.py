"""Whole checks of code whose conventions the configuration does not state, in arrays that nobody declared."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.campaign.gated import document_of
from tests.oracle import gated
from tests.oracle.problems import to_yaml
from tests.pipeline.test_fused_weights import CONCATENATED, FUSED, WRAPPER
from tests.pipeline.test_gated_checks import GRU, LSTM, PLAIN, SIZES

ROOT = Path(__file__).parents[2]
SQUARE = SIZES | {"input_size": 4, "hidden_size": 4, "output_size": 4}


def check(folder, fields, *stated, sizes=SIZES, roles=None, names="GRIDS"):
    """Check right code of the oracle; the configuration states nothing but the `stated` of layout, reset and keeps."""
    spec, parameters, batch = gated.random_case(np.random.default_rng(4), **PLAIN, **sizes, **fields)
    shapes = {name: value.shape for name, value in parameters.items()}
    grids = {} if roles is None else roles | {"W_hy": "W_hy", "b_y": "b_y"}
    wrapper = WRAPPER.format(roles=grids, shapes=shapes, row=spec.layout == "row").replace("ROLES", names)
    (folder / "adapter.py").write_text(gated.adapter_source(spec) + (wrapper if grids else ""))
    document = document_of(spec, parameters, batch, seed=4) | {"backward": {"adapter": "adapter.py"}}
    document["model"] = {key: value for key, value in document["model"].items() if key not in ("layout", "gru")}
    (folder / "net.yaml").write_text(to_yaml(document))
    return run_check(load_settings(str(folder / "net.yaml"), overrides=stated), workers=0)


def inferred(report):
    return next((note.help for note in report.notes if note.kind == "inferred-roles"), None)


def is_described(report):
    return report.outcome == "pass" and {point.loss for point in report.points} == {"described"}


@pytest.mark.campaign
def test_a_convention_of_z_is_inferred_under_equal_names(tmp_path):
    report = check(tmp_path, GRU | {"keeps": "1-z", "layout": "row"})
    assert is_described(report)
    assert inferred(report) == "`model.gru.keeps: 1-z` in the configuration says so for good"


@pytest.mark.campaign
def test_a_convention_that_is_stated_is_taken_at_its_word(tmp_path):
    report = check(tmp_path, GRU | {"keeps": "1-z", "layout": "row"}, "model.gru.keeps=z", "model.gru.reset=before")
    (note,) = [note for note in report.notes if note.kind == "forward-differs"]
    assert "`model.gru.keeps: 1-z` would describe your loss" in note.help


@pytest.mark.campaign
def test_the_layout_of_square_weights_is_inferred_under_equal_names(tmp_path):
    report = check(tmp_path, LSTM | {"layout": "column"}, sizes=SQUARE)
    assert is_described(report)
    assert inferred(report) == "`model.layout: column` in the configuration says so for good"


@pytest.mark.parametrize("how", [FUSED, CONCATENATED], ids=["fused", "concatenated"])
def test_layout_and_convention_are_inferred_with_the_roles_of_fused_arrays(how, tmp_path):
    report = check(tmp_path, GRU | {"keeps": "1-z"}, "model.gru.reset=before", roles=how["gru"])
    assert is_described(report)
    assert inferred(report).endswith(
        "`model.layout: column` and `model.gru.keeps: 1-z` in the configuration say so for good"
    )


@pytest.mark.campaign
def test_the_layout_is_inferred_where_roles_are_declared(tmp_path):
    report = check(tmp_path, GRU, "model.gru.keeps=z", "model.gru.reset=before", roles=FUSED["gru"], names="ROLES")
    assert is_described(report)
    assert inferred(report) == "`model.layout: column` in the configuration says so for good"


@pytest.mark.campaign
def test_a_layout_that_is_stated_is_only_named(tmp_path):
    report = check(tmp_path, LSTM | {"layout": "column"}, "model.layout=row", roles=FUSED["lstm"])
    (note,) = [note for note in report.notes if note.kind == "undescribed"]
    assert "`model.layout: column` would describe your loss, with Wx = [W_xo W_xi W_xg W_xf]" in note.message


@pytest.mark.campaign
def test_the_meter_lstm_gives_the_same_report_without_its_roles(tmp_path):
    shutil.copytree(ROOT / "fixtures" / "meter_lstm", tmp_path / "fixtures" / "meter_lstm")
    own = tmp_path / "fixtures" / "meter_lstm" / "own_names.py"
    own.write_text("from flat_forget_gate import gradients, loss, parameters\n")
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    configuration = str(tmp_path / "configs" / "meter_lstm.yaml")
    declared = run_check(load_settings(configuration), workers=0)
    adapter = f"backward={{adapter: {own}}}"
    found = run_check(load_settings(configuration, overrides=[adapter]), workers=0)
    assert (found.findings, found.rows, found.roles) == (declared.findings, declared.rows, declared.roles)
    (note,) = found.notes
    assert '"Wx": ["W_xi", "W_xf", "W_xg", "W_xo"]' in note.help
