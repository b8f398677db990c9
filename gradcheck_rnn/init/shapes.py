"""Shapes of arrays, from the expressions that make them: sizes by their names, numbers of our own in their place."""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gradcheck_rnn.init.names import size_called
from gradcheck_rnn.init.syntax import called, dotted

Shape = tuple[int | None, ...]

# makers that take the shape first, those that take the sizes one by one, those that take it third or as `size`
SHAPE_FIRST = {"zeros", "ones", "empty", "full", "random", "random_sample", "standard_normal", "ranf"}
SIZE_BY_SIZE = {"randn", "rand"}
SHAPE_THIRD = {"uniform", "normal", "laplace", "truncated_normal"}
SAME = {"array", "asarray", "astype", "copy", "float64", "float32", "Parameter", "Variable", "clip", "multiply", "dot"}
OF_ANOTHER = {"zeros_like", "ones_like", "empty_like", "full_like", "len", "range", "list", "dict", "set"}
_SUMS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.floordiv,
}
# definitions that are followed, one from the other
MOST_STEPS = 8


@dataclass(frozen=True)
class Sizes:
    """Numbers for sizes; `defined` are the expressions that names were given."""

    defined: Mapping[str, ast.expr]

    def of(self, expression: ast.expr, depth: int = 0) -> int | None:
        """Number for a size; None where neither its name nor its definition tells."""
        if isinstance(expression, ast.Constant):
            return expression.value if isinstance(expression.value, int) and expression.value > 0 else None
        if isinstance(expression, ast.BinOp) and type(expression.op) in _SUMS:
            left, right = self.of(expression.left, depth), self.of(expression.right, depth)
            return None if left is None or not right else _SUMS[type(expression.op)](left, right)
        name = dotted(expression)
        if not name:
            return None
        definition = self.defined.get(name)
        is_made = isinstance(definition, ast.BinOp | ast.Name | ast.Attribute) and name not in _dotted(definition)
        made = self.of(definition, depth + 1) if definition is not None and is_made and depth < MOST_STEPS else None
        return made if made is not None else size_called(name)

    def shape(self, value: ast.expr) -> Shape | None:
        """Shape of the array that an expression makes; None where it makes none that can be told."""
        if isinstance(value, ast.BinOp):
            return self.shape(value.left) or self.shape(value.right)
        if isinstance(value, ast.UnaryOp):
            return self.shape(value.operand)
        name = called(value)
        if not isinstance(value, ast.Call) or not name or name in OF_ANOTHER:
            return None
        if name in SAME:
            inside = value.func.value if isinstance(value.func, ast.Attribute) and not value.args else None
            within = [each for each in (*value.args, inside) if isinstance(each, ast.expr)]
            own = [value.func.value] if isinstance(value.func, ast.Attribute) else []
            return next((shape for each in (*within, *own) if (shape := self.shape(each))), None)
        return self._made(name, value)

    def _made(self, name: str, call: ast.Call) -> Shape | None:
        keywords = {each.arg: each.value for each in call.keywords}
        given = keywords.get("size") or keywords.get("shape")
        if given is not None:
            return self._listed(given)
        if name in SHAPE_FIRST or (name in SIZE_BY_SIZE and len(call.args) == 1):
            return self._listed(call.args[0]) if call.args else None
        if name in SHAPE_THIRD:
            return self._listed(call.args[2]) if len(call.args) > 2 else None
        return self._by_sizes(call.args, anything=name in SIZE_BY_SIZE)

    def _by_sizes(self, values: Iterable[ast.expr], *, anything: bool) -> Shape | None:
        """Shape by sizes one by one; what somebody's own maker takes is one only where each is called a size."""
        values = list(values)
        for value in values:
            if isinstance(value, ast.Tuple):
                return self._listed(value)
        sizes = [self.of(value) for value in values]
        known = len(sizes) == 2 and all(size is not None for size in sizes)
        return tuple(sizes) if known or anything else None

    def _listed(self, shape: ast.expr) -> Shape:
        if isinstance(shape, ast.Tuple | ast.List):
            return tuple(map(self.of, shape.elts))
        return (self.of(shape),)


def _dotted(expression: ast.expr) -> set[str]:
    return {name for node in ast.walk(expression) if (name := dotted(node))}
