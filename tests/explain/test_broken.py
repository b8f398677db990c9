"""Putting a page's fault into the sample net."""

import ast
import textwrap

import pytest

from gradcheck_rnn.explain import SAMPLE_FOLDER, broken_sample, read_page
from tests.explain.kinds import BY_HAND, PROMISED


@pytest.mark.parametrize("kind", sorted(PROMISED - BY_HAND))
def test_the_fixed_passage_put_back_into_the_broken_sample_gives_the_sample(kind):
    page = read_page(kind)
    right, wrong = (SAMPLE_FOLDER / page.sample).read_text(encoding="utf-8"), broken_sample(kind)
    assert wrong != right
    mended = [
        wrong.replace(textwrap.indent(page.broken, indent), textwrap.indent(page.fixed, indent))
        for indent in ("", " " * 2, " " * 4, " " * 8)
    ]
    assert right in mended


@pytest.mark.parametrize("kind", sorted(kind for kind in PROMISED - BY_HAND if read_page(kind).sample.endswith(".py")))
def test_the_broken_sample_is_python(kind):
    ast.parse(broken_sample(kind))


def page_with(fixed: str) -> str:
    return f"---\ngroup: backward\n---\n# odd: a page\n\n## Broken\n\n```python\n0\n```\n\n## Fixed\n\n{fixed}"


@pytest.mark.parametrize(
    "passage",
    ["steps = steps_with_target(batch)", "dh_next = dz @ W_hh.T.T", "dz @ W_hh.T", "db_h += dz\n\ndh_next = 0"],
    ids=["twice", "nowhere", "part of a line", "partly"],
)
def test_a_passage_that_does_not_stand_in_the_sample_just_once_is_refused(passage, tmp_path, monkeypatch):
    (tmp_path / "odd.md").write_text(page_with(f"```python\n{passage}\n```\n"))
    monkeypatch.setattr("gradcheck_rnn.explain.page.PAGE_FOLDER", tmp_path)
    with pytest.raises(ValueError, match="exactly once"):
        broken_sample("odd")
