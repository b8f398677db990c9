"""PyTorch: autograd.Functions and modules, right and broken, through adapters of a few lines."""

import importlib
import sys

import numpy as np
import pytest

from gradcheck_rnn import fix
from tests.adapters.frameworks import MOST_LINES, adapter_in_readme, failing, line_count, named, needs
from tests.thinned import thinned

pytestmark = needs("torch")

SEQUENCE = adapter_in_readme("adapt_torch(")
STEP = """\
from gradcheck_rnn.adapters.torch_modules import adapt_torch
from lstm_step_function import Meter

ROLES = {"weight": [[f"W_x{gate}" for gate in "ifgo"], [f"W_h{gate}" for gate in "ifgo"]]}
ROLES |= {"bias": [f"b_{gate}" for gate in "ifgo"], "out.weight": "W_hy", "out.bias": "b_y"}
net = Meter(6, 5, 2)

def squared_error(batch):
    shown = net(batch.inputs, batch.initial_state["h"], batch.initial_state["c"])
    return 0.5 * (shown - batch.targets).square().sum()

loss, gradients, parameters = adapt_torch(net, loss=squared_error)
"""
LAYER = """\
from gradcheck_rnn.adapters.torch_modules import adapt_torch, torch_roles
from torch import nn

net = nn.ModuleDict({"rnn": nn.RNN(6, 5), "fc": nn.Linear(5, 4)})
ROLES = torch_roles(net)

def tagging_loss(batch):
    states, _ = net["rnn"](batch.inputs, batch.initial_state["h"][None])
    return nn.functional.cross_entropy(net["fc"](states), batch.targets)

loss, gradients, parameters = adapt_torch(net, loss=tagging_loss)
"""
LSTM_LAYER = LAYER.replace("nn.RNN", "nn.LSTM").replace(
    'batch.initial_state["h"][None]', 'tuple(batch.initial_state[state][None] for state in "hc")'
)
ONLY_LAYER = """\
from gradcheck_rnn.adapters.torch_modules import adapt_torch, torch_roles
from torch import nn

net = nn.LSTM(6, 5)
ROLES = torch_roles(net)
loss, gradients, parameters = adapt_torch(net, loss=lambda batch: (net(batch.inputs)[0] * batch.targets).sum())
"""
TENSORS = """\
import torch
from gradcheck_rnn.adapters.torch_modules import adapt_torch

net = {"U": torch.randn(5, 6), "W": torch.randn(5, 5), "V": torch.randn(4, 5), "b": torch.zeros(5), "c": torch.ones(4)}

def tagging_loss(batch):
    h, total = batch.initial_state["h"], 0.0
    for word, tag in zip(batch.tokens, batch.targets):
        h = torch.tanh(net["U"][:, word] + net["W"] @ h + net["b"])
        total = total - torch.log_softmax(net["V"] @ h + net["c"], 0)[tag]
    return total

loss, gradients, parameters = adapt_torch(net, loss=tagging_loss)
"""

