"""Arrays that share their entries: a copy is made where one is kept, or where one is changed in place."""

import ast
from collections.abc import Iterator

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.arrays import is_variable
from gradcheck_rnn.repair.edits.flow import ran
from gradcheck_rnn.repair.function import Function, Level

_SIGNS: dict[type[ast.operator], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.MatMult: "@"},
}


def copied(function: Function) -> Iterator[Edit]:
    """What is assigned to a name or put on a list as it is becomes a copy: each array of a tuple."""
    for statement in ran(function):
        for value in _kept(statement):
            seen = function.value(value)
            if is_variable(ast.unparse(value)) and seen is not None and seen.type == "ndarray" and seen.shape:
                end = function.text.span(value)[1]
                yield function.edit("copy", 2.0, Change(end, end, ".copy()"))


def out_of_place(function: Function) -> Iterator[Edit]:
    """`x *= e` becomes `x = x * e`, which leaves alone what shares its entries with x."""
    for statement in ran(function):
        if not (isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name)):
            continue
        seen, sign = function.value(statement.target), _SIGNS.get(type(statement.op))
        if seen is None or not seen.shape or sign is None:
            continue
        name, end = statement.target.id, function.text.span(statement.target)[1]
        start, stop = function.text.span(statement.value)
        level = {"+": Level.PRODUCT, "-": Level.PRODUCT, "**": Level.SIGNED}.get(sign, Level.SIGNED)
        grouped = function.written(statement.value, level) != function.text.of(statement.value)
        changes = [Change(end, start, f" = {name} {sign} {'(' if grouped else ''}")]
        yield function.edit("change a copy", 2.0, *changes, *([Change(stop, stop, ")")] if grouped else []))


def unshared(function: Function) -> Iterator[Edit]:
    """`a = b = e` and `[e] * n` make an e for each."""
    for statement in ran(function):
        if (
            isinstance(statement, ast.Assign)
            and len(statement.targets) > 1
            and not _is_number(function, statement.value)
        ):
            names = [function.text.of(each) for each in statement.targets]
            value = function.text.of(statement.value)
            text = "; ".join(f"{name} = {value}" for name in names)
            yield function.edit("copy", 2.0, Change(*function.text.span(statement), text))
    for node in ast.walk(function.node):
        match node:
            case ast.BinOp(left=ast.List(elts=[element]), op=ast.Mult(), right=count):
                if not isinstance(element, ast.Constant):
                    text = f"[{function.text.of(element)} for _ in range({function.text.of(count)})]"
                    yield function.edit("copy", 2.0, function.replaced(node, text, Level.ATOM))


def _kept(statement: ast.stmt) -> Iterator[ast.expr]:
    """What a statement keeps as it is: assigned, appended, or an element of a tuple that is."""
    match statement:
        case ast.Assign(value=value):
            yield from _parts(value)
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append" | "insert"), args=[*_, value])):
            yield from _parts(value)


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    if isinstance(value, ast.Tuple | ast.List):
        for each in value.elts:
            yield from _parts(each)
    else:
        yield value


def _is_number(function: Function, value: ast.expr) -> bool:
    seen = function.value(value)
    return isinstance(value, ast.Constant) or (seen is not None and seen.shape == ())
