"""The examples in JavaScript and in GNU Octave, through adapters of a few lines."""

from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.model.draw import configured_problem
from gradcheck_rnn.model.forward import described_loss
from gradcheck_rnn.numeric.estimate import EPS
from tests.adapters.peers import adapter_of
from tests.languages import needs

ROOT = Path(__file__).resolve().parents[2]
MOST_ADAPTER_LINES, MOST_LINES = 12, 100
LANGUAGES = {"node": "js", "octave": "m"}
BOTH = pytest.mark.parametrize("language", [pytest.param(each, marks=needs(each)) for each in LANGUAGES])


# each hands the parameters back as gradients
ECHO = {
    "node": [
        "node",
        "-e",
        """require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
          const { id, parameters } = JSON.parse(line);
          console.log(JSON.stringify({ id, version: 1, offers: ['gradients'], gradients: parameters }));
        });""",
    ],
    "octave": [
        *("octave-cli", "--quiet", "--norc", "--eval"),
        """while true
          try, request = jsondecode(input("", "s")); catch, break, end
          answer = struct("id", request.id, "version", 1, "offers", {{"gradients"}});
          if isfield(request, "parameters"), answer.gradients = request.parameters; end
          puts([jsonencode(answer) "\\n"]); fflush(stdout);
        end""",
    ],
}
# how far a number may be off after the way there and back, as a share and absolutely: not at all; Octave's jsondecode
# is off by two units of the last place, its jsonencode by one, and it writes 0 for what is smaller than eps
LOST = {"node": (0.0, 0.0), "octave": (3 * EPS, EPS)}


def lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if line.strip()]


def opened(language: str):
    settings = load_settings(str(ROOT / "configs" / f"{language}_tagger_right.yaml"))
    problem = configured_problem(settings)
    code = UserCode(settings.backward.adapter, settings.seed, problem.net.sizes, settings.check.timeout)
    return running(code, workers=0), Point(problem.parameters, problem.batch), problem


def loss(session, point):
    return session.loss(point)


def gradients(session, point):
    return session.gradients(point).gradients


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


@BOTH
def test_numbers_keep_all_their_digits(language, tmp_path):
    rng = np.random.default_rng(0)
    sent = rng.normal(size=(30, 40)) * 10.0 ** rng.integers(-20, 20, (30, 40))
    with running(adapter_of(tmp_path, ECHO[language]), workers=0) as run:
        returned = run.run(gradients, opened(language)[1].at({"W": sent}))["W"]
    relative, absolute = LOST[language]
    assert (np.abs(returned - sent) <= relative * np.abs(sent) + absolute).all()


@BOTH
def test_an_error_of_the_example_is_named_with_its_place(language):
    runner, point, _ = opened(language)
    with runner as run, pytest.raises(UserCodeError) as caught:
        run.run(loss, point.at({"W_xh": point.parameters["W_xh"]}))
    finding = caught.value.finding
    assert (finding.kind, finding.term) == ("raised", "loss")
    assert {"node": "tagger.js:7", "octave": "read_sentence, line 6"}[language] in finding.evidence["traceback"]
