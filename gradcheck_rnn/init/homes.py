"""Where a file keeps its weights: as globals, as attributes of an object, in a dict of its own or passed around."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gradcheck_rnn.init.shapes import Shape, Sizes
from gradcheck_rnn.init.syntax import Class, File, Function, assignments, dotted, returned, text_entries, text_key

Kind = Literal["module", "object", "dict of object", "dict"]


@dataclass(frozen=True)
class Made:
    """An array that a file makes: its shape, where sizes could be told, and the line."""

    shape: Shape
    line: int


@dataclass(frozen=True)
class Home:
    """A place with arrays in it, by name; `functions` are those that use it.

    `key` is the attribute of a class that holds a dict, `owner` the class; `maker` the function that makes a dict that
    is passed around.
    """

    kind: Kind
    arrays: dict[str, Made]
    functions: dict[str, Function]
    owner: Class | None = None
    key: str = ""
    maker: str = ""

    def is_made_by(self, name: str) -> bool:
        """Whether a function makes the weights: the one that is known to, or one that is called so."""
        return name == self.maker or re.search(r"init|create|make|build|load|reset", name.lower()) is not None


def homes(file: File) -> Iterator[tuple[Home, Sizes]]:
    """Every place of a file that arrays are put in, with the sizes that they are made of there."""
    sizes = Sizes(_defined(file.statements, {}))
    module = _arrays(sizes, ((dotted(target), value) for target, value in assignments(file.statements)))
    yield Home("module", _plain(module), file.functions), sizes
    for owner in file.classes.values():
        yield from _homes_of(owner, sizes)
    for function in file.functions.values():
        local = Sizes(_defined(function.body, sizes.defined))
        if arrays := _arrays(local, _entries(returned(function), function)):
            yield Home("dict", arrays, file.functions, maker=function.name), local
    entries = [(text_key(target), value) for target, value in assignments(file.statements)]
    dicts = [value for _, value in assignments(file.statements) if isinstance(value, ast.Dict)]
    arrays = _arrays(sizes, [*entries, *(pair for each in dicts for pair in text_entries(each))])
    if arrays:
        yield Home("dict", arrays, file.functions), sizes


def _homes_of(owner: Class, module: Sizes) -> Iterator[tuple[Home, Sizes]]:
    whole = _defined([each for method in owner.methods.values() for each in method.body], module.defined)
    attributes: dict[str, Made] = {}
    keyed: dict[str, dict[str, Made]] = {}
    for method in owner.methods.values():
        # a local name means what its own method says
        sizes, made = Sizes(_defined(method.body, whole)), list(assignments(method))
        for name, its in _arrays(sizes, ((dotted(target), value) for target, value in made)).items():
            if name.startswith("self."):
                attributes.setdefault(name.removeprefix("self."), its)
        for target, value in made:
            name = dotted(target.value if isinstance(target, ast.Subscript) else target)
            pairs = text_entries(value) if isinstance(value, ast.Dict) else [(text_key(target), value)]
            if name.startswith("self.") and name.count(".") == 1:
                for entry, its in _arrays(sizes, pairs).items():
                    keyed.setdefault(name.removeprefix("self."), {}).setdefault(entry, its)
    yield Home("object", _plain(attributes), owner.methods, owner), Sizes(whole)
    yield from (
        (Home("dict of object", found, owner.methods, owner, key), Sizes(whole)) for key, found in keyed.items()
    )


def _defined(statements: list[ast.stmt], outside: "dict[str, ast.expr] | object") -> dict[str, ast.expr]:
    own = {name: value for target, value in assignments(statements) if (name := dotted(target))}
    return {**(outside if isinstance(outside, dict) else {}), **own}


def _entries(where: ast.expr | None, function: Function) -> Iterator[tuple[str, ast.expr]]:
    """Keys with values of a dict that a function returns: as it is written there, or filled before."""
    if isinstance(where, ast.Dict):
        local = {dotted(target): value for target, value in assignments(function)}
        yield from ((key, local.get(dotted(value), value)) for key, value in text_entries(where))
    elif where is not None and dotted(where):
        name = dotted(where)
        for target, value in assignments(function):
            if isinstance(target, ast.Subscript) and dotted(target.value) == name:
                yield text_key(target), value
            elif dotted(target) == name and isinstance(value, ast.Dict):
                yield from text_entries(value)


def _arrays(sizes: Sizes, pairs: "Iterator[tuple[str, ast.expr]] | list[tuple[str, ast.expr]]") -> dict[str, Made]:
    found: dict[str, Made] = {}
    for name, value in pairs:
        if name and name not in found and (shape := sizes.shape(value)) is not None:
            found[name] = Made(shape, value.lineno)
    return found


def _plain(arrays: dict[str, Made]) -> dict[str, Made]:
    return {name: made for name, made in arrays.items() if "." not in name}
