"""What a function of the user's is given: an axis, the rest of a list, the carry where a function calls itself."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.index_shift import is_number
from gradcheck_rnn.repair.edits.offered import matrix_products
from gradcheck_rnn.repair.edits.places import TEXTS, called, sites
from gradcheck_rnn.repair.edits.spans import put
from gradcheck_rnn.repair.function import Function, Level
from gradcheck_rnn.repair.text import Text

COST = 2.5
# axes that arrays of steps, of batches and of units have
NUMBERS = (-1, 0, 1, 2)


def other_argument(function: Function) -> Iterator[Edit]:
    """`softmax(z, 1)` to `softmax(z, 2)` and to `softmax(z)`: a whole number given to a function of the file."""
    own = _functions(function.text)
    for node in sites(function):
        if not isinstance(node, ast.Call) or called(node) not in own:
            continue
        for value in [*node.args[1:], *(keyword.value for keyword in node.keywords)]:
            for other in NUMBERS if is_number(value) else ():
                if other != ast.literal_eval(value):
                    level = Level.ATOM if other >= 0 else Level.SIGNED
                    yield function.edit("argument", COST, put(function, value, str(other), level))
        if node.args[1:] and is_number(node.args[-1]) and not node.keywords:
            start, end = function.text.span(node.args[-2])[1], function.text.span(node.args[-1])[1]
            yield function.edit("argument", COST, Change(start, end, ""))


def shorter_argument(function: Function) -> Iterator[Edit]:
    """`f(node.before, ys)` to `f(node.before, ys[:-1])` and `ys[1:]`, where f calls itself with what it was given."""
    own = {each.arg for each in function.node.args.args} & _taken_apart(function)
    for node in _own_calls(function):
        for value in node.args:
            seen = function.value(value)
            is_sequence = seen is not None and (seen.type in ("list", "tuple") or bool(seen.shape))
            if isinstance(value, ast.Name) and value.id in own and is_sequence:
                end = function.text.span(value)[1]
                for rest in ("[:-1]", "[1:]"):
                    yield function.edit("argument", COST, Change(end, end, rest))


def _taken_apart(function: Function) -> set[str]:
    """Names of which a function reads an item or a part."""
    nodes = ast.walk(function.node)
    return {each.value.id for each in nodes if isinstance(each, ast.Subscript) and isinstance(each.value, ast.Name)}


def product_for_zeros(function: Function) -> Iterator[Edit]:
    """`f(before, np.zeros_like(da))` to `f(before, W.T @ da)`, where f calls itself: the carry is handed on."""
    for node in _own_calls(function):
        for value in node.args:
            seen = function.value(value)
            if (called(value) or "").startswith("zeros") and seen is not None and seen.shape:
                for text in matrix_products(function, function.statement_of(value), seen.shape):
                    yield function.edit("hand the carry on", COST, put(function, value, text, Level.PRODUCT))


def _own_calls(function: Function) -> Iterator[ast.Call]:
    for node in sites(function):
        if isinstance(node, ast.Call) and called(node) == function.node.name:
            yield node


@lru_cache(maxsize=TEXTS)
def _functions(text: Text) -> frozenset[str]:
    return frozenset(node.name for node in ast.walk(text.tree) if isinstance(node, ast.FunctionDef))
