"""A factor on the wrong side of an addition."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.fitting import shape_of
from gradcheck_rnn.repair.edits.products import product
from gradcheck_rnn.repair.edits.spans import grouped_text, put
from gradcheck_rnn.repair.edits.terms import factors, is_product, sums, terms
from gradcheck_rnn.repair.function import Function, Level

COST = 2.0

Term = tuple[str, str]


def distribute(function: Function) -> Iterator[Edit]:
    """`(a + b) * d` to `a + b * d` and to `a * d + b`; so for `@`, too."""
    for total in sums(function):
        parent = function.parents[total]
        if not isinstance(parent, ast.BinOp) or not isinstance(parent.op, ast.Mult | ast.MatMult):
            continue
        found = product(function, parent)
        if found is None or not _same_shape(function, parent, total):
            continue
        before, after = _around(function, parent, total)
        own = terms(total)
        for place in range(len(own)):
            written = [
                (sign, _term(function, term) if at == place else before + _factor(function, term) + after)
                for at, (sign, term) in enumerate(own)
            ]
            yield function.edit("association", COST, put(function, parent, _sum(written), Level.SUM))


def collect(function: Function) -> Iterator[Edit]:
    """`a + b * d` to `(a + b) * d`, and to `a * d + b`."""
    for total in sums(function):
        own = terms(total)
        if any(_is_number(term) for _, term in own):
            continue
        for place, (_, term) in enumerate(own):
            for factor in _different(factors(term)) if is_product(term) else []:
                if shape_of(function, factor) not in ((), shape_of(function, total)) and not _is_number(factor):
                    continue
                rest = _without(function, term, factor)
                text = grouped_text(function, factor, Level.SIGNED)
                whole = [(sign, rest if at == place else _term(function, each)) for at, (sign, each) in enumerate(own)]
                yield function.edit(
                    "association", COST, put(function, total, f"({_sum(whole)}) * {text}", Level.PRODUCT)
                )
                if len(own) == 2:
                    moved = [
                        (sign, rest if at == place else f"{_factor(function, each)} * {text}")
                        for at, (sign, each) in enumerate(own)
                    ]
                    yield function.edit("association", COST, put(function, total, _sum(moved), Level.SUM))


def _different(own: list[ast.expr]) -> list[ast.expr]:
    return list({ast.dump(each): each for each in own}.values())


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _same_shape(function: Function, parent: ast.expr, total: ast.expr) -> bool:
    """Whether a term may leave the product: it has the shape of the result; a number, such as in 1 - z, stays."""
    shape = shape_of(function, total)
    each = [shape_of(function, term) for _, term in terms(total) if not _is_number(term)]
    return len(each) == len(terms(total)) and (shape is None or shape == shape_of(function, parent))


def _around(function: Function, parent: ast.BinOp, total: ast.expr) -> tuple[str, str]:
    """What stands before and behind a sum that is a factor."""
    operator = " * " if isinstance(parent.op, ast.Mult) else " @ "
    if parent.left is total:
        return "", operator + grouped_text(function, parent.right, Level.SIGNED)
    return grouped_text(function, parent.left, Level.PRODUCT) + operator, ""


def _sum(own: list[Term]) -> str:
    text = "".join(f" {sign} {term}" for sign, term in own)
    return text.removeprefix(" + ")


def _term(function: Function, node: ast.expr) -> str:
    return grouped_text(function, node, Level.PRODUCT)


def _factor(function: Function, node: ast.expr) -> str:
    return grouped_text(function, node, Level.PRODUCT)


def _without(function: Function, term: ast.expr, factor: ast.expr) -> str:
    """A product without one of its factors."""
    left = [each for each in factors(term) if each is not factor]
    texts = [grouped_text(function, each, Level.PRODUCT if at == 0 else Level.SIGNED) for at, each in enumerate(left)]
    return " * ".join(texts)
