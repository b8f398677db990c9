"""Pages in a real browser: what it asks for, what it shows, what it does, what a screen reader hears."""

from dataclasses import replace

import pytest

from gradcheck_rnn.errors import Location
from gradcheck_rnn.pipeline.demo.lesson import lesson_of
from gradcheck_rnn.pipeline.demo.story import tell_story
from gradcheck_rnn.report.html.lesson import lesson_page
from tests.report.html.browser import PROGRAM, chromium
from tests.report.html.pages import NO_CARRY, chain_without_carry, failing_report, page_of

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="`chromium` is not installed")

PHONE, SCREEN = 400, 1280
# A4 between the margins that browsers leave, in pixels of the style sheet
PAPER = 717
FAILING = "document.querySelector('tr.fail')"
ROWS = "[...document.querySelectorAll('.parameters tbody th')].map((each) => each.textContent)"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"
IN_SIGHT = """(() => {
  const at = FAILING.querySelector('.verdict').getBoundingClientRect();
  return FAILING.checkVisibility() && at.top >= 0 && at.bottom <= innerHeight && at.left >= 0 && at.right <= innerWidth;
})()""".replace("FAILING", FAILING)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    file = tmp_path_factory.mktemp("pages") / "report.html"
    file.write_text(page_of(failing_report()), encoding="utf-8")
    return file


def test_a_report_asks_for_nothing_complains_of_nothing_and_shows_the_failing_row(browser, report):
    grounds = set()
    for width, dark in ((SCREEN, False), (PHONE, True)):
        page = browser.page(report, width=width, dark=dark)
        assert (page.requests, page.complaints) == ([report.as_uri()], [])
        assert page.evaluate(IN_SIGHT)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        grounds.add(page.evaluate(GROUND))
    assert len(grounds) == 2


def test_the_table_is_sorted_and_the_map_is_read_by_keyboard(browser, report):
    page = browser.page(report)
    assert page.evaluate(ROWS) == ["W_hh", "W_hy"]
    page.evaluate("document.querySelectorAll('.parameters thead button')[2].focus()")
    orders = []
    for _ in range(2):
        page.press("Enter")
        sort = page.evaluate("document.querySelectorAll('.parameters thead th')[2].getAttribute('aria-sort')")
        orders.append((sort, page.evaluate(ROWS)))
    assert orders == [("ascending", ["W_hy", "W_hh"]), ("descending", ["W_hh", "W_hy"])]
    page.evaluate("document.querySelector('.map td[tabindex=\"0\"]').focus()")
    page.press("ArrowDown")
    assert page.evaluate("document.querySelector('.readout').textContent").startswith("error of step 1, ")


def test_a_screen_reader_has_a_name_for_every_part(browser, report):
    page = browser.page(report)
    names = {role: page.named(role) for role in ("main", "contentinfo", "region", "button", "image", "table", "grid")}
    assert (len(names["main"]), len(names["contentinfo"])) == (1, 1)
    assert {"Parameter", "Verdict"} <= set(names["button"])
    assert {"Parameters", "What is wrong", "The patch", "The chain, step by step", "Curves"} <= set(names["region"])
    assert names["grid"] == ["Yours", "Numeric", "Cells"]
    everything = [name for role in ("region", "button", "image", "table", "grid") for name in names[role]]
    assert all(everything)


def test_without_script_the_page_shows_the_same_and_offers_no_dead_button(browser, report):
    page = browser.page(report, script=False)
    assert page.complaints == []
    assert page.named("button") == []
    cells = page.named("cell")
    assert any("FAIL" in each for each in cells)
    assert "empty, off by 1e+00" in cells


def printed(browser, file):
    """A page as it is laid out for paper, by somebody whose screen is dark."""
    page = browser.page(file, width=PAPER, dark=True)
    page.ask("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    return page


def test_on_paper_the_ground_is_white_and_nothing_waits_to_be_opened(browser, report):
    page = printed(browser, report)
    assert page.evaluate(GROUND) == "rgb(255, 255, 255)"
    hidden = "[...document.querySelectorAll(SELECTOR)].map((each) => each.checkVisibility())"
    shown = {name: set(page.evaluate(hidden.replace("SELECTOR", repr(name)))) for name in (".numbers", ".explained p")}
    assert shown == {".numbers": {False}, ".explained p": {True}}
    assert page.evaluate("document.querySelector('.readout').checkVisibility()") is False
    assert page.evaluate("document.querySelector('.explained p').getBoundingClientRect().height") > 0


def test_on_paper_no_table_and_no_line_is_cut(browser, tmp_path):
    file = tmp_path / "long.html"
    long = Location("net.py", 3, text=f"dh = {' + '.join(['dy @ W_hy.T'] * 20)}")
    names = ("decoder.rnn.weight_ih_l0_reverse", "decoder.rnn.weight_hh_l0_reverse_of_the_second_layer")
    finding = replace(NO_CARRY, location=long)
    file.write_text(page_of(failing_report(names, findings=(finding,), chain=chain_without_carry(9))), encoding="utf-8")
    page = printed(browser, file)
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER
    cut = """[...document.querySelectorAll('pre, .scroll')]
      .filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.textContent)"""
    assert page.evaluate(cut) == []
    tops = "[...document.querySelectorAll('.panel')].map((each) => each.getBoundingClientRect().top)"
    assert len(set(page.evaluate(tops))) == 1


def test_the_lesson_asks_for_nothing_and_has_its_pictures(browser, tmp_path):
    file = tmp_path / "lesson.html"
    file.write_text(lesson_page(lesson_of(tell_story("sign-flip:dh_next"), None), command="demo"), encoding="utf-8")
    page = browser.page(file, width=PHONE)
    assert (page.requests, page.complaints) == ([file.as_uri()], [])
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert [name.partition(".")[0] for name in page.named("image")][:3] == ["The net unrolled", "T = 1", "T = 2"]
    assert page.named("grid") == ["how much arrives", "is it right"] * 3
