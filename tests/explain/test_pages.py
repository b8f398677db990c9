"""Which pages there are, and their form."""

import ast
from collections.abc import Iterator

import pytest

import gradcheck_rnn
from gradcheck_rnn.explain import GROUPS, plain_lines, read_page, read_pages
from gradcheck_rnn.explain.page import PAGE_FOLDER
from tests.cli.running import ROOT
from tests.explain.kinds import BACKWARD, CODE, NOTES, PROMISED

KINDS = sorted(read_pages())
SECTIONS = ["Mathematics", "How it shows", "Broken", "Fixed", "How it gets in", "Reference"]
# columns of an ordinary terminal
WIDTH = 80
# lines of a page that hold something
FEWEST_LINES, MOST_LINES = 15, 45
SETTINGS = {"group", "term", "patch", "set", "sample"}


def constructed_kinds() -> Iterator[str]:
    """Kinds that stand as literals where the package's sources make a finding, or a fault that becomes one."""
    for file in (ROOT / gradcheck_rnn.__name__).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Finding", "Fault"):
                named = [keyword.value for keyword in node.keywords if keyword.arg == "kind"]
                yield from (
                    part.value
                    for given in [*node.args[:1], *named]
                    for part in ast.walk(given)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )


def text_of(kind: str) -> list[str]:
    return [line.text for line in plain_lines(read_page(kind))]


def test_the_sources_make_findings():
    """Else the next test would prove nothing."""
    assert {"raised", "untransposed-weight", "kink", "non-finite"} <= set(constructed_kinds())


def test_every_kind_that_the_code_can_report_has_a_page():
    assert set(constructed_kinds()) <= set(KINDS)


def test_every_kind_that_is_promised_has_a_page():
    assert set(KINDS) >= PROMISED


def test_there_is_no_page_for_what_nobody_reports():
    assert set(KINDS) <= PROMISED | set(constructed_kinds())


@pytest.mark.parametrize(("group", "kinds"), [("backward", BACKWARD), ("code", CODE), ("note", NOTES)])
def test_a_page_stands_in_the_group_that_it_belongs_to(group, kinds):
    assert {kind for kind, page in read_pages().items() if page.group == group} == kinds


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_begins_with_its_kind_and_a_summary_that_fits_in_a_list(kind):
    page = read_page(kind)
    assert page.text.startswith(f"# {kind}: {page.summary}\n\n")
    assert page.group in GROUPS
    assert page.summary[-1] not in ".:"
    assert 10 <= len(page.summary) <= WIDTH - len("  ") - max(map(len, KINDS)) - len("  ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_its_sections_in_order(kind):
    """What the net's equations say belongs to each fault; a note or a fault of the code may have none."""
    headings = [line.text for line in plain_lines(read_page(kind)) if line.heading][1:]
    assert headings == (SECTIONS if kind in BACKWARD or "Mathematics" in headings else SECTIONS[1:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_can_be_read_on_any_terminal(kind):
    lines = text_of(kind)
    assert [line for line in lines if len(line) > WIDTH] == []
    assert "\n".join(lines).isascii()
    assert FEWEST_LINES <= sum(bool(line) for line in lines) <= MOST_LINES


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_has_no_setting_that_is_not_known(kind):
    _, front, _ = (PAGE_FOLDER / f"{kind}.md").read_text(encoding="utf-8").split("---\n", 2)
    assert {line.partition(": ")[0] for line in front.splitlines()} <= SETTINGS
