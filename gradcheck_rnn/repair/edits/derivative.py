"""The derivative of an activation function: of another function, of another value, or of what is activated already."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.activation import (
    KINDS,
    RELU,
    SIGMOID,
    TANH,
    Factor,
    activated,
    derivative,
    mentions_relu,
)
from gradcheck_rnn.repair.edits.calls import unary_functions
from gradcheck_rnn.repair.edits.fitting import shape_of
from gradcheck_rnn.repair.edits.names import is_simple
from gradcheck_rnn.repair.edits.places import imported, sites
from gradcheck_rnn.repair.edits.shapes import Shape
from gradcheck_rnn.repair.edits.spans import put, whole_span
from gradcheck_rnn.repair.edits.terms import factors, products
from gradcheck_rnn.repair.function import Function, Level, level_of

COST = 2.0
# more, for the derivative of a function that the file does not have
UNUSED = 1.0
# the kind of one that a function returns
BY_HELPER = ""
# derivatives that are tried in the place of one
MOST_DERIVATIVES = 16


@dataclass(frozen=True)
class Written:
    """A derivative as the function has it: its kind, what it is written with, and the factors that it consists of."""

    kind: str
    value: ast.expr
    parts: tuple[ast.expr, ...]


def other_derivative(function: Function) -> Iterator[Edit]:
    """`1 - h**2` to `h * (1 - h)`, or to either of another value, or of what a function makes of it."""
    for found in _derivatives(function):
        own = ast.unparse(found.value)
        value = function.text.of(found.value)
        whole = shape_of(function, found.value)
        others = [] if whole is None else activated(function, function.statement_of(found.value), whole)
        if isinstance(found.value, ast.Call) and len(found.value.args) == 1 and not found.value.keywords:
            # s(a) * (1 - s(a)), where a is activated already
            argument = found.value.args[0]
            text, level = function.text.of(argument), level_of(argument)
            changes = (put(function, each, text, level) for each in _occurrences(found))
            yield function.edit("derivative", COST, *changes)
        wrapped = [f"{name}({value})" for name in unary_functions(function)] if is_simple(found.value) else []
        alike = [] if found.kind == BY_HELPER else [*wrapped, *(text for text, kind in others if kind == found.kind)]
        for text in list(dict.fromkeys(each for each in alike if each != own))[:MOST_DERIVATIVES]:
            changes = (put(function, each, text, Level.ATOM) for each in _occurrences(found))
            yield function.edit("derivative", COST, *changes)
        pool = [
            *(derivative(kind, value) for kind in KINDS if kind != found.kind),
            *(derivative(kind, text) for text, kind in others if kind != found.kind),
        ]
        for factor in list(dict.fromkeys(pool))[:MOST_DERIVATIVES]:
            is_unused = factor == derivative(RELU, value) and not mentions_relu(function.text)
            yield function.edit("derivative", COST + UNUSED * is_unused, *_in_place(function, found, factor))


def complement(function: Function) -> Iterator[Edit]:
    """`1 - z` to `z` and to `1 - z**2`, and a gate to what is left of it."""
    for node in sites(function):
        match node:
            case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Sub(), right=gate) if is_simple(gate):
                text = function.text.of(gate)
                yield function.edit("derivative", COST, put(function, node, text, Level.ATOM))
                yield function.edit("derivative", COST, put(function, node, derivative(TANH, text).text, Level.SUM))
    gates: dict[tuple[int, Shape], list[tuple[str, str]]] = {}
    for chain in products(function):
        for factor in factors(chain):
            shape = shape_of(function, factor)
            if is_simple(factor) and shape is not None:
                statement = function.statement_of(factor)
                place = statement.lineno, shape
                if place not in gates:
                    gates[place] = activated(function, statement, shape)
                if (ast.unparse(factor), SIGMOID) in gates[place]:
                    text = f"1 - {function.text.of(factor)}"
                    yield function.edit("derivative", COST, put(function, factor, text, Level.SUM))


def _derivatives(function: Function) -> Iterator[Written]:
    seen: set[int] = set()
    for chain in products(function):
        for written in _in_product(factors(chain)):
            seen.update(id(part) for part in written.parts)
            yield written
    for node in sites(function):
        if id(node) not in seen:
            found = _single(node) or _by_helper(function, node)
            if found is not None:
                yield found


def _in_product(chain: list[ast.expr]) -> Iterator[Written]:
    """`s * (1 - s)` among the factors of a product, which need not stand together."""
    for other in chain:
        match other:
            case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Sub(), right=value):
                text = ast.unparse(value)
                own = next((each for each in chain if ast.unparse(each) == text), None)
                if own is not None:
                    yield Written(SIGMOID, value, (own, other))


def _single(node: ast.expr) -> Written | None:
    """`1 - h**2`, `1 - h * h`, `h > 0`."""
    match node:
        case ast.BinOp(left=ast.Constant(value=1 | 1.0), op=ast.Sub(), right=squared):
            match squared:
                case ast.BinOp(left=value, op=ast.Pow(), right=ast.Constant(value=2 | 2.0)):
                    return Written(TANH, value, (node,))
                case ast.BinOp(left=value, op=ast.Mult(), right=right) if ast.dump(value) == ast.dump(right):
                    return Written(TANH, value, (node,))
                case ast.Call(args=[value], keywords=[]):
                    return Written(TANH, value, (node,))
        case ast.Compare(left=value, ops=[ast.Gt() | ast.GtE()], comparators=[ast.Constant(value=0 | 0.0)]):
            return Written(RELU, value, (node,))
    return None


def _by_helper(function: Function, node: ast.expr) -> Written | None:
    """What may be a derivative by a function of the user's: of one array, of its shape."""
    match node:
        case ast.Call(func=ast.Name(id=name), args=[value], keywords=[]) if name not in imported(function):
            shape = shape_of(function, node)
            if shape is not None and shape == shape_of(function, value) and is_simple(value):
                return Written(BY_HELPER, value, (node,))
    return None


def _occurrences(found: Written) -> list[ast.expr]:
    """Where the value stands in its derivative: twice in `h * h`."""
    own = ast.unparse(found.value)
    nodes = [node for part in found.parts for node in ast.walk(part) if isinstance(node, ast.expr)]
    return [node for node in nodes if ast.unparse(node) == own]


def _in_place(function: Function, found: Written, factor: Factor) -> list[Change]:
    first = min(found.parts, key=lambda part: function.text.span(part))
    others = [_without(function, part) for part in found.parts if part is not first]
    return [put(function, first, factor.text, factor.level), *others]


def _without(function: Function, factor: ast.expr) -> Change:
    """Drop a later factor of a product together with the sign before it."""
    start, end = whole_span(function, factor)
    before = function.text.text[:start].rstrip()
    return Change(len(before[:-1].rstrip()), end, "") if before.endswith("*") else Change(start, end, "1")
