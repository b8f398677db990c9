"""Loops that run the wrong way, a step too far or too short, or through a window only."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.flow import loops, ran
from gradcheck_rnn.repair.function import Function, Level, level_of

_RANGES = ("range", "arange")
_WITH_BODY = (ast.For, ast.While, ast.If, ast.With, ast.Try)
_LAZY = ("zip", "enumerate", "map", "filter")


def turned(function: Function) -> Iterator[Edit]:
    """A loop, or one of the sequences that it zips, runs the other way."""
    for sequence in _sequences(function):
        yield function.edit("turn a loop", 1.0, *_turned(function, sequence))


def bounded_otherwise(function: Function) -> Iterator[Edit]:
    """A range begins or ends a step before or after, or at its natural end; a part of a sequence becomes the whole."""
    for call in _ranges(function):
        for argument, text in _bounds(function, call):
            yield function.edit("another bound of a loop", 2.0, function.replaced(argument, text, Level.SUM))
        if len(call.args) == 2:
            first, stop = (function.text.span(each)[0] for each in call.args)
            yield function.edit("another bound of a loop", 2.0, Change(first, stop, ""))
        if len(call.args) == 1:
            at = function.text.span(call.args[0])[0]
            yield function.edit("another bound of a loop", 2.0, Change(at, at, "1, "))
    for sequence in _sequences(function):
        if isinstance(sequence, ast.Subscript) and isinstance(sequence.slice, ast.Slice) and not _is_turn(sequence):
            end = function.text.span(sequence.value)[1]
            change = Change(end, function.text.span(sequence)[1], "")
            yield function.edit("another bound of a loop", 2.0, change)


def without_window(function: Function) -> Iterator[Edit]:
    """`max(0, t - k)` and its like become either of the two."""
    for node in ast.walk(function.node):
        if isinstance(node, ast.Call) and _name(node) in ("max", "min", "maximum", "minimum") and len(node.args) == 2:
            values = [function.value(each) for each in node.args]
            if any(value is not None and value.shape for value in values):
                continue
            for kept in sorted(node.args, key=lambda each: not isinstance(each, ast.Constant)):
                change = function.replaced(node, function.text.of(kept), level_of(kept))
                yield function.edit("drop a window", 1.0, change)


def last_step(function: Function, loop: ast.For) -> str | None:
    """What the variable of a loop over a range is at the last step of the sequence, None if that is not plain."""
    inner = _inner(loop.iter)
    if not (isinstance(inner, ast.Call) and _name(inner) in _RANGES and inner.args):
        return None
    if len(inner.args) == 3:
        return function.written(inner.args[0], Level.SUM)
    return _plus(function, inner.args[-1], -1) if len(inner.args) <= 2 else None


def _sequences(function: Function) -> Iterator[ast.expr]:
    """What the loops run over, and the parts of what is zipped."""
    for loop in loops(function):
        if isinstance(loop, ast.For):
            yield loop.iter
            inner = _inner(loop.iter)
            if isinstance(inner, ast.Call) and _name(inner) in ("zip", "enumerate"):
                yield from inner.args


def _ranges(function: Function) -> Iterator[ast.Call]:
    """The ranges that loops and comprehensions run over."""
    own = [each.iter for each in loops(function) if isinstance(each, ast.For)]
    parts = [node for each in ran(function) if not isinstance(each, _WITH_BODY) for node in ast.walk(each)]
    for iterable in [*own, *(node.iter for node in parts if isinstance(node, ast.comprehension))]:
        for node in ast.walk(iterable):
            if isinstance(node, ast.Call) and _name(node) in _RANGES:
                yield node


def _turned(function: Function, sequence: ast.expr) -> tuple[Change, ...]:
    start, end = function.text.span(sequence)
    inner = _inner(sequence)
    if inner is not sequence:
        first, last = function.text.span(inner)
        return Change(start, first, ""), Change(last, end, "")
    if isinstance(sequence, ast.Call) and _name(sequence) == "range" and len(sequence.args) == 3:
        count, stop, step = sequence.args
        if ast.unparse(stop) == ast.unparse(step) == "-1":
            inside = function.text.span(count)
            return Change(*inside, _plus(function, count, 1)), Change(inside[1], function.text.span(step)[1], "")
    if isinstance(sequence, ast.Call) and _name(sequence) in _LAZY:
        return Change(start, start, "reversed(list("), Change(end, end, "))")
    if level_of(sequence) is Level.ATOM and (value := function.value(sequence)) and value.type in ("ndarray", "list"):
        return (Change(end, end, "[::-1]"),)
    return Change(start, start, "reversed("), Change(end, end, ")")


def _inner(sequence: ast.expr) -> ast.expr:
    """What is turned: X of reversed(X), reversed(list(X)) and X[::-1], or else the sequence itself."""
    match sequence:
        case ast.Call(func=ast.Name(id="reversed"), args=[ast.Call(func=ast.Name(id="list"), args=[inner])]):
            return inner
        case ast.Call(func=ast.Name(id="reversed"), args=[inner]):
            return inner
        case ast.Subscript(value=inner) if _is_turn(sequence):
            return inner
    return sequence


def _is_turn(node: ast.Subscript) -> bool:
    return ast.unparse(node.slice) == "::-1"


def _bounds(function: Function, call: ast.Call) -> Iterator[tuple[ast.expr, str]]:
    """Arguments of a range with what may stand for them."""
    first = None if len(call.args) == 1 else call.args[0]
    stop = call.args[0] if first is None else call.args[1]
    is_down = len(call.args) == 3 and ast.unparse(call.args[2]).startswith("-")
    natural = "-1" if is_down else None
    if natural is not None and ast.unparse(stop) != natural:
        yield stop, natural
    if not is_down and first is not None and not (isinstance(first, ast.Constant) and first.value == 0):
        yield first, "0"
    for argument in [stop] if first is None else [first, stop]:
        for shift in (1, -1):
            yield argument, _plus(function, argument, shift)


def _plus(function: Function, node: ast.expr, shift: int) -> str:
    """The text of an expression plus a whole number, with numbers taken together."""
    match node:
        case ast.Constant(value=int(number)):
            return str(number + shift)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return str(shift - number)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=ast.Constant(value=int(number))):
            total = (number if isinstance(sign, ast.Add) else -number) + shift
            return _sum(function.written(left, Level.SUM), total)
    return _sum(function.written(node, Level.SUM), shift)


def _sum(text: str, number: int) -> str:
    if number == 0:
        return text
    return f"{text} + {number}" if number > 0 else f"{text} - {-number}"


def _name(call: ast.Call) -> str:
    """The last part of the name of what is called."""
    return ast.unparse(call.func).rpartition(".")[2]
