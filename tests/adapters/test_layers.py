"""Layers, steps and cells that know no loss, right and broken, through adapters of a few lines."""

from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.thinned import thinned

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "interfaces"
MOST_LINES = 12
NET = """\
model: {cell: CELL, input_size: 4, hidden_size: 5, outputs: states, initial_state: input, layout: LAYOUT}
sequence: {length: 4, batch_size: BATCH, inputs: dense, input_gradient: true}
loss: {kind: projection}
seed: 2
backward: {adapter: adapter.py}
"""
SEQUENCE = """\
import batch_first_layers as net
from gradcheck_rnn.adapters import sequence, values

loss, gradients, parameters = sequence(
    forward=lambda x, h0, p: net.layer_forward(x, h0, p["Wx"], p["Wh"], p["b"]),
    backward=net.layer_backward,
    shapes={"Wx": ("I", "H"), "Wh": ("H", "H"), "b": ("H",)},
    result=values("x", "h0", "Wx", "Wh", "b"),
    axes="BTI",
)
"""
STEP = """\
import batch_first_layers as net
from gradcheck_rnn.adapters import unrolled, values

loss, gradients, parameters = unrolled(
    forward=lambda x, h, p: net.step_forward(x, h, p["Wx"], p["Wh"], p["b"]),
    backward=net.step_backward,
    shapes={"Wx": ("I", "H"), "Wh": ("H", "H"), "b": ("H",)},
    result=values("x", "h", "Wx", "Wh", "b"),
)
"""
GATED_STEP = """\
import batch_first_layers as net
from gradcheck_rnn.adapters import unrolled, values

ROLES = {name: [f"{role}_{at}{gate}" for gate in "ifog"] for name, role, at in
         (("Wx", "W", "x"), ("Wh", "W", "h"), ("b", "b", ""))}
loss, gradients, parameters = unrolled(
    forward=lambda x, h, c, p: net.gated_step_forward(x, h, c, p["Wx"], p["Wh"], p["b"]),
    backward=net.gated_step_backward, inputs=("x", "h", "c"),
    shapes={"Wx": ("I", "4H"), "Wh": ("H", "4H"), "b": ("4H",)},
    result=values("x", "h", "c", "Wx", "Wh", "b"),
)
"""
HIDDEN_STATE = """\
import batch_first_layers as net
import numpy as np
from gradcheck_rnn.adapters import sequence, values

ROLES = {name: [f"{role}_{at}{gate}" for gate in "ifog"] for name, role, at in
         (("Wx", "W", "x"), ("Wh", "W", "h"), ("b", "b", ""))}
loss, gradients, parameters = sequence(
    forward=lambda x, h0, p: net.gated_forward(x, h0, p["Wx"], p["Wh"], p["b"]), backward=net.gated_backward,
    shapes={"Wx": ("I", "4H"), "Wh": ("H", "4H"), "b": ("4H",)},
    result=values("x", "h0", "Wx", "Wh", "b"), axes="BTI",
)
"""
COLUMN_SEQUENCE = """\
import column_steps as net
import numpy as np
from gradcheck_rnn.adapters import sequence

loss, gradients, parameters = sequence(
    forward=lambda x, a0, p: net.sequence_forward(x, a0, {**p, "Wya": np.zeros((1, 5))}),
    backward=net.sequence_backward,
    shapes={"Wax": (5, 4), "Waa": (5, 5), "ba": (5, 1)},
    inputs=("x", "a0"), axes="IBT",
)
"""
COLUMN_STEP = """\
import column_steps as net
import numpy as np
from gradcheck_rnn.adapters import unrolled

loss, gradients, parameters = unrolled(
    forward=lambda x, a, p: net.cell_forward(x, a, {**p, "Wya": np.zeros((1, 5))}),
    backward=net.cell_backward,
    shapes={"Wax": (5, 4), "Waa": (5, 5), "ba": (5, 1)},
    inputs=("xt", "a_prev"), axes="IB",
)
"""
LISTED = """\
from gradcheck_rnn.adapters import entries, sequence, values
from listed_layer import TimeTanh

layer = TimeTanh(4, 5)
loss, gradients, parameters = sequence(
    home=entries(layer.params, "Wx", "Wh", "b"),
    forward=lambda x, h0, p: (setattr(layer, "start", h0), layer.forward(x))[1],
    backward=lambda dh: (layer.backward(dh), layer.dstart, *layer.grads),
    shapes={"Wx": (4, 5), "Wh": (5, 5), "b": (5,)},
    result=values("x", "h0", "Wx", "Wh", "b"), axes="BTI",
)
"""
CELL = """\
from gradcheck_rnn.adapters import unrolled
from step_cell import Step

shapes = {f"{letter}{gate}": ("H", *rest) for gate in "zrn" for letter, *rest in ("WI", "UH", "b")}
loss, gradients, parameters = unrolled(
    forward=lambda x, h, p: ((step := Step(p)).forward(x, h), step),
    backward=lambda dh, step: dict(zip(("dx", "dh"), step.backward(dh))) | step.grads,
    shapes=shapes,
)
"""
# adapter, fixture, cell, layout, batch, what is broken in it, what it is then told
INTERFACES = {
    "a sequence function": (
        SEQUENCE, "batch_first_layers.py", "tanh", "row", "3",
        ("dbefore, dWx_t", "_, dWx_t"), ("missing-term", "dh_next"),
    ),
    "a step function": (
        STEP, "batch_first_layers.py", "tanh", "row", "3",
        ("da.dot(Wx.T), da.dot(Wh.T), x.T.dot(da), before", "da.dot(Wx.T), da.dot(Wh), x.T.dot(da), before"),
        ("untransposed-weight", "W_hh"),
    ),
    "a gated step function": (
        GATED_STEP, "batch_first_layers.py", "lstm", "row", "2",
        ("dc * f, x.T", "dc, x.T"), ("missing-term", "f in dc_next"),
    ),
    "a gated sequence that starts from a cell state of zeros": (
        HIDDEN_STATE, "batch_first_layers.py", "lstm", "row", "2",
        ("step_backward(dh[:, t] + dh_t, dc, caches[t])", "step_backward(dh[:, t] + dh_t, 0 * dc, caches[t])"),
        ("missing-term", "dc_next"),
    ),
    "a column sequence function with a dict": (
        COLUMN_SEQUENCE, "column_steps.py", "tanh", "column", "3",
        ("dtanh = (1 - a_next**2) * da_next", "dtanh = (1 - a_prev**2) * da_next"), ("wrong-time-index", "tanh'"),
    ),
    "a column step function with a dict": (
        COLUMN_STEP, "column_steps.py", "tanh", "column", "3",
        ('"dxt": weights["Wax"].T @ dtanh', '"dxt": weights["Wax"].T @ da_next'),
        ("missing-activation-derivative", "dz in dx"),
    ),
    "a layer with parallel lists": (
        LISTED, "listed_layer.py", "tanh", "row", "2",
        ("before = self.hs[:, t - 1] if t else self.start", "before = self.hs[:, t - 1]"), ("wrapped-index", "h[t-1]"),
    ),
    "an object for each step": (
        CELL, "step_cell.py", "gru", "column", "null",
        ('through * self.r + w["Uz"]', 'w["Uz"]'), ("missing-term", "r * dq in dh_next"),
    ),
}  # fmt: skip


