"""What a gate mixes, `z * h + (1 - z) * m`: its gradient needs the difference of the two."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.arrays import base
from gradcheck_rnn.repair.edits.flow import worked_out
from gradcheck_rnn.repair.edits.names import is_simple, named_arrays
from gradcheck_rnn.repair.edits.places import TEXTS, is_array
from gradcheck_rnn.repair.edits.spans import put
from gradcheck_rnn.repair.edits.terms import factors, is_product, products
from gradcheck_rnn.repair.function import Function, Level
from gradcheck_rnn.repair.text import Text

COST = 3.5


def less_another(function: Function) -> Iterator[Edit]:
    """`dh * h` to `dh * (h - m)` and `dh * (m - h)`, in files that mix two arrays by a gate."""
    if not _mixes(function.text):
        return
    computed = worked_out(function)
    for chain in products(function):
        for factor in factors(chain):
            value, own = function.value(factor), ast.unparse(factor)
            if not is_simple(factor) or value is None or not is_array(value) or base(own) in computed:
                continue
            for text, other in named_arrays(function, function.statement_of(factor)).items():
                if other.shape == value.shape and other.digest != value.digest and base(text) not in computed:
                    for difference in (f"{own} - {text}", f"{text} - {own}"):
                        yield function.edit("difference", COST, put(function, factor, difference, Level.SUM))


@lru_cache(maxsize=TEXTS)
def _mixes(text: Text) -> bool:
    """Whether a sum in the file has something as a factor of one term, and the rest of it up to 1 in another."""
    for node in ast.walk(text.tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            parts = {ast.unparse(each) for each in ast.walk(node) if isinstance(each, ast.expr)}
            rests = {f"1 - {part}" for part in parts} | {f"1.0 - {part}" for part in parts}
            if any(is_product(each) for each in (node.left, node.right)) and rests & parts and not _is_slope(node):
                return True
    return False


def _is_slope(node: ast.BinOp) -> bool:
    """Whether one of the terms alone is `s * (1 - s)`, which is a derivative."""
    for term in (node.left, node.right):
        own = {ast.unparse(each) for each in factors(term)}
        if any(f"1 - {each}" in own or f"1.0 - {each}" in own for each in own):
            return True
    return False
