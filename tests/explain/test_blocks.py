"""Pages as blocks, for renderers that lay text out themselves."""

import pytest

from gradcheck_rnn.explain import plain_lines, read_page, read_pages
from gradcheck_rnn.explain.blocks import blocks, spans


@pytest.mark.parametrize("kind", sorted(read_pages()))
def test_blocks_hold_every_word_of_a_page_but_its_title(kind):
    page = read_page(kind)
    _title, *lines = plain_lines(page)
    assert " ".join(block.text for block in blocks(page)).split() == " ".join(line.text for line in lines).split()
    assert [block.text for block in blocks(page) if block.kind == "heading"] == [
        each.text for each in lines if each.heading
    ]
    assert page.broken.rstrip() in [block.text for block in blocks(page) if block.kind == "code"]


def test_code_keeps_its_lines_and_its_indentation():
    code = [block.text for block in blocks(read_page("raised")) if block.kind == "code"]
    assert code[-1] == "python -m pdb -m gradcheck_rnn check my.yaml --workers 0"


def test_what_stands_between_backticks_is_code():
    assert [(each.text, each.code) for each in spans("take `W.T`, not W")] == [
        ("take ", False),
        ("W.T", True),
        (", not W", False),
    ]
