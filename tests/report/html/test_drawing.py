"""Figures as parts of a page."""

import xml.etree.ElementTree as ET

from matplotlib.figure import Figure

from gradcheck_rnn.report.html.drawing import STAND_INS, style, to_svg


def drawn(name):
    with style():
        figure = Figure()
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=STAND_INS["fail"], marker="o", label="<$a_b$>")
        axes.legend()
    return to_svg(figure, name=name, title="a line & a marker")


def identifiers(svg):
    return {each.get("id") for each in ET.fromstring(svg).iter()} - {None}


def test_two_figures_of_a_page_share_no_identifier_and_find_their_own():
    one, other = drawn("one"), drawn("other")
    assert identifiers(one)
    assert not identifiers(one) & identifiers(other)
    used = {value for each in ET.fromstring(one).iter() for key, value in each.attrib.items() if key.endswith("href")}
    assert {name.removeprefix("#") for name in used} <= identifiers(one)


def test_colours_are_those_of_the_page_and_nothing_else_comes_with_a_figure():
    svg = drawn("one")
    assert "stroke: var(--fail)" in svg
    assert not [number for number in STAND_INS.values() if number in svg]
    assert not {"metadata", "style"} & {each.tag.rpartition("}")[2] for each in ET.fromstring(svg).iter()}
    assert "font-family" not in svg


def test_what_a_figure_says_is_text_to_the_letter():
    root = ET.fromstring(drawn("one"))
    assert "<$a_b$>" in {each.text for each in root.iter()}
    assert root.get("aria-label") == "a line & a marker"
