"""The examples in JavaScript and in GNU Octave, through adapters of a few lines."""

from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.model.draw import configured_problem
from gradcheck_rnn.model.reference import described_loss
from gradcheck_rnn.pipeline.check import run_check
from tests.languages import needs

ROOT = Path(__file__).resolve().parents[2]
MOST_ADAPTER_LINES, MOST_LINES = 12, 100
LANGUAGES = {"node": "js", "octave": "m"}
BOTH = pytest.mark.parametrize("language", [pytest.param(each, marks=needs(each)) for each in LANGUAGES])
# the fault of each broken twin
NAMED = {"node": ("wrong-time-index", "h[t-1]"), "octave": ("untransposed-weight", "W_hh")}
# as far as a number may be off after the way there and back: none, and two units of its last place
LOST = {"node": 0.0, "octave": 4.5e-16}


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.strip()]


def opened(language: str):
    settings = load_settings(str(ROOT / "configs" / f"{language}_tagger_right.yaml"))
    problem = configured_problem(settings)
    code = UserCode(settings.backward.adapter, settings.seed, problem.net.sizes, settings.check.timeout)
    return running(code, workers=0), Point(problem.parameters, problem.batch), problem


def loss(session, point):
    return session.loss(point)


def losses(session, point, parameter_sets):
    return session.losses(point, parameter_sets)


@pytest.mark.parametrize(("language", "suffix"), LANGUAGES.items())
def test_the_examples_are_short(language, suffix):
    folder = ROOT / "fixtures" / f"{language}_tagger"
    adapters, programs = list(folder.glob("*.py")), list(folder.glob(f"*.{suffix}"))
    assert (len(adapters), len(programs)) == (2, 4)
    assert max(len(lines(adapter)) for adapter in adapters) <= MOST_ADAPTER_LINES
    assert sum(len(lines(program)) for program in programs) <= 1.5 * MOST_LINES


@BOTH
def test_the_fault_of_the_broken_twin_is_named(language):
    report = run_check(load_settings(str(ROOT / "configs" / f"{language}_tagger.yaml")), workers=0)
    (finding,) = report.findings
    assert (finding.kind, finding.term) == NAMED[language]
    assert finding.evidence["residual"] < 1e-13


@BOTH
def test_the_loss_is_the_described_one_to_rounding(language):
    runner, point, problem = opened(language)
    with runner as run:
        assert run.run(loss, point) == pytest.approx(described_loss(problem), rel=1e-14)


@BOTH
def test_many_losses_are_those_of_one_after_the_other(language):
    runner, point, _ = opened(language)
    rng = np.random.default_rng(0)
    sets = [{name: value + rng.normal(size=value.shape) for name, value in point.parameters.items()} for _ in range(5)]
    with runner as run:
        assert run.run(losses, point, sets) == [run.run(loss, point.at(each)) for each in sets]
