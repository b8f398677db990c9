"""A statement too much: one that counts a term twice, resets a carry, clips, ends a loop early."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.flow import block_of, ran, reads, targets, writes
from gradcheck_rnn.repair.edits.lines import removed
from gradcheck_rnn.repair.function import Function

# loops and conditions with more statements than these hold the pass itself
SMALL = 4
# of a statement that scales something by a factor that has no place there
SCALING_COST = 1.5
_KEPT = (ast.Return, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_KEPT_BLOCKS = (ast.With, ast.Try, ast.Match, ast.Global, ast.Nonlocal, ast.Pass)


def dropped(function: Function) -> Iterator[Edit]:
    """A statement goes; of those that give a name its first value, only what nothing reads."""
    found = ran(function)
    for statement in found:
        if isinstance(statement, _KEPT + _KEPT_BLOCKS) or _is_elif(function, statement) or _is_large(statement):
            continue
        if _is_needed(function, statement, found):
            continue
        change = removed(function.text, statement, block_of(function, statement))
        yield function.edit("drop a statement", _cost(function, statement), change)


def _cost(function: Function, statement: ast.stmt) -> float:
    if "clip" in function.text.of(statement):
        return 1.0
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Mult | ast.Div):
        return SCALING_COST
    return 2.0 if isinstance(statement, ast.If | ast.Break | ast.Continue) else 4.0


def _is_elif(function: Function, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and function.text.of(statement).startswith("elif")


def _is_large(statement: ast.stmt) -> bool:
    return sum(isinstance(node, ast.stmt) for node in ast.walk(statement)) > SMALL + 1


def _is_needed(function: Function, statement: ast.stmt, others: list[ast.stmt]) -> bool:
    """Whether another statement reads a variable that has no value before this one gives it."""
    known = function.known(statement)
    first = {
        name
        for each in ast.walk(statement)
        if isinstance(each, ast.stmt)
        for target in targets(each)
        if ast.unparse(target) not in known
        for name in writes(each)
    }
    inside = set(ast.walk(statement))
    return any(first & reads(other) for other in others if other not in inside)
