"""What a loop goes through one by one, keys or arrays, with one more of them."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.arrays import Arrays
from gradcheck_rnn.repair.edits.flow import ran
from gradcheck_rnn.repair.edits.members import keys_of
from gradcheck_rnn.repair.edits.names import likeness
from gradcheck_rnn.repair.edits.places import TEXTS
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.text import Text

COST = 3.0
# keys, or arrays, that are tried at each place: the rest of a longer list, then those most alike
MOST = 6


def one_more(function: Function) -> Iterator[Edit]:
    """`for gate in ("z", "r")` gets "n", `for gate in "zr"` gets n, and `for d in (dU, dW)` gets `dV`."""
    for statement in ran(function):
        for listed in _gone_through(statement):
            end = function.text.span(listed)[1]
            match listed:
                case ast.Constant(value=str(letters)):
                    for letter in _rest(function.text, tuple(letters)):
                        yield function.edit("one more in a loop", COST, Change(end - 1, end - 1, letter))
                case ast.Tuple(elts=[*_, last] as elements) | ast.List(elts=[*_, last] as elements):
                    end = function.text.span(last)[1]
                    for text in _others(function, statement, elements):
                        yield function.edit("one more in a loop", COST, Change(end, end, f", {text}"))


def _gone_through(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a loop, or the comprehensions of another statement, go through."""
    if isinstance(statement, ast.For):
        yield statement.iter
    elif not hasattr(statement, "body"):
        yield from (node.iter for node in ast.walk(statement) if isinstance(node, ast.comprehension))


def _others(function: Function, statement: ast.stmt, elements: list[ast.expr]) -> list[str]:
    """What may stand beside the elements of a list: strings for strings, arrays for arrays."""
    strings = [each.value for each in elements if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(strings) == len(elements):
        own = [repr(each) for each in strings]
        first = [repr(each) for each in _rest(function.text, tuple(strings))]
        others = [repr(key) for key in keys_of(function.text)]
    else:
        own, first = [ast.unparse(each) for each in elements], []
        others = [name for name in Arrays(function).at(statement) if "[" not in name]
        if not set(own) <= {*function.known(statement)}:
            return []
    alike = sorted(others, key=lambda each: (-max(likeness(each, one) for one in own), each))
    return [each for each in dict.fromkeys([*first, *alike]) if each not in own][:MOST]


@lru_cache(maxsize=TEXTS)
def _rest(text: Text, strings: tuple[str, ...]) -> list[str]:
    """What longer lists, or texts of letters, of the same file hold besides."""
    found: dict[str, None] = {}
    for node in ast.walk(text.tree):
        match node:
            case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Dict(keys=elements):
                listed = [each.value for each in elements if isinstance(each, ast.Constant)]
            case ast.Constant(value=str(letters)) if letters.isidentifier():
                listed = list(letters)
            case _:
                continue
        if set(strings) < set(listed):
            found |= {each: None for each in listed if isinstance(each, str) and each not in strings}
    return list(found)
