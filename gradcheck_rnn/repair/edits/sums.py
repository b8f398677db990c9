"""The sums of a statement, and the terms of which they are made."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change
from gradcheck_rnn.repair.function import Function, Level

_SUM = (ast.Add, ast.Sub)


def summands_of(function: Function, value: ast.expr) -> Iterator[ast.expr]:
    """The terms of what is assigned, and of the sums in it."""
    for node in sums_in(function, value):
        if node is value or len(terms(node)) > 1:
            yield from terms(node)


def sums_in(function: Function, value: ast.expr) -> Iterator[ast.expr]:
    """Where a term could be added: an assigned array, its elementwise factors, what matrices multiply, arguments."""
    found = function.value(value)
    if found is not None and found.shape:
        yield value
    yield from _inside(function, value)


def terms(node: ast.expr) -> list[ast.expr]:
    """The terms of a sum."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, _SUM):
        return [*terms(node.left), node.right]
    return [node]


def added(function: Function, node: ast.expr, text: str, *, sign: str = "+") -> tuple[Change, ...]:
    """Add a term behind an expression, which stays as it is, in parentheses where these are needed."""
    start, end = function.text.span(node)
    own = function.written(node, Level.SUM)
    whole = function.replaced(node, f"{own} {sign} {text}", Level.SUM).text
    front, _, back = whole.partition(function.text.of(node))
    return (*((Change(start, start, front),) if front else ()), Change(end, end, back))


def _inside(function: Function, node: ast.expr) -> Iterator[ast.expr]:
    """The sums that are factors or arguments within an expression, outermost first."""
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            inner = parts
        case ast.BinOp(op=ast.Mult() | ast.MatMult(), left=left, right=right):
            inner = [left, right]
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            inner = []
            for term in terms(node):
                yield from _inside(function, term)
        case ast.BinOp(op=ast.Div(), left=left):
            inner = [left]
        case ast.Call(args=arguments):
            inner = list(arguments)
        case _:
            inner = []
    for part in inner:
        value = function.value(part)
        if value is not None and value.shape:
            yield part
        yield from _inside(function, part)
