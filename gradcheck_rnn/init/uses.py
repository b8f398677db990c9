"""What code does with an argument: takes its entries for whole numbers, goes through it step by step, unpacks it."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gradcheck_rnn.init.syntax import Function, arguments, assignments, called, dotted, names_in, ordered

ONE_HOT = r".*(one_?hot|encode|eye|embed).*"
# how deep calls are followed
DEPTH = 4


@dataclass
class Uses:
    """Whether entries are whole numbers, whether it has steps, where its steps are, and whether steps are reshaped.

    `in_arange`: its entries pick one of each row, as in `p[np.arange(n), y]`; `is_counted`: its length is taken. Both
    are of the steps or of the batch, whichever comes first.
    """

    is_index: bool = False
    has_steps: bool = False
    in_arange: bool = False
    is_counted: bool = False
    axes: str = ""
    is_reshaped: bool = False
    is_sentences: bool = False


def reachable(start: Function, functions: Mapping[str, Function]) -> list[Function]:
    """A function and those of the same file or class that it calls, however deep."""
    found = [start]
    for function in found:
        names = [called(each) for each in ordered(function) if isinstance(each, ast.Call)]
        found += [
            functions[name] for name in dict.fromkeys(names) if name in functions and functions[name] not in found
        ]
    return found


def uses(function: Function, argument: str, functions: Mapping[str, Function]) -> Uses:
    """What a function does with one of its arguments, itself or by handing it on."""
    found = Uses()
    _follow(function, argument, functions, found, DEPTH, is_step=False)
    return found


def _follow(
    function: Function, argument: str, functions: Mapping[str, Function], found: Uses, depth: int, *, is_step: bool
) -> None:
    wholes, steps = (set(), {argument}) if is_step else ({argument}, set())
    for target, value in assignments(function):
        if dotted(value) in wholes and dotted(target):
            wholes.add(dotted(target))
    for target, value in assignments(function):
        if _is_step(value, wholes) and isinstance(target, ast.Name):
            steps.add(target.id)
    for name, source in _loops(function):
        if source in wholes:
            steps.add(name)
            found.has_steps = True
    for node in ordered(function):
        _note(node, wholes, steps, found)
        if isinstance(node, ast.Call) and depth and called(node) in functions:
            taken = arguments(functions[called(node)])
            for place, value in enumerate(node.args[: len(taken)]):
                for inner in (False, True):
                    if (_is_step(value, wholes) or dotted(value) in steps) if inner else dotted(value) in wholes:
                        _follow(functions[called(node)], taken[place][0], functions, found, depth - 1, is_step=inner)


def _note(node: ast.AST, wholes: set[str], steps: set[str], found: Uses) -> None:
    if isinstance(node, ast.Subscript):
        if dotted(node.value) in wholes:
            found.has_steps = True
            found.axes = found.axes or _axes(node.slice)
        elif any(_is_step(each, wholes) or dotted(each) in steps | wholes for each in _indices(node.slice)):
            found.is_index = True
            found.in_arange |= "arange" in ast.unparse(node.slice)
    if isinstance(node, ast.Call):
        first = node.args[0] if node.args else None
        taken = first is not None and (_is_step(first, wholes) or dotted(first) in steps | wholes)
        found.is_index |= taken and re.fullmatch(ONE_HOT, called(node).lower()) is not None
        if names_in(node) & wholes:
            found.has_steps |= called(node) in ("enumerate", "zip")
            found.is_counted |= called(node) == "len"
        inner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if called(node) == "reshape" and inner is not None:
            found.is_reshaped |= _is_step(inner, wholes) or dotted(inner) in steps or taken
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Tuple)
        and isinstance(node.value, ast.Attribute)
    ):
        axes = [dotted(each) for each in node.targets[0].elts]
        if node.value.attr == "shape" and dotted(node.value.value) in wholes and len(axes) == 3:
            found.axes = _unpacked(axes, found.axes)
    if isinstance(node, ast.Call) and called(node) == "len" and node.args and isinstance(node.args[0], ast.Subscript):
        found.is_sentences |= dotted(node.args[0].value) in wholes


def _indices(where: ast.expr) -> list[ast.expr]:
    """Expressions that pick entries: those of a subscript, as in U[:, x], U[:, [x]] and U[:, x:x + 1]."""
    if isinstance(where, ast.Tuple | ast.List):
        return [index for each in where.elts for index in _indices(each)]
    start = where.lower if isinstance(where, ast.Slice) else where
    return [] if start is None else [start]


def _is_step(value: ast.AST, wholes: set[str]) -> bool:
    return isinstance(value, ast.Subscript) and dotted(value.value) in wholes


def _axes(where: ast.expr) -> str:
    """Which axis the time has, from how a step is taken: x[t], x[:, t] or x[:, t, :], x[:, :, t]."""
    places = list(where.elts) if isinstance(where, ast.Tuple) else [where]
    at = next((place for place, each in enumerate(places) if not isinstance(each, ast.Slice)), None)
    return {0: "T", 1: "BTI", 2: "IBT"}.get(at if at is not None else -1, "")


def _unpacked(axes: list[str], taken: str) -> str:
    """Order of three axes, from the names that they are unpacked to."""
    times = [place for place, name in enumerate(axes) if name.lower() in ("t", "tx", "t_x", "seq_len", "steps", "time")]
    if taken in ("BTI", "IBT"):
        return taken
    return {0: "TBI", 1: "BTI", 2: "IBT"}.get(times[0], "") if times else taken or "BTI"


def _loops(function: Function) -> Iterator[tuple[str, str]]:
    """Every name that goes through another, in a loop or a comprehension, with that other."""
    for node in ordered(function):
        if isinstance(node, ast.For | ast.comprehension):
            yield from _through(node.target, node.iter)


def _through(target: ast.expr, source: ast.expr) -> Iterator[tuple[str, str]]:
    if not isinstance(source, ast.Call) or not source.args:
        yield dotted(target), dotted(source)
    elif called(source) == "enumerate" and isinstance(target, ast.Tuple):
        yield from _through(target.elts[-1], source.args[0])
    elif called(source) in ("reversed", "list", "tuple"):
        yield from _through(target, source.args[0])
    elif called(source) == "zip" and isinstance(target, ast.Tuple):
        for each, its in zip(target.elts, source.args, strict=False):
            yield from _through(each, its)
