"""The patch at the end of a story: which source is searched, and what becomes of the search."""

from types import SimpleNamespace

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.explain import SAMPLE_FOLDER, read_pages
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.demo import patch
from gradcheck_rnn.pipeline.demo.nets import demo_names, fault_called, settings_of
from gradcheck_rnn.pipeline.demo.patch import find_patch
from gradcheck_rnn.pipeline.demo.stages import ELMAN, GRU, LSTM

# a sample that has no patch, faults that the page of their kind has no sample of, on its own cell or on others
WITHOUT = [
    (LSTM, "swapped-gates:i in dg"),
    (ELMAN, "untransposed-weight:W_hy"),
    (ELMAN, "truncated-chain:4"),
    (LSTM, "clipped-gradient:dh_next"),
    (GRU, "truncated-chain:3"),
]
MENDED = [f"{page.kind}:{page.term}" for page in read_pages().values() if page.has_patch and page.kind != "unexplained"]


def patch_of(name, family=ELMAN):
    return find_patch(fault_called(name, family), settings_of(name, family).model.cell)


class SearchedError(Exception):
    """A search was begun."""


@pytest.fixture
def begun(monkeypatch):
    """Searches that are begun, which end at once: the settings, and the text of the source."""
    seen = []

    def begin(settings, *, progress):
        seen.append((settings, settings.backward.adapter.read_text()))
        raise SearchedError

    monkeypatch.setattr(patch, "run_fix", begin)
    return seen


@pytest.mark.parametrize(("family", "name"), WITHOUT)
def test_a_fault_that_no_sample_has_is_not_searched_for(family, name, begun):
    assert patch_of(name, family) is None
    assert begun == []


@pytest.mark.parametrize("name", MENDED)
def test_the_source_is_the_sample_of_the_page_under_a_plain_name_and_is_gone_afterwards(name, begun):
    with pytest.raises(SearchedError):
        patch_of(name)
    ((settings, source),) = begun
    page = read_pages()[name.partition(":")[0]]
    lines = [line.strip() for line in source.splitlines()]
    assert all(line.strip() in lines for line in page.broken.splitlines())
    assert source != (SAMPLE_FOLDER / page.sample).read_text()
    assert settings.backward.adapter.name == "net.py"
    assert not settings.backward.adapter.exists()


def test_most_kinds_of_fault_have_a_story_with_a_patch():
    assert set(MENDED) <= set(demo_names(ELMAN))
    assert ELMAN.first_story in MENDED
    assert len(MENDED) >= 20


def test_a_folder_of_any_name_will_do(begun, tmp_path, monkeypatch):
    folder = tmp_path / "a: 'b' # \"c\" {d}"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with pytest.raises(SearchedError):
        patch_of(ELMAN.first_story)
    assert begun[0][0].backward.adapter.is_relative_to(folder)


def test_ctrl_c_during_the_search_ends_the_command(monkeypatch):
    monkeypatch.setattr(patch, "run_fix", lambda *_, **__: SimpleNamespace(interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        patch_of(ELMAN.first_story)


def test_a_search_that_finds_nothing_gives_no_patch(monkeypatch):
    fruitless = SimpleNamespace(interrupted=False, searched=SimpleNamespace(tried=9), patch=None)
    monkeypatch.setattr(patch, "run_fix", lambda *_, **__: fruitless)
    assert patch_of(ELMAN.first_story) is None


@pytest.mark.campaign
@pytest.mark.parametrize("name", MENDED)
def test_with_its_patch_the_sample_is_right(name, tmp_path):
    """The diff, undone and done again by hand: its lines put into the broken sample give code that passes."""
    found = patch_of(name)
    page = read_pages()[name.partition(":")[0]]
    (diff,) = found.diffs
    source = patch.broken_sample(page.kind).splitlines()
    for delta in reversed(diff.deltas):
        at = delta.line - 1
        assert source[at : at + len(delta.before)] == [line.rstrip("\n") for line in delta.before]
        source[at : at + len(delta.before)] = [line.rstrip("\n") for line in delta.after]
    file = tmp_path / "mended.py"
    file.write_text("\n".join(source) + "\n")
    overrides = (*page.overrides, f"backward.adapter={file}")
    report = run_check(load_settings(str(patch.CONFIG), overrides=overrides), workers=0)
    assert report.outcome == "pass"
