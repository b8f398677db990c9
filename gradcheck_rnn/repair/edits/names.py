"""Which simple expressions are in scope: names, attributes and subscripts of them."""

import ast
from difflib import SequenceMatcher
from functools import cache, lru_cache

from gradcheck_rnn.repair.edits.places import is_array
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.seen import Value

# pairs of texts of which it is remembered how alike they are
LIKENESSES = 100_000


@cache
def simple(text: str) -> ast.expr | None:
    """A name, an attribute or a subscript of one, as a syntax tree; None for expressions that do something."""
    node = ast.parse(text, mode="eval").body
    return node if is_simple(node) else None


def is_simple(node: ast.AST) -> bool:
    """Whether an expression only names a value: no arithmetic outside an index, no call."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr == "T":
            return False
        node = node.value
    return isinstance(node, ast.Name)


def named_arrays(function: Function, statement: ast.stmt) -> dict[str, Value]:
    """The arrays that can be named before a statement; of equal ones that of the shortest text."""
    known = function.known(statement)
    found: dict[int, str] = {}
    for text in sorted(known, key=lambda text: (len(text), text)):
        if is_array(known[text]) and simple(text) is not None:
            found.setdefault(known[text].digest, text)
    return {text: known[text] for text in found.values()}


def unread(function: Function) -> frozenset[str]:
    """The names of arguments and variables that nothing in a function reads."""
    found = [node for node in ast.walk(function.node) if isinstance(node, ast.Name)]
    read = {node.id for node in found if isinstance(node.ctx, ast.Load)}
    arguments = {node.arg for node in ast.walk(function.node.args) if isinstance(node, ast.arg)}
    return frozenset(arguments | {node.id for node in found}) - read


@lru_cache(maxsize=LIKENESSES)
def likeness(one: str, other: str) -> float:
    """How easily one expression is written for another: 1 of equal texts, more where only a part differs."""
    a, b = simple(one), simple(other)
    bonus = 0.0
    match a, b:
        case ast.Subscript(), ast.Subscript():
            same_base = ast.dump(a.value) == ast.dump(b.value)
            same_index = ast.dump(a.slice) == ast.dump(b.slice)
            bonus = 0.5 * (same_base or same_index)
        case ast.Attribute(), ast.Attribute():
            bonus = 0.2 * (ast.dump(a.value) == ast.dump(b.value))
    return bonus + SequenceMatcher(None, one, other).ratio()
