"""A plot on a logarithmic scale as lines of text: one row a decade, a letter for each series, no colour needed."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# columns left of a plot: labels such as 1e-10, and the axis
MARGIN = 6
# rows at the most: what lies below is drawn at the lower edge
MOST_ROWS = 24
# what an encoding that knows ASCII only gets instead
ASCII = str.maketrans({"│": "|", "└": "+", "─": "-", "┬": "+"})


@dataclass(frozen=True)
class Mark:
    """One character: its column, counted from the axis, and its value, 0 or above."""

    column: int
    value: float
    sign: str


@dataclass(frozen=True)
class Axis:
    """The horizontal axis: its name, how many columns it has, and labels at some of them."""

    name: str
    columns: int
    ticks: Mapping[int, str]


def can_draw(encoding: str) -> bool:
    """Whether an encoding has the characters of the axes."""
    try:
        "".join(map(chr, ASCII)).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def log_plot(marks: Sequence[Mark], axis: Axis, *, name: str) -> list[str]:
    """Draw marks, later ones over earlier ones; `name` is that of the values. Zero has a row of its own."""
    exponents = _exponents([mark.value for mark in marks if mark.value > 0])
    labels = {exponent: f"1e{exponent:+03d}" for exponent in exponents} | {None: "0"}
    rows: dict[int | None, list[str]] = {row: [" "] * axis.columns for row in labels}
    for mark in marks:
        row = max(_exponent(mark.value), exponents[-1]) if mark.value > 0 else None
        rows[row][mark.column] = mark.sign
    if not any(mark.value == 0 for mark in marks):
        del rows[None]
    drawn = [f"{labels[row]:>{MARGIN - 1}}│{''.join(signs)}".rstrip() for row, signs in rows.items()]
    return [name, *drawn, *_below(axis)]


def _below(axis: Axis) -> list[str]:
    """The axis, its name, and its labels, centred below their ticks; one that would run into another is left out."""
    line = "".join("┬" if column in axis.ticks else "─" for column in range(axis.columns))
    labels = axis.name
    for column, label in sorted(axis.ticks.items()):
        start = min(MARGIN + column - len(label) // 2, MARGIN + axis.columns - len(label))
        if start > len(labels):
            labels = labels.ljust(start) + label
    return [" " * (MARGIN - 1) + "└" + line, labels]


def _exponents(values: Sequence[float]) -> list[int]:
    """Decades from the largest value's down to the smallest one's."""
    if not values:
        return []
    highest, lowest = _exponent(max(values)), _exponent(min(values))
    return list(range(highest, max(lowest, highest - MOST_ROWS + 1) - 1, -1))


def _exponent(value: float) -> int:
    return round(math.log10(value))
