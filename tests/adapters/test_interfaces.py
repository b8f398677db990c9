"""Code in the interfaces that people have, right and broken, through adapters of a few lines."""

import json
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "interfaces"
MOST_LINES = 12
NET = """\
model: {input_size: 6, hidden_size: 5, output_size: 6, layout: column, biases: BIASES}
sequence: {length: 6}
seed: 0
backward: {adapter: adapter.py}
"""

SCRIPT = """\
from gradcheck_rnn.adapters import adapt, definitions, values

net = definitions("FILE")
shapes = {"Wxh": (5, 6), "Whh": (5, 5), "Why": (6, 5), "bh": (5, 1), "by": (6, 1)}


def run(batch):
    return net.loss_and_gradients(batch.tokens, batch.targets, batch.initial_state["h"][:, None])


result = values(None, "Wxh", "Whh", "Why", "bh", "by", None)
loss, gradients, parameters = adapt(net, shapes, loss=lambda b: run(b)[0], gradients=run, result=result)
"""
OBJECT = """\
from gradcheck_rnn.adapters import adapt, attributes, mapping, negated, updates
from tanh_net import TanhNet

net = TanhNet(6, 5)


def back(batch):
    return net.CALL


loss, gradients, parameters = adapt(
    net, ["U", "W", "V"], loss=lambda b: net.loss(b.tokens, b.targets), gradients=back, result=RESULT
)
"""
# adapter, the fixture, what is edited in it, whether it has biases
INTERFACES = {
    "globals and a tuple": (SCRIPT.replace("FILE", "char_globals.py"), "char_globals.py", True),
    "attributes of an object": (
        OBJECT.replace("CALL", "backward(batch.tokens, batch.targets)").replace("RESULT", "attributes(net)"),
        "tanh_net.py",
        False,
    ),
    "a dict with suffixes": (
        OBJECT.replace("CALL", "backward(batch.tokens, batch.targets)").replace("RESULT", 'mapping("", "_diff")'),
        "tanh_net.py",
        False,
    ),
    "an update at once": (
        OBJECT.replace("CALL", "learn(batch.tokens, batch.targets, 1.0)").replace("RESULT", "updates(1.0)"),
        "tanh_net.py",
        False,
    ),
    "deltas": (
        OBJECT.replace("CALL", "learn(batch.tokens, batch.targets, -1.0)").replace("RESULT", "negated(updates(1.0))"),
        "tanh_net.py",
        False,
    ),
}
CARRY = {
    "char_globals.py": ("carry = Whh.T @ raw", "carry = Whh @ raw"),
    "tanh_net.py": ("self.W.T @ delta", "self.W @ delta"),
}
RECURRENT = {"char_globals.py": "Whh", "tanh_net.py": "W"}


def check(folder: Path, interface: str, *, broken: bool, as_notebook: bool = False):
    adapter, fixture, biases = INTERFACES[interface]
    source = (FIXTURES / fixture).read_text()
    if broken:
        right, wrong = CARRY[fixture]
        assert right in source
        source = source.replace(right, wrong)
    if as_notebook:
        cells = [
            {"cell_type": "markdown", "source": ["# Letters"]},
            {"cell_type": "code", "source": ["%matplotlib inline\n", "!ls\n", source]},
        ]
        source, adapter = json.dumps({"cells": cells}), adapter.replace(".py", ".ipynb")
        fixture = fixture.replace(".py", ".ipynb")
    (folder / fixture).write_text(source)
    (folder / "adapter.py").write_text(adapter)
    (folder / "net.yaml").write_text(NET.replace("BIASES", str(biases).lower()))
    return run_check(load_settings(str(folder / "net.yaml")), workers=0)


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_adapter_is_short(interface):
    adapter, *_ = INTERFACES[interface]
    lines = [line for line in adapter.splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


@pytest.mark.parametrize("interface", INTERFACES)
def test_right_code_passes(interface, tmp_path):
    report = check(tmp_path, interface, broken=False)
    assert (report.outcome, report.findings) == ("pass", ())


@pytest.mark.parametrize("interface", INTERFACES)
def test_an_untransposed_carry_is_named(interface, tmp_path):
    report = check(tmp_path, interface, broken=True)
    (finding,) = report.findings
    assert (finding.kind, finding.term) == ("untransposed-weight", "W_hh")
    assert RECURRENT[INTERFACES[interface][1]] in finding.help


def test_a_notebook_is_read_by_its_cells(tmp_path):
    assert check(tmp_path, "globals and a tuple", broken=False, as_notebook=True).outcome == "pass"
