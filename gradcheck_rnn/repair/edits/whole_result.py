"""All that a function returns at once: every gradient scaled by one constant, or of the wrong sign."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.lengths import lengths
from gradcheck_rnn.repair.function import Function, Level

COST = 3.0


def scale_result(function: Function) -> Iterator[Edit]:
    """Each array of a returned dict, tuple or list divided, or multiplied, by a length, or negated."""
    for statement in function.statements:
        if isinstance(statement, ast.Return) and statement.value is not None and function.ran(statement):
            for before, after in _scales(function, statement):
                yield from _scaled(function, statement.value, before, after)


def _scales(function: Function, statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """What stands before and behind each array."""
    yield "-", ""
    lists = [f"len({text})" for text, value in function.known(statement).items() if value.type in ("list", "tuple")]
    for length in dict.fromkeys(
        [*lengths(function, statement), *(each for each in lists if each[4:-1].isidentifier())]
    ):
        yield "", f" / {length}"
        yield "", f" * {length}"


def _scaled(function: Function, returned: ast.expr, before: str, after: str) -> Iterator[Edit]:
    kind = "length" if after else "sign"
    parts = _parts(returned)
    arrays = [part for part in parts if _is_array(function, part)]
    if len(arrays) > 1:
        changes = [
            function.replaced(each, f"{before}{function.written(each, Level.PRODUCT)}{after}", Level.PRODUCT)
            for each in arrays
        ]
        yield function.edit(kind, COST, *changes)
    value = function.value(returned)
    if not parts and value is not None and value.type == "dict":
        text = f"{{name: {before}each{after} for name, each in {function.written(returned, Level.ATOM)}.items()}}"
        yield function.edit(kind, COST, function.replaced(returned, text, Level.ATOM))


def _parts(returned: ast.expr) -> list[ast.expr]:
    """What a dict, tuple or list is written of."""
    if isinstance(returned, ast.Dict):
        return returned.values
    return returned.elts if isinstance(returned, ast.Tuple | ast.List) else []


def _is_array(function: Function, node: ast.expr) -> bool:
    value = function.value(node)
    return value is not None and value.type == "ndarray"