TAGGER = "model: {input_size: 6, hidden_size: 5, output_size: 4, layout: column}\nsequence: {length: 6}"
BATCHED = TAGGER.replace("length: 6", "length: 6, batch_size: 3")
MEAN = f"{TAGGER}\nloss: {{reduction: mean}}"
METER = """\
model: {cell: lstm, input_size: 6, hidden_size: 5, output_size: 2, layout: column}
sequence: {length: 6, batch_size: 3, inputs: dense}
loss: {kind: mse}"""
STATES = """\
model: {cell: lstm, input_size: 6, hidden_size: 5, outputs: states, layout: column}
sequence: {length: 6, batch_size: 3, inputs: dense}
loss: {kind: projection}"""
OF_A_LAYER = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
OF_FC = ["fc.weight", "fc.bias"]
OF_A_TAGGER = [*(f"rnn.{name}" for name in OF_A_LAYER), *OF_FC]
OF_TWO_LAYERS = [f"rnn.{name.replace('l0', layer)}" for layer in ("l0", "l1") for name in OF_A_LAYER]
OF_TWO_DIRECTIONS = [f"rnn.{name}{way}" for way in ("", "_reverse") for name in OF_A_LAYER]
GRU = "cell: gru, gru: {reset: after, recurrent_bias: true}"
DEEP = (
    LAYER.replace("nn.RNN(6, 5", "nn.RNN(6, 5, HOW")
    .replace('batch.initial_state["h"][None]', 'torch.stack(batch.initial_state["h"])')
    .replace("from torch import nn", "import torch\nfrom torch import nn")
)
# adapter, net, names of the parameters
RIGHT = {
    "a sequence in one autograd.Function": (SEQUENCE, BATCHED, ["w_ih", "w_hh", "b", "out.weight", "out.bias"]),
    "an LSTM's step as an autograd.Function": (STEP, METER, ["weight", "bias", "out.weight", "out.bias"]),
    "nn.RNN": (LAYER, MEAN, OF_A_TAGGER),
    "nn.LSTM": (LSTM_LAYER, MEAN.replace("{input", "{cell: lstm, input"), OF_A_TAGGER),
    "nn.GRU": (LAYER.replace("nn.RNN", "nn.GRU"), MEAN.replace("{input", f"{{{GRU}, input"), OF_A_TAGGER),
    "two layers": (
        DEEP.replace("HOW", "num_layers=2"),
        MEAN.replace("{input", "{layers: 2, input"),
        [*OF_TWO_LAYERS, *OF_FC],
    ),
    "two directions": (
        DEEP.replace("HOW", "bidirectional=True").replace("nn.Linear(5", "nn.Linear(10"),
        MEAN.replace("{input", "{bidirectional: true, input"),
        [*OF_TWO_DIRECTIONS, *OF_FC],
    ),
    "nn.LSTM without an output layer": (ONLY_LAYER, STATES, OF_A_LAYER),
    "tensors in a dict": (TENSORS, TAGGER, ["U", "W", "V", "b", "c"]),
}


def evaluated(apart, expression):
    """Evaluate an expression apart, with the names that the adapters' module has."""
    names = "vars(__import__('importlib').import_module('gradcheck_rnn.adapters.torch_modules'))"
    return apart.submit(eval, f"eval({expression!r}, {names})").result()


@pytest.mark.parametrize("adapter", [adapter for adapter, *_ in RIGHT.values()])
def test_an_adapter_is_short(adapter):
    assert line_count(adapter) <= MOST_LINES


@pytest.mark.parametrize("case", thinned(RIGHT, every=4))
def test_right_code_passes_under_its_own_names_and_its_loss_is_recognised(case, checked):
    adapter, net, names = RIGHT[case]
    report = checked(adapter, net)
    assert (report.outcome, report.loss, report.findings) == ("pass", "described", ())
    assert [row.name for row in report.rows] == names


def test_an_untransposed_carry_of_a_sequence_is_named(checked):
    edit = ("sequence_function.py", "grad_h = grad_a @ w_hh", "grad_h = grad_a @ w_hh.t()")
    report = checked(SEQUENCE, BATCHED, *edit)
    assert named(report) == [("untransposed-weight", "W_hh", "matched")]
    assert "w_hh.T @ dz" in report.findings[0].help
    assert failing(report) == {"w_ih", "w_hh", "b"}


def test_a_missing_carry_of_the_cell_state_is_named(checked):
    edit = ("lstm_step_function.py", "d_c * f, d_gates", "torch.zeros_like(c), d_gates")
    report = checked(STEP, METER, *edit)
    assert named(report) == [("missing-term", "dc_next", "matched")]
    assert failing(report) == {"weight", "bias"}


@pytest.mark.campaign
def test_a_missing_derivative_of_the_forget_gate_is_named(checked):
    edit = ("lstm_step_function.py", "d_f * f * (1 - f)", "d_f")
    report = checked(STEP, METER, *edit)
    assert named(report) == [("missing-activation-derivative", "sigmoid' of f", "matched")]
    assert failing(report) == {"weight", "bias"}


@pytest.mark.campaign
def test_an_initial_state_that_is_learned_is_a_parameter(checked):
    adapter = LAYER.replace('batch.initial_state["h"][None]', "net.h0").replace(
        "ROLES = torch_roles(net)",
        'net.h0 = nn.Parameter(0.1 * net["fc"].weight[:1].detach())\nROLES = torch_roles(net)',
    )
    report = checked(adapter, MEAN.replace("{input", "{initial_state: learned, input"))
    assert (report.outcome, report.loss) == ("pass", "described")
    assert "h0" in [row.name for row in report.rows]