def check(folder: Path, interface: str, *, broken: bool):
    adapter, fixture, cell, layout, batch, (right, wrong), _ = INTERFACES[interface]
    source = (FIXTURES / fixture).read_text()
    assert right in source
    (folder / fixture).write_text(source.replace(right, wrong) if broken else source)
    (folder / "adapter.py").write_text(adapter)
    text = NET.replace("CELL", cell).replace("LAYOUT", layout).replace("BATCH", batch)
    (folder / "net.yaml").write_text(text)
    return run_check(load_settings(str(folder / "net.yaml")), workers=0)


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_adapter_is_short(interface):
    assert len([line for line in INTERFACES[interface][0].splitlines() if line.strip()]) <= MOST_LINES


@pytest.mark.parametrize("interface", thinned(INTERFACES, every=3))
def test_right_code_passes_with_the_gradients_of_what_goes_in(interface, tmp_path):
    report = check(tmp_path, interface, broken=False)
    assert (report.outcome, report.findings) == ("pass", ())
    assert {"x", "h0"} <= {row.name for row in report.rows}
    assert {point.loss for point in report.points} == {"described"}


@pytest.mark.parametrize("interface", thinned(list(INTERFACES)[::-1], every=3))
def test_broken_code_is_told_its_term(interface, tmp_path):
    report = check(tmp_path, interface, broken=True)
    assert [(finding.kind, finding.term) for finding in report.findings] == [INTERFACES[interface][-1]]
