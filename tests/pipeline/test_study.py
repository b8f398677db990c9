"""What is looked into for pictures only."""

from pathlib import Path

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.study import reaches, studied
from tests.cli.running import CONFIGS

TAGGER = str(CONFIGS / "pos_tagger.yaml")


def test_an_error_fades_at_weights_of_a_hundredth_and_not_at_the_probe():
    configured, probe = reaches(load_settings(TAGGER))
    assert (configured.point, probe.point) == ("configured", "probe")
    assert configured.chain.lost_at is not None
    assert probe.chain.lost_at is None


def test_without_a_probe_and_without_a_described_net_there_is_less_to_follow():
    (only,) = reaches(load_settings(TAGGER, overrides=("check.probe=off",)))
    assert only.point == "configured"
    assert list(reaches(load_settings(str(CONFIGS / "leaky.yaml")))) == []


def test_a_check_that_compared_nothing_is_looked_into_no_further(tmp_path):
    adapter = tmp_path / "adapter.py"
    adapter.write_text("def gradients(parameters, batch):\n    raise ValueError\n", encoding="utf-8")
    report = run_check(load_settings(TAGGER, overrides=(f"backward.adapter={adapter}",)), workers=0)
    assert studied(report, Path()) is report
