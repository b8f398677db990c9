"""Another function for the one that is called: a derivative for what it is the derivative of, and the like."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.fitting import shape_of
from gradcheck_rnn.repair.edits.places import TEXTS, called, sites
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.lambdas import named_lambdas
from gradcheck_rnn.repair.text import Text

COST = 2.0
# functions of NumPy that are taken for each other
_TAKEN_FOR = {"diag": "diagflat", "hstack": "vstack", "vstack": "hstack"}


def other_function(function: Function) -> Iterator[Edit]:
    """`sigmoid(z)` to `d_sigmoid(z)`: another function of one array in the file; `np.diagflat` for `np.diag`."""
    own = _of_one_argument(function.text)
    for node in sites(function):
        if not isinstance(node, ast.Call):
            continue
        start, end = function.text.span(node.func)
        name = called(node) or ""
        if name in _TAKEN_FOR:
            yield function.edit("function", COST, Change(end - len(name), end, _TAKEN_FOR[name]))
        if len(node.args) == 1 and not node.keywords and _keeps_shape(function, node):
            text = ast.unparse(node.func)
            # one that the function is given, too
            is_own = text in own or (isinstance(node.func, ast.Name) and text in _arguments(function))
            if is_own or text.rpartition(".")[2] in ("tanh", "exp"):
                yield from (function.edit("function", COST, Change(start, end, each)) for each in own if each != text)


def other_namesake(function: Function) -> Iterator[Edit]:
    """`sigmoid_gate_backward(da, a, W)` to `tanh_gate_backward(da, a, W)`: of the same arguments."""
    alike = _by_arguments(function.text)
    for node in sites(function):
        name = called(node) if isinstance(node, ast.Call) else None
        if name is not None and isinstance(node, ast.Call):
            end = function.text.span(node.func)[1]
            for names in alike:
                if name in names:
                    for other in names:
                        if other != name:
                            yield function.edit("function", COST, Change(end - len(name), end, other))


def other_flag(function: Function) -> Iterator[Edit]:
    """`act(z, deriv=True)` to `act(z)` and back, and to `other(z, deriv=True)`: functions that take such a keyword."""
    flags = _flags(function.text)
    for node in sites(function):
        name = called(node) if isinstance(node, ast.Call) else None
        if name is None or not isinstance(node, ast.Call):
            continue
        last = function.text.span(node.func)[1]
        for other in flags:
            if name in flags and other != name and flags[other].keys() == flags[name].keys():
                yield function.edit("function", COST, Change(last - len(name), last, other))
        given = {keyword.arg for keyword in node.keywords}
        for flag, default in flags.get(name, {}).items():
            if flag not in given and len(node.args) == 1:
                end = function.text.span(node)[1] - 1
                yield function.edit("function", COST, Change(end, end, f", {flag}={not default}"))
        for value in [*node.args[1:], *(keyword.value for keyword in node.keywords)]:
            if name in flags and isinstance(value, ast.Constant) and isinstance(value.value, bool):
                yield function.edit("function", COST, Change(*function.text.span(value), str(not value.value)))


def _keeps_shape(function: Function, node: ast.Call) -> bool:
    shape = shape_of(function, node.args[0])
    return bool(shape) and shape == (shape_of(function, node) or shape)


def _arguments(function: Function) -> set[str]:
    return {each.arg for each in ast.walk(function.node.args) if isinstance(each, ast.arg)}


@lru_cache(maxsize=TEXTS)
def _of_one_argument(text: Text) -> list[str]:
    """Functions and methods of the file that are called with one argument and return something, and tanh if it is."""
    found: dict[str, None] = {}
    for node in ast.walk(text.tree):
        if isinstance(node, ast.FunctionDef) and any(isinstance(each, ast.Return) and each.value for each in node.body):
            names = [each.arg for each in node.args.args]
            if len(names) == 1 and names != ["self"]:
                found[node.name] = None
            elif len(names) == 2 and names[0] == "self":
                found[f"self.{node.name}"] = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "tanh":
            found[ast.unparse(node.func)] = None
    found |= {name: None for name, each in named_lambdas(text.tree) if len(each.args.args) == 1}
    return list(found)


@lru_cache(maxsize=TEXTS)
def _by_arguments(text: Text) -> list[list[str]]:
    """Functions of the file with the same two arguments or more, those that have them together."""
    found: dict[tuple[ast.AST, tuple[str, ...]], list[str]] = {}
    classes = [node for node in text.tree.body if isinstance(node, ast.ClassDef)]
    for owner, body in [(text.tree, text.tree.body), *((each, each.body) for each in classes)]:
        for node in body:
            if isinstance(node, ast.FunctionDef) and len(node.args.args) > 1 and not node.name.startswith("__"):
                names = tuple(each.arg for each in node.args.args if each.arg != "self")
                found.setdefault((owner, names), []).append(node.name)
    return [names for (_, arguments), names in found.items() if len(names) > 1 and len(arguments) > 1]


@lru_cache(maxsize=TEXTS)
def _flags(text: Text) -> dict[str, dict[str, bool]]:
    """By function of the file, its arguments that are True or False if they are not given."""
    found: dict[str, dict[str, bool]] = {}
    for node in ast.walk(text.tree):
        if isinstance(node, ast.FunctionDef):
            given = zip(node.args.args[::-1], node.args.defaults[::-1], strict=False)
            pairs = [*given, *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)]
            flags = {
                each.arg: value.value
                for each, value in pairs
                if isinstance(value, ast.Constant) and isinstance(value.value, bool)
            }
            if flags:
                found[node.name] = flags
    return found
