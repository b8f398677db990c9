"""`=`, `+=` and `-=`, one where another is meant."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.flow import loops_around, ran, targets, variable
from gradcheck_rnn.repair.function import Function


def added_not_assigned(function: Function) -> Iterator[Edit]:
    """`x = e` becomes `x += e` where x has a value before that e can be added to; `x = -e` becomes `x -= e`."""
    for statement in _may_be_added(function):
        at = _operator(function, statement.targets[0])
        if _is_negated(statement.value):
            start, _ = function.text.span(statement.value)
            yield function.edit("subtract instead of assign", 1.0, Change(at, at, "-"), Change(start, start + 1, ""))
        else:
            yield function.edit("add instead of assign", 1.0, Change(at, at, "+"))


def subtracted_not_assigned(function: Function) -> Iterator[Edit]:
    """`d[i] = e` becomes `d[i] -= e` where the item has a value before."""
    for statement in _may_be_added(function):
        if isinstance(statement.targets[0], ast.Subscript) and not _is_negated(statement.value):
            at = _operator(function, statement.targets[0])
            yield function.edit("subtract instead of assign", 1.5, Change(at, at, "-"))


def assigned_not_added(function: Function) -> Iterator[Edit]:
    """`x += e` and `x -= e` become `x = e`; `x[...] = e` where a loop names one array after the other."""
    for statement in ran(function):
        if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
            at = _operator(function, statement.target) - 1
            cost = 1.0 if isinstance(statement.op, ast.Add) else 1.5
            yield function.edit("assign instead of add", cost, Change(at, at + 1, ""))
            loop = next(loops_around(function, statement), None)
            if isinstance(loop, ast.For) and variable(statement.target) in map(variable, targets(loop)):
                into = Change(end := function.text.span(statement.target)[1], end, "[...]")
                yield function.edit("assign instead of add", cost, into, Change(at, at + 1, ""))


def _may_be_added(function: Function) -> Iterator[ast.Assign]:
    """What sets one thing that has a value of the same shape before; a number may be added to an array's items."""
    for statement in ran(function):
        if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1):
            continue
        target = statement.targets[0]
        former, new = function.value(target), function.value(statement.value)
        if former is None or former.shape is None:
            continue
        shapes = (former.shape, ()) if isinstance(target, ast.Subscript) else (former.shape,)
        if new is None or new.shape in shapes:
            yield statement


def _is_negated(value: ast.expr) -> bool:
    return isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub)


def _operator(function: Function, target: ast.expr) -> int:
    """Offset of the equals sign behind a target."""
    return function.text.text.index("=", function.text.span(target)[1])
