"""The assertion for tests of gradients: passes in silence, fails with what was found and with a patch."""

import re
from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn import UsageError, testing
from gradcheck_rnn.errors import StaleBaselineWarning
from gradcheck_rnn.testing import assert_gradients
from tests.cli.running import CONFIGS
from tests.report.samples import compared, report_of
from tests.test_api import TAGGER, gradients, loss, tagger

POINT = {"W": np.ones((3, 2)), "b": np.ones(2)}


def message(*arguments, **functions):
    with pytest.raises(AssertionError) as caught:
        assert_gradients(*arguments, **functions)
    return str(caught.value)


def test_right_gradients_pass_and_the_report_is_at_hand():
    report = assert_gradients(loss=loss, gradients=gradients, parameters=POINT)
    assert [row.name for row in report.rows] == ["W", "b"]


def test_the_first_line_names_the_fault_and_the_parameters():
    """The summary of pytest shows that line only."""
    wrong = {"gradients": lambda parameters: {**gradients(parameters), "b": -gradients(parameters)["b"]}}
    first, _, rest = message(loss=loss, **wrong, parameters=POINT).partition("\n")
    assert first.startswith("sign-flip b: 1 of 2 parameters is wrong: b (")
    assert "help: negate it" in rest


def test_only_some_parameters_are_looked_at_where_that_is_asked_for():
    wrong = {"gradients": lambda parameters: {**gradients(parameters), "b": -gradients(parameters)["b"]}}
    assert_gradients(loss=loss, **wrong, parameters=POINT, only=["W"])


def patched(text):
    """What a patch in a message takes away and puts in its place."""
    lines = text[text.index("\n--- ") :].splitlines()
    return [line for line in lines if line.startswith(("+", "-")) and line[:4] not in ("--- ", "+++ ")]


def carried_back(parameters, *, steps=4):
    """The gradient of half the squared last state of h = tanh(h W), from h = (1, -1/2), with a transpose too few."""
    W, dW = parameters["W"], np.zeros((2, 2))
    h = states(W, steps)
    dh = h[-1]
    for t in reversed(range(steps)):
        dz = (1 - h[t + 1] ** 2) * dh
        dW += np.outer(h[t], dz)
        dh = dz @ W
    return {"W": dW}


def states(W, steps):
    h = [np.array([1.0, -0.5])]
    for _ in range(steps):
        h.append(np.tanh(h[-1] @ W))
    return h


CARRIED = {
    "loss": lambda parameters: 0.5 * float((states(parameters["W"], 4)[-1] ** 2).sum()),
    "parameters": {"W": np.array([[0.5, 0.3], [-0.2, 0.4]])},
}


