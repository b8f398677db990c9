"""Fused and concatenated weights: ROLES lists their blocks, and everything goes on as with separate ones."""

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.campaign.gated import document_of
from tests.oracle import gated
from tests.oracle.problems import to_yaml
from tests.pipeline.test_gated_checks import GRU, LSTM, PLAIN, SIZES

# of a random order of the gates: input weights, recurrent weights and biases each in one array
FUSED = {
    "lstm": {
        "Wx": ["W_xo", "W_xi", "W_xg", "W_xf"],
        "Wh": ["W_ho", "W_hi", "W_hg", "W_hf"],
        "b": ["b_o", "b_i", "b_g", "b_f"],
    },
    "gru": {"Wx": ["W_xr", "W_xn", "W_xz"], "Wh": ["W_hr", "W_hn", "W_hz"], "b": ["b_r", "b_n", "b_z"]},
}
# [h; x] in one matrix, for all gates or for each
CONCATENATED = {
    "lstm": {
        "W": [["W_hi", "W_hf", "W_ho", "W_hg"], ["W_xi", "W_xf", "W_xo", "W_xg"]],
        "b": ["b_i", "b_f", "b_o", "b_g"],
    },
    "gru": {
        "Wz": [["W_hz"], ["W_xz"]],
        "Wr": [["W_hr"], ["W_xr"]],
        "Wn": [["W_xn"], ["W_hn"], ["b_n"]],
        **{"bz": "b_z", "br": "b_r"},
    },
}

IDENTIFIERS = ("lstm:missing-activation-derivative:sigmoid' of f", "gru:untransposed-weight:W_hz")

WRAPPER = """
ROLES = {roles!r}
SHAPES = {shapes!r}
ROW = {row!r}
separate_loss, separate_gradients = loss, gradients


def rows_of(role):
    return [role] if isinstance(role, str) else role


def grid_of(role):
    if isinstance(role, str):
        return [[role]]
    return [role] if isinstance(role[0], str) else role


def split(parameters):
    separate = {{}}
    for name, role in ROLES.items():
        value, top = parameters[name], 0
        if value.ndim == 2 and not ROW:
            value = value.T
        for row in grid_of(role):
            left = 0
            for each in row:
                shape = SHAPES[each]
                if value.ndim == 1:
                    separate[each] = value[left : left + shape[0]]
                    left += shape[0]
                    continue
                height, width = (1, shape[0]) if len(shape) == 1 else shape if ROW else shape[::-1]
                block = value[top : top + height, left : left + width]
                separate[each] = block[0] if len(shape) == 1 else block if ROW else block.T
                left += width
            if value.ndim == 2:
                top += height
    return separate


def joined(separate):
    whole = {{}}
    for name, role in ROLES.items():
        grid = grid_of(role)
        if all(separate[each].ndim == 1 for row in grid for each in row):
            whole[name] = np.concatenate([separate[each] for each in grid[0]])
            continue
        block = np.block([[np.atleast_2d(separate[each] if ROW else separate[each].T) for each in row] for row in grid])
        whole[name] = block if ROW else block.T
    return whole


def parameters(rng):
    return joined({{name: rng.normal(size=shape) for name, shape in SHAPES.items()}})


def loss(parameters, batch):
    return separate_loss(split(parameters), batch)


def gradients(parameters, batch):
    return joined(separate_gradients(split(parameters), batch))
"""


def check(folder, fields, roles, bugs=()):
    spec, parameters, batch = gated.random_case(np.random.default_rng(4), **PLAIN, **SIZES, **fields)
    roles = roles | {"W_hy": "W_hy", "b_y": "b_y"}
    shapes = {name: value.shape for name, value in parameters.items()}
    wrapper = WRAPPER.format(roles=roles, shapes=shapes, row=spec.layout == "row")
    (folder / "adapter.py").write_text(gated.adapter_source(spec, bugs) + wrapper)
    document = document_of(spec, parameters, batch, seed=4) | {"backward": {"adapter": "adapter.py"}}
    (folder / "net.yaml").write_text(to_yaml(document))
    return run_check(load_settings(str(folder / "net.yaml")), workers=0)


@pytest.mark.parametrize(
    ("fields", "how", "layout"),
    [
        pytest.param(LSTM, FUSED, "row", id="lstm-fused"),
        pytest.param(GRU, CONCATENATED, "column", id="gru-concatenated"),
        *(
            pytest.param(fields, how, layout, marks=pytest.mark.campaign)
            for fields, how, layout in (
                (LSTM, CONCATENATED, "row"),
                (LSTM, FUSED, "column"),
                (LSTM, CONCATENATED, "column"),
                (GRU, FUSED, "row"),
                (GRU, CONCATENATED, "row"),
                (GRU, FUSED, "column"),
            )
        ),
    ],
)
def test_right_code_passes_on_its_own_loss_as_the_described_one(fields, how, layout, tmp_path):
    report = check(tmp_path, fields | {"layout": layout}, how[fields["cell"]])
    assert (report.outcome, report.findings) == ("pass", ())
    assert {point.loss for point in report.points} == {"described"}
    assert report.power is not None
    assert report.power.missed == ()


@pytest.mark.parametrize(
    ("identifier", "how"),
    [
        pytest.param("lstm:missing-activation-derivative:sigmoid' of f", FUSED, id="lstm-fused"),
        pytest.param("gru:untransposed-weight:W_hz", CONCATENATED, id="gru-concatenated"),
    ],
)
def test_a_fault_in_one_gate_is_named_with_the_gate(identifier, how, tmp_path):
    bug = gated.BY_IDENTIFIER[identifier]
    fields = LSTM if bug.cell == "lstm" else GRU
    report = check(tmp_path, fields, how[fields["cell"]], [bug])
    assert report.outcome == "fail"
    (finding,) = report.findings
    assert bug.named_by(finding.kind, finding.term), (finding.kind, finding.term)
