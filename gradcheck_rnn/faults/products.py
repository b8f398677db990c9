"""The sums of products that gradients of parameters are, read off the equations of a cell."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Cell, Sum
from gradcheck_rnn.cells.structure import EMBEDDING


@dataclass(frozen=True)
class Product:
    """A parameter's gradient: the sum over all steps of `left` times `right`; a bias has no `left`.

    `left` is an operand, such as h[t-1] or h[t]; `right` a delta, such as dz. An entrywise product is that of a vector,
    such as a peephole's. `left_factors` are those of a left operand that is an entrywise product itself.
    """

    parameter: str
    left: str | None
    right: str
    is_entrywise: bool = False
    left_factors: tuple[str, ...] = ()


# the output layer's, and that of a table whose rows tokens look up
READOUT = {
    OUTPUT_WEIGHT: Product(OUTPUT_WEIGHT, "h[t]", "dy"),
    OUTPUT_BIAS: Product(OUTPUT_BIAS, None, "dy"),
}
EMBEDDING_PRODUCT = Product(EMBEDDING, INPUT, f"d{INPUT_PARAMETER}")


@cache
def product_named(cell: Cell, parameter: str) -> Product:
    """Return the product of one parameter."""
    return next(each for each in products_of(cell) if each.parameter == parameter)


@cache
def products_of(cell: Cell) -> tuple[Product, ...]:
    """Return the product of each parameter, biases and vectors among them; the readout's first."""
    return (*READOUT.values(), *_of_affine(cell), *_of_vectors(cell))


def _of_affine(cell: Cell) -> Iterator[Product]:
    for each in cell.affine:
        for term in each.terms:
            factors = _factors(cell, term.operand)
            yield Product(term.weight, operand_name(term.operand), f"d{each.name}", left_factors=factors)
        if each.bias:
            yield Product(each.bias, None, f"d{each.name}")


def _factors(cell: Cell, operand: str) -> tuple[str, ...]:
    """Factors of an operand that is one product."""
    equation = cell.named(operand)
    return equation.products[0].factors if isinstance(equation, Sum) and len(equation.products) == 1 else ()


def _of_vectors(cell: Cell) -> Iterator[Product]:
    for equation in cell.equations:
        if not isinstance(equation, Sum):
            continue
        for product in equation.products:
            vectors = [factor for factor in product.factors if factor in cell.vectors]
            for vector in vectors:
                (operand,) = (factor for factor in product.factors if factor != vector)
                yield Product(vector, operand_name(operand), f"d{equation.name}", is_entrywise=True)


def operand_name(operand: str) -> str:
    """An operand with its step: h[t-1], x[t], r[t]."""
    return operand if operand.endswith("]") else f"{operand}[t]"
