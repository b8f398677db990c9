"""In which order and in which arrays the equations of a cell are worked out for a block of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, Activated, Affine, Cell, Equation, previous, state_of
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.carried.base import SweepBase


@dataclass(frozen=True)
class Weighted:
    """A matrix (n, m) that acts on an operand, and the `rows` of all pre-activations that the product belongs to.

    It is added to what is there, unless it `is_first`.
    """

    matrix: Array
    operand: str
    rows: slice
    is_first: bool


def order_of(cell: Cell) -> tuple[list[Affine], list[tuple[Activated, ...]], list[Equation]]:
    """Order of the pre-activations; activations that are taken together; and the equations that follow in their order.

    What a step can begin with comes first, by the function that it goes into: few large arrays cost less than many.
    """
    own = {
        each.of: each for each in cell.activated if each.name not in cell.states and is_last(cell, each.of, each.name)
    }
    early = sorted(
        (each for each in cell.affine if not waits(each)),
        key=lambda each: own[each.name].function if each.name in own else "",
    )
    alike = groupby((own[each.name] for each in early if each.name in own), key=lambda each: each.function)
    together = [tuple(each) for _, each in alike]
    done = {each.name for each in early} | {each.name for some in together for each in some}
    rest = [each for each in cell.equations if each.name not in done]
    return [*early, *(each for each in cell.affine if waits(each))], together, rest


def waits(equation: Affine) -> bool:
    """Whether it takes a value of the step itself."""
    return any(term.operand != INPUT and state_of(term.operand) is None for term in equation.terms)


def rows_of(base: SweepBase, affine: Sequence[Affine]) -> dict[str, slice]:
    """Rows of the pre-activations in an array of them all."""
    rows, start = {}, 0
    for each in affine:
        stop = start + base.width(each.name)
        rows[each.name], start = slice(start, stop), stop
    return rows


def products_of(
    base: SweepBase, affine: Sequence[Affine], rows: dict[str, slice], *, inputs_move: bool
) -> tuple[list[Weighted], dict[str, list[Weighted]], list[slice]]:
    """Products that a step can begin with; those of each equation that have to wait; rows that none of them writes.

    Equations that stand next to each other and take the same operand share one product.
    """
    cell, written = base.cell, set[str]()
    early: list[Weighted] = []
    for operand in (*map(previous, cell.states), *([INPUT] if inputs_move else [])):
        places = [place for place, each in enumerate(affine) if any(term.operand == operand for term in each.terms)]
        for _, run in groupby(enumerate(places), key=lambda at: (at[1] - at[0], affine[at[1]].name in written)):
            together = [affine[place] for _, place in run]
            weights = [term.weight for each in together for term in each.terms if term.operand == operand]
            matrix = np.concatenate([base.parameters[weight] for weight in weights], axis=1).T
            span = slice(rows[together[0].name].start, rows[together[-1].name].stop)
            early.append(Weighted(np.ascontiguousarray(matrix), operand, span, together[0].name not in written))
        written |= {affine[place].name for place in places}
    late: dict[str, list[Weighted]] = {}
    for each in affine:
        for term in each.terms:
            if term.operand != INPUT and state_of(term.operand) is None:
                matrix = np.ascontiguousarray(base.parameters[term.weight].T)
                is_first = each.name not in written
                late.setdefault(each.name, []).append(Weighted(matrix, term.operand, rows[each.name], is_first))
                written.add(each.name)
    return early, late, [rows[each.name] for each in affine if each.name not in written]


def _readers(cell: Cell, value: str) -> list[str]:
    """The equations that a value is an operand of."""
    return [each.name for each in cell.equations if value in _operands(each)]


def _operands(equation: Equation) -> list[str]:
    match equation:
        case Affine():
            return [term.operand for term in equation.terms]
        case Activated():
            return [equation.of]
    return [factor for product in equation.products for factor in product.factors]


def is_last(cell: Cell, value: str, reader: str) -> bool:
    """Whether a value is needed by one reader only."""
    return value not in cell.states and _readers(cell, value) == [reader]


def is_free(cell: Cell, state: str) -> bool:
    """Whether nothing needs the state before the step any more when the state of the step is worked out."""
    names = [each.name for each in cell.equations]
    return all(names.index(reader) < names.index(state) for reader in _readers(cell, previous(state)))
