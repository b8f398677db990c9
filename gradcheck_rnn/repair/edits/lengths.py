"""A mean for a sum: a division by a length, or a multiplication, too few or too many."""

import ast
from collections.abc import Iterator, Mapping
from itertools import combinations

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.lines import after
from gradcheck_rnn.repair.edits.names import is_simple
from gradcheck_rnn.repair.edits.places import arrays, is_array, is_count, slots
from gradcheck_rnn.repair.edits.spans import appended, grouped_text, keep, put
from gradcheck_rnn.repair.edits.terms import sums, terms
from gradcheck_rnn.repair.function import Function, Level
from gradcheck_rnn.repair.seen import Value

COST = 3.0
# of one term of a sum, which one slip leaves out, beside several gradients, which take several
TERM_COST = 2.5
# lengths that are tried: of the sequence, the batch, an array or two
MOST_LENGTHS = 4
# of these at a value that is neither an error nor returned
MOST_ANYWHERE = 2


def scale_by_length(function: Function) -> Iterator[Edit]:
    """A whole value divided, or multiplied, by a length; a difference, which may be an error, by two or by 2, too."""
    known: dict[int, list[str]] = {}
    for node in slots(function):
        statement = function.statement_of(node)
        if statement.lineno not in known:
            known[statement.lineno] = lengths(function, statement)
        scales = known[statement.lineno][:MOST_ANYWHERE]
        if _has_difference(node) or isinstance(statement, ast.Return):
            scales = known[statement.lineno]
        if _has_difference(node):
            scales = [*_sizes(function, node), *scales]
            scales = [*scales, *(f"({a} * {b})" for a, b in combinations(scales, 2)), "2"]
        for scale in scales:
            for operator in "/*":
                suffix = f" {operator} {scale}"
                yield function.edit("length", COST, *appended(function, node, suffix, Level.PRODUCT))


def scale_term(function: Function) -> Iterator[Edit]:
    """One term of a sum divided by a length: the error of a mean, beside what is carried back."""
    for total in sums(function):
        known = lengths(function, function.statement_of(total))
        for _, node in terms(total):
            value = function.value(node)
            if value is not None and value.shape and is_array(value) and not _is_divided(node):
                for length in known:
                    yield function.edit("length", TERM_COST, *appended(function, node, f" / {length}", Level.PRODUCT))


def _is_divided(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def scale_in_place(function: Function) -> Iterator[Edit]:
    """After `d[target] -= 1`, which makes an error of `d`: `d /= T`, a statement of its own."""
    for statement in function.statements:
        match statement:
            case ast.AugAssign(op=ast.Sub(), target=ast.Subscript(value=error)) if function.ran(statement):
                for length in lengths(function, statement):
                    change = after(function.text, statement, f"{function.text.of(error)} /= {length}")
                    yield function.edit("length", COST, change)


def drop_division(function: Function) -> Iterator[Edit]:
    """`a / n` to `a`."""
    for node, _ in arrays(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not isinstance(node.left, ast.Constant):
            yield function.edit("length", COST - 1, keep(function, node, node.left))


def other_length(function: Function) -> Iterator[Edit]:
    """Another length to divide by, or one more."""
    for node, divisor in _divisors(function):
        own = function.value(divisor)
        statement = function.statement_of(node)
        known, found, unpacked = function.known(statement), lengths(function, statement), _unpacked(function)
        for length in found:
            equal = own is not None and length in known and known[length].digest == own.digest
            if not (equal and length not in unpacked) and length != ast.unparse(divisor):
                yield function.edit("length", COST - 1, put(function, divisor, length, Level.ATOM))
        for size in [*found, *_sizes(function, node)]:
            text = f"{grouped_text(function, divisor, Level.PRODUCT)} * {size}"
            yield function.edit("length", COST, put(function, divisor, text, Level.PRODUCT))


def lengths(function: Function, statement: ast.stmt) -> list[str]:
    """Texts of whole numbers that do not change while the function runs, each value once; lengths of its arguments."""
    known = function.known(statement)
    changing, unpacked = _changing(function), _unpacked(function)
    found: dict[int | str, str] = {}
    for text in sorted(known, key=lambda text: (len(text), text)):
        if is_count(known[text]) and _is_length(text) and not changing & _names(text):
            # two names may be of one length where edits are tried, and of two elsewhere
            key = text if text in unpacked else known[text].digest
            found.setdefault(key, text)
    others = [axis for text in sorted(known) for axis in _other_axes(known, text)]
    arguments = [f"len({each.arg})" for each in function.node.args.args if _has_length(function, statement, each.arg)]
    return list(dict.fromkeys([*found.values(), *others, *arguments]))[:MOST_LENGTHS]


def _other_axes(known: Mapping[str, Value], text: str) -> list[str]:
    """The lengths of an array along its other axes, but the last: `x.shape[1]` where `x.shape[0]` is read."""
    owner, _, own = text.rpartition(".shape[")
    value = known.get(owner) if owner else None
    axes = [] if value is None or value.shape is None else range(len(value.shape) - 1)
    return [each for each in (f"{owner}.shape[{axis}]" for axis in axes) if not each.endswith(f"[{own}")]


def _unpacked(function: Function) -> set[str]:
    """Names of the lengths of an array: `B, T, H = x.shape`."""
    found: set[str] = set()
    for statement in function.statements:
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Attribute(attr="shape")):
                found |= {each.id for each in names if isinstance(each, ast.Name)}
    return found


def _has_difference(node: ast.expr) -> bool:
    """Whether an expression is a difference up to a factor; 1 less something is none."""
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        node = node.right if isinstance(node.left, ast.Constant) else node.left
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and not isinstance(node.left, ast.Constant)


def _sizes(function: Function, node: ast.AST) -> list[str]:
    """How many entries a difference has, as text of its first named operand."""
    found = [each for each in ast.walk(node) if isinstance(each, ast.expr) and is_simple(each)]
    known = [ast.unparse(each) for each in found if (value := function.value(each)) is not None and value.shape]
    return [f"{text}.size" for text in known[:1]]


def _has_length(function: Function, statement: ast.stmt, name: str) -> bool:
    value = function.known(statement).get(name)
    return value is not None and (value.type in ("list", "tuple") or bool(value.shape and len(value.shape) < 3))


def _is_length(text: str) -> bool:
    node = ast.parse(text, mode="eval").body
    match node:
        case ast.Subscript(value=ast.Attribute(attr="shape")):
            return True
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.Attribute(attr=attribute):
            return attribute not in ("ndim", "size")
    return isinstance(node, ast.Name)


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}


def _changing(function: Function) -> set[str]:
    """Names that loops go through."""
    loops = [node for node in ast.walk(function.node) if isinstance(node, ast.For | ast.comprehension)]
    return {name.id for loop in loops for name in ast.walk(loop.target) if isinstance(name, ast.Name)}


def _divisors(function: Function) -> Iterator[tuple[ast.AST, ast.expr]]:
    for node, _ in arrays(function):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield node, node.right
    for statement in function.statements:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Div) and function.ran(statement):
            yield statement, statement.value
