"""Accumulators that nothing sets to zero, and ones that begin as something else."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.flow import additions, block_of, loops, loops_around, ran, targets, variable, writes
from gradcheck_rnn.repair.edits.lines import before
from gradcheck_rnn.repair.edits.places import numpy_name
from gradcheck_rnn.repair.function import Function

# code that remembers its last call is loaded anew for each edit: these come early, there are few of them
COST = 2.0


def zeroed(function: Function) -> Iterator[Edit]:
    """What is only ever added to is set to zero where the function begins: each, and all of them."""
    names = _never_set(function, found := ran(function))
    if len(names) > 1:
        changes = before(function.text, found[0], *(f"{name}[...] = 0" for name in names))
        yield function.edit("set to zero", COST, changes)
    for name in names:
        yield function.edit("set to zero", COST + 1.0, before(function.text, found[0], f"{name}[...] = 0"))


def begun_with_zeros(function: Function) -> Iterator[Edit]:
    """What a loop changes and the statements before it set to something begins as zeros of that shape."""
    for loop in loops(function):
        changed = writes(loop)
        block = block_of(function, loop)
        for statement in block[: block.index(loop)]:
            if isinstance(statement, ast.Assign) and writes(statement) & changed:
                for value in _arrays_given(function, statement):
                    yield from _as_zeros(function, value)


def begun_at_each_step(function: Function) -> Iterator[Edit]:
    """What an inner loop adds to, and its outer loop never sets, begins with zeros before it at each step."""
    for inner in loops(function):
        outer = next(loops_around(function, inner), None)
        if outer is None:
            continue
        beside = [each for node in outer.body if node is not inner for each in ast.walk(node)]
        set_there = {variable(target) for each in beside if isinstance(each, ast.stmt) for target in targets(each)}
        added = (each.target for each in additions(ast.walk(inner)))
        for name in dict.fromkeys(target.id for target in added if isinstance(target, ast.Name)):
            if name not in set_there:
                for zeros in (f"{numpy_name(function) or 'np'}.zeros_like({name})", f"0 * {name}", "0"):
                    change = before(function.text, inner, f"{name} = {zeros}")
                    yield function.edit("set to zero", COST + 0.5, change)


def _never_set(function: Function, found: list[ast.stmt]) -> list[str]:
    """Arrays that statements add to and none sets."""
    known = function.known(found[0]) if found else {}
    assigned = [writes(each) for each in found if isinstance(each, ast.Assign)]
    names: dict[str, None] = {}
    for statement in found:
        if not (isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub)):
            continue
        name = variable(statement.target)
        value = None if name is None else known.get(name)
        if name is not None and value is not None and value.shape and not any(name in each for each in assigned):
            names[name] = None
    return list(names)


def _arrays_given(function: Function, statement: ast.Assign) -> list[ast.expr]:
    """What a statement assigns, each element of a tuple, where it is an array and no zeros."""
    values = statement.value.elts if isinstance(statement.value, ast.Tuple) else [statement.value]
    return [
        value
        for value in values
        if (seen := function.value(value)) is not None and seen.shape and "zeros" not in function.text.of(value)
    ]


def _as_zeros(function: Function, value: ast.expr) -> Iterator[Edit]:
    start, end = function.text.span(value)
    match value:
        case ast.Call(func=ast.Attribute(attr="empty" | "ones" | "empty_like" | "ones_like" as name) as called):
            stop = function.text.span(called)[1]
            change = Change(stop - len(name), stop, name.replace("empty", "zeros").replace("ones", "zeros"))
            yield function.edit("begin with zeros", 2.0, change)
        case _:
            front = f"{numpy_name(function) or 'np'}.zeros_like("
            yield function.edit("begin with zeros", 3.0, Change(start, start, front), Change(end, end, ")"))
