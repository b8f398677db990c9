"""Watches functions run, and notes what their expressions are before each statement."""

import ast
import contextlib
import dis
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

from gradcheck_rnn.analytic.failure import is_library
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.scope import Unit
from gradcheck_rnn.repair.seen import Seen, Value

# visits of a statement that are looked at: later ones are like those before
VISITS = 6
# arrays of one dict or object that are looked at
MOST_ITEMS = 64
# functions that are called to learn the shape of what they return; others might do something
PURE_MODULES = ("numpy", "math")
PURE_BUILTINS = frozenset(("abs", "float", "int", "len", "max", "min", "range", "reversed", "round", "sum"))
PURE_METHODS = frozenset(
    ("T", "t", "astype", "copy", "dot", "flatten", "max", "mean", "min", "ravel", "repeat", "reshape", "squeeze", "sum")
) | {"swapaxes", "transpose"}
# names that a formula of the user's does not hold
DOING = frozenset(("append", "backward", "exit", "input", "open", "print"))
# what may do something when it is evaluated, is no expression by itself, or has names of its own
IMPURE = (
    *(ast.Await, ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Starred),
    *(ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
# what holds no arrays of the user's by names
_NO_HOLDERS = (np.ndarray, np.generic, int, float, str, list, tuple, ModuleType, type, FunctionType)
# what is watched of a dict or an object, whether a function mentions it or not: arrays, and what may hold some
_WATCHED = (np.ndarray, list, dict)
# names of the code of these
NAMELESS = ("<lambda>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


def observed(units: Sequence[Unit], call: Callable[[], object]) -> list[Function]:
    """Run a call, and return the functions with what was seen of them."""
    watched = {id(unit): _Watched(unit) for unit in units}
    by_code: dict[CodeType, _Watched | None] = {unit.code: watched[id(unit)] for unit in units}

    def trace(frame: FrameType, _event: str, _argument: object) -> Callable[..., Any] | None:
        code = frame.f_code
        if code not in by_code:
            by_code[code] = next((each for each in watched.values() if each.holds(code)), None)
        watcher = by_code[code]
        return None if watcher is None else watcher.line

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return [Function(unit.text, unit.node, watched[id(unit)].seen(), unit.also_in_loss) for unit in units]


@dataclass
class _Visits:
    """The values of one expression before one statement, visit by visit."""

    digest: Any = field(default_factory=lambda: blake2b(digest_size=8))
    type: str = ""
    shape: tuple[int, ...] | None = None
    count: int = 0

    def add(self, value: object) -> None:
        array = _numeric(value)
        type_name, shape = type(value).__name__, None if array is None else array.shape
        if not self.count or (shape and not self.shape):  # a carry may begin as the number 0
            self.type, self.shape = type_name, shape
        self.digest.update(str((type_name if array is None else array.dtype, shape)).encode())
        self.digest.update(str(id(value)).encode() if array is None else array.tobytes())
        self.count += 1


class _Watched:
    """One function while it runs, and the lambdas and comprehensions within it."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.lines, self.starts = _lines(unit.node)
        self.first, self.last = unit.node.lineno, unit.node.end_lineno or unit.node.lineno
        self.expressions = _expressions(unit.node)
        self.looked_into: set[tuple[str, int]] = set()
        self.visits: dict[tuple[CodeType, int], int] = defaultdict(int)
        self.found: dict[tuple[CodeType, int], dict[str, _Visits]] = defaultdict(dict)

    def holds(self, code: CodeType) -> bool:
        """Whether code is that of a function within this one."""
        return code.co_filename == self.unit.code.co_filename and self.first < code.co_firstlineno <= self.last

    def line(self, frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        """Note the expressions before a statement runs, or a part of it that has names of its own."""
        line = frame.f_lineno
        if event == "line" and frame.f_code.co_name in NAMELESS:
            line = self.starts.get(line, line)
        if event == "line" and line in self.lines:
            here = frame.f_code, line
            self.visits[here] += 1
            if self.visits[here] <= VISITS:
                self._note(frame, self.found[here])
        return self.line

    def seen(self) -> Seen:
        """What was seen of each expression that had a value at each visit."""
        values: dict[int, dict[str, Value]] = defaultdict(dict)
        visits: dict[int, int] = {}
        for here, found in self.found.items():
            line, count = here[1], self.visits[here]
            visits[line] = max(count, visits.get(line, 0))
            for text, each in found.items():
                # a comprehension is visited before it has its names, too
                if each.count == min(count, VISITS) or here[0].co_name in NAMELESS:
                    digest = int.from_bytes(each.digest.digest(), "big")
                    values[line].setdefault(text, Value(each.type, each.shape, digest))
        return Seen(values, visits)

    def _note(self, frame: FrameType, found: dict[str, _Visits]) -> None:
        with np.errstate(all="ignore"):
            for each in self.expressions:  # it grows on the way
                try:
                    value = each.value_in(frame)
                except Exception:  # it has no value here
                    continue
                found.setdefault(each.text, _Visits()).add(value)
                if each.is_variable and not isinstance(value, _NO_HOLDERS):
                    self._look_into(each.text, value)

    def _look_into(self, text: str, holder: object) -> None:
        """Watch the arrays in a dict or an object, and its containers, whether the function mentions them or not."""
        items = holder if isinstance(holder, dict) else getattr(holder, "__dict__", {})
        if (text, len(items)) in self.looked_into:  # a dict may have grown
            return
        self.looked_into.add((text, len(items)))
        written = "{}[{!r}]" if isinstance(holder, dict) else "{}.{}"
        known = {each.text for each in self.expressions}
        for key, value in list(items.items())[:MOST_ITEMS]:
            is_named = isinstance(key, str) and not key.startswith("__")
            if is_named and isinstance(value, _WATCHED) and written.format(text, key) not in known:
                self.expressions.append(_Expression(written.format(text, key), ()))


def _lines(function: ast.AST) -> tuple[set[int], dict[int, int]]:
    """Lines at which statements begin, and for each line of one its first."""
    statements = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
    starts: dict[int, int] = {}
    for node in sorted(statements, key=lambda node: node.lineno):  # inner statements come later
        starts.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.lineno))
    return {node.lineno for node in statements}, starts


class _Expression:
    """An expression that can be evaluated without doing anything, as far as it calls nothing but such functions."""

    def __init__(self, text: str, calls: Sequence[ast.expr]) -> None:
        self.text = text
        self.is_variable = all(part.isidentifier() for part in text.split("."))
        self._code = compile(text, "<expression>", "eval")
        self._unknown = [compile(ast.unparse(each), "<expression>", "eval") for each in calls if not _is_known(each)]

    def value_in(self, frame: FrameType) -> object:
        """Evaluate it.

        Raises:
            Exception: it has no value there.
        """
        while self._unknown:
            function = eval(self._unknown[-1], frame.f_globals, frame.f_locals)
            if not _is_pure(function):
                raise ValueError(f"{self.text} may do something")
            self._unknown.pop()
        return eval(self._code, frame.f_globals, frame.f_locals)


def _expressions(function: ast.AST) -> list[_Expression]:
    """Every expression of a function that can be evaluated without doing anything."""
    found: dict[str, _Expression] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.arg):  # nothing may read it
            found[node.arg] = _Expression(node.arg, ())
        if not isinstance(node, ast.expr) or isinstance(node, ast.Constant | ast.Slice):
            continue
        parts = list(ast.walk(node))
        if not any(isinstance(part, IMPURE) for part in parts):
            with contextlib.suppress(SyntaxError):  # what stands in brackets may be none by itself: `:, 0`
                text = ast.unparse(node)
                found[text] = _Expression(text, [part.func for part in parts if isinstance(part, ast.Call)])
    return list(found.values())


def _is_known(called: ast.expr) -> bool:
    """Whether the name of a called function says that it does nothing but return a value."""
    if isinstance(called, ast.Name):
        return called.id in PURE_BUILTINS
    return isinstance(called, ast.Attribute) and called.attr in PURE_METHODS


def _is_pure(function: object) -> bool:
    """Whether a function does nothing but return a value."""
    module = getattr(function, "__module__", None) or type(function).__module__
    return module.partition(".")[0] in PURE_MODULES or _only_returns(function)


def _only_returns(function: object) -> bool:
    """Whether a function of the user's is a formula: it stores nothing but in names of its own."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType) or is_library(Path(code.co_filename)):
        return False
    names = {*code.co_names}
    stores = any(name.startswith("STORE_") and name != "STORE_FAST" for name in _operations(code))
    return not stores and len(code.co_code) <= 200 and not names & DOING


def _operations(code: CodeType) -> list[str]:
    return [each.opname for each in dis.get_instructions(code)]


def _numeric(value: object) -> np.ndarray | None:
    """A number or an array of numbers, also one of PyTorch or JAX, None for anything else."""
    if isinstance(value, np.ndarray | np.generic | int | float | complex):
        array = np.asarray(value)
    elif hasattr(value, "__array__"):
        try:
            array = np.asarray(value.detach() if hasattr(value, "detach") else value)
        except Exception:  # what stands for an array while a function of it is traced
            return None
    else:
        return None
    return array if array.dtype.kind in "biufc" else None
