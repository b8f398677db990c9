"""Amounts in findings are those that stand in the user's code, whatever its loss is multiplied by."""

import re
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.pipeline.check import run_check

CONFIG = """\
seed: 1
model: {cell: tanh, input_size: 5, hidden_size: 4, output_size: 3}
sequence: {length: 6, inputs: dense}
loss: {kind: mse, reduction: sum}
backward: {adapter: net.py}
"""
# the loss is FACTOR times the described one, and so is the error that everything else is made of
CODE = """\
import numpy as np

FACTOR = {factor}


def forward(p, inputs, h0):
    h = {{-1: h0}}
    for t, x in enumerate(inputs):
        h[t] = np.tanh(x @ p["W_xh"] + h[t - 1] @ p["W_hh"] + p["b_h"])
    return h


def loss(p, batch):
    h = forward(p, batch.inputs, batch.initial_state["h"])
    return FACTOR * sum(
        0.5 * np.sum((h[t] @ p["W_hy"] + p["b_y"] - target) ** 2) for t, target in enumerate(batch.targets)
    )


def gradients(p, batch):
    h = forward(p, batch.inputs, batch.initial_state["h"])
    d = {{name: np.zeros_like(value) for name, value in p.items()}}
    carry = np.zeros_like(h[-1])
    for t in reversed(range(len(batch.inputs))):
        dy = FACTOR * (h[t] @ p["W_hy"] + p["b_y"] - batch.targets[t])
        d["W_hy"] += np.outer(h[t], dy)
        d["b_y"] += dy
        dz = (dy @ p["W_hy"].T + carry) * (1 - h[t] ** 2)
        d["W_xh"] += np.outer(batch.inputs[t], dz)
        d["W_hh"] += np.outer(h[t - 1], dz)
        d["b_h"] += dz
        carry = {carry}
    return {returned}
"""
RIGHT = {"carry": 'dz @ p["W_hh"].T', "returned": "d"}
FACTORS = ("1 / 3", "2", "-3")


def findings_of(folder: Path, factor: str, **wrong: str) -> tuple[Finding, ...]:
    (folder / "net.py").write_text(CODE.format(factor=factor, **RIGHT | wrong))
    (folder / "net.yaml").write_text(CONFIG)
    return run_check(load_settings(str(folder / "net.yaml")), workers=0).findings


def finding_of(folder: Path, factor: str, **wrong: str) -> Finding:
    (finding,) = findings_of(folder, factor, **wrong)
    return finding


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"returned": "{name: np.clip(value, -0.05, 0.05) for name, value in d.items()}"},
            "every gradient is clipped at 0.05 as it is returned",
        ),
        (
            {"returned": '{**d, "W_hh": d["W_hh"] * min(1, 0.25 / np.linalg.norm(d["W_hh"]))}'},
            "dW_hh is clipped by its norm at 0.25 as it is returned",
        ),
        (
            {"carry": 'np.clip(dz @ p["W_hh"].T, -0.01, 0.01)'},
            "dh_next is clipped at 0.01 inside the recurrence",
        ),
        (
            {"returned": '{**d, "b_y": d["b_y"] + 0.01 * p["b_y"]}'},
            "db_y contains 0.01 * b_y, as a regulariser's gradient does; the loss does not",
        ),
        (
            {"returned": "{name: value - 0.02 * p[name] for name, value in d.items()}"},
            "gradients contain -0.02 * parameter, as a regulariser's gradient does; the loss does not",
        ),
    ],
)
def test_an_amount_in_the_units_of_a_gradient_is_that_of_the_code(wrong, message, factor, tmp_path):
    finding = finding_of(tmp_path, factor, **wrong)
    assert finding.message == message
    (amount,) = re.findall(r"-?\d+\.\d+", message)
    assert finding.evidence["amount"] == pytest.approx(float(amount), rel=1e-6)
    if "inside" not in message:
        assert amount in finding.help


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_on_a_gradient_has_no_units(factor, tmp_path):
    finding = finding_of(tmp_path, factor, returned='{**d, "W_hh": 0.3 * d["W_hh"]}')
    assert finding.message == "dW_hh is multiplied by 0.3"
    assert finding.evidence["amount"] == pytest.approx(0.3)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('np.clip(4 * d["W_hh"], -0.05, 0.05)', "dW_hh is clipped at 0.05 as it is returned"),
        ('4 * d["W_hh"] + 0.02 * p["W_hh"]', "dW_hh contains 0.02 * W_hh, as a regulariser's gradient does"),
    ],
)
def test_beside_a_constant_on_everything_an_amount_is_that_of_what_is_returned(wrong, message, factor, tmp_path):
    everything = "{name: 4 * value for name, value in d.items()}"
    findings = findings_of(tmp_path, factor, returned=f'{everything} | {{"W_hh": {wrong}}}')
    assert {finding.message.partition(";")[0] for finding in findings} == {
        "every gradient is multiplied by 4",
        message,
    }