def test_an_unused_parameter_has_the_gradient_zero_and_a_frozen_one_is_none(checked):
    spare = 'net.spare, net.frozen = nn.Parameter(net["fc"].bias + 1), nn.Parameter(net["fc"].bias, False)\nROLES ='
    report = checked(LAYER.replace("ROLES =", spare), MEAN)
    assert (report.outcome, report.findings) == ("pass", ())
    assert {row.name: row.worst.analytic for row in report.rows if row.name not in OF_A_TAGGER} == {"spare": 0.0}


def test_single_precision_inside_a_module_is_reported(checked):
    report = checked(LAYER.replace("(states)", "(states.float().double())"), MEAN)
    assert {finding.kind for finding in report.findings} == {"float32-inside"}


def test_dropout_that_is_on_is_reported(checked):
    report = checked(LAYER.replace("(states)", "(nn.functional.dropout(states))"), MEAN)
    assert [finding.kind for finding in report.findings] == ["nondeterministic-loss"]


def test_a_loss_that_autograd_cannot_follow_is_refused_with_what_to_do(checked):
    report = checked(LAYER.replace("batch.targets)", "batch.targets).item()"), MEAN)
    assert [finding.kind for finding in report.findings] == ["raised"]
    assert "leave out .item()" in report.findings[0].message


def test_torch_is_seeded_and_has_one_thread(apart):
    assert evaluated(apart, "(torch.initial_seed(), torch.get_num_threads())") == (0, 1)


def test_roles_are_of_the_only_stack_and_of_the_only_output(apart):
    layers = "torch_roles(nn.Sequential(nn.RNN(2, 3, num_layers=2, bias=False), nn.Linear(3, 1)))"
    assert evaluated(apart, layers) == {
        **{"0.weight_ih_l0": "W_xh_1", "0.weight_hh_l0": "W_hh_1"},
        **{"0.weight_ih_l1": "W_xh_2", "0.weight_hh_l1": "W_hh_2"},
        **{"1.weight": "W_hy", "1.bias": "b_y"},
    }
    outputs = "torch_roles(nn.Sequential(nn.LSTMCell(2, 3, bias=False), nn.Linear(3, 1), nn.Linear(1, 1)))"
    assert evaluated(apart, outputs) == {
        "0.weight_ih": ["W_xi", "W_xf", "W_xg", "W_xo"],
        "0.weight_hh": ["W_hi", "W_hf", "W_hg", "W_ho"],
    }


FUNCTIONS = """\
import numpy as np
import torch

X = np.random.default_rng(0).standard_normal((5, 3))


class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, h, W_xh, W_hh):
        out = torch.tanh(x @ W_xh + h @ W_hh)
        ctx.save_for_backward(x, h, W_hh, out)
        return out

    @staticmethod
    def backward(ctx, dh):
        x, h, W_hh, out = ctx.saved_tensors
        dz = dh * (1 - out**2)
        return None, dz @ W_hh, torch.outer(x, dz), torch.outer(h, dz)


def run(p):
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in p.items()}
    h = torch.ones(4, dtype=torch.float64)
    for x in torch.tensor(X):
        h = Step.apply(x, h, tensors["W_xh"], tensors["W_hh"])
    return (h**2).sum(), tensors


def loss(p):
    return run(p)[0].item()


def gradients(p):
    value, tensors = run(p)
    value.backward()
    return {name: each.grad.numpy() for name, each in tensors.items()}
"""


def test_functions_that_go_back_through_a_graph_have_their_patch(tmp_path, monkeypatch):
    """A graph can be gone back through once: nothing of what runs may be evaluated a second time."""
    (tmp_path / "graph_once.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(tmp_path)
    net = importlib.import_module("graph_once")
    rng = np.random.default_rng(1)
    weights = {"W_xh": rng.standard_normal((3, 4)), "W_hh": 0.5 * rng.standard_normal((4, 4))}
    repair = fix(loss=net.loss, gradients=net.gradients, parameters=weights)
    del sys.modules["graph_once"]
    (diff,) = repair.patch.diffs(tmp_path)
    assert "+        return None, dz @ W_hh.T, torch.outer(x, dz), torch.outer(h, dz)" in diff.text
