"""A matrix that a vector of gradients, or rows of them, should have been multiplied by."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.fitting import allowed, shape_of
from gradcheck_rnn.repair.edits.names import named_arrays
from gradcheck_rnn.repair.edits.places import numpy_name, sites, slots
from gradcheck_rnn.repair.edits.products import product
from gradcheck_rnn.repair.edits.shapes import Shape, matmul, outer, transposed
from gradcheck_rnn.repair.edits.spans import grouped_text, put
from gradcheck_rnn.repair.edits.terms import sums, terms
from gradcheck_rnn.repair.function import Function, Level

COST = 3.0


def add_matrix(function: Function) -> Iterator[Edit]:
    """`dz` to `W.T @ dz` or `dz @ W.T`, or the same by `dot`, as the function writes it; of each matrix that fits."""
    accumulators = {ast.unparse(each.target) for each in function.statements if isinstance(each, ast.AugAssign)}
    places = {id(node): node for node in slots(function)}
    places |= {id(term): term for total in sums(function) for _, term in terms(total)}
    dot = _dot(function)
    for node in places.values():
        value = function.value(node)
        if value is None or not value.shape:
            continue
        named = named_arrays(function, function.statement_of(node))
        matrices = [text for text, each in named.items() if len(each.shape or ()) == 2 and min(each.shape or ()) > 1]
        for matrix in matrices:
            shape = named[matrix].shape or ()
            if matrix not in accumulators and matrix != ast.unparse(node):
                for left, right in _pairs(function, node, value.shape, matrix, shape):
                    yield _edit(function, node, left, right, dot)


def add_vector(function: Function) -> Iterator[Edit]:
    """`dW += h` to `np.outer(dz, h)`: another array makes of a value a product of its accumulator's shape."""
    dot, numpy = _dot(function), numpy_name(function)
    for statement in function.statements:
        if not isinstance(statement, ast.AugAssign) or not function.ran(statement):
            continue
        own, target = shape_of(function, statement.value), shape_of(function, statement.target)
        if own is None or target is None or own in ((), target):
            continue
        left, right = (grouped_text(function, statement.value, level) for level in (Level.PRODUCT, Level.SIGNED))
        for text, value in named_arrays(function, statement).items():
            shape = value.shape or ()
            of_vectors = len(shape) == len(own) == 1
            by, result = (f"{numpy}.outer", outer) if of_vectors else (dot, matmul)
            if shape and result(shape, own) == target:
                yield _edit(function, statement.value, text, right, by)
            if shape and result(own, shape) == target:
                yield _edit(function, statement.value, left, text, by)


def _pairs(function: Function, node: ast.expr, own: Shape, matrix: str, shape: Shape) -> Iterator[tuple[str, str]]:
    """The two operands of each product of an expression and a matrix that may stand in the expression's place."""
    for suffix, of in ((".T", transposed(shape)), ("", shape)):
        if allowed(function, node, matmul, of, own):
            yield matrix + suffix, grouped_text(function, node, Level.SIGNED)
        # of a vector, this is the same as the other matrix from the left
        if len(own) > 1 and allowed(function, node, matmul, own, of):
            yield grouped_text(function, node, Level.PRODUCT), matrix + suffix


def _edit(function: Function, node: ast.expr, left: str, right: str, dot: str | None) -> Edit:
    text, level = (f"{left} @ {right}", Level.PRODUCT) if dot is None else (f"{dot}({left}, {right})", Level.ATOM)
    return function.edit("matrix factor", COST, put(function, node, text, level))


def _dot(function: Function) -> str | None:
    """The function for matrix products, if the user's has some and writes none with an operator."""
    found = [each.node for node in sites(function) if (each := product(function, node)) is not None and each.is_matrix]
    numpy = numpy_name(function)
    by_call = bool(found) and not any(isinstance(node, ast.BinOp) for node in found)
    return f"{numpy}.dot" if by_call and numpy is not None else None
