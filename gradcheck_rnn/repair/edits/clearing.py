"""Accumulators of an object that several of its methods add to, and that no call clears."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.flow import additions, ran, targets, variable
from gradcheck_rnn.repair.edits.lines import before
from gradcheck_rnn.repair.function import Function, FunctionNode

# code that remembers its last call is loaded anew for each edit: these come early, there are few of them
COST = 2.0
# the method that makes an object
MADE = "__init__"


def cleared_by_a_call(function: Function) -> Iterator[Edit]:
    """The function begins with a call of what sets things to zero and nothing else: `self.zero_grad()`."""
    found = _begun(function)
    calls = [f"self.{each.name}" for each in _methods(function) if _arguments(each) == ["self"] and _clears(each)]
    calls += [each.name for each in _functions(function.text.tree) if not _arguments(each) and _clears(each)]
    for name in calls if found else []:
        yield function.edit("set to zero", COST, before(function.text, found[0], f"{name}()"))


def cleared(function: Function) -> Iterator[Edit]:
    """A method begins with zeros in what the methods of its object add to and none of them sets."""
    found, methods = _begun(function), [each for each in _methods(function) if each.name != MADE]
    added = {each: _added(each) for each in methods}
    assigned = {variable(each) for node in methods for each in _set(node)}
    names = [name for name in dict.fromkeys(name for each in added.values() for name in each) if name not in assigned]
    is_shared = any(each is not function.node and set(names) & added[each].keys() for each in methods)
    if found and is_shared:
        change = before(function.text, found[0], *(f"{name}[...] = 0" for name in names))
        yield function.edit("set to zero", COST, change)


def _begun(function: Function) -> list[ast.stmt]:
    """The statements of a function that is no constructor, and ran."""
    return [] if function.node.name == MADE else ran(function)


def _functions(tree: ast.Module | ast.ClassDef) -> list[ast.FunctionDef]:
    return [each for each in tree.body if isinstance(each, ast.FunctionDef)]


def _methods(function: Function) -> list[ast.FunctionDef]:
    """The methods of the class that a function is one of."""
    classes = [each for each in ast.walk(function.text.tree) if isinstance(each, ast.ClassDef)]
    return next((found for each in classes if function.node in (found := _functions(each))), [])


def _arguments(node: FunctionNode) -> list[str]:
    return [each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)]


def _clears(node: ast.FunctionDef) -> bool:
    """Whether a function sets things to zero, and does nothing else."""
    simple = [each for each in ast.walk(node) if isinstance(each, ast.stmt) and not isinstance(each, ast.For)]
    kept = [each for each in simple if each is not node and not _is_docstring(each)]
    return bool(kept) and all(_sets_to_zero(each) for each in kept)


def _sets_to_zero(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(value=ast.Constant(value=0 | 0.0)):
            return True
        case ast.Assign(value=ast.Call(func=ast.Attribute(attr=name))):
            return name.startswith("zeros")
        case ast.Expr(
            value=ast.Call(func=ast.Name(id="setattr"), args=[_, _, ast.Call(func=ast.Attribute(attr=name))])
        ):
            return name.startswith("zeros")
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="fill"), args=[ast.Constant(value=0 | 0.0)])):
            return True
    return False


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _added(node: ast.FunctionDef) -> dict[str, None]:
    """The attributes of the object, or of objects in it, that a method adds to."""
    names = (variable(each.target) for each in additions(ast.walk(node)))
    return dict.fromkeys(name for name in names if name is not None and name.startswith("self."))


def _set(node: ast.FunctionDef) -> Iterator[ast.expr]:
    for each in ast.walk(node):
        match each:
            case ast.Assign():
                yield from targets(each)
            case ast.Call(func=ast.Attribute(attr="fill", value=value)):
                yield value
