"""Rows picked by an array of indices, to which an addition in place adds once, however often one is picked."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.flow import ran
from gradcheck_rnn.repair.edits.places import numpy_name
from gradcheck_rnn.repair.function import Function

COST = 2.0


def added_at(function: Function) -> Iterator[Edit]:
    """`dE[tokens] += d` becomes `np.add.at(dE, tokens, d)`, which adds as often as a token is there."""
    numpy = numpy_name(function) or "np"
    for statement in ran(function):
        match statement:
            case ast.AugAssign(op=ast.Add(), target=ast.Subscript(value=whole, slice=index), value=value):
                if _picks_rows(function, index):
                    parts = ", ".join(map(function.text.of, (whole, index, value)))
                    whole_statement = Change(*function.text.span(statement), f"{numpy}.add.at({parts})")
                    yield function.edit("add at", COST, whole_statement)


def _picks_rows(function: Function, index: ast.expr) -> bool:
    value = function.value(index)
    return value is not None and bool(value.shape)
