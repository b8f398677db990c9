"""The places of a function where an expression may be edited."""

import ast
import builtins
from collections.abc import Iterator
from functools import lru_cache

from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.seen import Value
from gradcheck_rnn.repair.text import Text

# texts of which it is remembered what they say as a whole
TEXTS = 16
_WHOLE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assert, ast.Raise)
_COUNTED = frozenset({"int", "bool", "int64", "int32", "intp", "bool_"})


def sites(function: Function) -> Iterator[ast.expr]:
    """Every expression that is read where the function ran, outermost first, statement by statement.

    What is called, the names of modules, formatted strings and annotations are none.
    """
    modules = imported(function)
    for statement in function.statements:
        if function.ran(statement) and not isinstance(statement, _WHOLE) and not _prints(statement):
            yield from _read_in(statement, modules)


def arrays(function: Function) -> Iterator[tuple[ast.expr, Value]]:
    """Every site that held numbers other than counts, and what it was."""
    for node in sites(function):
        value = function.value(node)
        if value is not None and is_array(value):
            yield node, value


def is_array(value: Value) -> bool:
    """Whether a value may be an operand of a gradient: an array, or a number that is no count."""
    return value.shape is not None and value.type not in _COUNTED


def is_count(value: Value) -> bool:
    """Whether a value is a whole number."""
    return value.shape == () and value.type in _COUNTED - {"bool", "bool_"}


def slots(function: Function) -> Iterator[ast.expr]:
    """Every array, or arithmetic of unknown result, that is assigned, added, returned, listed or passed on whole."""
    for node in sites(function):
        value = function.value(node)
        known = is_array(value) if value is not None else isinstance(node, ast.BinOp)
        if known and not isinstance(node, ast.Constant) and _is_whole(function, node):
            yield node


def imported(function: Function) -> frozenset[str]:
    """The names that the file imports."""
    return _imported(function.text)


@lru_cache(maxsize=TEXTS)
def _imported(text: Text) -> frozenset[str]:
    found = [node for node in ast.walk(text.tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    return frozenset((alias.asname or alias.name).split(".")[0] for node in found for alias in node.names)


def numpy_name(function: Function) -> str | None:
    """The name under which the file imports NumPy."""
    return _numpy_name(function.text)


@lru_cache(maxsize=TEXTS)
def _numpy_name(text: Text) -> str | None:
    for node in ast.walk(text.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == "numpy":
                    return alias.asname or "numpy"
    return None


def called(node: ast.expr) -> str | None:
    """The last name of what a call calls: `dot` of `np.dot(a, b)` and of `a.dot(b)`; None for other expressions."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
            return name
    return None


def is_counting(function: Function, node: ast.AST) -> bool:
    """Whether an expression is part of an index, a range, a shape, or what a keyword says."""
    while not isinstance(node, ast.stmt):
        parent = function.parents[node]
        if isinstance(parent, ast.keyword):
            return True
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            return True
        if isinstance(parent, ast.Call) and called(parent) in _COUNTING and node in parent.args:
            return True
        node = parent
    return False


_COUNTING = frozenset(
    {"range", "arange", "xrange", "zeros", "ones", "empty", "full", "eye", "reshape", "swapaxes", "transpose", "clip"}
    | {"max", "min", "sum", "mean", "concatenate", "split", "stack", "expand_dims", "squeeze"}
)


def _read_in(node: ast.AST, modules: frozenset[str]) -> Iterator[ast.expr]:
    for name, field in ast.iter_fields(node):
        if name == "annotation":
            continue
        for child in field if isinstance(field, list) else [field]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.stmt | ast.excepthandler | ast.JoinedStr):
                continue
            is_function = isinstance(node, ast.Call) and name == "func"
            stored = isinstance(getattr(child, "ctx", None), ast.Store | ast.Del)
            of_module = isinstance(child, ast.Name) and child.id in modules
            if isinstance(child, ast.expr) and not (is_function or stored or of_module):
                yield child
            yield from _read_in(child, modules)


def _prints(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and called(statement.value) == "print"


def _is_whole(function: Function, node: ast.expr) -> bool:
    match function.parents[node]:
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Return() | ast.Dict():
            return True
        case ast.DictComp(value=value):
            return value is node
        case ast.Tuple() | ast.List() as display:
            return not isinstance(function.parents[display], ast.Subscript)
        case ast.Call(func=func, args=args):
            # an argument of a function of the user's, or of a list's method
            known = _root(func) in imported(function) or (isinstance(func, ast.Name) and hasattr(builtins, func.id))
            return node in args and not known and called_on_array(func) is None
    return False


def called_on_array(func: ast.expr) -> str | None:
    """The name of an array's own method, None of other functions."""
    methods = {"dot", "sum", "mean", "reshape", "transpose", "swapaxes", "clip", "astype", "max", "min"}
    return func.attr if isinstance(func, ast.Attribute) and func.attr in methods else None


def _root(node: ast.expr) -> str | None:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
