"""A figure as inline SVG: in the page's own colours and fonts, the same bytes each time."""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager

import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
# matplotlib knows colours by their numbers alone: each of these stands for a variable of the page's style sheet, which
# has one value for light and another for dark
STAND_INS = {
    "ink": "#000001",
    "muted": "#000002",
    "line": "#000003",
    "pass": "#000004",
    "fail": "#000005",
    "inconclusive": "#000006",
    "accent": "#000007",
    "panel": "#000008",
}
_VARIABLES = {number: f"var(--{name})" for name, number in STAND_INS.items()}
_NUMBER = re.compile("|".join(_VARIABLES))
_SIZE = re.compile(r"font: (?:\w+ )*?([\d.]+px) [^;]*")
_FAMILY = re.compile(r"font-family: [^;]*;?\s*")
_REFERENCE = re.compile(r"url\(#([^)]+)\)|^#(.+)$")
# pixels that a point is wide where there is room
PIXELS = 1.45
_STYLE = {
    "svg.fonttype": "none",
    "svg.id": None,
    "text.parse_math": False,  # a user's names may hold dollar signs
    "font.size": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": STAND_INS["muted"],
    "axes.labelcolor": STAND_INS["ink"],
    "text.color": STAND_INS["ink"],
    "xtick.color": STAND_INS["muted"],
    "ytick.color": STAND_INS["muted"],
    "xtick.labelcolor": STAND_INS["ink"],
    "ytick.labelcolor": STAND_INS["ink"],
    "grid.color": STAND_INS["line"],
    "grid.linewidth": 0.6,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the page's style."""
    with matplotlib.rc_context(_STYLE):
        yield


def to_svg(figure: Figure, *, name: str, title: str) -> Markup:
    """Turn a figure into an element of a page.

    Args:
        figure: drawn in the page's style, in stand-in colours.
        name: unique in the page; every identifier begins with it.
        title: what a screen reader says.
    """
    file = io.StringIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    for prefix, namespace in (("", SVG), ("xlink", XLINK)):
        ET.register_namespace(prefix, namespace)
    root = ET.fromstring(file.getvalue())
    for unwanted in (f"{{{SVG}}}metadata", f"{{{SVG}}}defs/{{{SVG}}}style"):
        _remove(root, unwanted)
    used = {found[1] or found[2] for value in _values(root) for found in _REFERENCE.finditer(value)}
    for element in root.iter():
        element.attrib.update({key: _own(key, value, name) for key, value in element.attrib.items()})
        if element.get("id", "").removeprefix(f"{name}-") not in used:
            element.attrib.pop("id", None)
        element.tail = None
    # all figures have one scale, and none is wider than the page
    width = float(root.attrib.pop("width").removesuffix("pt"))
    del root.attrib["height"]
    root.attrib.update({"role": "img", "aria-label": title, "style": f"max-width: {width * PIXELS:.0f}px"})
    # what it says is escaped, the user's names among it
    return Markup(ET.tostring(root, encoding="unicode"))


def _values(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        yield from element.attrib.values()


def _remove(root: ET.Element, path: str) -> None:
    parents = {child: parent for parent in root.iter() for child in parent}
    for element in root.findall(path):
        parents[element].remove(element)


def _own(attribute: str, value: str, name: str) -> str:
    """An attribute with the page's colours and fonts, and identifiers that begin with the figure's name."""
    if attribute == "id":
        return f"{name}-{value}"
    if attribute == f"{{{XLINK}}}href":
        return value.replace("#", f"#{name}-", 1)
    value = _SIZE.sub(r"font-size: \1", value.replace("url(#", f"url(#{name}-"))
    return _NUMBER.sub(lambda found: _VARIABLES[found[0]], _FAMILY.sub("", value))
