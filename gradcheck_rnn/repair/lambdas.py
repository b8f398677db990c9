"""Lambdas as functions: `sigmoid_prime = lambda a: a * (1 - a)` may be edited like what a `def` says."""

import ast
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType

# the name of the code of one
LAMBDA = "<lambda>"
# trees of which the lambdas are remembered
TREES = 16


def as_function(tree: ast.Module, code: CodeType) -> ast.FunctionDef | None:
    """The function that returns what a lambda does, whose nodes stand where the lambda's do.

    None where the code is that of no lambda, or of several that are alike in one place.
    """
    if code.co_name != LAMBDA:
        return None
    places = set(code.co_positions())
    found = [each for each in _lambdas(tree) if each.lineno == code.co_firstlineno and _span(each.body) in places]
    if len(found) != 1:
        return None
    (node,) = found
    returned = ast.copy_location(ast.Return(node.body), node.body)
    function = ast.FunctionDef(name=LAMBDA, args=node.args, body=[returned], decorator_list=[], returns=None)
    return ast.copy_location(function, node)


def statement_around(tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[ast.stmt, str, int]:
    """What a lambda is compiled with.

    Returns:
        The outermost statement around it that is no class, the class around that if there is one, and which of the
        lambdas on its lines it is.
    """
    around = [each for each in _around(tree, function.args) if isinstance(each, ast.stmt)]
    at = next(place for place, each in enumerate(around) if not isinstance(each, ast.ClassDef))
    outer, above = around[at], around[at - 1] if at else None
    lines = range(outer.lineno, (outer.end_lineno or outer.lineno) + 1)
    places = sorted((each.lineno, each.col_offset) for each in _lambdas(tree) if each.lineno in lines)
    name = above.name if isinstance(above, ast.ClassDef) else ""
    return outer, name, places.index((function.lineno, function.col_offset))


def named_lambdas(tree: ast.Module) -> Iterator[tuple[str, ast.Lambda]]:
    """Lambdas that have a name in the file, and it."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as value):
                yield name, value


@lru_cache(maxsize=TREES)
def _lambdas(tree: ast.Module) -> list[ast.Lambda]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]


def _span(node: ast.expr) -> tuple[int, int | None, int, int | None]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _around(tree: ast.AST, node: ast.AST) -> list[ast.AST]:
    """The nodes around one, outermost first."""
    for child in ast.iter_child_nodes(tree):
        if any(each is node for each in ast.walk(child)):
            return [child, *_around(child, node)]
    return []
