"""Verdicts and findings do not depend on how the numeric gradient is taken, nor on who takes it."""

import functools
import json

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.numeric.carried import trials
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.machine import to_json
from tests.thinned import thinned

# user code with a fault and without, described nets with one in them and without, gates, two layers in two directions
CHECKS = {
    "wrong user code": ("configs/pos_tagger.yaml", []),
    "right user code": ("configs/pos_tagger_right.yaml", []),
    "right gates": ("configs/elman.yaml", ["model.cell=gru", "model.hidden_size=4"]),
    "wrong reference": ("configs/elman.yaml", ["backward.fault=missing-term:dh_next", "sequence.batch_size=3"]),
    "deep reference": ("configs/elman.yaml", ["model.layers=2", "model.bidirectional=true", "loss.kind=mse"]),
}


@functools.cache
def usual_report(check: str) -> dict:
    return report_of(check)


def report_of(check: str, *, workers: int = 1, method: str = "auto") -> dict:
    config, overrides = CHECKS[check]
    settings = load_settings(config, overrides=[*overrides, f"check.method={method}"])
    return json.loads(to_json([run_check(settings, workers=workers)]))


def verdicts_and_findings(report: dict) -> tuple:
    rows = {row["name"]: row["verdict"] for row in report["parameters"]}
    return report["verdict"], rows, [(each["kind"], each["term"], each["certainty"]) for each in report["findings"]]


@pytest.mark.parametrize("check", thinned(CHECKS, every=2))
def test_any_number_of_workers_gives_the_same_report(check, monkeypatch):
    monkeypatch.setattr(trials, "BLOCK_VALUES", 512)  # several blocks even of a small net
    monkeypatch.setattr(trials, "LEAST_TRIALS", 8)
    assert report_of(check, workers=3) == report_of(check, workers=1)


@pytest.mark.parametrize(
    ("check", "method"),
    [
        ("wrong user code", "central"),
        ("wrong reference", "richardson"),
        ("right user code", "direct"),
        ("wrong reference", "direct"),
        pytest.param("right gates", "direct", marks=pytest.mark.campaign),
        pytest.param("deep reference", "direct", marks=pytest.mark.campaign),
    ],
)
def test_any_method_gives_the_same_verdicts_and_findings(check, method):
    assert verdicts_and_findings(report_of(check, method=method)) == verdicts_and_findings(usual_report(check))


@pytest.mark.parametrize("check", thinned(list(CHECKS)[::-1], every=2))
def test_any_length_of_blocks_gives_the_same_verdicts_and_findings(check, monkeypatch):
    usual = verdicts_and_findings(usual_report(check))
    monkeypatch.setattr(trials, "BLOCK_VALUES", 100)
    monkeypatch.setattr(trials, "OUTPUT_VALUES", 10)
    monkeypatch.setattr(trials, "LEAST_TRIALS", 8)
    assert verdicts_and_findings(report_of(check)) == usual
