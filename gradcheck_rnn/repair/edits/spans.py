"""Where expressions, their parentheses and their operators stand in the text, and one put in another's place."""

import ast

from gradcheck_rnn.repair.edit import Change
from gradcheck_rnn.repair.function import Function, Level, grouped, level_of

_SYMBOLS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.MatMult: "@",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
}


def symbol(operator: ast.operator) -> str:
    """An operator as it is written."""
    return _SYMBOLS[type(operator)]


def whole_span(function: Function, node: ast.expr) -> tuple[int, int]:
    """Offsets of an expression together with all parentheses that are its own; those of a call are the call's."""
    text = function.text.text
    spans = [function.text.span(node)]
    while True:
        start, end = spans[-1]
        before, after = text[:start].rstrip(), text[end:]
        closing = len(text) - len(after.lstrip())
        if not (before.endswith("(") and text[closing : closing + 1] == ")"):
            break
        spans.append((len(before) - 1, closing + 1))
    parent = function.parents[node]
    if isinstance(parent, ast.Call) and len(spans) > 1 and len(parent.args) + len(parent.keywords) == 1:
        spans.pop()
    return spans[-1]


def operator_span(function: Function, node: ast.BinOp | ast.AugAssign) -> tuple[int, int]:
    """Offsets of the operator between the two operands."""
    left = node.left if isinstance(node, ast.BinOp) else node.target
    at, text = function.text.span(left)[1], function.text.text
    written = symbol(node.op)
    while not text.startswith(written, at):
        at = text.index("\n", at) if text[at] == "#" else at + 1
    return at, at + len(written)


def grouped_text(function: Function, node: ast.expr, within: Level) -> str:
    """The text of an expression for a place of some level, in parentheses where that or a line break needs them."""
    text = function.text.of(node)
    return f"({text})" if "\n" in text and level_of(node) < Level.ATOM else grouped(text, level_of(node), within)


def put(function: Function, node: ast.expr, text: str, level: Level) -> Change:
    """Put text of some level in the place of an expression; parentheses that it has no use for go."""
    start, end = whole_span(function, node)
    kept = function.text.text[start - 1 : start].isidentifier()
    if level == Level.ATOM and start < function.text.span(node)[0] and not kept:
        return Change(start, end, text)
    return function.replaced(node, text, level)


def keep(function: Function, node: ast.expr, part: ast.expr) -> Change:
    """One part of an expression in the place of the whole."""
    if "\n" in function.text.of(part) and level_of(part) < Level.ATOM:
        return put(function, node, f"({function.text.of(part)})", Level.ATOM)
    return put(function, node, function.text.of(part), level_of(part))


def appended(function: Function, node: ast.expr, suffix: str, level: Level) -> tuple[Change, ...]:
    """Write a suffix that needs an expression of some level behind one, which gets parentheses if it is weaker."""
    start, end = whole_span(function, node)
    if level_of(node) >= level or start < function.text.span(node)[0]:
        return (Change(end, end, suffix),)
    return Change(start, start, "("), Change(end, end, ")" + suffix)
