"""An index one too high or too low."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.fitting import fits, shape_of
from gradcheck_rnn.repair.edits.places import is_count, sites
from gradcheck_rnn.repair.edits.spans import grouped_text, keep, put
from gradcheck_rnn.repair.function import Function, Level, level_of

COST = 2.0
TARGET_COST = 3.0


def shift_index(function: Function) -> Iterator[Edit]:
    """`hs[t]` to `hs[t - 1]` and `hs[t + 1]`, any index that counts; the bounds of a slice, one or both."""
    for node in subscripts(function):
        cost = COST if isinstance(node.ctx, ast.Load) else TARGET_COST
        for place, index in enumerate(indices(node)):
            if isinstance(index, ast.Slice):
                for changes in _shifted_slice(function, node, place, index):
                    yield function.edit("index", cost, *changes)
            elif _may_shift(function, index):
                for by in (-1, 1):
                    yield function.edit("index", cost, shifted(function, index, by))


def drop_index(function: Function) -> Iterator[Edit]:
    """`h[0]` to `h`, where that fits, too, and to the sum over that axis: a number as an index of an array.

    `h[:, -1]` to `h.sum(axis=1)`.
    """
    for node in sites(function):
        match node:
            case ast.Subscript(value=whole, slice=ast.Constant(value=int()) | ast.UnaryOp()):
                shape = shape_of(function, whole)
                if shape and fits(function, node, shape):
                    yield function.edit("index", TARGET_COST, keep(function, node, whole))
                if shape and len(shape) > 1:
                    yield _summed(function, node, 0)
            case ast.Subscript(slice=ast.Tuple(elts=parts)):
                whole_axes = [isinstance(each, ast.Slice) and ast.unparse(each) == ":" for each in parts]
                if whole_axes.count(False) == 1 and is_number(parts[axis := whole_axes.index(False)]):
                    yield _summed(function, node, axis)


def _summed(function: Function, node: ast.Subscript, axis: int) -> Edit:
    """The sum over an axis in the place of one of its entries."""
    text = f"{grouped_text(function, node.value, Level.ATOM)}.sum(axis={axis})"
    return function.edit("index", TARGET_COST, put(function, node, text, Level.ATOM))


def is_number(index: ast.expr) -> bool:
    """Whether an index is a whole number as it stands."""
    return is_step(index) and isinstance(index, ast.Constant | ast.UnaryOp)


def shifted(function: Function, index: ast.expr, by: int) -> Change:
    """A whole number, more or less by some."""
    match index:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=ast.Constant(value=int(own))):
            offset = (own if isinstance(op, ast.Add) else -own) + by
            base = function.text.of(left)
        case ast.Constant(value=int(own)):
            return put(function, index, str(own + by), Level.ATOM if own + by >= 0 else Level.SIGNED)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(own))):
            return put(function, index, str(by - own), Level.ATOM if by - own >= 0 else Level.SIGNED)
        case _:
            offset, base, left = by, function.text.of(index), index
    if offset == 0:
        return put(function, index, base, level_of(left))
    base = base if level_of(left) >= Level.SUM else f"({base})"
    return put(function, index, f"{base} {'+' if offset > 0 else '-'} {abs(offset)}", Level.SUM)


def is_step(index: ast.expr) -> bool:
    """Whether an index is written like one that counts: a name or a number, more or less by a number."""
    match index:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=ast.Constant(value=int())):
            return isinstance(left, ast.Name | ast.Attribute) or _is_length(left)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())) | ast.Constant(value=int()):
            return not (isinstance(index, ast.Constant) and isinstance(index.value, bool))
        case ast.Name() | ast.Attribute():
            return True
    return False


def _is_length(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"


def subscripts(function: Function) -> Iterator[ast.Subscript]:
    """Every subscript of what ran, those that are set last."""
    yield from (node for node in sites(function) if isinstance(node, ast.Subscript))
    for statement in function.statements:
        if function.ran(statement):
            for node in function.expressions(statement):
                if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
                    yield node


def indices(node: ast.Subscript) -> list[ast.expr]:
    """What stands between the brackets, axis by axis."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _may_shift(function: Function, index: ast.expr) -> bool:
    if not is_step(index):
        return False
    value = function.value(index)
    return isinstance(index, ast.Constant | ast.UnaryOp) or value is None or is_count(value)


def _shifted_slice(
    function: Function, node: ast.Subscript, place: int, index: ast.Slice
) -> Iterator[tuple[Change, ...]]:
    lower, upper = index.lower, index.upper
    shape = shape_of(function, node) if isinstance(node.ctx, ast.Load) else None
    for bound, grows in ((lower, -1), (upper, 1)):
        if bound is not None and is_step(bound):
            for by in (-1, 1):
                changed = None if shape is None else _longer(shape, place, by * grows)
                if changed is None or fits(function, node, changed):
                    yield (shifted(function, bound, by),)
    if lower is not None and upper is not None and is_step(lower) and is_step(upper):
        for by in (-1, 1):
            yield shifted(function, lower, by), shifted(function, upper, by)
    if (other := _at_the_other_end(function, index)) is not None:
        yield (Change(*function.text.span(index), other),)


def _at_the_other_end(function: Function, index: ast.Slice) -> str | None:
    """As much from the other end: `-n:` for `:n`, `:-n` for `n:`, and back."""
    if index.step is not None or (index.lower is None) == (index.upper is None):
        return None
    match bound := index.lower or index.upper:
        case ast.UnaryOp(op=ast.USub(), operand=size):
            text = function.text.of(size)
        case ast.expr():
            text = f"-{grouped_text(function, bound, Level.SIGNED)}"
    return f"{text}:" if index.lower is None else f":{text}"


def _longer(shape: tuple[int, ...], axis: int, by: int) -> tuple[int, ...] | None:
    return (*shape[:axis], shape[axis] + by, *shape[axis + 1 :]) if axis < len(shape) else None
