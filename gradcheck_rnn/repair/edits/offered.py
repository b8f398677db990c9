"""Products that a term of a given shape could be, written as the function writes its own."""

import ast
from collections.abc import Callable, Iterator
from itertools import product

from gradcheck_rnn.repair.edits.arrays import Arrays
from gradcheck_rnn.repair.edits.shapes import Shape, matmul
from gradcheck_rnn.repair.function import Function


def matrix_products(function: Function, statement: ast.stmt, shape: Shape) -> Iterator[str]:
    """A weight, transposed or not, times what may be a gradient: those that have a shape, each once."""
    yield from dict.fromkeys(_matrix_products(function, statement, shape))


def _matrix_products(function: Function, statement: ast.stmt, shape: Shape) -> Iterator[str]:
    arrays, write = Arrays(function), _style(function)
    weights, gradients = arrays.weights_at(statement), arrays.gradients_at(statement)
    for weight, matrix in weights.items():
        for gradient, value in gradients.items():
            if weight == gradient or matrix.shape is None or value.shape is None:
                continue
            if matmul(matrix.shape[::-1], value.shape) == shape:
                yield write(f"{weight}.T", gradient)
            elif matmul(value.shape, matrix.shape[::-1]) == shape:
                yield write(gradient, f"{weight}.T")
            if matmul(matrix.shape, value.shape) == shape:
                yield write(weight, gradient)
            elif matmul(value.shape, matrix.shape) == shape:
                yield write(gradient, weight)


def elementwise_products(function: Function, statement: ast.stmt, shape: Shape) -> Iterator[str]:
    """What may be a gradient times another array, or the rest of it up to 1, as gates let pass; all of one shape."""
    arrays = Arrays(function)
    gradients = arrays.gradients_at(statement)
    known = arrays.at(statement)
    for one, other in product(gradients, known):
        if one != other and known[other].shape == gradients[one].shape == shape:
            yield f"{one} * {other}"
            yield f"{one} * (1 - {other})"


def _style(function: Function) -> Callable[[str, str], str]:
    """How a function writes matrix products: by the operator, a method, or a function such as np.dot."""
    for node in ast.walk(function.node):
        match node:
            case ast.BinOp(op=ast.MatMult()):
                break
            case ast.Call(func=ast.Attribute(attr="dot" | "matmul") as called, args=[_, _]):
                name = ast.unparse(called)
                return lambda one, other: f"{name}({one}, {other})"
            case ast.Call(func=ast.Attribute(attr="dot"), args=[_]):
                return lambda one, other: f"{one}.dot({other})"
    return lambda one, other: f"{one} @ {other}"
