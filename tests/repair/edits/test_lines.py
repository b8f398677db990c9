"""Statements put in, taken out, moved and indented: everything else stays as it is."""

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from gradcheck_rnn.repair.edit import Edit, edited
from gradcheck_rnn.repair.edits.lines import after, before, body_alone, both_bodies, moved_after, moved_before, removed
from gradcheck_rnn.repair.text import Text

FILE = Path("net.py")


def text_of(source):
    return Text(FILE, dedent(source).lstrip("\n"))


def statements(text):
    """The statements of the function that a text is, at any depth, by their text."""
    found = [node for node in ast.walk(text.tree) if isinstance(node, ast.stmt)]
    return {text.of(node).split("\n")[0]: node for node in found}


def applied(text, changes):
    changes = (changes,) if not isinstance(changes, tuple) else changes
    return edited(text.text, [Edit(FILE, changes, "", 1.0)])


STEP = """
for t in steps:
    a = 1  # one
    b = 2; c = 3; d = 4
    e = f(
        5,
    )  # five
# all done
g = 6
"""


@pytest.mark.parametrize(
    ("statement", "line", "new"),
    [
        ("a = 1", "    a = 1  # one\n", "    a = 1  # one\n    x = 0\n"),
        ("c = 3", "b = 2; c = 3; d = 4", "b = 2; c = 3; x = 0; d = 4"),
        ("e = f(", "    )  # five\n", "    )  # five\n    x = 0\n"),
        ("g = 6", "g = 6\n", "g = 6\nx = 0\n"),
        ("for t in steps:", "    )  # five\n", "    )  # five\nx = 0\n"),
    ],
)
def test_a_statement_is_put_behind_another_one(statement, line, new):
    text = text_of(STEP)
    assert applied(text, after(text, statements(text)[statement], "x = 0")) == text.text.replace(line, new)


@pytest.mark.parametrize(
    ("statement", "line", "new"),
    [
        ("a = 1", "    a = 1  # one\n", "    x = 0\n    a = 1  # one\n"),
        ("c = 3", "b = 2; c = 3; d = 4", "b = 2; x = 0; c = 3; d = 4"),
        ("b = 2", "    b = 2; c = 3; d = 4", "    x = 0; b = 2; c = 3; d = 4"),
    ],
)
def test_a_statement_is_put_in_front_of_another_one(statement, line, new):
    text = text_of(STEP)
    assert applied(text, before(text, statements(text)[statement], "x = 0")) == text.text.replace(line, new)


@pytest.mark.parametrize(
    ("statement", "line", "new"),
    [
        ("a = 1", "    a = 1  # one\n", ""),
        ("b = 2", "b = 2; c = 3; d = 4", "c = 3; d = 4"),
        ("d = 4", "b = 2; c = 3; d = 4", "b = 2; c = 3"),
        ("e = f(", "    e = f(\n        5,\n    )  # five\n", ""),
    ],
)
def test_a_statement_goes_with_its_lines_and_comment(statement, line, new):
    text = text_of(STEP)
    block = statements(text)["for t in steps:"].body
    assert applied(text, removed(text, statements(text)[statement], block)) == text.text.replace(line, new)


def test_a_body_is_never_empty():
    text = text_of("if p:\n    a = 1  # one\n")
    node = text.tree.body[0]
    assert applied(text, removed(text, node.body[0], node.body)) == "if p:\n    pass  # one\n"


def test_a_file_without_a_last_line_break_may_grow():
    text = Text(FILE, "a = 1")
    assert applied(text, after(text, text.tree.body[0], "x = 0")) == "a = 1\nx = 0"


def test_lines_that_end_as_on_windows_stay_so():
    text = Text(FILE, "a = 1\r\nb = 2\r\n")
    assert applied(text, after(text, text.tree.body[0], "x = 0")) == "a = 1\r\nx = 0\r\nb = 2\r\n"


def test_what_moves_takes_its_comment_and_the_indent_of_its_new_place():
    text = text_of(STEP)
    found = statements(text)
    loop = found["for t in steps:"]
    out = applied(text, moved_before(text, found["e = f("], loop.body, loop))
    assert out.startswith(
        "e = f(\n    5,\n)  # five\nfor t in steps:\n    a = 1  # one\n    b = 2; c = 3; d = 4\n# all"
    )


def test_the_last_of_a_body_leaves_it_where_it_stands():
    text = text_of(STEP)
    found = statements(text)
    loop = found["for t in steps:"]
    lines = text.text.replace("    e = f(\n        5,\n    )  # five", "e = f(\n    5,\n)  # five")
    assert applied(text, moved_after(text, found["e = f("], loop.body, loop)) == lines


CHOICE = """
def step():
    if t > 0:  # not the first
        # from the step before
        a = h[t - 1]

        if deep:
            b = [
                1,
            ]  # list
    else:
        a = h0  # the first
    return a
"""


def test_a_body_alone_keeps_its_comments_and_what_is_inside():
    text = text_of(CHOICE)
    node = statements(text)["if t > 0:  # not the first"]
    assert applied(text, body_alone(text, node, node.body)) == dedent(
        """\
        def step():
            # from the step before
            a = h[t - 1]

            if deep:
                b = [
                    1,
                ]  # list
            return a
        """
    )


def test_the_other_branch_alone():
    text = text_of(CHOICE)
    node = statements(text)["if t > 0:  # not the first"]
    assert applied(text, body_alone(text, node, node.orelse)) == "def step():\n    a = h0  # the first\n    return a\n"


def test_both_branches_follow_each_other():
    text = text_of(CHOICE)
    lines = applied(text, both_bodies(text, statements(text)["if t > 0:  # not the first"])).splitlines()
    assert lines[2:] == [
        *("    a = h[t - 1]", "", "    if deep:", "        b = [", "            1,", "        ]  # list"),
        *("    a = h0  # the first", "    return a"),
    ]


def test_a_body_on_the_line_of_its_condition():
    text = text_of("if t > 0: a = 1; b = 2\nc = 3\n")
    node = text.tree.body[0]
    assert applied(text, body_alone(text, node, node.body)) == "a = 1; b = 2\nc = 3\n"


def test_a_text_over_lines_is_left_alone():
    text = text_of('if p:\n    a = """one\n    two"""\n')
    assert body_alone(text, text.tree.body[0], text.tree.body[0].body) is None
