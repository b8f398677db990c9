"""The assertion for tests of gradients: passes in silence, fails with what was found and the way to a patch."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn import UsageError, testing
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


def test_functions_of_a_described_net_come_with_the_way_to_a_patch(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    last = message(TAGGER, **tagger("untransposed")).splitlines()[-1]
    assert last == (
        "for a patch: gradcheck-rnn init fixtures/pos_tagger/untransposed.py, "
        "then gradcheck-rnn fix untransposed.gradcheck.yaml"
    )


def test_a_configuration_comes_with_the_command_that_mends_it(monkeypatch):
    monkeypatch.chdir(CONFIGS.parent)
    last = message("configs/pos_tagger.yaml", overrides={"length": 3}).splitlines()[-1]
    assert last == "try: gradcheck-rnn fix configs/pos_tagger.yaml --set length=3"


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
    with pytest.raises(UsageError):
        assert_gradients(loss=loss, parameters=POINT)
