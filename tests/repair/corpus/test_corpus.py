"""The corpus is what it says: right code is right, each slip matters, the judge tells a repair from another patch."""

import functools
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck_rnn.adapters.source import read_source
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.value import Patch, Searched
from tests.repair.corpus import judge
from tests.repair.corpus.run import NOTHING, REPAIRED, WRONG, Case, cases, own_fix, repair
from tests.repair.corpus.slip import SIZES, Style
from tests.repair.corpus.styles import STYLES

POINT = {**SIZES, "seed": 3}
SINGLES, PAIRS = cases(), cases(pairs=True)
ELMAN = ("tanh", "relu", "sigmoid")
every_style = pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
# the others are left to the campaign
some_styles = pytest.mark.parametrize(
    "style",
    [
        pytest.param(style, id=style.name, marks=[] if number % 9 == 0 else [pytest.mark.campaign])
        for number, style in enumerate(STYLES)
    ],
)
# all of them take an hour: `python -m tests.repair.corpus.run` runs them
some_cases = pytest.mark.parametrize("case", [*SINGLES[3::12], *PAIRS[3::12]], ids=lambda case: case.identifier)


@functools.cache
def values(style: Style, *names: str) -> judge.Values:
    slips = [slip for name in names for slip in style.named(name)]
    return judge.computed(style, style.texts(slips, POINT), POINT)


@every_style
def test_what_a_slip_replaces_stands_there_once(style):
    for name in [*(slip.name for slip in style.slips), *map("+".join, style.pairs)]:
        assert style.texts(style.named(name)) != style.texts()


def test_there_are_enough_slips_of_each_cell_and_enough_pairs():
    by_cell = [sum(case.style.cell in cells for case in SINGLES) for cells in (ELMAN, ("lstm",), ("gru",))]
    assert len({case.identifier for case in SINGLES}) == len(SINGLES) >= 90
    assert min(by_cell) >= 25
    assert len(PAIRS) >= 40
    assert len(STYLES) >= 10


@some_styles
def test_right_gradients_are_the_slopes_of_the_loss(style):
    """Along random directions of all parameters at once, extrapolated from three steps: error O(h**6)."""
    rng = np.random.default_rng(0)
    with judge.loaded(style, style.texts((), POINT)) as adapter:
        if adapter.loss is None:
            pytest.skip("nothing in the file returns a loss")
        parameters, batch = judge.draw(style, adapter, POINT)
        gradients = adapter.gradients({name: value.copy() for name, value in parameters.items()}, batch)
        for _ in range(3):
            way = {name: rng.normal(size=value.shape) for name, value in parameters.items()}

            def slope(h, way=way):
                ends = [{name: p + side * h * way[name] for name, p in parameters.items()} for side in (1, -1)]
                return (adapter.loss(ends[0], batch) - adapter.loss(ends[1], batch)) / (2 * h)

            d = [slope(h) for h in (2e-4, 1e-4, 5e-5)]  # small: a relu has kinks
            first, second = (4 * d[1] - d[0]) / 3, (4 * d[2] - d[1]) / 3
            analytic = sum(np.vdot(way[name], gradients[name]) for name in parameters)
            assert (16 * second - first) / 15 == pytest.approx(analytic, rel=1e-8, abs=1e-9)


@some_styles
def test_each_slip_changes_the_gradient_and_leaves_the_loss(style):
    right = values(style)
    for slip in style.slips:
        broken = values(style, slip.name)
        assert broken.loss == right.loss, slip.name
        assert judge.disagreement(broken, right) > 1e-3, slip.name


@some_styles
def test_with_either_slip_of_a_pair_mended_the_other_still_shows(style):
    right = values(style)
    for pair in style.pairs:
        both = values(style, *pair)
        for name in pair:
            assert judge.disagreement(both, values(style, name)) > 1e-6, pair
            assert judge.disagreement(values(style, name), right) > 1e-3, pair


def replacing(case: Case, old: str, new: str):
    """A repair that replaces a text of the broken copy, whatever was asked of it."""

    def fix(settings):
        folder = settings.backward.adapter.parent
        for file in folder.iterdir():
            text = "" if file.suffix == ".yaml" else read_source(file).text
            if old in text:
                at = text.index(old)
                edit = Edit(file, (Change(at, at + len(old), new),), "replace", 1.0)
                return Searched((Patch((edit,), (), {}, {}, ()),))
        return Searched()

    return repair(case, fix)


@pytest.mark.parametrize("style", ["char_globals", "pos_tagger"])
def test_the_inverse_of_a_slip_is_a_repair(style):
    case = next(each for each in SINGLES if each.style.name == style)
    outcome = replacing(case, case.slips[0].wrong, case.slips[0].right)
    assert (outcome.verdict, outcome.edits) == (REPAIRED, 1)
    assert outcome.text.count("\n+") == 2


def test_another_text_of_equal_effect_is_a_repair_too():
    case = next(each for each in SINGLES if each.identifier == "char_globals:untransposed")
    outcome = replacing(case, "carry = Whh @ raw", "carry = (raw.T @ Whh).T")
    assert outcome.verdict == REPAIRED


def test_what_is_right_at_one_length_alone_is_a_wrong_patch():
    case = next(each for each in SINGLES if each.identifier == "cached_class:summed_for_mean")
    assert replacing(case, "d_y[targets[t]] -= 1\n", "d_y[targets[t]] -= 1; d_y /= 6\n").verdict == WRONG


def test_a_patch_that_does_not_run_is_a_wrong_one():
    case = next(each for each in SINGLES if each.identifier == "char_globals:untransposed")
    assert replacing(case, "carry = Whh @ raw", "carry = nothing").verdict == WRONG


def test_no_patch_is_no_repair():
    case = next(each for each in SINGLES if each.identifier == "char_globals:untransposed")
    assert replacing(case, "no such text", "").verdict == NOTHING


def check(case: Case, folder):
    return run_check(load_settings(str(case.style.write(folder, case.style.texts(case.slips)))), workers=0)


@pytest.mark.campaign
@every_style
def test_the_right_source_passes_its_check(style, tmp_path):
    assert check(SimpleNamespace(style=style, slips=()), tmp_path).outcome == "pass"


@pytest.mark.campaign
@some_cases
def test_each_slip_and_each_pair_fails_the_check(case, tmp_path):
    assert check(case, tmp_path).outcome == "fail"


@pytest.mark.campaign
@pytest.mark.parametrize("case", [*SINGLES[7::56], *PAIRS[5::50]], ids=lambda case: case.identifier)
def test_no_patch_of_the_tool_is_wrong(case):
    """How many are repaired is measured by the runner, on a machine that does nothing else."""
    assert repair(case, own_fix(workers=None, time_limit=60.0)).verdict in (REPAIRED, NOTHING)
