"""A function too many or too few around a value."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.fitting import shape_of
from gradcheck_rnn.repair.edits.names import is_simple
from gradcheck_rnn.repair.edits.places import TEXTS, arrays, called, imported, sites
from gradcheck_rnn.repair.edits.products import product
from gradcheck_rnn.repair.edits.spans import keep, put
from gradcheck_rnn.repair.function import Function, Level
from gradcheck_rnn.repair.text import Text

COST = 2.0
_BOUNDS = frozenset({"clip", "minimum", "maximum", "nan_to_num", "clip_gradient", "clip_grad"})
# functions of one argument that are no activation
_OTHERS = frozenset(
    {"array", "asarray", "copy", "zeros_like", "ones_like", "empty_like", "log", "sum", "mean", "max", "min"}
)
_OTHERS |= {"transpose", "squeeze", "abs", "sign", "len", "float", "range", "reversed", "enumerate", "int", "list"}
_OTHERS |= {"tuple", "zip", "arange", "append", "print"}


def strip_call(function: Function) -> Iterator[Edit]:
    """`np.tanh(h)` to `h`: a call of one argument that returns another array of its shape."""
    for node in sites(function):
        match node:
            case ast.Call(args=[argument], keywords=[]) if not isinstance(argument, ast.Starred):
                value, own = function.value(argument), function.value(node)
                plausible = called(node) not in _OTHERS and product(function, node) is None
                if value is not None and own is not None:
                    plausible = plausible and value.shape == own.shape and value.digest != own.digest
                if plausible:
                    yield function.edit("call", COST, keep(function, node, argument))


def drop_clip(function: Function) -> Iterator[Edit]:
    """`np.clip(x, a, b)` and other bounds to `x`."""
    for node in sites(function):
        if isinstance(node, ast.Call) and called(node) in _BOUNDS and not isinstance(function.parents[node], ast.Expr):
            shape = shape_of(function, node)
            for bounded in _bounded(function, node):
                own = shape_of(function, bounded)
                if own != () and (None in (own, shape) or own == shape):
                    yield function.edit("clip", COST, keep(function, node, bounded))


def wrap_in_call(function: Function) -> Iterator[Edit]:
    """`c` to `np.tanh(c)`: a named factor, power or argument within a function of one array that the file uses."""
    names = unary_functions(function)
    for node, value in arrays(function):
        if value.shape and is_simple(node) and _is_elementwise(function, node):
            for name in names:
                text = f"{name}({function.text.of(node)})"
                yield function.edit("call", COST + 1, put(function, node, text, Level.ATOM))


def unary_functions(function: Function) -> list[str]:
    """The functions that the file calls with one argument in arithmetic, or to store what they return: activations."""
    return _unary_functions(function.text)


@lru_cache(maxsize=TEXTS)
def _unary_functions(text: Text) -> list[str]:
    found: dict[str, None] = {}
    for node in ast.walk(text.tree):
        match node:
            case ast.Call(func=ast.Name() | ast.Attribute(value=ast.Name()) as name, args=[argument], keywords=[]):
                activation = any(part in (called(node) or "").lower() for part in ("tanh", "sigm", "relu", "logistic"))
                if activation and not isinstance(argument, ast.Starred):
                    found[ast.unparse(name)] = None
    return list(found)


def _bounded(function: Function, node: ast.Call) -> Iterator[ast.expr]:
    """What a call may put bounds to: its arguments but for numbers, and what it is a method of."""
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    of_module = isinstance(owner, ast.Name) and owner.id in imported(function)
    for each in node.args if owner is None or of_module else [owner]:
        if not isinstance(each, ast.Constant | ast.UnaryOp | ast.Starred):
            yield each


def _is_elementwise(function: Function, node: ast.expr) -> bool:
    match function.parents[node]:
        case ast.BinOp(op=ast.Mult() | ast.Pow() | ast.Sub()):
            return True
        case ast.Call(args=[_], keywords=[]) as call:
            return product(function, call) is None and called(call) not in _OTHERS
    return False
