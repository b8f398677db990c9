"""Small functions that are run, and what an operator makes of their text."""

import ast
import textwrap
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from gradcheck_rnn.repair.edit import Edit, edited
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.observe import observed
from gradcheck_rnn.repair.scope import Unit
from gradcheck_rnn.repair.seen import Seen
from gradcheck_rnn.repair.text import Text

FILE = "net.py"
HEAD = "import numpy as np\n"


def array(*shape: int, seed: int = 0) -> np.ndarray:
    """Values that no two arrays share."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def watched(source: str, *arguments: object) -> Function:
    """Run the last function of a text, and return it with what was seen."""
    text = Text(Path(FILE), source)
    names: dict[str, object] = {}
    exec(compile(source, FILE, "exec"), names)
    node = [each for each in text.tree.body if isinstance(each, ast.FunctionDef)][-1]
    function = names[node.name]
    unit = Unit(text, node, function.__code__, False)
    return observed([unit], lambda: function(*arguments))[0]


def watched_in(source: str, call: Callable[[dict[str, Any]], object]) -> list[Function]:
    """Run something that a text defines, and return its functions, methods among them, with what was seen."""
    text = Text(Path(FILE), source)
    module = compile(source, FILE, "exec")
    names: dict[str, Any] = {"__name__": "net"}
    exec(module, names)
    nodes = {node.lineno: node for node in ast.walk(text.tree) if isinstance(node, ast.FunctionDef)}
    units = [Unit(text, nodes[code.co_firstlineno], code, False) for code in _functions(module, nodes)]
    return observed(units, lambda: call(names))


def _functions(code: CodeType, lines: Container[int]) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_firstlineno in lines and not each.co_name.startswith("<"):
                yield each
            yield from _functions(each, lines)


def unwatched(source: str) -> list[Function]:
    """The functions of a text as if each statement had run, and nothing were known of the values."""
    text = Text(Path(FILE), source)
    nodes = [each for each in ast.walk(text.tree) if isinstance(each, ast.FunctionDef)]
    return [Function(text, node, Seen({}, dict.fromkeys(range(1, len(source)), 1))) for node in nodes]


def results(operator: Callable[[Function], Iterator[Edit]], body: str, head: str = HEAD, **values: object) -> list[str]:
    """The lines that differ after each edit of a function with this body, run on these values."""
    source = f"{head}\n\ndef f({', '.join(values)}):\n" + textwrap.indent(textwrap.dedent(body).strip(), "    ") + "\n"
    function = watched(source, *values.values())
    return [changed_lines(source, edited(source, [edit])) for edit in operator(function)]


def changed_lines(before: str, after: str) -> str:
    """The lines of one text that do not stand in another at their place, without indents; the counts are equal."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=True)
    return "\n".join(new.strip() for old, new in pairs if new != old)
