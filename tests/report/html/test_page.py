"""The page of a check, as a parser reads it."""

import itertools
import re
from dataclasses import replace
from importlib.resources import files

import pytest

from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Acceptance, Finding
from tests.report.html.pages import NO_CARRY, Read, failing_report, page_of, passing_report

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>$\\frac{}${{ 7*7 }}"


@pytest.fixture(scope="module")
def single():
    return Read(page_of(failing_report()))


@pytest.fixture(scope="module")
def several():
    failing = replace(failing_report(), study=None)
    return Read(page_of(failing, failing, passing_report(), unchecked=("later.yaml",)))


@pytest.fixture(scope="module")
def hostile():
    """A page whose report has markup wherever a user's text can stand."""
    finding = Finding(
        kind="raised",
        term=HOSTILE,
        message=f"it raised {HOSTILE}",
        help=HOSTILE,
        evidence={"traceback": HOSTILE, "experiments": [{"question": HOSTILE, "answer": HOSTILE}]},
        location=Location(HOSTILE, 1, text=HOSTILE),
    )
    report = failing_report((HOSTILE, f"W{HOSTILE}"), printed=HOSTILE, findings=(finding,), notes=(finding,))
    return Read(page_of(replace(report, settings=replace(report.settings, source=HOSTILE)), unchecked=(HOSTILE,)))


def test_text_of_the_users_becomes_no_element_and_no_attribute(hostile):
    assert len(hostile.named("script")) == 1
    assert hostile.named("img") == []
    assert [key for each in hostile.elements for key in each.attributes if key.startswith("on")] == []


def test_text_of_the_users_is_shown_to_the_letter(hostile):
    places = {
        "parameter": hostile.named("tr"),
        "finding": hostile.of_class("message"),
        "code, traceback and output": hostile.named("pre"),
        "experiment": hostile.named("dd"),
        "title": hostile.named("h2"),
        "note and evidence": hostile.named("li"),
        "picture": hostile.named("figcaption"),
    }
    for place, elements in places.items():
        assert any(HOSTILE in each.text for each in elements), place


def test_the_page_names_no_address_but_its_own_parts(several):
    assert re.findall(r"@import|url\((?!#)", several.page) == []
    asked = [each.attributes[key] for each in several.elements for key in ("src", "href") if key in each.attributes]
    assert [address for address in asked if not address.startswith("#")] == ["data:,"]
    policy = next(each.attributes["content"] for each in several.named("meta") if "http-equiv" in each.attributes)
    assert policy.startswith("default-src 'none'; ")


def test_the_same_report_gives_the_same_page():
    report = replace(failing_report(), study=None)
    assert page_of(report) == page_of(report)


