"""A transpose too few or too many: at an operand of a matrix product, or of a whole value."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.fitting import allowed, fits, shape_of
from gradcheck_rnn.repair.edits.places import called, imported, sites, slots
from gradcheck_rnn.repair.edits.products import Product, product
from gradcheck_rnn.repair.edits.shapes import transposed
from gradcheck_rnn.repair.edits.spans import appended, keep
from gradcheck_rnn.repair.function import Function, Level

COST = 1.0
WHOLE_COST = 1.5


def transpose_operand(function: Function) -> Iterator[Edit]:
    """`W @ dz` to `W.T @ dz` and back, either operand of each matrix product, where shapes allow it."""
    for node in sites(function):
        found = product(function, node)
        if found is not None and found.is_matrix:
            for operand in (found.left, found.right):
                if _may_be_transposed(function, found, operand):
                    yield _transposed(function, operand, COST)


def transpose_whole(function: Function) -> Iterator[Edit]:
    """A whole value, or a matrix product within one, transposed; a returned one even where its shape changes."""
    whole = {id(node) for node in slots(function)}
    for node in sites(function):
        found = product(function, node)
        shape = shape_of(function, node)
        of_product = found is not None and found.is_matrix
        if shape is None or len(shape) < 2 or (found is not None and found.is_outer):
            continue
        is_whole = id(node) in whole
        is_returned = is_whole and not of_product and isinstance(function.statement_of(node), ast.Return)
        if is_returned or ((is_whole or of_product) and fits(function, node, transposed(shape))):
            yield _transposed(function, node, WHOLE_COST)


def untransposed(function: Function, node: ast.expr) -> ast.expr | None:
    """What an expression is the transpose of, None if it is none."""
    match node:
        case ast.Attribute(value=inner, attr="T"):
            return inner
        case ast.Call(func=ast.Attribute(value=owner), args=arguments) if called(node) in (
            "t",
            "transpose",
            "swapaxes",
        ):
            of_module = isinstance(owner, ast.Name) and owner.id in imported(function)
            return next(iter(arguments), None) if of_module else owner
    return None


def _suffix(function: Function) -> str:
    """`.T`, or `.t()`, which some write for tensors."""
    return ".t()" if ".t()" in function.text.text and ".T" not in function.text.text else ".T"


def _may_be_transposed(function: Function, found: Product, operand: ast.expr) -> bool:
    left, right = shape_of(function, found.left), shape_of(function, found.right)
    own = left if operand is found.left else right
    if own is None:
        return not isinstance(operand, ast.Constant)
    if len(own) < 2 or own[-2:] == (1, 1):
        return False
    if operand is found.left:
        return allowed(function, found.node, found.result, transposed(own), right)
    return allowed(function, found.node, found.result, left, transposed(own))


def _transposed(function: Function, node: ast.expr, cost: float) -> Edit:
    inner = untransposed(function, node)
    if inner is not None:
        return function.edit("transposition", cost, keep(function, node, inner))
    shape = shape_of(function, node)
    # .T of three axes reverses them all
    suffix = _suffix(function) if shape is None or len(shape) < 3 else ".swapaxes(-1, -2)"
    return function.edit("transposition", cost, *appended(function, node, suffix, Level.ATOM))
