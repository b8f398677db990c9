"""The one table of formats. Renderers are loaded when they are needed, so that `--help` names them without numpy."""

from collections.abc import Callable, Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcheck_rnn.report.formats.invocation import Invocation
    from gradcheck_rnn.report.value import Report

    Renderer = Callable[[Sequence[Report], Invocation], str]

RENDERERS = {
    "json": "gradcheck_rnn.report.formats.json:render",
    "markdown": "gradcheck_rnn.report.formats.markdown:render",
    "junit": "gradcheck_rnn.report.formats.junit:render",
    "github": "gradcheck_rnn.report.formats.github:render",
    "sarif": "gradcheck_rnn.report.formats.sarif:render",
    "html": "gradcheck_rnn.report.html.page:html",
}


def renderer(name: str) -> "Renderer":
    """Return the renderer of a format, by a name of RENDERERS."""
    found: Renderer = resolve_name(RENDERERS[name])
    return found
