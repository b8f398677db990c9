"""Arrays in the order of time and the other way round, in files that turn some."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.places import is_array, sites
from gradcheck_rnn.repair.edits.spans import put
from gradcheck_rnn.repair.function import Function, Level

COST = 2.0
REVERSED = "::-1"


def turned_round(function: Function) -> Iterator[Edit]:
    """`xs` to `xs[::-1]`, `d[:, H:]` to `d[::-1, H:]`, and each of them back."""
    if REVERSED not in function.text.text:
        return
    for node in sites(function):
        match node:
            case ast.Subscript(value=value, slice=index) if _has_steps(function, value):
                first = index.elts[0] if isinstance(index, ast.Tuple) and index.elts else index
                if isinstance(first, ast.Slice) and first.lower is None and first.upper is None:
                    start, _ = function.text.span(index)
                    end = function.text.text.index(",", start) if first is not index else function.text.span(index)[1]
                    if first.step is None:
                        yield function.edit("reverse", COST, Change(start, end, REVERSED))
                    elif first is index:
                        text = function.text.of(value)
                        yield function.edit("reverse", COST, put(function, node, text, Level.ATOM))
                    else:
                        yield function.edit("reverse", COST, Change(start, end, ":"))
            case ast.Name() | ast.Attribute() if _has_steps(function, node) and _stands_alone(function, node):
                text = f"{function.text.of(node)}[{REVERSED}]"
                yield function.edit("reverse", COST, put(function, node, text, Level.ATOM))


def _has_steps(function: Function, node: ast.expr) -> bool:
    """Whether a value may have an axis of time: a list, or an array of two axes and more."""
    value = function.value(node)
    return value is not None and (value.type in ("list", "tuple") or (is_array(value) and len(value.shape or ()) > 1))


def _stands_alone(function: Function, node: ast.expr) -> bool:
    """Whether something is given away as it is: to a call, a loop, a tuple or a name."""
    parent = function.parents[node]
    if isinstance(parent, ast.Call):
        return node in parent.args
    return isinstance(parent, ast.For | ast.Tuple | ast.Assign | ast.Return)
