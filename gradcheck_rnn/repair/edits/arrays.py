"""The arrays that are at hand before a statement, by their shapes."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from gradcheck_rnn.repair.edits.flow import additions, loops_around, variable, writes
from gradcheck_rnn.repair.edits.places import imported
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.seen import Value

_VARIABLES = (ast.Name, ast.Attribute, ast.Subscript)
_WITH_BODY = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Arrays:
    """The arrays that a function has at hand; what has been found once is kept."""

    function: Function
    _at: dict[ast.stmt, dict[str, Value]] = field(default_factory=dict, repr=False, compare=False)
    _gradients: dict[ast.stmt, dict[str, Value]] = field(default_factory=dict, repr=False, compare=False)

    def at(self, statement: ast.stmt) -> dict[str, Value]:
        """Variables and their items that are arrays before a statement, the shortest text first.

        Of those that are equal at each visit, only the first is there.
        """
        if statement not in self._at:
            self._at[statement] = self._found_at(statement)
        return self._at[statement]

    def gradients_at(self, statement: ast.stmt) -> dict[str, Value]:
        """Those that may be gradients on their way back: what the loop around works out, or the function is given."""
        if statement not in self._gradients:
            made = self._made_around(statement)
            self._gradients[statement] = {n: value for n, value in self.at(statement).items() if base(n) in made}
        return self._gradients[statement]

    def weights_at(self, statement: ast.stmt) -> dict[str, Value]:
        """Matrices that no loop changes and that nothing is added to."""
        changed = self.accumulators.union(*(writes(loop) for loop in loops_around(self.function, statement)))
        return {
            name: value
            for name, value in self.at(statement).items()
            if value.shape is not None and len(value.shape) == 2 and base(name) not in changed
        }

    @cached_property
    def accumulators(self) -> frozenset[str]:
        """The variables that statements add to in place."""
        added = (variable(each.target) for each in additions(self.function.statements))
        return frozenset(name for name in added if name is not None)

    @cached_property
    def arguments(self) -> frozenset[str]:
        """The names of what the function is given."""
        arguments = self.function.node.args
        return frozenset(each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))

    def _found_at(self, statement: ast.stmt) -> dict[str, Value]:
        found: dict[int, str] = {}
        known = self.function.known(statement)
        for expression in sorted(known, key=lambda each: (len(each), each)):
            if known[expression].shape and is_variable(expression):
                found.setdefault(known[expression].digest, expression)
        return {expression: known[expression] for expression in found.values()}

    def _made_around(self, statement: ast.stmt) -> frozenset[str]:
        """What the loops around a statement and the function's own level work out, and no other loop does."""
        around = list(loops_around(self.function, statement))
        made, elsewhere = self.arguments, self.accumulators
        for each in self.function.statements:
            if isinstance(each, _WITH_BODY) or _takes_apart(each):
                continue
            loop = next(loops_around(self.function, each), None)
            if loop is None or loop in around:
                made |= writes(each)
            elif not around or around[-1] not in loops_around(self.function, each):
                elsewhere |= writes(each)
        return made - elsewhere


def base(expression: str) -> str | None:
    """The variable that an expression is, or is a part of."""
    return variable(_parsed(expression))


def variables_in(function: Function, node: ast.AST) -> list[ast.expr]:
    """The outermost variables and items in an expression, from left to right, without modules and called functions."""
    modules = imported(function)
    return [each for each in _variables(node) if not (isinstance(each, ast.Name) and each.id in modules)]


def _variables(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, _VARIABLES) and is_variable(ast.unparse(node)):
        yield node
        return
    if isinstance(node, ast.Call):
        owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        parts: list[ast.AST] = [*owner, *node.args, *(each.value for each in node.keywords)]
    else:
        parts = list(ast.iter_child_nodes(node))
    for part in parts:
        yield from _variables(part)


def _takes_apart(statement: ast.stmt) -> bool:
    """Whether a statement takes something apart that was kept: `z, r, n = cache[t]`."""
    match statement:
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=ast.Name() | ast.Attribute() | ast.Subscript()):
            return True
    return False


@lru_cache(maxsize=4096)
def is_variable(expression: str) -> bool:
    """Whether an expression is a variable or an item of one: no transpose, and nothing that has to be worked out."""
    node = _parsed(expression)
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute) and node.attr == "T":
            return False
        node = node.value
    return isinstance(node, ast.Name)


@lru_cache(maxsize=4096)
def _parsed(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body
