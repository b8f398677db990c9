"""Experiments on code that is unexplained, at a probe that was reduced in size."""

from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.model.draw import configured_net, probe_net
from gradcheck_rnn.pipeline.diagnosis.experiments import run_experiments
from gradcheck_rnn.pipeline.measurement import Plan
from gradcheck_rnn.pipeline.user.measure import measure_user
from gradcheck_rnn.pipeline.user.opening import open_user_net
from tests.cli.running import MISBEHAVING, tagger_config

ONE_ENTRY = f"""
import sys
sys.path.insert(1, {str(MISBEHAVING)!r})
import tagger_core
from tagger_core import loss

def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    grads["W_xh"][1, 2] *= 1.5
    return grads
"""


COUNTED_ONCE = f"""
import sys
sys.path.insert(1, {str(MISBEHAVING)!r})
import numpy as np
import tagger_core
from tagger_core import loss

def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    tokens = batch.tokens
    for token in np.unique(tokens):
        grads["W_xh"][token] HOW 1.0 / np.count_nonzero(tokens == token)
    return grads
"""


def experiments_on(tmp_path, text, *overrides, only=None):
    """The user's net, the net of the probe, and the experiments on an adapter whose gradient of W_xh is wrong."""
    adapter = tmp_path / "adapter.py"
    adapter.write_text(text)
    settings = load_settings(str(tagger_config(tmp_path, adapter)), overrides=overrides)
    plan = Plan(settings, only, lambda *_: None)
    code = UserCode(adapter, settings.seed, configured_net(settings).sizes, 60.0)
    with running(code, workers=0) as runner:
        user = open_user_net(runner, settings, adapter)
        net = probe_net(user.net, reducible=True)
        measured = measure_user(plan, user, "probe", net, user.probe(net))
        return user, net, run_experiments(plan, user, measured, ("W_xh",), lengths_are_free=True)


def test_one_wrong_entry_stays_wrong_at_every_changed_point(tmp_path):
    """Of 120,000 entries of W_xh the probe keeps 576, of which experiments sample 30: the wrong one is among them."""
    sizes = ("model.input_size=4000", "model.hidden_size=30", "sequence.inputs=dense", "check.loss=described")
    user, net, experiments = experiments_on(tmp_path, ONE_ENTRY, *sizes, only=("W_xh",))
    assert net.sizes.input_size < user.net.sizes.input_size
    answers = {each.question: each.answer for each in experiments}
    assert answers["which sequences?"] == "W_xh from T = 1 on"
    assert answers["with a symmetric W_hh?"] == answers["with a W_hh of zeros?"] == "still wrong: W_xh"


def test_a_token_that_counts_once_however_often_it_stands_is_found(tmp_path):
    _, _, experiments = experiments_on(tmp_path, COUNTED_ONCE.replace("HOW", "*="))
    (asked,) = (each for each in experiments if each.question == "with no token twice?")
    (finding,) = asked.findings
    assert (asked.answer, finding.kind, finding.term) == ("right there", "overwritten-accumulator", "W_xh")


def test_a_gradient_that_is_wrong_without_such_a_token_is_another_fault(tmp_path):
    _, _, experiments = experiments_on(tmp_path, COUNTED_ONCE.replace("HOW", "+= 0.1 *"))
    (asked,) = (each for each in experiments if each.question == "with no token twice?")
    assert (asked.answer, asked.findings) == ("still wrong: W_xh", ())
