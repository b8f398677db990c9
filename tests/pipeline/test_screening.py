"""`check.entries: screen` on user code and on the reference: what is looked at, what is said, and at which point."""

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.machine import to_json
from gradcheck_rnn.report.words import evidence, headline
from tests.cli.running import CONFIGS, MISBEHAVING, tagger_config

RIGHT = "from tagger_core import loss, gradients\n"
WRONG = """
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    grads = tagger_core.gradients(parameters, batch)
    grads["W_hh"][:, 2] *= 1.5
    return grads
"""
# the described loss at every point that is new to it, and tilted around those that it has seen
TILTED = """
import numpy as np
import tagger_core
from tagger_core import gradients
SEEN = []
def loss(parameters, batch):
    W_hh = parameters["W_hh"]
    near = [seen for seen in SEEN if np.abs(W_hh - seen).max() < 0.1]
    SEEN.extend([] if near else [W_hh.copy()])
    return tagger_core.loss(parameters, batch) + (0.1 * (W_hh - near[0]).sum() if near else 0.0)
"""
WRITING = """
import tagger_core
from tagger_core import gradients
def loss(parameters, batch):
    value = tagger_core.loss(parameters, batch)
    parameters["W_hh"] += 0.5
    return value
"""
MANY = RIGHT + "def losses(parameter_sets, batch): return [loss(each, batch) for each in parameter_sets]\n"


@pytest.fixture
def check(tmp_path):
    def run(text, *overrides, only=(), workers=0):
        (tmp_path / "adapter.py").write_text(f"import sys\nsys.path.insert(1, {str(MISBEHAVING)!r})\n{text}")
        path = str(tagger_config(tmp_path, tmp_path / "adapter.py"))
        settings = load_settings(path, overrides=("check.entries=screen", *overrides))
        return run_check(settings, only=only, workers=workers)

    return run


def row(report, name):
    return next(each for each in report.rows if each.name == name)


@pytest.mark.parametrize(
    ("adapter", "loss"),
    [(RIGHT, "described"), (RIGHT, "user"), (MANY, "user"), (MANY, "auto")],
    ids=["described", "one loss", "many losses", "confirmed by many losses"],
)
def test_a_screened_pass_says_so_and_counts_what_was_looked_at(check, adapter, loss):
    report = check(adapter, f"check.loss={loss}")
    assert report.outcome == "pass"
    assert report.loss == ("user" if loss == "user" else "described")
    assert headline(report).startswith("screened, not checked in full")
    assert (row(report, "W_hh").checked, row(report, "W_hh").entries) == (2, 25)
    assert row(report, "b_y").checked == row(report, "b_y").entries
    assert "an error in a single entry is not sure to be seen below" in evidence(report)[0]


def test_the_probe_of_a_described_loss_is_looked_at_entry_by_entry(check):
    report = check(RIGHT)
    assert all(each.checked == each.entries for each in report.points[1].comparisons)
    assert evidence(report)[1] == "at the probe (T = 9) every entry was looked at and agrees"
    assert not any("every entry" in line for line in evidence(check(RIGHT, "check.loss=user")))


def test_what_is_wrong_is_traced_and_named(check):
    report = check(WRONG, "check.loss=described", "check.probe=off")
    assert [each.name for each in report.rows if each.verdict == "fail"] == ["W_hh"]
    assert evidence(report)[0] == "W_hh: wrong in column 2 (5 of 5 entries looked at there)"


def test_neither_workers_nor_other_parameters_change_what_is_measured(check):
    overrides = ("check.loss=user",)
    alone, spread = (check(MANY, *overrides, workers=workers) for workers in (0, 2))
    assert to_json([spread]) == to_json([alone])
    (only,) = check(MANY, *overrides, only=("W_hh",)).rows
    assert only == row(alone, "W_hh")


def test_code_that_writes_into_its_arguments_is_screened_as_if_it_did_not(check):
    report = check(WRITING, "check.loss=user")
    assert {each.verdict for each in report.rows} == {"pass"}
    assert [each.kind for each in report.findings] == ["mutated-argument"]


def test_a_described_loss_that_the_user_s_slopes_contradict_gives_way_to_the_user_s(check):
    report = check(TILTED, "check.probe=off", only=("W_hh", "b_h"))
    assert report.loss == "user"
    assert [each.verdict for each in report.rows] == ["fail", "pass"]
    (note,) = (note for note in report.notes if note.kind == "numeric-unreliable")
    assert note.parameters == ("W_hh",)


@pytest.mark.parametrize(
    ("cell", "dtype", "only"),
    [
        ("tanh", "float32", ()),
        ("relu", "float64", ()),
        ("lstm", "float32", ("W_xi", "W_hf")),
        ("gru", "float64", ("W_hr",)),
    ],
)
def test_the_reference_agrees_with_itself(cell, dtype, only):
    overrides = (f"model.cell={cell}", f"dtype={dtype}", "check.entries=screen", "check.probe=off")
    report = run_check(load_settings(str(CONFIGS / "elman.yaml"), overrides=overrides), only=only)
    assert report.outcome == "pass"
    assert all(row.checked < row.entries for row in report.rows if row.name.startswith("W"))


@pytest.mark.parametrize("fault", ["missing-term:dh_next", "untransposed-weight:W_hh", "scaled-gradient:2"])
def test_a_planted_fault_is_found_without_the_probe(fault):
    overrides = (f"backward={{fault: {fault!r}}}", "check.entries=screen", "check.probe=off")
    report = run_check(load_settings(str(CONFIGS / "elman.yaml"), overrides=overrides))
    assert report.outcome == "fail"
    assert [each.kind for each in report.findings] == [fault.partition(":")[0]]


def test_its_power_is_that_of_the_directions():
    """A carry that is missing shows along them, though hardly in the two largest entries of each parameter."""
    overrides = ("check.entries=screen", "check.probe=off")
    report = run_check(load_settings(str(CONFIGS / "elman.yaml"), overrides=overrides))
    assert report.power.known - len(report.power.missed) > 0.9 * report.power.known
