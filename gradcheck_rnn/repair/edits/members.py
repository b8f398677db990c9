"""Another attribute, or another key, of which the function itself says nothing."""

import ast
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.places import TEXTS, arrays
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.text import Text

COST = 3.0
# members that are tried for one, the most alike first
MOST_MEMBERS = 4


def other_member(function: Function) -> Iterator[Edit]:
    """`cache["h"]` to `cache["h_prev"]`, `self.h` to `self.h_prev`: a member that the file names elsewhere."""
    keys, attributes = keys_of(function.text), attributes_of(function.text)
    for node, _ in arrays(function):
        known = function.known(function.statement_of(node))
        match node:
            case ast.Subscript(value=owner, slice=ast.Constant(value=str(key)) as index):
                others = [each for each in keys if f"{ast.unparse(owner)}[{each!r}]" not in known]
                start, end = function.text.span(index)
                quote = function.text.text[end - 1]
                for each in _most_alike(key, others):
                    yield function.edit("name", COST, Change(start, end, f"{quote}{each}{quote}"))
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                end = function.text.span(node)[1]
                others = [each for each in attributes if f"self.{each}" not in known]
                for each in _most_alike(name, others):
                    yield function.edit("name", COST, Change(end - len(name), end, each))


def _most_alike(own: str, others: list[str]) -> list[str]:
    ranked = sorted(others, key=lambda each: (-SequenceMatcher(None, own, each).ratio(), each))
    return [each for each in ranked if each != own][:MOST_MEMBERS]


@lru_cache(maxsize=TEXTS)
def keys_of(text: Text) -> list[str]:
    """The strings that the file uses as keys."""
    found: dict[str, None] = {}
    for node in ast.walk(text.tree):
        match node:
            case ast.Subscript(slice=ast.Constant(value=str(key))) if key.isidentifier():
                found[key] = None
            case ast.Dict(keys=keys):
                texts = [each.value for each in keys if isinstance(each, ast.Constant) and isinstance(each.value, str)]
                found |= {each: None for each in texts if each.isidentifier()}
            case ast.Call(func=ast.Name(id="dict"), keywords=keywords):
                found |= {each.arg: None for each in keywords if each.arg is not None}
    return list(found)


@lru_cache(maxsize=TEXTS)
def attributes_of(text: Text) -> list[str]:
    """The attributes that the file's objects get."""
    found = [
        node for node in ast.walk(text.tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    ]
    return list(
        dict.fromkeys(node.attr for node in found if isinstance(node.value, ast.Name) and node.value.id == "self")
    )
