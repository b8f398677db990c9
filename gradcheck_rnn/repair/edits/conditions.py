"""Conditions: one branch for all cases, both, the other one, another bound; a step left out that has to be there."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.flow import loops_around, ran, targets
from gradcheck_rnn.repair.edits.lines import alone, body_alone, both_bodies
from gradcheck_rnn.repair.edits.looping import last_step
from gradcheck_rnn.repair.edits.sums import summands_of
from gradcheck_rnn.repair.function import Function, Level, level_of

_OPPOSITES: dict[type[ast.cmpop], str] = {
    **{ast.Eq: "!=", ast.NotEq: "==", ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in"},
    **{ast.Lt: ">=", ast.GtE: "<", ast.Gt: "<=", ast.LtE: ">"},
}
_WITH_THE_BOUND: dict[type[ast.cmpop], str] = {ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">"}
_SIGNS: dict[type[ast.cmpop], str] = {
    **{ast.Eq: "==", ast.NotEq: "!=", ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in"},
    **{ast.Lt: "<", ast.GtE: ">=", ast.Gt: ">", ast.LtE: "<="},
}


def without_condition(function: Function) -> Iterator[Edit]:
    """An `if` becomes its body, its other branch, or one after the other."""
    for statement in ran(function):
        if not isinstance(statement, ast.If) or _is_elif(function, statement):
            continue
        body = body_alone(function.text, statement, statement.body)
        for changes in (body, _other_branch(function, statement), _both(function, statement)):
            if changes:
                yield function.edit("drop a condition", 2.0, *changes)


def other_condition(function: Function) -> Iterator[Edit]:
    """A condition becomes its opposite, one with or without its bound, or one of those that it joins."""
    for test in _tests(function):
        start, _ = function.text.span(test)
        match test:
            case ast.Compare(left=left, ops=[operator]):
                for table in (_WITH_THE_BOUND, _OPPOSITES):
                    if type(operator) in table:
                        change = _operator(function, left, _SIGNS[type(operator)], table[type(operator)])
                        yield function.edit("another condition", 2.0, change)
            case ast.BoolOp(values=values):
                for kept in values:
                    change = function.replaced(test, function.text.of(kept), level_of(kept))
                    yield function.edit("another condition", 2.0, change)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                yield function.edit("another condition", 2.0, Change(start, function.text.span(operand)[0], ""))
            case _ if level_of(test) is Level.ATOM:
                yield function.edit("another condition", 2.0, Change(start, start, "not "))


def only_at_some_steps(function: Function) -> Iterator[Edit]:
    """A statement of a loop, or a term of a sum in it, only from the second step on, or at the last step alone."""
    for statement in ran(function):
        loop = next(loops_around(function, statement), None)
        if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
            continue
        step = function.value(loop.target)
        if step is not None and step.shape != ():
            continue
        last = last_step(function, loop)
        tests = [f"{loop.target.id} > 0", *([f"{loop.target.id} == {last}"] if last else [])]
        if not isinstance(statement, ast.Assign | ast.AugAssign) or len(targets(statement)) != 1:
            continue
        is_new = function.value(targets(statement)[0]) is None
        if alone(function.text, statement) and not is_new:
            start, _ = function.text.span(statement)
            for test in tests:
                yield function.edit("only at some steps", 4.0, Change(start, start, f"if {test}: "))
        whole = statement.value if isinstance(statement, ast.AugAssign) else None
        for term in summands_of(function, statement.value):
            if term is whole:  # then the statement is meant
                continue
            for test in tests:
                text = f"({function.text.of(term)} if {test} else 0)"
                yield function.edit("only at some steps", 4.0, function.replaced(term, text, Level.ATOM))


def _other_branch(function: Function, statement: ast.If) -> tuple[Change, ...] | None:
    if not statement.orelse:
        return None
    if _is_elif(function, statement.orelse[0]):
        first, _ = function.text.span(statement.orelse[0])
        return (Change(function.text.span(statement)[0], first + len("el"), ""),)
    return body_alone(function.text, statement, statement.orelse)


def _both(function: Function, statement: ast.If) -> tuple[Change, ...] | None:
    is_chain = bool(statement.orelse) and _is_elif(function, statement.orelse[0])
    return None if is_chain or not statement.orelse else both_bodies(function.text, statement)


def _is_elif(function: Function, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and function.text.of(statement).startswith("elif")


def _tests(function: Function) -> Iterator[ast.expr]:
    for node in ast.walk(function.node):
        if isinstance(node, ast.If | ast.While | ast.IfExp) and _has_run(function, node):
            yield node.test


def _has_run(function: Function, node: ast.If | ast.While | ast.IfExp) -> bool:
    return function.ran(node if isinstance(node, ast.stmt) else function.statement_of(node))


def _operator(function: Function, left: ast.expr, sign: str, other: str) -> Change:
    """Put another operator in the place of the one behind an expression."""
    first, last = sign.split()[0], sign.split()[-1]
    at = function.text.text.index(first, function.text.span(left)[1])
    return Change(at, function.text.text.index(last, at) + len(last), other)
