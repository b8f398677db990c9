"""Products of two operands, however they are written."""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from gradcheck_rnn.repair.edits.places import called, imported
from gradcheck_rnn.repair.edits.shapes import Shape, broadcast, dot, matmul, outer
from gradcheck_rnn.repair.function import Function

Operation = Callable[[Shape, Shape], Shape | None]

_OF_NAME: dict[str, Operation] = {"dot": dot, "matmul": matmul, "outer": outer, "multiply": broadcast}


@dataclass(frozen=True)
class Product:
    """A product: `a * b`, `a @ b`, `np.dot(a, b)`, `a.dot(b)`, `np.outer(a, b)`, ...; `result` is the shape it has."""

    node: ast.expr
    left: ast.expr
    right: ast.expr
    result: Operation

    @property
    def is_matrix(self) -> bool:
        """Whether operands are multiplied as matrices."""
        return self.result in (dot, matmul)

    @property
    def is_outer(self) -> bool:
        """Whether each entry meets each other."""
        return self.result is outer


def product(function: Function, node: ast.expr) -> Product | None:
    """An expression as a product, None if it is none."""
    match node:
        case ast.BinOp(left=left, op=ast.Mult() | ast.MatMult(), right=right):
            return Product(node, left, right, result_of(function, node))
        case ast.Call(args=[left, right], keywords=[]) if (name := called(node)) in _OF_NAME:
            return Product(node, left, right, _OF_NAME[str(name)])
        case ast.Call(func=ast.Attribute(value=left, attr="dot"), args=[right], keywords=[]):
            is_module = isinstance(left, ast.Name) and left.id in imported(function)
            return None if is_module else Product(node, left, right, dot)
    return None


def result_of(function: Function, node: ast.BinOp) -> Operation:
    """The shape that comes of a binary operator's operands; `*` of `numpy.matrix` is a matrix product."""
    if isinstance(node.op, ast.MatMult):
        return matmul
    values = (function.value(node.left), function.value(node.right))
    of_matrices = isinstance(node.op, ast.Mult) and any(value and value.type == "matrix" for value in values)
    return dot if of_matrices else broadcast
