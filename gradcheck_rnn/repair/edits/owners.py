"""What is taken from an object that is linked to the one that is meant: the step before, the node below."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.other_name import NO_OBJECTS
from gradcheck_rnn.repair.edits.places import arrays
from gradcheck_rnn.repair.function import Function

COST = 2.5
# types of what is no other object of the user's; at the end of a chain there is nothing
_NO_LINKS = (NO_OBJECTS - {"NoneType"}) | {"list", "tuple", "dict"}


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
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=owner) as name, attr=link) as linked):
                if link in links.get(owner, {}):
                    start, end = function.text.span(name)[1], function.text.span(linked)[1]
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
