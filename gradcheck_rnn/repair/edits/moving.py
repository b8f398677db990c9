"""A statement in the wrong place: before what it needs, after what overwrites it, in a loop or outside of it."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.flow import Loop, block_of, depend, ran, reads, writes
from gradcheck_rnn.repair.edits.lines import movable, moved_after, moved_before
from gradcheck_rnn.repair.function import Function

_COMPOUND = (ast.For, ast.While, ast.If, ast.With)
_FIXED = (ast.Return, ast.Break, ast.Continue, ast.Pass)


def moved_in_its_block(function: Function) -> Iterator[Edit]:
    """A statement goes behind or in front of one that it depends on; places between two such are the same."""
    for statement in filter(_is_free, ran(function)):
        block = block_of(function, statement)
        place = block.index(statement)
        for other in _up_to_a_jump(block[place + 1 :]):
            if not isinstance(other, Loop) and depend(statement, other) and _runs_without(function, statement, other):
                cost = 2.0 if other is block[place + 1] else 4.0
                yield function.edit("move a statement", cost, *moved_after(function.text, statement, block, other))
        for nearer, other in enumerate(_up_to_a_jump(block[:place][::-1])):
            # next to each other, both ways are one swap
            if (
                nearer
                and not isinstance(other, Loop)
                and depend(statement, other)
                and _is_ready(function, statement, other)
            ):
                yield function.edit("move a statement", 4.0, *moved_before(function.text, statement, block, other))


def moved_out(function: Function) -> Iterator[Edit]:
    """A statement leaves the loop or the condition that it stands in, to the front or to the back."""
    for statement in filter(_may_leave, ran(function)):
        parent = function.parents[statement]
        if not isinstance(parent, _COMPOUND) or statement not in parent.body or len(parent.body) == 1:
            continue
        block = parent.body
        place = block.index(statement)
        if not any(depend(statement, other) for other in block[place + 1 :]):
            yield function.edit("move out of a block", 4.0, *moved_after(function.text, statement, block, parent))
        if not any(depend(statement, other) for other in block[:place]) and _is_ready(function, statement, parent):
            yield function.edit("move out of a block", 4.0, *moved_before(function.text, statement, block, parent))


def moved_in(function: Function) -> Iterator[Edit]:
    """A statement goes into a loop or a condition behind it, to the front, or into one before it, to the back."""
    for statement in filter(_is_free, ran(function)):
        block = block_of(function, statement)
        place = block.index(statement)
        for other in _reached(statement, block[place + 1 :]):
            if isinstance(other, _COMPOUND):
                changes = moved_before(function.text, statement, block, other.body[0])
                yield function.edit("move into a block", 4.0, *changes)
        for other in _reached(statement, block[:place][::-1]):
            if isinstance(other, _COMPOUND) and not isinstance(other.body[-1], _COMPOUND + _FIXED):
                changes = moved_after(function.text, statement, block, other.body[-1])
                yield function.edit("move into a block", 4.0, *changes)


def _is_free(statement: ast.stmt) -> bool:
    return movable(statement) and not isinstance(statement, _FIXED)


def _may_leave(statement: ast.stmt) -> bool:
    return _is_free(statement) or (isinstance(statement, ast.Return) and movable(statement))


def _up_to_a_jump(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in statements:
        if isinstance(statement, _FIXED):
            return
        yield statement


def _reached(statement: ast.stmt, others: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The first statement that depends on one, if there is any."""
    for other in others:
        if depend(statement, other):
            yield other
            return


def _is_ready(function: Function, statement: ast.stmt, place: ast.stmt) -> bool:
    """Whether what a statement reads has values before another place."""
    known = function.known(place)
    return all(name in known for name in reads(statement) if name in function.known(statement))


def _runs_without(function: Function, statement: ast.stmt, other: ast.stmt) -> bool:
    """Whether a statement that comes later has what it reads without the earlier one."""
    known = function.known(statement)
    return all(name in known for name in reads(other) & writes(statement))
