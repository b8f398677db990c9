"""Two operands the wrong way round."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.fitting import allowed, shape_of
from gradcheck_rnn.repair.edits.places import called, is_counting, sites
from gradcheck_rnn.repair.edits.products import Operation, product
from gradcheck_rnn.repair.edits.shapes import broadcast
from gradcheck_rnn.repair.edits.spans import grouped_text, whole_span
from gradcheck_rnn.repair.function import Function, Level

COST = 1.0


def swap_operands(function: Function) -> Iterator[Edit]:
    """`a @ b` to `b @ a`, so also dot, outer, `-` and `/`."""
    for node in sites(function):
        match node:
            case ast.BinOp(left=left, op=ast.Sub() | ast.Div(), right=right):
                if _differ(function, node) and not is_counting(function, node):
                    weak, strong = (
                        (Level.SUM, Level.PRODUCT) if isinstance(node.op, ast.Sub) else (Level.PRODUCT, Level.SIGNED)
                    )
                    yield _swapped(function, left, right, weak, strong)
            case ast.BinOp(left=left, op=ast.MatMult(), right=right):
                if _may_swap(function, node, left, right):
                    yield _swapped(function, left, right, Level.PRODUCT, Level.SIGNED)
            case ast.Call(func=ast.Attribute(value=left)) if (found := product(function, node)) and found.left is left:
                if _may_swap(function, node, left, found.right):
                    yield _swapped(function, left, found.right, Level.ATOM, Level.ANY)
            case ast.Call(args=[left, right], keywords=[]) if called(node) in ("dot", "matmul", "outer", "subtract"):
                if _may_swap(function, node, left, right):
                    yield _swapped(function, left, right, Level.ANY, Level.ANY)


def _may_swap(function: Function, node: ast.expr, left: ast.expr, right: ast.expr) -> bool:
    found = product(function, node)
    operation: Operation = broadcast if found is None else found.result
    return allowed(function, node, operation, shape_of(function, right), shape_of(function, left))


def _differ(function: Function, node: ast.BinOp) -> bool:
    """Whether either operand might be the other: a length below a line of a fraction is none, nor a count."""
    shapes = {shape_of(function, node.left), shape_of(function, node.right)}
    if isinstance(node.op, ast.Div):
        return len(shapes) == 1 and shapes != {()}
    return not any(value and value.type == "int" for value in (function.value(node.left), function.value(node.right)))


def _swapped(function: Function, left: ast.expr, right: ast.expr, weak: Level, strong: Level) -> Edit:
    first = Change(*whole_span(function, left), grouped_text(function, right, weak))
    second = Change(*whole_span(function, right), grouped_text(function, left, strong))
    return function.edit("operand order", COST, first, second)
