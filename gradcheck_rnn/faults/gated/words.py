"""How the values and terms of a gated cell are written in a finding."""

from gradcheck_rnn.cells.equation import Activated, Cell, Edge, delta_of


def gate_of(weight: str) -> str:
    """The letter of the gate or candidate that a weight leads to."""
    return weight[-1]


def slope_name(cell: Cell, equation: Activated) -> str:
    """An activation's derivative: sigmoid' of f, tanh' of c."""
    at = equation.of if equation.of in cell.states else equation.name
    return f"{equation.function}' of {at}"


def in_words(cell: Cell, operand: str) -> str:
    """An operand that has no letter of its own in a formula: tanh(c) for s, 1-z for k."""
    if operand == "k":
        return "1-z"
    equation = cell.named(operand)
    if isinstance(equation, Activated) and equation.of in cell.states:
        return f"{equation.function}({equation.of})"
    return operand


def shown(name: str) -> str:
    """A delta or carry under the name that it has in code: k, which is 1-z, has none of its own."""
    return "dz" if name == "dk" else name


def term_of(cell: Cell, edge: Edge) -> str:
    """What an equation's delta brings to a target: by the gate's letter, or by the factors on the way."""
    if edge.weight:
        return f"{gate_of(edge.weight)} in {shown(edge.target)}"
    way = [*(in_words(cell, factor) for factor in edge.factors), shown(delta_of(edge.source))]
    return f"{' * '.join(way)} in {shown(edge.target)}"
