"""Products that a term of a given shape could be, written as the function writes its own."""

import ast
from collections.abc import Callable, Iterator
from itertools import product

from gradcheck_rnn.repair.edits.arrays import Arrays, base
from gradcheck_rnn.repair.edits.shapes import Shape, matmul
from gradcheck_rnn.repair.function import Function

# parts of an array of [h, x]
MOST_PARTS = 2


def matrix_products(
    function: Function, statement: ast.stmt, shape: Shape, *, of: frozenset[str] | None = None
) -> Iterator[str]:
    """A weight, transposed or not, times what may be a gradient: those that have a shape, each once.

    Of a product that has another shape a part may have it: the state's, of a gradient of `[h, x]`. `of` are the
    variables that may be such gradients, None for all.
    """
    yield from dict.fromkeys(_matrix_products(function, statement, shape, of))


def _matrix_products(function: Function, statement: ast.stmt, shape: Shape, of: frozenset[str] | None) -> Iterator[str]:
    arrays, write = Arrays(function), _style(function)
    parts = _parts(function, shape)
    gradients = arrays.gradients_at(statement)
    chosen = {name: value for name, value in gradients.items() if of is None or base(name) in of}
    for weight, matrix in arrays.weights_at(statement).items():
        for gradient, value in chosen.items():
            if weight == gradient or matrix.shape is None or value.shape is None:
                continue
            turned = f"{weight}.T", matrix.shape[::-1]
            for text, own in (turned, (weight, matrix.shape)):
                in_order = matmul(own, value.shape)
                found = [(in_order, text, gradient), (matmul(value.shape, own), gradient, text)]
                whole = next((each for each in found if each[0] == shape), None)
                if whole is not None:
                    yield write(*whole[1:])
                    continue
                for whole_shape, left, right in found:
                    yield from (_part(write(left, right), part) for part in parts.get(whole_shape, ()))


def _parts(function: Function, shape: Shape) -> dict[Shape | None, dict[str, None]]:
    """The slices by which a function takes a part of some shape of larger arrays, by the shapes of these.

    An array that more than two are taken of holds gates.
    """
    found: dict[Shape | None, dict[str, None]] = {}
    for node in ast.walk(function.node):
        if isinstance(node, ast.Subscript) and any(isinstance(each, ast.Slice) for each in ast.walk(node.slice)):
            whole, part = function.value(node.value), function.value(node)
            if whole is not None and part is not None and part.shape == shape != whole.shape:
                own = function.text.text[function.text.span(node.value)[1] : function.text.span(node)[1]]
                found.setdefault(whole.shape, {})[own.lstrip(")")] = None
    return {whole: parts for whole, parts in found.items() if len(parts) <= MOST_PARTS}


def _part(product: str, part: str) -> str:
    return f"{product}{part}" if product.endswith(")") else f"({product}){part}"


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
    """How a function, or else its file, writes matrix products: by the operator, a method, or one such as np.dot."""
    for node in (*ast.walk(function.node), *ast.walk(function.text.tree)):
        match node:
            case ast.BinOp(op=ast.MatMult()):
                break
            case ast.Call(func=ast.Attribute(attr="dot" | "matmul") as called, args=[_, _]):
                name = ast.unparse(called)
                return lambda one, other: f"{name}({one}, {other})"
            case ast.Call(func=ast.Attribute(attr="dot"), args=[_]):
                return lambda one, other: f"{one}.dot({other})"
    return lambda one, other: f"{one} @ {other}"
