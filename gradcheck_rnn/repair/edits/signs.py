"""A wrong sign."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.places import is_counting, sites, slots
from gradcheck_rnn.repair.edits.spans import keep, operator_span, put, whole_span
from gradcheck_rnn.repair.edits.terms import is_sum
from gradcheck_rnn.repair.function import Function, Level, level_of

COST = 1.0


def flip_sign(function: Function) -> Iterator[Edit]:
    """`a + b` to `a - b`, `+=` to `-=`, a minus dropped from an expression, and the other way round."""
    for statement in function.statements:
        match statement:
            case ast.AugAssign(op=ast.Add() | ast.Sub()) if function.ran(statement):
                yield _flipped(function, statement)
    for node in sites(function):
        if is_counting(function, node):
            continue
        if is_sum(node):
            if not isinstance(node.right, ast.Constant) or isinstance(node.left, ast.Constant):
                yield _flipped(function, node)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            yield function.edit("sign", COST, keep(function, node, node.operand))


def negate(function: Function) -> Iterator[Edit]:
    """A whole value or the first term of a sum, with a minus before it."""
    for node in slots(function):
        # of `x += e` and of `a - b` another edit changes the sign
        signed = isinstance(node, ast.UnaryOp | ast.BinOp) and isinstance(node.op, ast.USub | ast.Sub)
        if not signed and not isinstance(function.parents[node], ast.AugAssign):
            text = function.text.of(node)
            negated = f"-{text}" if level_of(node) >= Level.PRODUCT else f"-({text})"
            yield function.edit("sign", COST, put(function, node, negated, Level.PRODUCT))
            first = _first_term(node)
            if first is not node:
                start, _ = whole_span(function, first)
                yield function.edit("sign", COST, Change(start, start, "-"))


def _first_term(node: ast.expr) -> ast.expr:
    while is_sum(node):
        node = node.left
    return node


def _flipped(function: Function, node: ast.BinOp | ast.AugAssign) -> Edit:
    start, _ = operator_span(function, node)
    return function.edit("sign", COST, Change(start, start + 1, "-" if isinstance(node.op, ast.Add) else "+"))
