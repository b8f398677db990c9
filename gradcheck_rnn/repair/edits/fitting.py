"""What shape an expression had, and what shapes may stand in its place."""

import ast
from collections.abc import Callable

from gradcheck_rnn.repair.edits.products import product, result_of
from gradcheck_rnn.repair.edits.shapes import Shape, broadcast, transposed
from gradcheck_rnn.repair.function import Function


def shape_of(function: Function, node: ast.expr) -> Shape | None:
    """The shape of an expression: as seen where it stands, else wherever else it was seen, else as its operands say."""
    value = function.value(node)
    if value is not None:
        return value.shape
    text = ast.unparse(node)
    elsewhere = {values[text].shape for values in function.seen.values.values() if text in values}
    if len(elsewhere) == 1:
        return elsewhere.pop()
    match node:
        case ast.Attribute(value=inner, attr="T"):
            shape = shape_of(function, inner)
            return None if shape is None else transposed(shape)
        case ast.UnaryOp(operand=operand):
            return shape_of(function, operand)
        case ast.BinOp(left=left, right=right):
            a, b = shape_of(function, left), shape_of(function, right)
            return None if a is None or b is None else result_of(function, node)(a, b)
    return None


def fits(function: Function, node: ast.expr, shape: Shape) -> bool:
    """Whether an array of some shape may stand in an expression's place: what it goes into keeps its shape.

    So it is where the shape of the expression is not known.
    """
    was = shape_of(function, node)
    if was is None or was == shape:
        return True
    match function.parents[node]:
        case ast.BinOp(left=left, right=right) as parent:
            other = shape_of(function, right if left is node else left)
            if other is None:
                return True
            operation = result_of(function, parent)
            result = operation(shape, other) if left is node else operation(other, shape)
            return result is not None and fits(function, parent, result)
        case ast.Call() as call if (found := product(function, call)) is not None and node in (found.left, found.right):
            return allowed(
                function,
                call,
                found.result,
                shape if node is found.left else shape_of(function, found.left),
                shape if node is found.right else shape_of(function, found.right),
            )
        case ast.UnaryOp() as parent:
            return fits(function, parent, shape)
        case ast.Attribute(attr="T") as parent:
            return fits(function, parent, transposed(shape))
        case ast.AugAssign(target=target):
            accumulator = shape_of(function, target)
            return accumulator is None or broadcast(accumulator, shape) == accumulator
        case ast.Assign(targets=[target]):
            return shape_of(function, target) == shape or _undoes_growth(function, node, was, shape)
    return False


def allowed(
    function: Function,
    node: ast.expr,
    operation: Callable[[Shape, Shape], Shape | None],
    left: Shape | None,
    right: Shape | None,
) -> bool:
    """Whether an operation of two operands may stand in an expression's place; where a shape is not known it may."""
    if left is None or right is None:
        return True
    shape = operation(left, right)
    return shape is not None and fits(function, node, shape)


def _undoes_growth(function: Function, node: ast.expr, was: Shape, shape: Shape) -> bool:
    """Whether a value that broadcasting had made larger than any of its operands gets the shape of one of them."""
    if not isinstance(node, ast.BinOp) or result_of(function, node) is not broadcast:
        return False
    operands = {shape_of(function, part) for part in ast.walk(node) if isinstance(part, ast.expr) and part is not node}
    return was not in operands and shape in operands
