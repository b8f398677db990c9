"""The shape that an expression would have if its variables had given shapes."""

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Shape = tuple[int, ...]

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    **{ast.Add: operator.add, ast.Sub: operator.add, ast.Mult: operator.mul, ast.Div: operator.add},
    **{ast.MatMult: operator.matmul, ast.Pow: operator.add},
}
_FUNCTIONS = frozenset(
    [
        "dot",
        "outer",
        "matmul",
        "multiply",
        "add",
        "subtract",
        "sum",
        "mean",
        "tanh",
        "exp",
        "square",
        "copy",
        "transpose",
        "reshape",
    ]
)


def result_shape(node: ast.expr, shapes: Mapping[str, Shape]) -> Shape | None:
    """The shape of an expression, None where it has none or is not one of products, sums and their like.

    Args:
        node: the expression.
        shapes: by the text that `ast.unparse` makes of it, the shape of each variable.
    """
    try:
        return tuple(np.shape(_value(node, shapes)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _value(node: ast.expr, shapes: Mapping[str, Shape]) -> Any:
    if (text := ast.unparse(node)) in shapes:
        return np.zeros(shapes[text])
    match node:
        case ast.Constant(value=value) if value is None or isinstance(value, int | float):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, shapes)
        case ast.Tuple(elts=elements):
            return tuple(_value(each, shapes) for each in elements)
        case ast.BinOp(left=left, op=sign, right=right):
            return _OPERATORS[type(sign)](_value(left, shapes), _value(right, shapes))
        case ast.Attribute(value=value, attr="T"):
            return _value(value, shapes).T
        case ast.Call(func=ast.Attribute(value=owner, attr=name), args=arguments, keywords=keywords) if (
            name in _FUNCTIONS
        ):
            given = [_value(each, shapes) for each in arguments]
            named = {each.arg or "": _value(each.value, shapes) for each in keywords}
            if isinstance(owner, ast.Name) and owner.id not in shapes:
                return getattr(np, name)(*given, **named)
            return getattr(_value(owner, shapes), name)(*given, **named)
    raise TypeError(f"no shape is known of {text}")
