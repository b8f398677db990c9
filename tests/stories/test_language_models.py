"""The two other stories: truncation, and a mean loss with a summed gradient."""

from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("config", "outcome", "wrong"),
    [
        ("language_model.yaml", "fail", ["U", "V", "W"]),
        ("language_model_right.yaml", "pass", []),
        ("word_bptt.yaml", "fail", ["U", "W"]),
        ("word_bptt_full.yaml", "pass", []),
        ("elman.yaml", "pass", []),
    ],
)
def test_each_story_fails_in_its_own_rows(config, outcome, wrong):
    report = run_check(load_settings(str(ROOT / "configs" / config)), workers=0)
    assert report.outcome == outcome
    assert [row.name for row in report.rows if row.verdict == "fail"] == wrong


def test_a_window_of_four_shows_from_six_steps_on():
    def outcome(length):
        settings = load_settings(
            str(ROOT / "configs" / "word_bptt.yaml"), overrides=[f"length={length}", "check.probe=off"]
        )
        return run_check(settings, workers=0).outcome

    assert [outcome(length) for length in (4, 5, 6, 7)] == ["pass", "pass", "fail", "fail"]


def test_every_config_starts_with_the_command_that_runs_it():
    for config in (ROOT / "configs").glob("*.yaml"):
        assert config.read_text().startswith(f"# gradcheck-rnn check configs/{config.name}\n")
