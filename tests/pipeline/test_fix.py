"""Repair from a configuration to a patch: what is printed gives the gradients of the right code."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck_rnn.adapters.edited import edited_texts
from gradcheck_rnn.adapters.source import read_source
from gradcheck_rnn.analytic.adapter import imported
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.model.draw import configured_net, probe_problem
from gradcheck_rnn.pipeline.fix import run_fix
from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.report.repair.value import Repair

ROOT = Path(__file__).parents[2]


def settings_of(name: str, *overrides: str):
    return load_settings(str(ROOT / "configs" / f"{name}.yaml"), overrides=overrides)


@pytest.fixture(scope="module")
def fixed():
    """Repair a shipped configuration, each once."""
    known: dict[str, Repair] = {}

    def fix(name: str) -> Repair:
        if name not in known:
            known[name] = run_fix(settings_of(name))
        return known[name]

    return fix


def patched(repair: Repair) -> dict[Path, str]:
    """The texts of the files that the first patch changes, after it."""
    edits = repair.patches[0].edits
    files = dict.fromkeys(edit.file for edit in edits)
    return {file: edited(read_source(file).text, [edit for edit in edits if edit.file == file]) for file in files}


def gradients(adapter: Path, texts: Mapping[Path, str], name: str, length: int):
    """What an adapter gives at a point of its own, with some texts in the place of files."""
    settings = settings_of(name, f"sequence.length={length}")
    problem = probe_problem(configured_net(settings), settings, draw=1000 + length)
    rng, sizes = np.random.default_rng(length), problem.net.sizes
    with edited_texts(texts), imported(adapter) as code:
        parameters = dict(problem.parameters)
        if code.parameters is not None:
            own = SimpleNamespace(**{key: getattr(sizes, key) for key in ("input_size", "hidden_size", "output_size")})
            drawn = code.parameters(rng, own) if code.takes_sizes else code.parameters(rng)
            parameters = {key: value + 0.5 * rng.standard_normal(value.shape) for key, value in drawn.items()}
        return code.gradients(parameters, problem.batch)


@pytest.mark.parametrize(
    ("name", "right", "edits"),
    [
        ("pos_tagger", "right.py", 1),
        pytest.param("pos_tagger_no_carry", "right.py", 1, marks=pytest.mark.campaign),
        pytest.param("language_model", "right.py", 2, marks=pytest.mark.campaign),
        pytest.param("word_bptt", "full.py", 1, marks=pytest.mark.campaign),
        pytest.param("leaky", "right.py", 1, marks=pytest.mark.campaign),
        pytest.param("meter_lstm", "right.py", 1, marks=pytest.mark.campaign),
    ],
)
def test_what_is_patched_gives_the_gradients_of_the_right_code(name, right, edits, fixed):
    repair = fixed(name)
    assert [len(patch.edits) for patch in repair.patches] == [edits]
    adapter = repair.report.settings.backward.adapter
    for length in (3, 7):
        found = gradients(adapter, patched(repair), name, length)
        wanted = gradients(adapter.parent / right, {}, name, length)
        assert found.keys() == wanted.keys()
        for each in wanted:
            np.testing.assert_allclose(found[each], wanted[each], rtol=1e-9, atol=1e-12)


def test_the_patch_of_the_first_story_is_one_line(fixed):
    (diff,) = fixed("pos_tagger").patches[0].diffs(ROOT)
    changed = [line for line in diff.text.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["-        dh_next = dz @ W_hh", "+        dh_next = dz @ W_hh.T"]


def test_right_code_has_nothing_to_repair(fixed):
    repair = fixed("pos_tagger_right")
    assert repair.report.outcome == "pass"
    assert repair.searched is None


@pytest.mark.campaign
def test_the_same_patch_is_found_by_one_process(fixed):
    again, before = run_fix(settings_of("pos_tagger"), workers=1).patches[0], fixed("pos_tagger").patches[0]
    assert (again.edits, again.equivalent) == (before.edits, before.equivalent)


@pytest.mark.campaign
def test_code_that_rounds_to_float32_gets_its_patch_and_is_told_how_far_it_was_verified(tmp_path):
    own = (ROOT / "fixtures" / "pos_tagger" / "right.py").read_text()
    zeros = "(np.zeros_like(parameters[name]) for"
    assert own.count(zeros) == 2
    assert own.count("dz @ W_hh.T") == 1
    coarse = own.replace(zeros, "(np.zeros_like(parameters[name], dtype=np.float32) for")
    (tmp_path / "right.py").write_text(coarse.replace("dz @ W_hh.T", "dz @ W_hh"))
    (tmp_path / "pos_tagger_net.py").write_text((ROOT / "fixtures" / "pos_tagger" / "pos_tagger_net.py").read_text())
    repair = run_fix(settings_of("pos_tagger", f"backward.adapter={tmp_path / 'right.py'}"))
    assert list(patched(repair).values()) == [coarse]
    assert repair.patches[0].remains.startswith("float32 inside")
    assert [finding.kind for finding in repair.patches[0].findings] == ["untransposed-weight"]
