"""Elements in each other's place: in what is returned, stacked, kept or taken apart."""

import ast
from collections.abc import Iterator
from itertools import combinations

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.flow import block_of, ran
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.seen import Value

# a longer list is one of many like things, of which no two are taken for each other
LONGEST = 14
COST = 2.0
# of elements that do not fit where they stand
UNFIT_COST = 2.5
# what names cost more that are given to what is taken apart: they are right more often than the order of its parts
OF_NAMES = 1.0


def exchanged(function: Function) -> Iterator[Edit]:
    """Two elements of a tuple, a list or a dict change places: of equal shapes, or results of any."""
    for statement in ran(function):
        for elements in _displays(function, statement):
            for one, other in combinations(elements[:LONGEST], 2):
                seen = [_seen(function, statement, each) for each in (one, other)]
                first, second = function.text.of(one), function.text.of(other)
                if first == second or not _differ(*seen):
                    continue
                is_alike = _shape(seen[0]) == _shape(seen[1])
                if not is_alike and not _are_results(statement):
                    continue
                is_named = isinstance(getattr(one, "ctx", None), ast.Store)
                cost = (COST if is_alike else UNFIT_COST) + OF_NAMES * is_named
                changes = Change(*function.text.span(one), second), Change(*function.text.span(other), first)
                yield function.edit("exchange two elements", cost, *changes)


def exchanged_targets(function: Function) -> Iterator[Edit]:
    """Two assignments of a block to parts of one array, or to entries of one dict, take each other's place there."""
    assigning: dict[tuple[int, str, str], list[tuple[ast.Subscript, Value | None]]] = {}
    for statement in ran(function):
        match statement:
            case (
                ast.Assign(targets=[ast.Subscript() as target], value=value)
                | ast.AugAssign(target=ast.Subscript() as target, value=value)
            ):
                key = id(block_of(function, statement)), type(statement).__name__, ast.unparse(target.value)
                assigning.setdefault(key, []).append((target, function.value(value)))
    for targets in assigning.values():
        for (one, its), (other, others) in combinations(targets[:LONGEST], 2):
            first, second = function.text.of(one), function.text.of(other)
            if first != second and (None in (its, others) or _shape(its) == _shape(others)):
                changes = Change(*function.text.span(one), second), Change(*function.text.span(other), first)
                yield function.edit("exchange two elements", COST, *changes)


def _displays(function: Function, statement: ast.stmt) -> Iterator[list[ast.expr]]:
    """The elements of each display in a statement; a bare tuple without operators weaker than a comma."""
    waiting = list(function.expressions(statement))
    for node in waiting:
        if isinstance(node, ast.Tuple | ast.List) and not isinstance(function.parents[node], ast.Subscript):
            yield node.elts
        elif isinstance(node, ast.Dict):
            yield node.values


def _seen(function: Function, statement: ast.stmt, node: ast.expr) -> Value | None:
    """What an element is; of one that is assigned to, what it is before the next statement."""
    if not isinstance(getattr(node, "ctx", None), ast.Store):
        return function.value(node)
    body = statement.body if isinstance(statement, ast.For) else block_of(function, statement)
    later = body if isinstance(statement, ast.For) else body[body.index(statement) + 1 :]
    return function.seen.at(later[0].lineno, ast.unparse(node)) if later else None


def _differ(one: Value | None, other: Value | None) -> bool:
    """Whether two values are arrays that are not equal."""
    return one is not None and other is not None and bool(one.shape and other.shape) and one.digest != other.digest


def _shape(value: Value | None) -> tuple[int, ...] | None:
    return None if value is None else value.shape


def _are_results(statement: ast.stmt) -> bool:
    """Whether a statement returns something, or takes apart what a call has returned."""
    is_taken_apart = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)
    return is_taken_apart or isinstance(statement, ast.Return)
