"""The carries of a function: what one turn of a loop hands to the next."""

import ast

from gradcheck_rnn.repair.edits.arrays import Arrays
from gradcheck_rnn.repair.edits.flow import Loop, block_of, loops, loops_around, reads, targets, variable, writes
from gradcheck_rnn.repair.function import Function


def carries(function: Function) -> frozenset[str]:
    """Variables that a loop reads before it sets them anew."""
    return frozenset(name for loop in loops(function) for name in _handed_on(loop))


def carried_into(function: Function, statement: ast.stmt) -> frozenset[str]:
    """What a statement finds from the turn before, set later in its loop; without loops, the function's arguments."""
    arrays, loop = Arrays(function), next(loops_around(function, statement), None)
    if loop is None:
        return frozenset() if loops(function) else arrays.arguments
    place = next(at for at, each in enumerate(loop.body) if any(node is statement for node in ast.walk(each)))
    later = frozenset().union(*(writes(each) for each in loop.body[place:]))
    earlier = frozenset().union(*(writes(each) for each in loop.body[:place]))
    return later - earlier - arrays.accumulators


def unset(function: Function, loop: Loop) -> frozenset[str]:
    """What the function sets before a loop that reads it and never sets it: it may pass it to functions that could."""
    block = block_of(function, loop)
    before = block[: block.index(loop)]
    given = frozenset().union(*(writes(each) for each in before if isinstance(each, ast.Assign)))
    inside = [each for node in ast.walk(loop) if isinstance(node, ast.stmt) for each in targets(node)]
    return (given & reads(loop)) - {variable(each) for each in inside}


def _handed_on(loop: Loop) -> frozenset[str]:
    """What statements of a loop's body read before others in it write it."""
    written: frozenset[str] = frozenset()
    early: frozenset[str] = frozenset()
    for statement in loop.body:
        early |= reads(statement) - written
        written |= writes(statement)
    return early & written
