"""What the values of a step are that code has no usual letter for: q = r * h[t-1], s = tanh(c), k = 1 - z."""

import re
from collections.abc import Iterator

from gradcheck_rnn.cells.equation import Activated, Affine, Cell, Product, lone_term


def with_symbols(text: str, cell: Cell, layout: str) -> str:
    """Let a text say what the values in it are that neither their letters nor those of their deltas tell."""
    means = " and ".join(f"{name} = {value}" for name, value in _symbols(cell, layout) if _is_in(text, name))
    if not means:
        return text
    told, _, name = text.removesuffix(" of the same step").rpartition(", with ")
    return f"{told}, with {means} of the same step" if _is_in(means, name) else f"{text}, with {means}"


def _is_in(text: str, name: str) -> bool:
    """Whether a value, or its delta, stands in a text; a letter after an apostrophe is none."""
    return bool(name) and re.search(rf"(?<![\w'])d?{re.escape(name)}\b", text) is not None


def _symbols(cell: Cell, layout: str) -> Iterator[tuple[str, str]]:
    """Values that are no gates, no pre-activations of such and no states, and what each is.

    One that has a bias is left out: whether the net has any is not known here.
    """
    activated = {each.of for each in cell.activated}
    for each in cell.equations:
        if each.name in (*cell.states, *activated):
            continue
        match each:
            case Activated():
                if each.of in cell.states:
                    yield each.name, f"{each.function}({each.of})"
            case Affine():
                if (term := lone_term(cell, each.name)) is not None:
                    sides = (term.operand, term.weight) if layout == "row" else (term.weight, term.operand)
                    yield each.name, " @ ".join(sides)
            case _:
                yield each.name, " + ".join(map(_entrywise, each.products)).replace("+ -", "- ")


def _entrywise(product: Product) -> str:
    return ("-" if product.coefficient < 0 else "") + (" * ".join(product.factors) or "1")
