"""Entry by entry where rows meet columns, and the other way round."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.fitting import allowed, shape_of
from gradcheck_rnn.repair.edits.places import called, numpy_name, sites
from gradcheck_rnn.repair.edits.products import Product, product
from gradcheck_rnn.repair.edits.shapes import Shape, broadcast, matmul, outer
from gradcheck_rnn.repair.edits.spans import grouped_text, operator_span, put
from gradcheck_rnn.repair.function import Function, Level

COST = 2.0


def other_product(function: Function) -> Iterator[Edit]:
    """`a * b`, `a @ b` and `np.outer(a, b)` for each other, where shapes allow it."""
    for node in sites(function):
        found = product(function, node)
        if found is None:
            continue
        left, right = shape_of(function, found.left), shape_of(function, found.right)
        if left is None or right is None or not left or not right:
            continue
        if found.result is not broadcast and allowed(function, node, broadcast, left, right):
            yield function.edit("product", COST, _with_operator(function, found, "*"))
        if not found.is_matrix and allowed(function, node, matmul, left, right):
            yield function.edit("product", COST, _with_operator(function, found, "@"))
        if not found.is_outer and _is_outer_of_vectors(left, right) and allowed(function, node, outer, left, right):
            yield from _with_outer(function, found)


def multiply_for_divide(function: Function) -> Iterator[Edit]:
    """`a / b` to `a * b`, of two arrays."""
    for node in sites(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and shape_of(function, node.right):
            yield function.edit("product", COST, Change(*operator_span(function, node), "*"))


def _is_outer_of_vectors(left: Shape, right: Shape) -> bool:
    return all(len([length for length in shape if length > 1]) == 1 for shape in (left, right))


def _with_operator(function: Function, found: Product, operator: str) -> Change:
    if isinstance(found.node, ast.BinOp):
        return Change(*operator_span(function, found.node), operator)
    texts = grouped_text(function, found.left, Level.PRODUCT), grouped_text(function, found.right, Level.SIGNED)
    return put(function, found.node, f" {operator} ".join(texts), Level.PRODUCT)


def _with_outer(function: Function, found: Product) -> Iterator[Edit]:
    numpy = numpy_name(function)
    if (
        isinstance(found.node, ast.Call)
        and isinstance(found.node.func, ast.Attribute)
        and found.node.func.value is not found.left
    ):
        end = function.text.span(found.node.func)[1]
        yield function.edit("product", COST, Change(end - len(called(found.node) or ""), end, "outer"))
    elif numpy is not None:
        texts = function.text.of(found.left), function.text.of(found.right)
        yield function.edit(
            "product", COST, put(function, found.node, f"{numpy}.outer({', '.join(texts)})", Level.ATOM)
        )
