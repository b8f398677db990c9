"""What each configuration is told: the fault by name, proven, with the line that is right."""

from pathlib import Path

import pytest

from gradcheck_rnn.cells.catalogue import CUSTOM
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from tests.languages import runnable

ROOT = Path(__file__).resolve().parents[2]

FINDINGS = {
    "elman.yaml": [],
    "language_model.yaml": [("scaled-gradient", "T"), ("truncated-chain", "4")],
    "language_model_right.yaml": [],
    "leaky.yaml": [("unexplained", "In")],
    "leaky_right.yaml": [],
    "meter_lstm.yaml": [("missing-activation-derivative", "sigmoid' of f")],
    "meter_lstm_right.yaml": [],
    "node_tagger.yaml": [("wrong-time-index", "h[t-1]")],
    "node_tagger_right.yaml": [],
    "octave_tagger.yaml": [("untransposed-weight", "W_hh")],
    "octave_tagger_right.yaml": [],
    "pos_tagger.yaml": [("untransposed-weight", "W_hh")],
    "pos_tagger_no_carry.yaml": [("missing-term", "dh_next")],
    "pos_tagger_right.yaml": [],
    "word_bptt.yaml": [("truncated-chain", "4")],
    "word_bptt_full.yaml": [],
}


def check(config, *overrides):
    return run_check(load_settings(str(ROOT / "configs" / config), overrides=overrides), workers=0)


def test_every_configuration_has_its_findings_pinned():
    assert {path.name for path in (ROOT / "configs").glob("*.yaml")} == FINDINGS.keys()


@pytest.mark.parametrize("config", runnable(config for config, findings in FINDINGS.items() if findings))
def test_a_configuration_is_told_its_faults(config):
    report = check(config)
    assert [(finding.kind, finding.term) for finding in report.findings] == FINDINGS[config]
    proven = "likely" if report.settings.model.cell == CUSTOM else "matched"
    assert all(finding.certainty == proven for finding in report.findings)


def test_the_untransposed_carry_is_proven_and_told_from_the_missing_one():
    (finding,) = check("pos_tagger.yaml").findings
    evidence = finding.evidence
    assert evidence["residual"] < 1e-9
    assert evidence["runner_up"]["residual"] > 1e6 * max(evidence["residual"], 1e-16)
    assert evidence["equivalent"] == []
    assert finding.help == "dh_next = dz @ W_hh.T"
    assert finding.parameters == ("W_xh", "W_hh", "b_h")


def test_the_language_model_is_told_its_own_names():
    """Its weights are called U, V and W, and they stand on the left of the vectors."""
    factor, window = check("language_model.yaml").findings
    assert "divide every gradient by T" in factor.help
    assert window.help == "dh_next = W.T @ dz at every step, back to the first one"


@pytest.mark.parametrize("config", ["pos_tagger.yaml", "pos_tagger_no_carry.yaml"])
@pytest.mark.parametrize("weights", ["1e-2", "1e-3", "1e-6"])
def test_weights_so_small_that_the_chain_vanishes_change_no_finding(config, weights):
    report = check(config, "model.init.distribution=normal", f"scale={weights}")
    assert [(finding.kind, finding.term) for finding in report.findings] == FINDINGS[config]
