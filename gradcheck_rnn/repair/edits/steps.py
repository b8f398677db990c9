"""One value for all steps where each step has its own."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.flow import Loop, loops, variable, writes
from gradcheck_rnn.repair.edits.items import items_at, step_variable
from gradcheck_rnn.repair.function import Function, Level
from gradcheck_rnn.repair.seen import Value

_KINDS = ("ndarray", "tuple", "dict", "list")


def item_of_the_step(function: Function) -> Iterator[Edit]:
    """A variable that a loop reads and does not change becomes an item, the step's or a neighbour's, of a holder."""
    for loop in loops(function):
        step = step_variable(function, loop.body[0])
        if step is None:
            continue
        for nodes in _constant_in(function, loop):
            value = function.value(nodes[0])
            for index in (step, f"{step} + 1", f"{step} - 1"):
                for item in items_at(function, loop.body[0], index):
                    if value is None or item.shape not in (None, value.shape) or item.holder == ast.unparse(nodes[0]):
                        continue
                    changes = [function.replaced(node, item.text, Level.ATOM) for node in nodes]
                    yield function.edit("an item of the step", 2.0 if index == step else 3.0, *changes)


def _constant_in(function: Function, loop: Loop) -> list[list[ast.expr]]:
    """The places of each variable that a loop reads whole and never changes, and that the function has set itself."""
    changed = writes(loop)
    given = {name for each in function.statements for name in writes(each)}
    found: dict[str, list[ast.expr]] = {}
    for statement in loop.body:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Name | ast.Attribute) or not isinstance(node.ctx, ast.Load):
                continue
            name, value = variable(node), function.value(node)
            if name is None or value is None or name in changed or not _is_read_whole(function, node, value):
                continue
            if value.type in _KINDS and _may_be_stale(name, given):
                found.setdefault(name, []).append(node)
    return list(found.values())


def _is_read_whole(function: Function, node: ast.expr, value: Value) -> bool:
    """Whether all of a variable is read, by a method or transposed, too, or an item of what a step has kept."""
    match function.parents[node]:
        case ast.Attribute(attr=name) as parent:
            return name == "T" or isinstance(function.parents[parent], ast.Call)
        case ast.Subscript():
            return value.type in ("tuple", "dict")
    return True


def _may_be_stale(name: str, given: set[str]) -> bool:
    """Whether a variable may hold what some step has left: the function sets it, or it is on an object."""
    return name in given or "." in name
