"""A report in a notebook: HTML that is whole, escaped, in the page's own colours, and asks for nothing."""

from html.parser import HTMLParser

from gradcheck_rnn import check
from tests.test_api import TAGGER, tagger


class Page(HTMLParser):
    """Cells of a table, and every attribute; tags that are opened are closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.text = [], [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + "\n"


def test_a_notebook_shows_the_table_and_the_finding_in_its_own_colours():
    report = check(
        loss=lambda parameters: float(parameters["<b>"] ** 2),
        gradients=lambda parameters: {"<b>": -2 * parameters["<b>"]},
        parameters={"<b>": 1.5},
    )
    html = report._repr_html_()
    page = Page(html)
    assert "\n<b>\n" in page.text
    assert "FAIL" in page.text
    assert "sign-flip all" in page.text
    assert {name for name, _ in page.attributes} == {"style", "scope"}
    assert "#" not in html
    assert "url" not in html


def test_a_notebook_shows_the_chain_map_in_full():
    report = check(TAGGER, **tagger("untransposed"))
    page = Page(report._repr_html_())
    assert "every cell below it is wrong" in page.text
    assert {row.name for row in report.rows} | {"untransposed-weight W_hh"} <= set(page.text.splitlines())
