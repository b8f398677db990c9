"""A file's functions, classes and assignments, found in its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef


@dataclass
class Class:
    """A class with its methods, those that are attached to it later among them."""

    name: str
    line: int
    methods: dict[str, Function] = field(default_factory=dict)

    @property
    def constructor(self) -> Function | None:
        """Its `__init__`."""
        return self.methods.get("__init__")


@dataclass
class File:
    """What a file defines: module functions, classes, and the statements that are neither."""

    functions: dict[str, Function]
    classes: dict[str, Class]
    statements: list[ast.stmt]
    imports: tuple[str, ...]


def read_file(tree: ast.Module) -> File:
    """Collect what a file defines; `Net.bptt = bptt` makes a method of a function."""
    functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
    classes = {
        each.name: Class(each.name, each.lineno, {f.name: f for f in each.body if isinstance(f, ast.FunctionDef)})
        for each in tree.body
        if isinstance(each, ast.ClassDef)
    }
    rest = [each for each in tree.body if not isinstance(each, ast.FunctionDef | ast.ClassDef)]
    for target, value in assignments(rest):
        owner, _, name = dotted(target).rpartition(".")
        if owner in classes and isinstance(value, ast.Name) and value.id in functions:
            classes[owner].methods[name] = functions[value.id]
    return File(functions, classes, rest, tuple(dict.fromkeys(_imported(tree))))


def _imported(tree: ast.Module) -> Iterator[str]:
    """Dotted names of the modules that are imported at the top of a file, those that they are in first."""
    for each in tree.body:
        if isinstance(each, ast.Import):
            names = [alias.name for alias in each.names]
        elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
            names = [each.module]
        else:
            continue
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[: end + 1]) for end in range(len(parts)))


def assignments(where: list[ast.stmt] | ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Every target with its value, in the order of the text; `a, b = c, d` is two, and so is `a = b = c`."""
    nodes = where if isinstance(where, list) else [where]
    for node in (inner for each in nodes for inner in ordered(each)):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _paired(target, node.value)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield node.target, node.value


def _paired(target: ast.expr, value: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    if not isinstance(target, ast.Tuple | ast.List):
        yield target, value
    elif isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
        for each, its in zip(target.elts, value.elts, strict=True):
            yield from _paired(each, its)


def ordered(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, in the order of the text."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from ordered(child)


def dotted(node: ast.AST) -> str:
    """`a`, `self.a`, or the like as text; "" for what is no such name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def called(node: ast.AST) -> str:
    """Last part of the name of what a call calls; "" for what is no call of a name."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else dotted(node.func)


def text_key(node: ast.AST) -> str:
    """The key of `home["key"]`; "" for what is no such place."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return ""


def text_entries(value: ast.Dict) -> list[tuple[str, ast.expr]]:
    """Keys of a dict that are written as text, with their values."""
    pairs = zip(value.keys, value.values, strict=True)
    return [(key.value, each) for key, each in pairs if isinstance(key, ast.Constant) and isinstance(key.value, str)]


def names_in(node: ast.AST) -> set[str]:
    """Plain names that occur in a node."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def returned(function: Function) -> ast.expr | None:
    """What a function returns at its end: the value of its last `return`, if any."""
    values = [each.value for each in ordered(function) if isinstance(each, ast.Return) and each.value is not None]
    return values[-1] if values else None


def elements(expression: ast.expr | None, function: Function) -> list[ast.expr]:
    """The values of a tuple or list, each by what it was last assigned in the function, if that is a tuple or dict."""
    if isinstance(expression, ast.Tuple | ast.List):
        return [resolved(each, function) for each in expression.elts]
    return [] if expression is None else [resolved(expression, function)]


def resolved(expression: ast.expr, function: Function) -> ast.expr:
    """What a name stands for in a function where that is a tuple, list or dict; else the name."""
    if not isinstance(expression, ast.Name):
        return expression
    made = [value for target, value in assignments(function) if dotted(target) == expression.id]
    made = [each for each in made if isinstance(each, ast.Tuple | ast.List | ast.Dict | ast.DictComp)]
    return made[-1] if made and _has_content(made[-1]) else expression


def _has_content(value: ast.expr) -> bool:
    return isinstance(value, ast.DictComp) or bool(getattr(value, "elts", None) or getattr(value, "keys", None))


def arguments(function: Function) -> list[tuple[str, ast.expr | None]]:
    """Positional and keyword-only arguments without `self`, each with its default."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    defaults: list[ast.expr | None] = [None] * (len(names) - len(function.args.defaults))
    pairs = list(zip(names, [*defaults, *function.args.defaults], strict=True))
    pairs += list(zip([each.arg for each in function.args.kwonlyargs], function.args.kw_defaults, strict=True))
    return [pair for pair in pairs if pair[0] != "self"]
