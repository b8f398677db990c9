"""The names of one gate, or of one parameter, turned into those of another, as pairs of like statements show them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from gradcheck_rnn.repair.edits.arrays import variables_in
from gradcheck_rnn.repair.edits.flow import ran
from gradcheck_rnn.repair.function import Function

# like statements beyond these are no gates
FAMILY = 8


@dataclass(frozen=True)
class Name:
    """A name, or a constant key, in a text: where it stands and what it is."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Renaming:
    """`former` becomes `new` in each name that then is one of the file's, as f becomes i in dWf, Wf and df."""

    former: str
    new: str
    names: frozenset[str]

    def text_of(self, function: Function, node: ast.expr | ast.stmt, place: ast.stmt) -> str | None:
        """The text of a node with other names, None where nothing is renamed or a shape would be another one."""
        found = list(names_in(function, node))
        renamed = {each: self.of(each.name) for each in found}
        if all(each.name == name for each, name in renamed.items()):
            return None
        start, end = function.text.span(node)
        text = function.text.text[:end]
        for each in sorted(found, key=lambda each: each.start, reverse=True):
            text = text[: each.start] + renamed[each] + text[each.end :]
        return text[start:] if self._keeps_shapes(function, node, place) else None

    def of(self, name: str) -> str:
        """A name of the other gate, or the name itself where there is none."""
        places = [at for at in range(len(name)) if name.startswith(self.former, at)]
        candidates = [name[:at] + self.new + name[at + len(self.former) :] for at in reversed(places)]
        return next((each for each in candidates if each in self.names), name)

    def _keeps_shapes(self, function: Function, node: ast.AST, place: ast.stmt) -> bool:
        known = function.known(place)
        for each in variables_in(function, node):
            former, new = known.get(ast.unparse(each)), known.get(ast.unparse(_Renamed(self).visit(_copy(each))))
            if former is not None and new is not None and former.shape != new.shape:
                return False
        return True


def renamings(function: Function) -> list[Renaming]:
    """Those that turn a statement of the function into another one of it."""
    families: dict[str, list[ast.stmt]] = {}
    for statement in ran(function):
        if isinstance(statement, ast.Assign | ast.AugAssign):
            families.setdefault(form(statement), []).append(statement)
    names = names_of(function)
    found: dict[Renaming, None] = {}
    for family in families.values():
        for one, other in permutations(family[:FAMILY], 2):
            for a, b in zip(names_in(function, one), names_in(function, other), strict=False):
                if a.name != b.name:
                    found[Renaming(*difference(a.name, b.name), names)] = None
    return [each for each in found if each.former]


def names_of(function: Function) -> frozenset[str]:
    """The names and the constant keys of a function's file."""
    return frozenset(
        str(name)
        for node in ast.walk(function.text.tree)
        for name in (getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "value", None))
        if isinstance(name, str) and name
    ) | frozenset(arg.arg for arg in ast.walk(function.text.tree) if isinstance(arg, ast.arg))


def names_in(function: Function, node: ast.AST) -> Iterator[Name]:
    """The names and the constant keys within a node, in the order of its syntax tree."""
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name):
                start, end = function.text.span(each)
                yield Name(start, end, name)
            case ast.Attribute(attr=name):
                _, end = function.text.span(each)
                yield Name(end - len(name), end, name)
            case ast.Constant(value=str(name)):
                start, end = function.text.span(each)
                if function.text.text[start + 1 : end - 1] == name:
                    yield Name(start + 1, end - 1, name)


def difference(one: str, other: str) -> tuple[str, str]:
    """Two names without the beginning and the end that they share: (f, i) for dWf and dWi."""
    front = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    back = 0
    while back < min(len(one), len(other)) - front and one[-1 - back] == other[-1 - back]:
        back += 1
    return one[front : len(one) - back], other[front : len(other) - back]


class _Renamed(ast.NodeTransformer):
    def __init__(self, renaming: Renaming) -> None:
        self.renaming = renaming

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.renaming.of(node.id), node.ctx)

    def visit_Attribute(self, node: ast.Attribute) -> ast.Attribute:
        return ast.Attribute(self.visit(node.value), self.renaming.of(node.attr), node.ctx)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant(self.renaming.of(node.value) if isinstance(node.value, str) else node.value)


def _copy(node: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(node), mode="eval").body


def form(statement: ast.stmt) -> str:
    """What two statements have in common if they differ by names only."""
    return "".join(type(node).__name__ for node in ast.walk(statement))
