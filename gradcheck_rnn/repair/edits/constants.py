"""A wrong number."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.places import is_counting, sites
from gradcheck_rnn.repair.edits.spans import keep, put
from gradcheck_rnn.repair.function import Function, Level

COST = 2.0


def other_constant(function: Function) -> Iterator[Edit]:
    """0 and 1, 1 and 2 for each other; an exponent dropped; a factor of one half, or twice as much."""
    for node in sites(function):
        match node:
            case ast.BinOp(left=base, op=ast.Pow(), right=ast.Constant(value=2 | 2.0)):
                yield function.edit("constant", COST, keep(function, node, base))
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if _is_term(function.parents[node]) and not is_counting(function, node):
                    for other in _others(value):
                        yield function.edit("constant", COST, put(function, node, other, Level.ATOM))


def _is_term(parent: ast.AST) -> bool:
    """Whether what is part of something is a term or a factor there, or what is added to something."""
    is_operand = isinstance(parent, ast.BinOp) and not isinstance(parent.op, ast.Pow)
    return is_operand or isinstance(parent, ast.UnaryOp | ast.AugAssign)


def _others(value: float) -> list[str]:
    near = {0.0: (1,), 1.0: (0, 2), 2.0: (1,)}
    return [str(type(value)(other)) for other in near.get(value, ())]
