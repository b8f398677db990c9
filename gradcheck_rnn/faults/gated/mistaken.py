"""Values of a gated cell that one may be mistaken for, and the kind of fault that this is."""

from collections.abc import Iterator

from gradcheck_rnn.cells.equation import Cell, Sum, delta_of, previous
from gradcheck_rnn.cells.equation import Product as EntrywiseProduct


def values_of(cell: Cell) -> list[str]:
    """Values of a step, in the order in which it evaluates them."""
    return [equation.name for equation in cell.equations]


def of_state_length(cell: Cell) -> Iterator[str]:
    """Values that have the length of a state, which one of them may be mistaken for."""
    yield from values_of(cell)
    yield from map(previous, cell.states)


def handed_on_after(cell: Cell, value: str) -> list[str]:
    """Values whose deltas are there when that of a value is handed on."""
    values = values_of(cell)
    return values[values.index(value) + 1 :]


def sigmoid_gates(cell: Cell) -> Iterator[str]:
    """Gates proper, candidates aside."""
    return (equation.name for equation in cell.activated if equation.function == "sigmoid")


def activated_from(cell: Cell, value: str) -> list[str]:
    """What a pre-activation becomes, also where it is a term of one."""
    terms = [
        each.name for each in cell.equations if isinstance(each, Sum) and EntrywiseProduct((value,)) in each.products
    ]
    return [each.name for each in cell.activated if each.of in (value, *terms)]


def weights_of(cell: Cell, operand: str) -> Iterator[tuple[str, str]]:
    """Weights that an operand is multiplied by, each with the delta that comes before it."""
    return ((edge.weight, delta_of(edge.source)) for edge in cell.edges if edge.weight and edge.operand == operand)


def remade_deltas(cell: Cell, value: str) -> Iterator[tuple[str, str]]:
    """The delta of a value that goes into one product only, made from the wrong factors: kind and what is taken.

    Such is u of r * u, whose delta is da_n * r.
    """
    for each in cell.equations:
        for product in each.products if isinstance(each, Sum) else ():
            if value in product.factors and len(product.factors) > 1:
                (factor,) = (other for other in product.factors if other != value)
                if factor in cell.vectors:
                    continue
                yield from (("swapped-gates", f"d{each.name}*{gate}") for gate in sigmoid_gates(cell) if gate != factor)
                activated = activated_from(cell, each.name)
                yield from (("missing-activation-derivative", f"d{name}*{factor}") for name in activated)
                yield "missing-term", f"d{each.name}"


def kind_of_other(cell: Cell, value: str, other: str) -> str:
    """The kind of a fault that takes another value: two gates, or what leads to them, are swapped."""
    gates, activated = {each.name for each in cell.activated}, {each.of for each in cell.activated}
    affine = {each.name for each in cell.affine}
    return "swapped-gates" if any({value, other} <= alike for alike in (gates, activated, affine)) else "wrong-operand"
