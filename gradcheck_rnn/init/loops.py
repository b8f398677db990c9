"""Loops over a few words, `for gate in "ifog"`, written out, so that each weight and each gradient has its own name."""

import ast
import copy
from collections.abc import Iterable

# words of a loop that are written out; gates are four, and layers hardly more
MOST_WORDS = 12


def written_out(tree: ast.Module) -> ast.Module:
    """The tree of a file, changed, in which such loops are their rounds, and texts that are put together are whole."""
    return ast.Module([each for statement in tree.body for each in _rounds(statement)], tree.type_ignores)


def _rounds(statement: ast.stmt) -> list[ast.stmt]:
    made = _WrittenOut().visit(statement)
    return made if isinstance(made, list) else [made]


class _WrittenOut(ast.NodeTransformer):
    def visit_For(self, node: ast.For) -> ast.AST | list[ast.stmt]:
        words = _words(node.iter)
        if not isinstance(node.target, ast.Name) or not 0 < len(words) <= MOST_WORDS:
            return self.generic_visit(node)
        said = [_Said(node.target.id, word).visit(copy.deepcopy(each)) for word in words for each in node.body]
        return [each for statement in said for each in _rounds(statement)]


class _Said(ast.NodeTransformer):
    """Puts a word in the place of a name, and the texts that are made of it together."""

    def __init__(self, name: str, word: str) -> None:
        self.name, self.word = name, word

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id != self.name or not isinstance(node.ctx, ast.Load):
            return node
        return ast.copy_location(ast.Constant(self.word), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        texts = [_text(node.left), _text(node.right)]
        return _joined(texts, node) if isinstance(node.op, ast.Add) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        parts = [each.value if isinstance(each, ast.FormattedValue) else each for each in node.values]
        return _joined(map(_text, parts), node)


def _joined(texts: Iterable[str | None], node: ast.expr) -> ast.expr:
    known = list(texts)
    whole = "".join(each for each in known if each is not None)
    return node if None in known else ast.copy_location(ast.Constant(whole), node)


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _words(iterated: ast.expr) -> list[str]:
    """The words that a loop goes over; none where it goes over anything else."""
    if (text := _text(iterated)) is not None:
        return list(text)
    values = iterated.elts if isinstance(iterated, ast.Tuple | ast.List) else []
    words = [word for each in values if (word := _text(each)) is not None]
    return words if len(words) == len(values) else []
