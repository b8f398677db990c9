"""The story that the project began with: a check that passes at T = 1, fails from 2 on, and blinds at tiny weights."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.model.draw import configured_problem
from gradcheck_rnn.pipeline.check import run_check

ROOT = Path(__file__).resolve().parents[2]
CLASSIC_STEP = 1e-5
CLASSIC_TOLERANCE = 1e-5


def check(config, *overrides):
    report = run_check(load_settings(str(ROOT / "configs" / config), overrides=overrides), workers=0)
    return report.outcome, [row.name for row in report.rows if row.verdict == "fail"]


def test_the_untransposed_carry_fails_in_the_rows_that_it_feeds():
    assert check("pos_tagger.yaml") == ("fail", ["W_xh", "W_hh", "b_h"])


def test_the_missing_carry_fails_in_the_same_rows():
    assert check("pos_tagger_no_carry.yaml") == ("fail", ["W_xh", "W_hh", "b_h"])


def test_the_right_carry_passes():
    assert check("pos_tagger_right.yaml") == ("pass", [])


def test_at_one_step_the_untransposed_carry_does_not_show():
    assert check("pos_tagger.yaml", "length=1", "probe=off") == ("pass", [])


def test_at_two_steps_it_shows():
    # h0 = 0: at T = 2 the carry has reached no use of W_hh yet
    assert check("pos_tagger.yaml", "length=2", "probe=off") == ("fail", ["W_xh", "b_h"])


@pytest.fixture
def tagger(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "fixtures" / "pos_tagger"))
    spec = importlib.util.spec_from_file_location("right", ROOT / "fixtures" / "pos_tagger" / "right.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_classic_check_calls_the_right_gradient_wrong_at_these_weights(tagger):
    """Two losses near 10 differ by 1e-10: what is left of their digits is worse than the tolerance."""
    problem = configured_problem(load_settings(str(ROOT / "configs" / "pos_tagger_right.yaml")))
    parameters = {name: value.copy() for name, value in problem.parameters.items()}
    W_hh, gradient = parameters["W_hh"], tagger.gradients(parameters, problem.batch)["W_hh"]
    errors = []
    for index in np.ndindex(W_hh.shape):
        kept, losses = W_hh[index], []
        for offset in (CLASSIC_STEP, -CLASSIC_STEP):
            W_hh[index] = kept + offset
            losses.append(tagger.loss(parameters, problem.batch))
        W_hh[index] = kept
        numeric = (losses[0] - losses[1]) / (2 * CLASSIC_STEP)
        errors.append(abs(numeric - gradient[index]) / abs(numeric + gradient[index]))
    assert max(errors) > CLASSIC_TOLERANCE
