"""The templates, with everything escaped that they are given."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from gradcheck_rnn import __version__
from gradcheck_rnn.explain.blocks import spans

# what a verdict looks like to who sees no colours
SIGNS = {
    "pass": {"glyph": "✓", "word": "pass"},
    "fail": {"glyph": "✕", "word": "FAIL"},
    "inconclusive": {"glyph": "?", "word": "unclear"},
    "error": {"glyph": "✕", "word": "ERROR"},
}


def page(template: str, *, title: str, **values: object) -> str:
    """Make a page; `values` are what its template asks for."""
    return _templates().get_template(template).render(title=title, version=__version__, **values)


@cache
def _templates() -> Environment:
    """The environment that pages are made in; a name that a template gets wrong is an error."""
    environment = Environment(
        loader=PackageLoader("gradcheck_rnn.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["signs"] = SIGNS
    environment.filters["spans"] = spans
    return environment
