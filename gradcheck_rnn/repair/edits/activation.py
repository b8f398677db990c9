"""Which values an activation function made, and the derivatives that are written with them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from gradcheck_rnn.repair.edits.names import is_simple, named_arrays
from gradcheck_rnn.repair.edits.places import TEXTS, called
from gradcheck_rnn.repair.edits.shapes import Shape
from gradcheck_rnn.repair.function import Function, Level
from gradcheck_rnn.repair.text import Text

TANH, SIGMOID, RELU = "tanh", "sigmoid", "relu"
KINDS = (TANH, SIGMOID, RELU)


@dataclass(frozen=True)
class Factor:
    """Something to multiply by, as text, and how strongly it holds together."""

    text: str
    level: Level


def derivative(kind: str, value: str) -> Factor:
    """The derivative of an activation function, in terms of its own value."""
    # as formatters write it: no spaces around the power of a name
    power = (
        f"{value}**2" if isinstance(ast.parse(value, mode="eval").body, ast.Name | ast.Attribute) else f"{value} ** 2"
    )
    match kind:
        case "tanh":
            return Factor(f"1 - {power}", Level.SUM)
        case "sigmoid":
            return Factor(f"{value} * (1 - {value})", Level.PRODUCT)
        case _:
            return Factor(f"{value} > 0", Level.ANY)


def activated(function: Function, statement: ast.stmt, shape: Shape) -> list[tuple[str, str]]:
    """Activated values of a shape that are at hand before a statement, each with the kind of its activation function.

    A value counts by the name under which the file stores what an activation function returns. If none does, any
    array that can be named may be any of them.
    """
    names = stored_activations(function.text)
    known = function.known(statement)
    calls = [(text, kind) for text in known if known[text].shape == shape and (kind := _called_kind(text)) is not None]
    arrays = [text for text, value in named_arrays(function, statement).items() if value.shape == shape]
    found = [(text, kind) for text in arrays for kind in KINDS if kind in names.get(_last_name(text), set())]
    return [*found, *calls] or [(text, kind) for text in arrays for kind in KINDS]


@lru_cache(maxsize=TEXTS)
def mentions_relu(text: Text) -> bool:
    """Whether a file says something of what is positive."""
    return re.search(r"relu|maximum|[<>]=? ?0", text.text, re.IGNORECASE) is not None


@lru_cache(maxsize=TEXTS)
def stored_activations(text: Text) -> dict[str, set[str]]:
    """The last names of what the file stores results of activation functions in, with the kinds of these."""
    found: dict[str, set[str]] = {}
    functions = _activations(text.tree)
    for target, value in _stored(text.tree):
        kind = _kind(value) or functions.get(called(value) or "")
        kinds = set() if kind is None else {kind}
        if isinstance(value, ast.Name | ast.Attribute | ast.Subscript):
            kinds = found.get(_last_name(ast.unparse(value)), set())
        if kinds:
            found.setdefault(_last_name(ast.unparse(target)), set()).update(kinds)
    return found


def _activations(tree: ast.AST) -> dict[str, str]:
    """The functions of the file that return what an activation function makes, by name, with its kind."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    made = {
        function.name: _kind(node.value)
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Return) and node.value is not None
    }
    return {name: kind for name, kind in made.items() if kind is not None}


def _stored(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What is stored where, one by one, in the order of the text; `list.append(value)` stores in the list."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.Call)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _pairs(target, value)
            case ast.Call(func=ast.Attribute(value=target, attr="append"), args=[value]):
                yield target, value


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    match target, value:
        case ast.Tuple(elts=targets), ast.Tuple(elts=values) if len(targets) == len(values):
            for each, own in zip(targets, values, strict=True):
                yield from _pairs(each, own)
        case ast.Tuple(), _:
            return
        case _:
            yield target, value


@cache
def _called_kind(text: str) -> str | None:
    match ast.parse(text, mode="eval").body:
        case ast.Call(args=[argument]) as call if is_simple(argument):
            return _kind(call)
    return None


def _kind(value: ast.expr) -> str | None:
    """The kind of activation function that an expression is the result of, None if it is that of none."""
    match value:
        case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Div(), right=ast.BinOp(op=ast.Add(), right=right)):
            return SIGMOID if called(right) == "exp" else None
        case ast.Call(args=[_, *_]):
            name = (called(value) or "").lower()
            derived = any(part in name for part in ("deriv", "prime", "grad", "back", "_d", "d_")) or name[:1] == "d"
            if derived:
                return None
            if "tanh" in name:
                return TANH
            if any(part in name for part in ("sigm", "logistic", "expit")):
                return SIGMOID
            return RELU if "relu" in name or name == "maximum" else None
    return None


@cache
def _last_name(text: str) -> str:
    """The name that a value is known by: `hs` of `self.hs[t - 1]`; the key of a dict."""
    node: ast.AST = ast.parse(text, mode="eval").body
    while isinstance(node, ast.Subscript):
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
            return node.slice.value
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)
