"""The user's loss is asked whether it has the described slopes; where it has others it is differenced itself."""

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.cli.running import MISBEHAVING, tagger_config

# the described loss at every point that is new to it, and tilted around those in one entry of one parameter, of
# which the gradient has its worst entry elsewhere, so that nobody looks at that one
TILTED = """
import sys
sys.path.insert(1, {folder!r})
import numpy as np
import tagger_core
SEEN = []
def loss(parameters, batch):
    value = parameters[{name!r}]
    near = [seen for seen in SEEN if np.abs(value - seen).max() < 0.1]
    SEEN.extend([] if near else [value.copy()])
    return tagger_core.loss(parameters, batch) + ({tilt} * (value - near[0])[{entry}] if near else 0.0)
def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    grads[{name!r}].flat[-1] += 10.0
    return grads
"""


@pytest.fixture
def check(tmp_path):
    def run(name, entry, tilt):
        text = TILTED.format(folder=str(MISBEHAVING), name=name, entry=entry, tilt=tilt)
        (tmp_path / "adapter.py").write_text(text)
        settings = load_settings(str(tagger_config(tmp_path, tmp_path / "adapter.py")), overrides=["check.probe=off"])
        return run_check(settings, only=[name], workers=0)

    return run


@pytest.mark.parametrize(("name", "entry"), [("W_xh", "3, 1"), ("W_hh", "0, 0"), ("W_hy", "2, 3"), ("b_h", "1")])
def test_a_loss_that_is_another_in_one_entry_is_differenced_itself(check, name, entry):
    report = check(name, entry, 0.01)
    assert report.loss == "user"
    (note,) = (note for note in report.notes if note.kind == "numeric-unreliable")
    assert note.parameters == (name,)


@pytest.mark.parametrize(("name", "entry"), [("W_hh", "0, 0"), ("b_h", "0")])
def test_a_loss_that_is_the_same_confirms_the_described_one(check, name, entry):
    assert check(name, entry, 0.0).loss == "described"
