"""One function of the user's that may be edited: its syntax, what its expressions were, and how text is put into it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.seen import Seen, Value
from gradcheck_rnn.repair.text import Text

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class Level(IntEnum):
    """How strongly an expression holds together; a weaker one within a stronger one needs parentheses."""

    ANY = 0
    SUM = 1
    PRODUCT = 2
    SIGNED = 3
    POWER = 4
    ATOM = 5


_OF_OPERATOR = {
    **dict.fromkeys((ast.Add, ast.Sub), Level.SUM),
    **dict.fromkeys((ast.Mult, ast.MatMult, ast.Div, ast.FloorDiv, ast.Mod), Level.PRODUCT),
    ast.Pow: Level.POWER,
}


# a name in single quotation marks, which is what a tree is written with
_SINGLE = re.compile(r"'(\w*)'")


def level_of(node: ast.expr) -> Level:
    """How strongly an expression holds together."""
    if isinstance(node, ast.BinOp):
        return _OF_OPERATOR.get(type(node.op), Level.ANY)
    if isinstance(node, ast.UnaryOp):
        return Level.ANY if isinstance(node.op, ast.Not) else Level.SIGNED
    weak = (
        ast.BoolOp,
        ast.Compare,
        ast.IfExp,
        ast.Lambda,
        ast.NamedExpr,
        ast.Yield,
        ast.YieldFrom,
        ast.Await,
        ast.Starred,
    )
    return Level.ANY if isinstance(node, weak) else Level.ATOM


@dataclass(frozen=True)
class Function:
    """A function, or a method, its text and what was seen of it.

    `also_in_loss` says that it runs in the user's loss, too: an edit of it must leave the loss as it is.
    """

    text: Text
    node: FunctionNode
    seen: Seen
    also_in_loss: bool = False

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """The node that each node within the function is part of."""
        return {child: node for node in ast.walk(self.node) for child in ast.iter_child_nodes(node)}

    @cached_property
    def statements(self) -> list[ast.stmt]:
        """Every statement of its body, at any depth, in the order of the text; a docstring is none."""
        found = [node for node in ast.walk(self.node) if isinstance(node, ast.stmt) and node is not self.node]
        own = [node for node in found if not _is_text(node)]
        return sorted(own, key=lambda node: (node.lineno, node.col_offset))

    @cached_property
    def with_closures(self) -> list["Function"]:
        """The function, and each one within it: what its statements do to each other is a matter of its own."""
        nodes = [node for node in ast.walk(self.node) if isinstance(node, FunctionNode)]
        return [self if node is self.node else replace(self, node=node) for node in nodes]

    def statement_of(self, node: ast.AST) -> ast.stmt:
        """The innermost statement that a node is part of."""
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def ran(self, statement: ast.stmt) -> bool:
        """Whether a statement was seen to run."""
        return self.seen.visits.get(statement.lineno, 0) > 0

    def expressions(self, statement: ast.stmt) -> Iterator[ast.expr]:
        """Every expression that a statement itself is made of, outermost first, without those of a body below it."""
        waiting: list[ast.AST] = [
            child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt | ast.excepthandler)
        ]
        while waiting:
            node = waiting.pop(0)
            if isinstance(node, ast.expr):
                yield node
            waiting += ast.iter_child_nodes(node)

    def value(self, node: ast.expr) -> Value | None:
        """What an expression was before its statement ran, None if that is not known."""
        return self.seen.at(self.statement_of(node).lineno, ast.unparse(node))

    def known(self, statement: ast.stmt) -> dict[str, Value]:
        """Every expression of the function that could be evaluated before a statement ran, and what it was."""
        return dict(self.seen.values.get(statement.lineno, {}))

    def written(self, node: ast.expr, within: Level) -> str:
        """The text of an expression, in parentheses where it is to be part of a stronger one."""
        return grouped(self.text.of(node), level_of(node), within)

    def replaced(self, node: ast.expr, text: str, level: Level) -> Change:
        """Put an expression of some level in the place of another one, in parentheses where these are needed."""
        start, end = self.text.span(node)
        return Change(start, end, grouped(text, level, self._needed(node)))

    def edit(self, kind: str, cost: float, *changes: Change) -> Edit:
        """An edit of this function's file, in the file's own quotation marks."""
        return Edit(self.text.file, tuple(sorted(map(self._quoted, changes))), kind, cost)

    def _quoted(self, change: Change) -> Change:
        if not self.text.prefers_double_quotes:
            return change
        return Change(change.start, change.end, _SINGLE.sub(r'"\1"', change.text))

    def _needed(self, node: ast.expr) -> Level:
        """The level that an expression must have where it stands, without parentheses of its own."""
        if self._has_parentheses(node):
            return Level.ANY
        match self.parents[node]:
            case ast.BinOp(op=ast.Pow(), left=left):
                return Level.ATOM if left is node else Level.SIGNED
            case ast.BinOp(op=op, right=right):
                own = _OF_OPERATOR.get(type(op), Level.ATOM)
                # a - (b + c), a / (b * c): what stands on the right of an operator needs a level more
                return Level(min(own + 1, Level.ATOM)) if right is node else own
            case ast.UnaryOp():
                return Level.SIGNED
            case ast.Attribute() | ast.Await() | ast.Starred():
                return Level.ATOM
            case ast.Subscript(value=value) if value is node:
                return Level.ATOM
            case ast.Call(func=called) if called is node:
                return Level.ATOM
            case ast.Compare() | ast.BoolOp():
                return Level.SUM
        return Level.ANY

    def _has_parentheses(self, node: ast.expr) -> bool:
        """Whether it stands in parentheses of its own, or is all that a call is given."""
        start, end = self.text.span(node)
        before, after = self.text.text[:start].rstrip(), self.text.text[end:].lstrip()
        return before.endswith("(") and after.startswith(")")


def grouped(text: str, level: Level, within: Level) -> str:
    """The text of an expression of some level, in parentheses where a stronger one is needed."""
    return f"({text})" if level < within else text


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
