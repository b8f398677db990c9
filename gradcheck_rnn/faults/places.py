"""Faults of one layer or direction: those of a cell, with the end that names have there."""

import re
from dataclasses import replace
from functools import cache

from gradcheck_rnn.cells.equation import INPUT_PARAMETER, Cell, initial_name
from gradcheck_rnn.cells.structure import Structure, Sweep
from gradcheck_rnn.faults.fault import Fault

_PLACE = re.compile(r"_(?:\d+(?:_(?:ltr|rtl))?|ltr|rtl)\b| of (?:layer \d+(?:, (?:ltr|rtl))?|ltr|rtl)$")
# taps that no sweep has for itself
OF_OUTPUTS = ("output loop", "output error", "dy in dh", "W_hy in dh", "h[t] in W_hy", "all")


def in_place(fault: Fault, structure: Structure, sweep: Sweep) -> Fault:
    """Let a fault of the cell happen to one sweep only; its taps are found under the names within the sweep."""
    words = [placed(text, structure, sweep) for text in (fault.term, fault.says)]
    term, says = words
    if sweep.place and term == fault.term:
        term = f"{term} of {sweep.words}"
    if sweep.place and says == fault.says:
        says = f"{sweep.words}: {says}"
    parameter = None if fault.parameter is None else fault.parameter + sweep.place
    return replace(fault, term=term, says=says, parameter=parameter, place=sweep.place)


def placed(text: str, structure: Structure, sweep: Sweep) -> str:
    """Write a text on the values and parameters of a cell with the names that they have in a sweep."""
    if not sweep.place:
        return text
    placed = _named(structure.cell).sub(rf"\1{sweep.place}", text)
    above = structure.levels[sweep.level + 1 :][:1]
    if not above:
        return placed
    error = " + ".join(f"d{INPUT_PARAMETER}{upper.place}" for upper in above[0])
    return re.sub(r"\bdy @ W_hy\.T|W_hy\.T @ dy\b|\bdy\b", error, placed)


@cache
def _named(cell: Cell) -> re.Pattern[str]:
    """What has a name in a cell, and its delta, in a text."""
    names = "|".join(sorted(map(re.escape, _names(cell)), key=len, reverse=True))
    # a letter after an apostrophe is none of these: a step's, f'
    return re.compile(rf"(?<![\w'])(d?(?:{names}))(?![\w'])")


def _names(cell: Cell) -> list[str]:
    """What has a name in a cell: values, states and carries, parameters, the inputs."""
    values = [equation.name for equation in cell.equations]
    carries = [f"{state}_next" for state in cell.states]
    return [*values, *carries, *filter(None, cell.parameters), *map(initial_name, cell.states), INPUT_PARAMETER]


def without_place(name: str) -> str:
    """The name of a fault without the layer or direction that it happens to."""
    return _PLACE.sub("", name)


def of_one_sweep(fault: Fault) -> Fault | None:
    """A fault of the cell as it may happen to one sweep alone; None for a fault of the outputs, or of everything."""
    taps = tuple(tap for tap in fault.taps if tap not in OF_OUTPUTS)
    return replace(fault, taps=taps) if taps else None
