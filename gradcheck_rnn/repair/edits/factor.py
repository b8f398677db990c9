"""A factor too many or too few."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Set

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.activation import SIGMOID, TANH, Factor, activated, derivative
from gradcheck_rnn.repair.edits.arrays import base
from gradcheck_rnn.repair.edits.fitting import fits, shape_of
from gradcheck_rnn.repair.edits.flow import worked_out
from gradcheck_rnn.repair.edits.names import is_simple, named_arrays, unread
from gradcheck_rnn.repair.edits.places import is_array, sites, slots
from gradcheck_rnn.repair.edits.products import product
from gradcheck_rnn.repair.edits.shapes import Shape
from gradcheck_rnn.repair.edits.spans import appended, grouped_text, keep, whole_span
from gradcheck_rnn.repair.edits.terms import factors, is_product, is_sum, products, sums, terms
from gradcheck_rnn.repair.function import Function, Level, grouped, level_of

COST = 3.0
# factors that are tried at one place; those that the function multiplies by already come first
MOST_FACTORS = 24
MOST_OF_OPERAND = 10
MOST_MASKS = 6
# cost of the last factor of the pool beside that of the first
SPREAD = 0.5


def drop_factor(function: Function) -> Iterator[Edit]:
    """`a * b` to `a` and to `b`, of any product whose result keeps its shape."""
    for node in sites(function):
        found = product(function, node)
        if found is None:
            continue
        pairs = [(found.left, found.right), (found.right, found.left)]
        # of h * h, one is as good as the other
        for kept, dropped in pairs[: 1 if ast.dump(found.left) == ast.dump(found.right) else 2]:
            shape = shape_of(function, kept)
            longer = is_product(node) and is_product(dropped)
            if not longer and (shape is None or (_is_real(function, kept) and fits(function, node, shape))):
                yield function.edit("factor", COST, keep(function, node, kept))


def add_factor(function: Function) -> Iterator[Edit]:
    """A factor more, at a whole value, a term of a sum, or an operand of a matrix product."""
    used = {ast.unparse(factor): level_of(factor) for node in products(function) for factor in factors(node)}
    pools: dict[tuple[int, Shape], list[Factor]] = {}
    for node, is_term in _places(function):
        value = function.value(node)
        if value is None or not value.shape:
            continue
        statement = function.statement_of(node)
        place = statement.lineno, value.shape
        if place not in pools:
            pools[place] = _pool(function, statement, value.shape, used)
        own = {ast.unparse(each) for each in factors(node)}
        pool = [*_other_halves(function, statement, value.shape, own), *pools[place]]
        pool = list({each.text: each for each in pool if each.text not in own}.values())
        most = MOST_FACTORS if is_term else MOST_OF_OPERAND
        for at, factor in enumerate(pool[:most]):
            suffix = f" * {grouped(factor.text, factor.level, Level.SIGNED)}"
            cost = COST + SPREAD * at / MOST_FACTORS
            yield function.edit("factor", cost, *_multiplied(function, node, suffix))


def _other_halves(function: Function, statement: ast.stmt, shape: Shape, own: Set[str]) -> list[Factor]:
    """`1 - s` for each gate s that is a factor already: of its derivative s * (1 - s) that is half."""
    gates = [text for text, kind in activated(function, statement, shape) if kind == SIGMOID and text in own]
    return [Factor(f"1 - {text}", Level.SUM) for text in gates]


def _is_real(function: Function, node: ast.expr) -> bool:
    value = function.value(node)
    return value is None or is_array(value)


def _multiplied(function: Function, node: ast.expr, suffix: str) -> tuple[Change, ...]:
    """An expression with a sign and a factor behind it; behind `@` or `/`, or before `.T`, both get parentheses."""
    parent = function.parents[node]
    is_right = isinstance(parent, ast.BinOp) and parent.right is node and not isinstance(parent.op, ast.Add | ast.Sub)
    if is_right or isinstance(parent, ast.Attribute):
        text = grouped_text(function, node, Level.PRODUCT)
        return (Change(*whole_span(function, node), f"({text}{suffix})"),)
    return appended(function, node, suffix, Level.PRODUCT)


def _places(function: Function) -> Iterator[tuple[ast.expr, bool]]:
    """Where a factor may be missing, a name by itself, too, and whether that is a term, not an operand of a product."""
    terms_of_all = [*slots(function), *(term for total in sums(function) for _, term in terms(total))]
    found = [each for node in sites(function) if (each := product(function, node)) is not None]
    operands = [each for one in found if one.is_matrix or one.is_outer for each in (one.left, one.right)]
    operands += [each.value for each in operands if isinstance(each, ast.Attribute) and each.attr == "T"]
    places = {id(node): (node, False) for node in operands} | {id(node): (node, True) for node in terms_of_all}
    for node, is_term in places.values():
        # 1 - h**2 is a factor as a whole
        if not isinstance(node, ast.Constant) and not _is_in_complement(function, node):
            yield node, is_term


def _is_in_complement(function: Function, node: ast.expr) -> bool:
    parent = function.parents[node]
    return isinstance(parent, ast.BinOp) and is_sum(parent) and isinstance(parent.left, ast.Constant)


def _helpers(used: Iterable[str]) -> list[str]:
    """The functions of one array whose values are factors already, such as `d_tanh`."""
    calls = [ast.parse(text, mode="eval").body for text in used if text.endswith(")")]
    found = [each for each in calls if isinstance(each, ast.Call) and len(each.args) == 1 and not each.keywords]
    return list(dict.fromkeys(ast.unparse(each.func) for each in found if is_simple(each.args[0])))


def _pool(function: Function, statement: ast.stmt, shape: Shape, used: Mapping[str, Level]) -> list[Factor]:
    """Factors of a shape: derivatives and values of what was activated, what the function multiplies by, what it keeps.

    Helpers such as `d_tanh` are applied to what comes from a cache, not to gradients.
    """
    values = activated(function, statement, shape)
    derivatives = [derivative(kind, text) for text, kind in values]
    known = function.known(statement)
    fitting: dict[int, Factor] = {}
    for text, level in used.items():
        if text in known and known[text].shape == shape:
            fitting.setdefault(known[text].digest, Factor(text, level))
    gates = [text for text, kind in values if kind in (SIGMOID, TANH)]
    arrays = named_arrays(function, statement)
    missed = [text for text in unread(function) if text in arrays and arrays[text].shape == shape]
    named = [Factor(text, Level.ATOM) for text in [*gates, *sorted(missed)]]
    computed = worked_out(function)
    kept = [text for text, value in arrays.items() if value.shape == shape and base(text) not in computed]
    helpers = [Factor(f"{helper}({text})", Level.ATOM) for helper in _helpers(used) for text in kept]
    # a mask of units or of sequences, which is the same for all of the others
    masks = [text for text, value in arrays.items() if _spreads(value.shape, shape) and base(text) not in computed]
    spread = [Factor(text, Level.ATOM) for text in masks[:MOST_MASKS]]
    more = [*spread, *(Factor(text, Level.ATOM) for text in kept), *helpers]
    return list({each.text: each for each in [*derivatives, *fitting.values(), *named, *more]}.values())


def _spreads(own: Shape | None, shape: Shape) -> bool:
    """Whether an array of a shape is one row, or one column, of another shape."""
    rows, columns = shape[1:], (*shape[:-1], 1)
    return own is not None and len(shape) > 1 and own != shape and own in (rows, (1, *rows), columns)
