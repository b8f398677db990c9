"""The step before the first: an index that wraps to the last one, and what should stand there."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.names import simple
from gradcheck_rnn.repair.edits.places import numpy_name, sites
from gradcheck_rnn.repair.edits.spans import put
from gradcheck_rnn.repair.function import Function, Level

COST = 3.0
# values that are offered for the step before the first, beside zeros
MOST_INITIAL = 3
_INITIAL = ("0", "init", "prev", "before", "start", "first", "old", "last")


def guard_first_step(function: Function) -> Iterator[Edit]:
    """`hs[t - 1]` to `hs[t - 1] if t > 0 else h0`, or zeros; -1 is an own key of a dict, and stays."""
    for node in sites(function):
        match node:
            case ast.Subscript(value=container, slice=index) if _kind(function, container) != "dict":
                step = _step_before(index)
                if step is not None:
                    text = function.text.of(node)
                    for place, initial in enumerate(_initial(function, node)):
                        guarded = f"{text} if {step} > 0 else {initial}"
                        yield function.edit("first step", COST + place / 10, put(function, node, guarded, Level.ANY))


def _kind(function: Function, node: ast.expr) -> str | None:
    value = function.value(node)
    return None if value is None else value.type


def _step_before(index: ast.expr) -> str | None:
    """The step that an index is one less than."""
    for each in index.elts if isinstance(index, ast.Tuple) else [index]:
        match each:
            case ast.BinOp(left=ast.Name(id=step), op=ast.Sub(), right=ast.Constant(value=1)):
                return step
    return None


def _initial(function: Function, node: ast.Subscript) -> list[str]:
    """What may stand for the step before the first: values of its shape that do not change, and zeros."""
    value = function.value(node)
    known = function.known(function.statement_of(node))
    alike = [
        text
        for text, each in known.items()
        if value is not None and each.shape == value.shape and isinstance(simple(text), ast.Name | ast.Attribute)
    ]
    named = [text for text in alike if any(part in text.lower() for part in _INITIAL)]
    numpy = numpy_name(function)
    zeros = [] if numpy is None else [f"{numpy}.zeros_like({function.text.of(node)})"]
    return [*sorted(named, key=len)[:MOST_INITIAL], *zeros]
