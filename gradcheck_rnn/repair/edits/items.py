"""The items of lists, dicts and arrays that belong to the step of a loop."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from gradcheck_rnn.repair.edits.arrays import Arrays, base, is_variable
from gradcheck_rnn.repair.edits.flow import loops_around
from gradcheck_rnn.repair.function import Function

_HOLDERS = ("list", "tuple", "dict", "ndarray")


@dataclass(frozen=True)
class Item:
    """What a holder has for a step: `shape` is None where it is not known."""

    holder: str
    index: str
    shape: tuple[int, ...] | None

    @property
    def text(self) -> str:
        """The item as an expression."""
        return f"{self.holder}[{self.index}]"


def step_variable(function: Function, node: ast.AST) -> str | None:
    """The variable that counts the steps of the innermost loop around a node, None if there is none."""
    for loop in loops_around(function, node):
        if isinstance(loop, ast.For):
            for name in ast.walk(loop.target):
                if isinstance(name, ast.Name):
                    value = function.seen.at(loop.body[0].lineno, name.id)
                    if value is not None and value.shape == () and value.type != "float":
                        return name.id
    return None


def items_at(function: Function, statement: ast.stmt, index: str) -> Iterator[Item]:
    """The items under an index of everything that has items; those of which no other is known have an unknown shape."""
    known = function.known(statement)
    for expression, value in sorted(known.items()):
        if (
            value.type not in _HOLDERS
            or not is_variable(expression)
            or "[" in expression
            or expression.endswith(".shape")
        ):
            continue
        if value.type == "ndarray":
            if value.shape:
                yield Item(expression, index, value.shape[1:])
            continue
        shapes = [known[each].shape for each in known if each.startswith(f"{expression}[") and is_variable(each)]
        yield Item(expression, index, shapes[0] if shapes else None)


def unread_items(function: Function, statement: ast.stmt, step: str) -> Iterator[Item]:
    """The step's parts, under the indices that the function writes, of arrays of which it reads no part."""
    subscripts = [node for node in ast.walk(function.node) if isinstance(node, ast.Subscript)]
    read = {ast.unparse(node.value) for node in subscripts if isinstance(node.ctx, ast.Load)}
    indices = {ast.unparse(node.slice).strip("()"): node.slice for node in subscripts if _is_of_step(node.slice, step)}
    for name, value in sorted(function.known(statement).items()):
        if value.type != "ndarray" or not value.shape or not is_variable(name) or "[" in name or name in read:
            continue
        for text, index in indices.items():
            axes = index.elts if isinstance(index, ast.Tuple) else [index]
            if len(axes) <= len(value.shape):
                kept = [size for axis, size in zip(axes, value.shape, strict=False) if isinstance(axis, ast.Slice)]
                yield Item(name, text, (*kept, *value.shape[len(axes) :]))


def _is_of_step(index: ast.expr, step: str) -> bool:
    """Whether an index is a step, or takes all else along the other axes."""
    axes = index.elts if isinstance(index, ast.Tuple) else [index]
    whole = [each for each in axes if isinstance(each, ast.Slice)]
    of_step = [each for each in axes if isinstance(each, ast.Name) and each.id == step]
    return len(of_step) == 1 and len(whole) == len(axes) - 1 and all(ast.unparse(each) == ":" for each in whole)


def numbers_at(function: Function, statement: ast.stmt) -> Iterator[str]:
    """Whole numbers that may be tokens: items of lists and arrays, of the step above all."""
    step = step_variable(function, statement)
    named = [
        name
        for name, each in function.known(statement).items()
        if each.shape == () and each.type.startswith("int") and is_variable(name) and "[" in name
    ]
    items = [] if step is None else items_at(function, statement, step)
    gradients = {base(name) for name in Arrays(function).gradients_at(statement)}
    held = [each.text for each in items if not each.shape and each.holder not in gradients]
    yield from dict.fromkeys(named + held)
