"""Markdown, read back by markdown-it-py with the tables of GitHub's dialect."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gradcheck_rnn.findings import Finding
from gradcheck_rnn.report.formats.markdown import render
from tests.report.formats.samples import (
    CORRECTED,
    FEW,
    HOSTILE,
    INVOCATION,
    LET_THROUGH,
    LOST,
    RAISED,
    RIGHT,
    TEXTS,
    WRONG,
    any_report,
    dead,
    failing,
    named,
)
from tests.report.samples import compared, report_of

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# raw HTML that is ours
OWN_HTML = ("<details>", "</details>", "<span>", "</span>")


def blocks(*reports, invocation=INVOCATION):
    return PARSER.parse(render(reports, invocation))


def shown(inline):
    """The characters of a line that a reader sees."""
    return "".join(child.content for child in inline.children if child.type in ("text", "code_inline"))


def contents(tokens, kind):
    """What is seen of each block of a kind: h2, h3, p, td, li."""
    found = [place for place, token in enumerate(tokens) if token.tag == kind and token.nesting == 1]
    return [shown(next(token for token in tokens[place:] if token.type == "inline")) for place in found]


def fences(tokens):
    return [(token.info, token.content) for token in tokens if token.type == "fence"]


def test_the_verdict_comes_first():
    tokens = blocks(failing(LOST))
    assert tokens[0].tag == "h2"
    assert contents(tokens, "h2") == ["❌ FAIL net.yaml"]
    assert contents(tokens, "p")[0] == "1 of 2 parameters is wrong: W_hh (tolerance 1e-06)"


def test_a_patch_that_was_found_is_a_block_of_a_diff():
    assert fences(blocks(failing(CORRECTED)))[1] == ("diff", f"{CORRECTED.correction}\n")


def test_an_accepted_check_stays_a_fail_and_is_marked_with_its_reason_and_where_that_stands():
    tokens = blocks(failing(LET_THROUGH), failing(LOST))
    assert contents(tokens, "h2") == ["❌ FAIL (accepted) net.yaml", "❌ FAIL net.yaml"]
    assert [each for each in contents(tokens, "td")[:4] if "FAIL" in each] == ["❌ FAIL (accepted)", "❌ FAIL"]
    assert [each for each in contents(tokens, "li") if "accepted" in each] == [
        "accepted: the baseline knows every fault that was found"
    ]
    assert "accepted: the *window* of paper (known.yaml:3:5)" in contents(tokens, "p")


def test_a_fault_that_is_not_accepted_leaves_the_check_unmarked():
    tokens = blocks(failing(LET_THROUGH, replace(RAISED, parameters=())))
    assert contents(tokens, "h2") == ["❌ FAIL net.yaml"]
    assert "not accepted: raised loss" in contents(tokens, "li")


def test_a_row_of_the_table_shows_what_the_terminal_shows():
    tokens = blocks(report_of([WRONG, RIGHT], [WRONG, RIGHT], outcome="fail"))
    cells = contents(tokens, "td")
    first = ["W_hh", "5x5", "25", "2.0e+00", "[0, 0]", "5.000e-01", "1.500e+00", "1e-15", "❌ FAIL"]
    assert cells[: len(first)] == first
    assert cells[-1] == "✅ pass"


def test_a_finding_has_its_message_its_help_and_the_commands():
    tokens = blocks(replace(failing(LOST), in_python=True))
    assert contents(tokens, "h3") == ["missing-term dh_next"]
    assert {"the carry is lost", "help: dh_next = dz @ W_hh.T"} <= set(contents(tokens, "p"))
    assert ("sh", "gradcheck-rnn check net.yaml\ngradcheck-rnn fix net.yaml\n") in fences(tokens)


def test_where_only_a_bound_is_found_no_search_is_proposed():
    bounded = replace(failing(Finding("clipped-gradient", "all", "clipped at 5")), in_python=True)
    assert ("sh", "gradcheck-rnn check net.yaml\n") in fences(blocks(bounded))


def test_the_line_of_a_finding_is_shown_as_code():
    tokens = blocks(dead(RAISED))
    assert "at /repository/net.py:41" in contents(tokens, "p")
    assert ("python", "raise\n") in fences(tokens)


def test_what_stands_in_backticks_is_code():
    (inline,) = [each for each in blocks(failing(replace(LOST, help="set `a|b`"))) if "help" in each.content]
    assert [child.content for child in inline.children if child.type == "code_inline"] == ["a|b"]


def test_several_reports_have_a_table_of_verdicts_before_them():
    unchecked = replace(INVOCATION, unchecked=("c.yaml",))
    tokens = blocks(failing(LOST), named(report_of([RIGHT]), "b.yaml"), invocation=unchecked)
    assert tokens[0].tag == "table"
    summary = contents(tokens, "td")[:9]
    assert summary[::3] == ["❌ FAIL", "✅ pass", "❌ unchecked"]
    assert summary[1::3] == ["net.yaml", "b.yaml", "c.yaml"]


def test_the_options_of_the_command_are_repeated():
    ((_, commands), *_) = fences(
        blocks(failing(LOST), invocation=replace(INVOCATION, overrides=("a=b c",), method="direct", only=("W_hh",)))
    )
    assert commands == "gradcheck-rnn check net.yaml --set 'a=b c' --method direct --only W_hh\n"


def as_read(text):
    """A text as one line of a page shows it, control characters written out, its backticks left out."""
    written = "".join(
        c if c == "\n" or c.isprintable() or c in "\t\ufffd " else c.encode("unicode_escape").decode() for c in text
    )
    return " ".join(written.replace("\n", " ").split()).replace("`", "")


def same(text, seen):
    """Whether a reader sees a text; white space and backticks are none of it, unprintable characters may be written."""
    return as_read(text).replace(" ", "") == as_read(seen).replace(" ", "")


@FEW
@given(any_report())
def test_any_report_keeps_its_shape(report):
    tokens = blocks(report)
    assert len(contents(tokens, "h2")) == 1
    assert len(contents(tokens, "h3")) == len(report.findings)
    assert len(contents(tokens, "td")) == 9 * len(report.rows)
    raw = [token for token in tokens if token.type == "html_block"]
    inline = [child for token in tokens for child in token.children or [] if child.type == "html_inline"]
    assert all(token.content.startswith(OWN_HTML) for token in [*raw, *inline])
    assert not [child for token in tokens for child in token.children or [] if child.type in ("link_open", "image")]


@FEW
@given(TEXTS)
def test_any_name_of_a_parameter_is_shown_as_it_is(text):
    tokens = blocks(report_of([compared(text, "fail", 1.0, shape=(2, 3))], outcome="fail"))
    assert same(contents(tokens, "td")[0], text)


@FEW
@given(TEXTS)
def test_any_message_is_shown_as_it_is(text):
    tokens = blocks(dead(Finding("raised", "", f"{text} end")))
    assert same(contents(tokens, "p")[1], f"{text} end")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_stays_within_its_cell(text):
    tokens = blocks(report_of([compared(f"a{text}b", "fail", 1.0, shape=(2,))], outcome="fail"))
    assert same(contents(tokens, "td")[0], f"a{text}b")
    assert contents(tokens, "td")[-1] == "❌ FAIL"


@FEW
@given(st.text(alphabet="`ab| \n", max_size=12))
def test_code_is_shown_to_the_letter(text):
    tokens = blocks(report_of([compared(text, "fail", 1.0, shape=(2,))], outcome="fail"))
    seen = contents(tokens, "td")[0]
    assert seen.split() == text.replace("\n", " ").split()


@pytest.mark.parametrize("text", ["- a", "+ a", "1. a", "1) a", "# a", "> a", "---", "    a", "| a | b |"])
def test_a_message_that_begins_like_a_block_is_a_line_all_the_same(text):
    tokens = blocks(dead(Finding("raised", "", text)))
    assert contents(tokens, "p")[1] == " ".join(text.split())
    assert not [token for token in tokens if token.tag in ("ul", "ol", "blockquote", "hr", "h1")]


def test_a_traceback_with_a_fence_of_its_own_is_one_block():
    trace = "in loss:\n```\nraise"
    assert ("text", f"{trace}\n") in fences(blocks(dead(replace(RAISED, evidence={"traceback": trace}))))
