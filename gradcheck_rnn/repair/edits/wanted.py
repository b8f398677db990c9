"""The error of an output that lacks what was wanted, or is set at the target's entry alone."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.arrays import Arrays
from gradcheck_rnn.repair.edits.flow import ran
from gradcheck_rnn.repair.edits.items import numbers_at
from gradcheck_rnn.repair.edits.lines import after
from gradcheck_rnn.repair.edits.places import called
from gradcheck_rnn.repair.edits.result_shape import Shape
from gradcheck_rnn.repair.function import Function

COST = 3.0
ALL_COST = 4.0
# what makes arrays that are no outputs
_NO_OUTPUTS = ("dot", "einsum", "empty", "matmul", "mean", "ones", "outer", "sum", "tensordot", "zeros", "zeros_like")


def target_taken_away(function: Function) -> Iterator[Edit]:
    """After an array is made of outputs, `d[target] -= 1`: for one step, or for all of them at once."""
    for statement in ran(function):
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            continue
        target, value = statement.targets[0], function.value(statement.value)
        if value is None or not value.shape or not _may_be_outputs(statement.value):
            continue
        for place in _places(function, statement, target, value.shape):
            change = after(function.text, statement, f"{place} -= 1")
            yield function.edit("insert a statement", COST, change)


def error_of_all(function: Function) -> Iterator[Edit]:
    """`d[i, k] = p[i, k] - 1` becomes `d[i] = p[i]` and `d[i, k] -= 1`: all outputs have an error, not k alone."""
    for statement in ran(function):
        match statement:
            case ast.Assign(
                targets=[ast.Subscript() as target],
                value=ast.BinOp(left=outputs, op=ast.Sub(), right=ast.Constant() as one),
            ):
                places = [target, *_under_the_same_index(outputs, target)]
                if len(places) > 1:
                    changes = [_without_target(function, node, is_set=node is target) for node in places]
                    end = Change(function.text.span(outputs)[1], function.text.span(one)[1], "")
                    taken = after(function.text, statement, f"{function.text.of(target)} -= {function.text.of(one)}")
                    yield function.edit("error of all outputs", ALL_COST, *changes, end, taken)


def _under_the_same_index(node: ast.expr, target: ast.Subscript) -> list[ast.Subscript]:
    found = [each for each in ast.walk(node) if isinstance(each, ast.Subscript)]
    return [each for each in found if ast.unparse(each.slice) == ast.unparse(target.slice)]


def _without_target(function: Function, node: ast.Subscript, *, is_set: bool) -> Change:
    """Take the last index away, which is the target; what is set stays an item."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    rest = ", ".join(function.text.of(each) for each in parts[:-1])
    index = f"[{rest}]" if rest else "[:]" if is_set else ""
    return Change(function.text.span(node.value)[1], function.text.span(node)[1], index)


def _may_be_outputs(node: ast.expr) -> bool:
    """Whether an expression is a variable, a copy of one, perhaps times a number, or what a function makes of one."""
    match node:
        case ast.Call():
            return called(node) not in _NO_OUTPUTS and bool(node.args or isinstance(node.func, ast.Attribute))
        case ast.BinOp(op=ast.Mult() | ast.Div(), left=left, right=right):
            return _may_be_outputs(left) or _may_be_outputs(right)
        case ast.Name() | ast.Subscript() | ast.Attribute():
            return True
    return False


def _places(function: Function, statement: ast.stmt, target: ast.expr, shape: Shape) -> Iterator[str]:
    """The entries of targets in what a statement sets: under numbers of a step, or pairs of a row and its target."""
    name = function.text.of(target)
    match target:
        case ast.Tuple() | ast.List():
            return
        case ast.Subscript(value=whole, slice=index) if (rows := function.value(index)) is not None and rows.shape:
            # what an array picks is a copy: both indices go into one pair of brackets
            for other, value in Arrays(function).at(statement).items():
                if value.shape == rows.shape and other != ast.unparse(index):
                    yield f"{function.text.of(whole)}[{function.text.of(index)}, {other}]"
            return
    for number in numbers_at(function, statement):
        yield f"{name}[{number}]"
    for other, value in Arrays(function).at(statement).items():
        if len(shape) == 2 and value.shape == shape[:1]:
            yield f"{name}[range(len({other})), {other}]"
