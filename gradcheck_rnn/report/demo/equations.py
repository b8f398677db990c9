"""The forward pass of a cell, written down as code would have it."""

from collections.abc import Iterator
from itertools import pairwise

from gradcheck_rnn.cells.equation import Activated, Affine, Cell, Equation, Product, Sum

_FUNCTIONS = {"tanh": "tanh({})", "relu": "max({}, 0)", "sigmoid": "sigmoid({})"}
# columns between a pre-activation and what becomes of it
GAP = 3


def forward_lines(cell: Cell) -> list[str]:
    """Write down a step of the forward pass, in its order; an activation stands beside its pre-activation."""
    shown = [each for each in cell.equations if each.name != _COMPLEMENT]
    beside = {
        after.name: before.name
        for before, after in pairwise(shown)
        if isinstance(after, Activated) and after.of == before.name
    }
    lines = {each.name: f"{each.name} = {_value(each)}" for each in shown}
    width = max((len(lines[name]) for name in beside.values()), default=0) + GAP
    for name, before in beside.items():
        lines[before] = f"{lines[before]:<{width}}{lines.pop(name)}"
    return [*lines.values(), f"y = {cell.output} @ W_hy + b_y", *_definitions(cell)]


# 1 - z of a GRU, which has no name of its own in a formula
_COMPLEMENT = "k"


def _value(equation: Equation) -> str:
    match equation:
        case Affine():
            terms = [f"{term.operand} @ {term.weight}" for term in equation.terms]
            return " + ".join([*terms, equation.bias] if equation.bias else terms)
        case Activated():
            return _FUNCTIONS[equation.function].format(equation.of)
        case Sum():
            return " + ".join(map(_product, equation.products)).replace("+ -", "- ")


def _product(product: Product) -> str:
    factors = ("(1 - z)" if factor == _COMPLEMENT else factor for factor in product.factors)
    return ("-" if product.coefficient < 0 else "") + (" * ".join(factors) or "1")


def _definitions(cell: Cell) -> Iterator[str]:
    if any(each.function == "sigmoid" for each in cell.activated):
        yield "sigmoid(a) = 1 / (1 + exp(-a))"
