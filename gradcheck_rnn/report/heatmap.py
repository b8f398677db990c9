"""The chain map as characters: magnitudes analytic beside numeric, and which cells agree."""

from collections.abc import Callable

import numpy as np
from rich.text import Text

from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.model.activations import Array

# from nothing to the largest, a factor of ten each
SHADES = " ░▒▓█"
SHADES_IN_ASCII = " .:*#"
SHADE_FACTOR = 10.0
GAP = "   "
MARKS = (
    ("=", "agrees", "green"),
    ("o", "empty", "yellow"),
    ("x", "wrong", "bold red"),
    ("!", "not causal", "bold red"),
)


def heatmap(found: ChainMap, *, can_print: Callable[[str], bool]) -> list[Text]:
    """Draw the map: three panels side by side, a row for each step whose error it is, a column for each use."""
    shades = SHADES if can_print(SHADES) else SHADES_IN_ASCII
    largest = float(max(found.analytic.max(), found.numeric.max()))
    width = 2 * found.length
    headings = (f"{name:<{width}}" for name in ("yours", "numeric", "cells"))
    lines = [Text("        " + GAP.join(headings).rstrip(), style="bold")]
    lines.append(Text("    k = " + GAP.join([_steps(found.length)] * 3).rstrip(), style="dim"))
    for t in range(found.length):
        line = Text()
        line.append(f"t = {t:<2}  ", style="dim")
        there = ~np.isnan(found.relative_error[t])
        line.append(_shaded(found.analytic[t] * there, largest, shades) + GAP, style="default")
        line.append(_shaded(found.numeric[t] * there, largest, shades) + GAP, style="default")
        for k in range(found.length):
            mark, style = _mark(found, t, k)
            line.append(f"{mark} ", style=style)
        line.rstrip()
        lines.append(line)
    seen = {_mark(found, t, k)[0] for t in range(found.length) for k in range(found.length)}
    legend = "  ".join(f"{mark} {word}" for mark, word, _ in MARKS if mark in seen)
    lines.append(Text(f"        {legend}; each shade is a factor of {SHADE_FACTOR:.0f}", style="dim"))
    return lines


def _steps(length: int) -> str:
    return "".join(f"{k % 10} " for k in range(length))


def _shaded(row: Array, largest: float, shades: str) -> str:
    """Two characters a cell, the darker the larger."""
    with np.errstate(divide="ignore"):
        levels = len(shades) - 1 + np.ceil(np.log(row / largest) / np.log(SHADE_FACTOR) - 0.5)
    # what is there at all is shown; what is rounding beside the largest is not
    levels = np.where(row > 0, np.clip(levels, 1, len(shades) - 1), 0)
    levels = np.where(row <= largest * 1e-12, 0, levels)
    return "".join(2 * shades[int(level)] for level in levels)


def _mark(found: ChainMap, t: int, k: int) -> tuple[str, str]:
    if np.isnan(found.relative_error[t, k]):
        return " ", "default"
    at = 0 if found.agrees[t, k] else 1 if found.empty[t, k] else 3 if found.acausal[t, k] else 2
    mark, _, style = MARKS[at]
    return mark, style
