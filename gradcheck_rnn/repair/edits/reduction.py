"""A sum over the wrong axis, with or without it, or a mean for a sum."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.fitting import fits, shape_of
from gradcheck_rnn.repair.edits.places import called, imported, sites
from gradcheck_rnn.repair.edits.shapes import Shape
from gradcheck_rnn.repair.edits.spans import whole_span
from gradcheck_rnn.repair.function import Function

COST = 2.0
_OTHER = {"sum": "mean", "mean": "sum"}


def other_reduction(function: Function) -> Iterator[Edit]:
    """`axis=0` to `axis=1`, `sum` to `mean`, `keepdims` to its contrary."""
    for node in sites(function):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or called(node) not in _OTHER:
            continue
        shape = _reduced(function, node)
        axis = _axis(function, node)
        if isinstance(axis, ast.Constant) and isinstance(axis.value, int) and (shape is None or len(shape) > 1):
            for other in range(len(shape or (0, 0))):
                if other != axis.value and _may_reduce(function, node, shape, other):
                    yield function.edit("axis", COST, Change(*function.text.span(axis), str(other)))
        elif axis is None and shape is not None and len(shape) > 1:
            yield from _with_axis(function, node, shape)
        yield from _other_keepdims(function, node)
        end = function.text.span(node.func)[1]
        name = node.func.attr
        yield function.edit("mean", COST, Change(end - len(name), end, _OTHER[name]))


def _is_of_module(function: Function, node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) in imported(function)


def _reduced(function: Function, node: ast.Call) -> Shape | None:
    """The shape of what is summed."""
    if _is_of_module(function, node):
        return shape_of(function, node.args[0]) if node.args else None
    return shape_of(function, node.func.value) if isinstance(node.func, ast.Attribute) else None


def _axis(function: Function, node: ast.Call) -> ast.expr | None:
    named = [keyword.value for keyword in node.keywords if keyword.arg == "axis"]
    placed = node.args[1:] if _is_of_module(function, node) else node.args
    return next(iter([*named, *placed]), None)


def _keepdims(node: ast.Call) -> ast.keyword | None:
    return next((keyword for keyword in node.keywords if keyword.arg == "keepdims"), None)


def _may_reduce(function: Function, node: ast.Call, shape: Shape | None, axis: int) -> bool:
    if shape is None:
        return True
    kept = (1,) if _keepdims(node) is not None else ()
    return fits(function, node, shape[:axis] + kept + shape[axis + 1 :])


def _with_axis(function: Function, node: ast.Call, shape: Shape) -> Iterator[Edit]:
    """A sum of everything becomes one over an axis, whatever shape that gives: it had next to none."""
    for axis in range(len(shape)):
        if _is_of_module(function, node):
            _, at = whole_span(function, node.args[0])
            text = f", axis={axis}"
        else:
            at = function.text.text.index("(", function.text.span(node.func)[1]) + 1
            text = f"axis={axis}" + (", " if node.args or node.keywords else "")
        yield function.edit("axis", COST, Change(at, at, text))


def _other_keepdims(function: Function, node: ast.Call) -> Iterator[Edit]:
    keyword = _keepdims(node)
    if keyword is not None and isinstance(keyword.value, ast.Constant):
        yield function.edit("axis", COST, Change(*function.text.span(keyword.value), str(not keyword.value.value)))
    elif keyword is None and _axis(function, node) is not None:
        end = function.text.span(node)[1] - 1
        yield function.edit("axis", COST, Change(end, end, ", keepdims=True"))