@pytest.mark.parametrize("which", ["single", "several", "hostile"])
def test_headings_begin_at_one_and_leave_out_no_level(which, request):
    levels = [int(each.name[1]) for each in request.getfixturevalue(which).named("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("which", ["single", "several"])
def test_every_name_refers_to_one_element(which, request):
    page = request.getfixturevalue(which)
    names = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(names) == len(set(names))
    wanted = {each.attributes["aria-labelledby"] for each in page.elements if "aria-labelledby" in each.attributes}
    wanted |= {each.attributes["href"][1:] for each in page.named("a")}
    assert wanted <= set(names)


def test_every_table_has_a_caption_and_every_heading_of_one_a_scope(several):
    assert len(several.named("caption")) == len(several.named("table"))
    assert {each.attributes.get("scope") for each in several.named("th")} == {"row", "col"}


def test_what_is_wrong_comes_first_in_the_table(single):
    rows = [each for each in single.named("tr") if each.attributes.get("class") in ("fail", "pass")]
    assert [row.attributes["class"] for row in rows] == ["fail", "pass"]
    assert "FAIL" in rows[0].text
    assert "[3, 1]" in rows[0].text


def test_the_page_holds_the_finding_its_explanation_the_patch_and_the_commands(single):
    assert [each.text for each in single.of_class("message")] == ["dh_next is missing"]
    assert "How it gets in" in [each.text for each in single.named("h4")]
    assert [each.text.strip() for each in single.of_class("added")] == ["+dh = dy + dh_next"]
    commands = [each.text for each in single.named("pre")]
    assert {"gradcheck-rnn check net.yaml", "gradcheck-rnn fix net.yaml --write"} <= set(commands)


def test_without_a_patch_at_hand_the_page_says_how_one_is_searched():
    report = replace(failing_report(), study=None, patch=None, chain=None)
    page = Read(page_of(report, overrides=("seed=3",)))
    assert "gradcheck-rnn fix net.yaml --set seed=3" in [each.text for each in page.named("pre")]
    assert page.of_class("diff") == []


def test_where_only_a_bound_is_found_no_search_is_proposed():
    bound = Finding("clipped-gradient", "all", "clipped at 5")
    report = replace(failing_report(), study=None, patch=None, chain=None, findings=(bound,))
    page = page_of(report)
    assert "gradcheck-rnn check net.yaml" in page
    assert "gradcheck-rnn fix" not in page


def test_code_that_is_no_python_gets_no_hint_of_a_patch():
    page = page_of(replace(failing_report(), study=None, chain=None, in_python=False))
    assert "gradcheck-rnn fix" not in page


def test_a_map_says_each_cell_in_words_and_by_a_mark(single):
    marks = single.of_class("mark")
    assert [each.text for each in marks[:3]] == [
        "=agrees, off by 0e+00",
        "○empty, off by 1e+00",
        "=agrees, off by 0e+00",
    ]
    assert marks[1].attributes["data-said"].startswith("error of step 1, weights used at step 0: yours 0.000e+00, ")


def test_a_chain_that_ends_is_said_to_end(single):
    captions = [each.text for each in single.named("figcaption")]
    assert any("From lag 1 on nothing is left of yours" in each for each in captions)


def test_a_picture_has_a_name_and_its_numbers_beside_it(single):
    pictures = single.named("svg")
    assert all(each.attributes["role"] == "img" and each.attributes["aria-label"] for each in pictures)
    tables = [each.text for each in single.of_class("plain")]
    assert all(any(title in table for table in tables) for title in ("Error over the step", "Gradient norm by lag"))


def test_an_accepted_check_stays_a_fail_and_is_marked_with_its_reason_and_where_that_stands():
    reason = f"the window of the paper {HOSTILE}"
    finding = replace(NO_CARRY, accepted=Acceptance(reason, Location("known.yaml", 3, 5)))
    page = Read(page_of(failing_report(findings=(finding,)), failing_report()))
    assert [each.text for each in page.of_class("reason")] == [f"accepted: {reason} (known.yaml:3:5)"]
    assert [" ".join(each.text.split())[:15] for each in page.of_class("headline")] == [
        "✕ FAIL accepted",
        "✕ FAIL 1 of 2 p",
    ]
    assert [" ".join(row.text.split())[:24] for row in page.named("tr")[1:3]] == [
        "net.yaml✕ FAIL accepted1",
        "net.yaml✕ FAIL1 of 2 par",
    ]
    assert len(page.of_class("let-through")) == 1
    assert "accepted: the baseline knows every fault that was found" in [each.text for each in page.named("li")]


@pytest.mark.parametrize(
    ("mending", "is_code"), [("dh = dy @ W_hy.T + dh_next", True), ("divide every gradient by T", False)]
)
def test_a_formula_is_code_and_a_sentence_is_none(mending, is_code):
    page = Read(page_of(failing_report(findings=(replace(NO_CARRY, help=mending),))))
    assert [each.text for each in page.of_class("help")] == [f"help: {mending}"]
    assert (mending in [each.text for each in page.named("code")]) == is_code


def test_configurations_that_an_interruption_left_out_are_named(several):
    (row,) = [each for each in several.named("tr") if "later.yaml" in each.text]
    assert "not checked" in row.text


def test_the_same_command_stands_on_the_page_with_what_it_overrides():
    page = Read(page_of(passing_report(), overrides=("seed=3",), only=("W_hy",)))
    assert "gradcheck-rnn check net.yaml --set seed=3 --only W_hy" in [each.text for each in page.named("pre")]


def schemes():
    """Values of the style sheet's variables, light and dark."""
    style = files("gradcheck_rnn.report.html").joinpath("templates/page.css").read_text(encoding="utf-8")
    light, dark, _print = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return {name: dict(re.findall(r"--([\w-]+): (#\w+)", each)) for name, each in (("light", light), ("dark", dark))}


def luminance(colour):
    """Relative luminance; source: WCAG 2.2."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel", "pass-tint", "fail-tint", "inconclusive-tint"])
def test_text_can_be_told_from_what_it_stands_on(scheme, ground):
    colours = schemes()[scheme]
    for name in ("ink", "muted", "pass", "fail", "inconclusive", "accent"):
        dark, light = sorted((luminance(colours[name]), luminance(colours[ground])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5, name
