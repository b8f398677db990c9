"""What is taken from an object that is linked to the one that is meant: the step before, the node below."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.names import is_simple
from gradcheck_rnn.repair.edits.places import arrays
from gradcheck_rnn.repair.function import Function

COST = 2.5


def linked_object(function: Function) -> Iterator[Edit]:
    """`node.h` to `node.before.h`, a link that the function knows, and back."""
    links = _links(function)
    for node, _ in arrays(function):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) as name):
                end = function.text.span(name)[1]
                for link in links.get(owner, {}):
                    if link != node.attr:
                        yield function.edit("name", COST, Change(end, end, f".{link}"))
            case ast.Attribute(value=ast.Attribute(value=owner, attr=link) as linked) if is_simple(owner):
                if isinstance(owner, ast.Name) and link in links.get(owner.id, {}):
                    start, end = function.text.span(owner)[1], function.text.span(linked)[1]
                    yield function.edit("name", COST, Change(start, end, ""))


def _links(function: Function) -> dict[str, dict[str, None]]:
    """By name of an object, its attributes that are objects, or nothing at the end of a chain."""
    found: dict[str, dict[str, None]] = {}
    for node in ast.walk(function.node):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute, ctx=ast.Load()) if owner != "self":
                value = function.value(node)
                if value is not None and value.shape is None and value.type not in _NO_LINKS:
                    found.setdefault(owner, {})[attribute] = None
    return found


# what is no other object of the user's
_NO_LINKS = frozenset(
    ("str", "list", "tuple", "dict", "function", "method", "builtin_function_or_method", "module", "type")
)
