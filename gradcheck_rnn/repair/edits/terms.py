"""Sums and elementwise products as the terms and factors that they are made of."""

import ast
from collections.abc import Iterator
from typing import TypeGuard

from gradcheck_rnn.repair.edits.places import sites
from gradcheck_rnn.repair.function import Function


def sums(function: Function) -> Iterator[ast.BinOp]:
    """Every sum or difference that is not the left part of a longer one."""
    for node in sites(function):
        if is_sum(node):
            parent = function.parents[node]
            if not (is_sum(parent) and parent.left is node):
                yield node


def products(function: Function) -> Iterator[ast.BinOp]:
    """Every product by `*` that is not part of a longer one."""
    for node in sites(function):
        if is_product(node) and not is_product(function.parents[node]):
            yield node


def is_sum(node: ast.AST) -> TypeGuard[ast.BinOp]:
    """Whether a node is a sum or a difference."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)


def is_product(node: ast.AST) -> TypeGuard[ast.BinOp]:
    """Whether a node is a product by `*`."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)


def terms(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The terms of a sum and their signs; parentheses hold a sum together."""
    if not is_sum(node):
        return [("+", node)]
    return [*terms(node.left), ("+" if isinstance(node.op, ast.Add) else "-", node.right)]


def factors(node: ast.expr) -> list[ast.expr]:
    """The factors of an elementwise product."""
    return [*factors(node.left), *factors(node.right)] if is_product(node) else [node]
