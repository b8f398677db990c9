"""A term too many, and either branch of a condition."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.fitting import fits, shape_of
from gradcheck_rnn.repair.edits.places import is_array, is_counting, sites
from gradcheck_rnn.repair.edits.spans import grouped_text, keep, put
from gradcheck_rnn.repair.edits.terms import is_sum
from gradcheck_rnn.repair.function import Function, Level

COST = 3.0
BRANCH_COST = 3.0


def drop_summand(function: Function) -> Iterator[Edit]:
    """`a + b` to `a` and to `b`; `a - b` to `a` and to `-b`."""
    for node in sites(function):
        if not is_sum(node) or is_counting(function, node) or isinstance(node.right, ast.Constant):
            continue
        value = function.value(node)
        if value is not None and not is_array(value):
            continue
        left, right = shape_of(function, node.left), shape_of(function, node.right)
        if not isinstance(node.left, ast.Constant) and (left is None or fits(function, node, left)):
            yield function.edit("term", COST, keep(function, node, node.left))
        # the left part of a longer sum is several terms
        if (
            is_sum(node.left)
            or isinstance(node.left, ast.Constant)
            or not (right is None or fits(function, node, right))
        ):
            continue
        if isinstance(node.op, ast.Add):
            yield function.edit("term", COST, keep(function, node, node.right))
        else:
            negated = f"-{grouped_text(function, node.right, Level.PRODUCT)}"
            yield function.edit("term", COST, put(function, node, negated, Level.PRODUCT))


def choose_branch(function: Function) -> Iterator[Edit]:
    """`x if c else y` to `x`, to `y`, and to `x + y`; `x or y` to either."""
    for node in sites(function):
        if isinstance(node, ast.BoolOp) and not _is_tested(function, node):
            for value in node.values:
                yield function.edit("branch", BRANCH_COST, keep(function, node, value))
        if isinstance(node, ast.IfExp):
            for branch in (node.body, node.orelse):
                yield function.edit("branch", BRANCH_COST, keep(function, node, branch))
            shapes = {shape_of(function, node.body), shape_of(function, node.orelse)} - {None}
            if len(shapes) < 2 and not any(_is_nothing(each) for each in (node.body, node.orelse)):
                texts = [grouped_text(function, each, Level.SUM) for each in (node.body, node.orelse)]
                yield function.edit("branch", BRANCH_COST, put(function, node, " + ".join(texts), Level.SUM))


def _is_tested(function: Function, node: ast.BoolOp) -> bool:
    """Whether it is, or is a part of, what a condition asks."""
    parent = function.parents[node]
    return isinstance(parent, ast.BoolOp | ast.UnaryOp) or getattr(parent, "test", None) is node


def _is_nothing(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and not node.value