def test_the_message_ends_with_the_patch_of_the_function(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    text = message(gradients=carried_back, **CARRIED)
    assert "--- a/tests/test_testing.py\n+++ b/tests/test_testing.py\n" in text
    assert patched(text) == ["-        dh = dz @ W", "+        dh = dz @ W.T"]
    assert "verified at 3 points that the search had not seen:\n  other values of W (2, 2), all else the same" in text


def test_no_patch_is_searched_for_where_that_is_not_wanted(monkeypatch):
    monkeypatch.setattr(testing, "repaired", None)
    text = message(gradients=carried_back, patch_seconds=0, **CARRIED)
    assert text.splitlines()[-1] == "  help: where the chain goes back through W, multiply by its transpose"


def writes_into_its_argument(parameters):
    right = gradients(parameters)
    parameters["b"] *= 0
    return right


def test_what_a_call_leaves_behind_has_a_patch_too():
    text = message(loss=loss, gradients=writes_into_its_argument, parameters=POINT)
    assert patched(text) == ['-    parameters["b"] *= 0']


def test_a_search_that_has_no_time_says_how_it_gets_more():
    text = message(gradients=carried_back, patch_seconds=1e-9, **CARRIED)
    assert re.search(r"a whole search takes several times that: `patch_seconds=\d+`$", text)


def test_functions_that_cannot_be_run_elsewhere_say_why():
    handle = (each for each in ())

    def held(parameters):
        return carried_back({**parameters, "handle": handle})

    last = message(gradients=held, **CARRIED).partition("nothing could be searched: ")[2]
    assert last.startswith("`handle` cannot be taken to another process: cannot")


def test_functions_of_a_described_net_are_patched_at_other_sizes(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    text = message(TAGGER, **tagger("untransposed"))
    assert patched(text) == ["-        dh_next = dz @ W_hh", "+        dh_next = dz @ W_hh.T"]
    assert "\n  T = 6, I = 7, H = 4\n" in text
    assert "apply it" not in text


def test_functions_of_a_described_net_come_with_the_way_to_a_patch(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    last = message(TAGGER, **tagger("untransposed"), patch_seconds=0).splitlines()[-1]
    assert last == (
        "for a patch: gradcheck-rnn init fixtures/pos_tagger/untransposed.py, "
        "then gradcheck-rnn fix untransposed.gradcheck.yaml"
    )


def test_a_configuration_comes_with_its_patch_and_the_command_that_applies_it(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    text = message("configs/pos_tagger.yaml", overrides={"length": 3})
    assert patched(text) == ["-        dh_next = dz @ W_hh", "+        dh_next = dz @ W_hh.T"]
    assert text.splitlines()[-1] == "apply it: gradcheck-rnn fix configs/pos_tagger.yaml --set length=3 --write"


def test_a_configuration_comes_with_the_command_that_mends_it(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    last = message("configs/pos_tagger.yaml", overrides={"length": 3}, patch_seconds=0).splitlines()[-1]
    assert last == "try: gradcheck-rnn fix configs/pos_tagger.yaml --set length=3"


NET = """\
model: {input_size: 8, hidden_size: 5, output_size: 4}
sequence: {length: 6}
seed: 7
backward: {fault: "%s"}
"""


@pytest.fixture
def faulty(tmp_path, monkeypatch):
    """A configuration with a fault, and a baseline that accepts a missing carry in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "known.yaml").write_text(
        "version: 1\naccepted:\n"
        "  - {config: net.yaml, kind: missing-term, term: dh_next, parameters: [W_xh, W_hh, b_h], damage: left out,\n"
        '     reason: "trained like that for years"}\n'
    )

    def net_with(fault):
        (tmp_path / "net.yaml").write_text(NET % fault)
        return "net.yaml"

    return net_with


def test_what_a_baseline_accepts_passes_with_the_reason_in_the_report(faulty):
    report = assert_gradients(faulty("missing-term:dh_next"), baseline="known.yaml")
    assert (report.outcome, report.is_accepted) == ("fail", True)
    assert [finding.accepted.reason for finding in report.findings] == ["trained like that for years"]


def test_what_a_baseline_does_not_know_fails_and_its_own_fault_is_told_to_be_gone(faulty):
    net = faulty("sign-flip:b_y")
    with pytest.warns(StaleBaselineWarning, match=r"known\.yaml:3:5: the baseline accepts missing-term dh_next"):
        text = message(net, baseline="known.yaml")
    assert text.startswith("sign-flip b_y: 1 of 5 parameters is wrong: b_y")
    assert text.endswith("the configuration names no adapter, so the backward\npass is none of yours")


def test_a_baseline_knows_no_functions(faulty):
    with pytest.raises(UsageError, match="by the file of their configuration, and there is none"):
        assert_gradients(loss=loss, gradients=gradients, parameters=POINT, baseline="known.yaml")
    with pytest.raises(UsageError, match="and there is none"):
        assert_gradients(TAGGER, gradients=gradients, baseline="known.yaml")


def test_a_baseline_that_is_not_there_is_told_before_anything_is_checked(faulty):
    with pytest.raises(UsageError, match="nobody"):
        assert_gradients(faulty("sign-flip:b_y"), baseline="nobody.yaml")


@pytest.mark.parametrize("outcome", ["inconclusive", "error"])
def test_no_verdict_is_no_pass(monkeypatch, outcome):
    monkeypatch.setattr(testing, "check", lambda *_, **__: report_of([compared("W_hh")], outcome=outcome))
    with pytest.raises(AssertionError):
        assert_gradients("any.yaml")


def test_an_interrupt_is_passed_on(monkeypatch):
    stopped = replace(report_of([compared("W_hh")], outcome="inconclusive"), interrupted=True)
    monkeypatch.setattr(testing, "check", lambda *_, **__: stopped)
    with pytest.raises(KeyboardInterrupt):
        assert_gradients("any.yaml")


def test_a_mistake_in_the_call_is_no_failed_gradient():
    with pytest.raises(UsageError) as caught:
        assert_gradients(loss=loss, parameters=POINT)
    assert [entry.name for entry in caught.traceback][1:] == ["assert_gradients"]  # none of what is below it
    assert caught.value.__suppress_context__
