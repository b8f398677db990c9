"""Which variables statements read and write, and the loops and blocks that statements stand in.

A variable is a name, an attribute or an item under a constant key (`h`, `self.h`, `grads['W']`): what a subscript of it
reads or writes is the variable itself.
"""

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from gradcheck_rnn.repair.function import Function

Loop = ast.For | ast.While


def variable(node: ast.expr) -> str | None:
    """The variable that an expression is, or is a part of; None where it is no variable."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attr):
            owner = variable(value)
            return None if owner is None else f"{owner}.{attr}"
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            owner = variable(value)
            return None if owner is None else f"{owner}[{key!r}]"
        case ast.Subscript(value=value) | ast.Starred(value=value):
            return variable(value)
    return None


def targets(statement: ast.stmt) -> list[ast.expr]:
    """What a statement assigns to, the elements of a tuple one by one; none for what is inside its body."""
    match statement:
        case ast.Assign(targets=found):
            return [each for target in found for each in _elements(target)]
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return [target]
        case ast.For(target=target):
            return _elements(target)
    return []


# a tree is never changed: what was found in a statement stays true
@lru_cache(maxsize=1024)
def writes(statement: ast.stmt) -> frozenset[str]:
    """The variables that a statement, or one in its body, changes: also by a method, or as an argument of a call."""
    found = []
    for node in ast.walk(statement):
        if isinstance(node, ast.stmt):
            found += targets(node)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            found += _changed_by(node.value)
    return frozenset(name for name in map(variable, found) if name is not None)


def additions(nodes: Iterable[ast.AST]) -> list[ast.AugAssign]:
    """The statements that add to something in place, of some nodes."""
    return [each for each in nodes if isinstance(each, ast.AugAssign) and isinstance(each.op, ast.Add)]


@lru_cache(maxsize=1024)
def reads(statement: ast.stmt) -> frozenset[str]:
    """The variables whose values a statement, or one in its body, needs, those that it changes in place among them."""
    found: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.AugAssign):
            found |= {name for name in [variable(node.target)] if name}
        if isinstance(node, ast.expr) and not isinstance(node, ast.Starred) and (name := variable(node)) is not None:
            if isinstance(getattr(node, "ctx", None), ast.Load) or isinstance(node, ast.Subscript):
                found.add(name)
            waiting += _indices(node)
        else:
            waiting += ast.iter_child_nodes(node)
    return frozenset(found)


def meet(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether variables of two kinds have one in common, or one that is part of the other."""
    other = list(other)
    return any(_is_part(a, b) or _is_part(b, a) for a in one for b in other)


def depend(one: ast.stmt, other: ast.stmt) -> bool:
    """Whether the order of two statements can matter."""
    return meet(writes(one), reads(other) | writes(other)) or meet(reads(one), writes(other))


def block_of(function: Function, statement: ast.stmt) -> list[ast.stmt]:
    """The statements of the same body, the statement itself among them."""
    parent = function.parents[statement]
    bodies = [getattr(parent, name, None) for name in ("body", "orelse", "finalbody")]
    return next((body for body in bodies if isinstance(body, list) and statement in body), [statement])


def loops_around(function: Function, node: ast.AST) -> Iterator[Loop]:
    """The loops whose body a node is in, innermost first."""
    while node is not function.node:
        parent = function.parents[node]
        if isinstance(parent, Loop) and node in parent.body:
            yield parent
        node = parent


def loops(function: Function) -> list[Loop]:
    """The loops of a function that were seen to run, in the order of the text."""
    return [each for each in function.statements if isinstance(each, Loop) and function.ran(each)]


def ran(function: Function) -> list[ast.stmt]:
    """The statements that were seen to run, without those of functions inside."""
    inner = [each for node in ast.walk(function.node) if _is_inner(node, function) for each in ast.walk(node)]
    return [each for each in function.statements if function.ran(each) and each not in inner]


def worked_out(function: Function) -> frozenset[str]:
    """The variables that a function computes: they may be gradients, unlike what it takes from a cache or is given."""
    found: list[str | None] = []
    for statement in function.statements:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.expr) and any(isinstance(each, ast.BinOp | ast.Call) for each in ast.walk(value)):
            found += map(variable, targets(statement))
    return frozenset(name for name in found if name is not None)


def _is_inner(node: ast.AST, function: Function) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node is not function.node


def _elements(target: ast.expr) -> list[ast.expr]:
    if isinstance(target, ast.Tuple | ast.List):
        return [each for element in target.elts for each in _elements(element)]
    return [target]


def _changed_by(call: ast.Call) -> list[ast.expr]:
    """What a call that stands as a statement may change."""
    own = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    return [*own, *call.args, *(each.value for each in call.keywords)]


def _indices(node: ast.expr) -> list[ast.AST]:
    """The subscripts along a variable and its parts."""
    found: list[ast.AST] = []
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript):
            found.append(node.slice)
        node = node.value
    return found


def _is_part(name: str, whole: str) -> bool:
    return name == whole or name.startswith((f"{whole}.", f"{whole}["))
