"""A carry that the loop never hands on: what is set before the loop, read in it, and never set in it."""

import ast
from collections.abc import Iterator
from itertools import product

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.arrays import Arrays, base, is_variable
from gradcheck_rnn.repair.edits.carries import unset
from gradcheck_rnn.repair.edits.flow import Loop, loops, writes
from gradcheck_rnn.repair.edits.items import step_variable
from gradcheck_rnn.repair.edits.lines import after
from gradcheck_rnn.repair.edits.offered import elementwise_products, matrix_products
from gradcheck_rnn.repair.edits.sums import terms
from gradcheck_rnn.repair.function import Function

Shape = tuple[int, ...]


def handed_on(function: Function) -> Iterator[Edit]:
    """At its end, a loop sets a carry that it does not set: to an array of its shape, or to a product."""
    for loop in loops(function):
        last = loop.body[-1]
        if isinstance(last, ast.Return | ast.Break | ast.Continue) or _lists_things(loop):
            continue
        known = function.known(loop)
        for name in sorted(unset(function, loop)):
            shape = _shape_of_carry(function, loop, name)
            if shape is None or name not in known or known[name].shape is None:
                continue
            for text, cost in dict(_offers(function, loop, shape)).items():
                if text != name:
                    change = after(function.text, last, f"{name} = {text}")
                    yield function.edit("hand the carry on", cost, change)


def taken_up(function: Function) -> Iterator[Edit]:
    """`dh, _ = back(dh, dc)` to `dh, dc = back(dh, dc)`: what nothing reads of a result goes into a carry."""
    for loop in loops(function):
        kept = {each.id for each in ast.walk(function.node) if isinstance(each, ast.Name) and _is_read(each)}
        for statement in ast.walk(loop):
            match statement:
                case ast.Assign(targets=[ast.Tuple(elts=elements)]):
                    idle = [each for each in elements if isinstance(each, ast.Name) and each.id not in kept]
                    for each, name in product(idle, sorted(unset(function, loop))):
                        yield function.edit("hand the carry on", 2.0, Change(*function.text.span(each), name))


def _is_read(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Load)


def _lists_things(loop: Loop) -> bool:
    """Whether a loop runs over things that are named one by one: these are no steps."""
    return isinstance(loop, ast.For) and isinstance(loop.iter, ast.Tuple | ast.List)


def _offers(function: Function, loop: Loop, shape: Shape) -> Iterator[tuple[str, float]]:
    """What may be handed on at the end of a loop, with the cost of it."""
    last, changed = loop.body[-1], writes(loop)
    for name, value in Arrays(function).gradients_at(last).items():
        if value.shape == shape:
            yield name, 3.0
        elif value.shape is not None and len(value.shape) == len(shape) and base(name) in changed:
            yield from ((text, 4.0) for text in _parts(function, last, name, value.shape, shape))
    for products in (matrix_products, elementwise_products):
        for text in products(function, last, shape):
            yield text, 4.0


def _parts(function: Function, last: ast.stmt, name: str, whole: Shape, shape: Shape) -> Iterator[str]:
    """The first part of an array that is larger along one axis, as long as a number in scope says."""
    longer = [axis for axis, (one, other) in enumerate(zip(whole, shape, strict=True)) if one != other]
    if len(longer) != 1 or whole[longer[0]] < shape[longer[0]]:
        return
    step, before = step_variable(function, last), ":, " * longer[0]
    for size, value in function.known(last).items():
        if value.type == "int" and is_variable(size) and size != step:
            yield f"{name}[{before}:{size}]"


def _shape_of_carry(function: Function, loop: Loop, name: str) -> Shape | None:
    """The shape of a variable that a sum in a loop adds; of a number, that of the sum. None where nothing adds it."""
    for node in ast.walk(loop):
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and ast.unparse(node) == name:
            own, whole = function.value(node), _whole_sum(function, node)
            if own is None or own.shape is None:
                continue
            if own.shape:
                return own.shape
            value = None if whole is None else function.value(whole)
            if value is not None and value.shape:
                return value.shape
    return None


def _whole_sum(function: Function, node: ast.expr) -> ast.expr | None:
    """The sum of which an expression is a term."""
    whole: ast.expr | None = None
    parent = function.parents[node]
    while isinstance(parent, ast.BinOp) and any(each is node for each in terms(parent)):
        whole, parent = parent, function.parents[parent]
    return whole
