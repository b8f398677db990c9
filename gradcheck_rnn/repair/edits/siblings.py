"""A statement, or a key of a loop, that is missing where all but one of a family stand: each gate, each carry."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.carries import unset
from gradcheck_rnn.repair.edits.flow import block_of, loops, ran, targets
from gradcheck_rnn.repair.edits.lines import after
from gradcheck_rnn.repair.edits.renaming import Renaming, difference, form, names_of, renamings
from gradcheck_rnn.repair.function import Function

CARRY_COST = 2.0
STATEMENT_COST = 3.0


def handed_on_like_its_sibling(function: Function) -> Iterator[Edit]:
    """Behind `da = g["da_prev"]`, a carry that the loop never sets gets `dc = g["dc_prev"]`."""
    names = names_of(function)
    for loop in loops(function):
        inside = {each for node in loop.body for each in ast.walk(node)}
        for name in sorted(unset(function, loop)):
            for statement in ran(function):
                own = targets(statement)
                if statement not in inside or not isinstance(statement, ast.Assign | ast.AugAssign) or len(own) != 1:
                    continue
                renaming = Renaming(*difference(ast.unparse(own[0]), name), names)
                text = renaming.text_of(function, statement.value, statement) if renaming.former else None
                if text not in (None, name):
                    change = after(function.text, statement, f"{name} = {text}")
                    yield function.edit("hand the carry on", CARRY_COST, change)


def sibling_added(function: Function) -> Iterator[Edit]:
    """Statements that add one gate's part each get one more behind them, for a gate that has none."""
    pairs = renamings(function)
    for family in _families(function):
        standing = {ast.unparse(each) for each in block_of(function, family[0])}
        offered: dict[str, None] = {}
        for member in family:
            for pair in pairs:
                text = pair.text_of(function, member, member)
                if text is not None and ast.unparse(ast.parse(text)) not in standing:
                    offered[text] = None
        for text in offered:
            yield function.edit("insert a statement", STATEMENT_COST, after(function.text, family[-1], text))


def _families(function: Function) -> Iterator[list[ast.AugAssign]]:
    """Statements of a block that add to something and differ by names only."""
    found: dict[tuple[ast.AST, str], list[ast.AugAssign]] = {}
    for statement in ran(function):
        if isinstance(statement, ast.AugAssign):
            found.setdefault((function.parents[statement], form(statement)), []).append(statement)
    yield from found.values()
