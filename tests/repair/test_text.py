"""Places in a text, and changes of it."""

import ast
from pathlib import Path

import pytest

from gradcheck_rnn.repair.edit import Change, Edit, OverlappingEditsError, edited
from gradcheck_rnn.repair.rebase import rebased
from gradcheck_rnn.repair.text import Text

FILE = Path("net.py")


def edit(*changes: tuple[int, int, str]) -> Edit:
    return Edit(FILE, tuple(Change(*each) for each in changes), "test", 1.0)


def test_places_are_counted_in_characters_whatever_the_letters_are():
    text = Text(FILE, 'größe = "ü"; dΨ = größe\n')
    last = text.tree.body[1]
    assert isinstance(last, ast.Assign)
    assert text.of(last.targets[0]) == "dΨ"
    assert text.of(last.value) == "größe"


def test_an_indent_is_the_text_s_own():
    text = Text(FILE, "def f():\n\tx = 1\n\treturn x\n")
    function = text.tree.body[0]
    assert isinstance(function, ast.FunctionDef)
    assert text.indent(function.body[1]) == "\t"
    assert text.text[text.line_start(3) :] == "\treturn x\n"


def test_a_form_feed_ends_no_line():
    text = Text(FILE, "x = 1\n\f\ny = 2\n")
    assert text.of(text.tree.body[1]) == "y = 2"


def test_changes_are_applied_by_their_places_in_the_text_as_it_was():
    assert edited("abcdef", [edit((4, 5, "E")), edit((0, 1, "AA"), (2, 2, "-"))]) == "AAb-cdEf"


def test_changes_of_one_place_are_refused():
    with pytest.raises(OverlappingEditsError):
        edited("abcdef", [edit((1, 3, "x")), edit((2, 4, "y"))])


@pytest.mark.parametrize(
    ("second", "result"),
    [
        ((0, 1, "A"), "Ab---ef"),  # before the first
        ((5, 6, "E"), "ab---Ef"),  # behind it
        ((3, 4, "+"), "ab-+-ef"),  # within what it has put there
        ((1, 3, "x"), "ax--ef"),  # across its edge
    ],
)
def test_an_edit_of_an_edited_text_is_told_by_places_in_the_text_before(second, result):
    text, first = "abcdef", edit((2, 4, "---"))
    after = edited(edited(text, [first]), [edit(second)])
    assert after == result
    assert edited(text, rebased(text, [first], edit(second))) == result


def test_edits_that_do_not_meet_stay_apart():
    assert len(rebased("abcdef", [edit((2, 4, "---"))], edit((5, 6, "E")))) == 2


def test_edits_that_meet_become_one_of_whole_lines():
    text = "a = 1\nb = 2\nc = 3\n"
    (joint,) = rebased(text, [edit((10, 11, "20"))], edit((10, 12, "30")))
    assert joint.changes == (Change(6, 12, "b = 30\n"),)
