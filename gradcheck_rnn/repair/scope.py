"""Which functions of the user's run in `gradients`, and how the code of one is put in another's place."""

import ast
import contextlib
import gc
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from types import CodeType, FrameType, FunctionType

from gradcheck_rnn.adapters.source import read_source
from gradcheck_rnn.analytic.failure import is_users
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import Session
from gradcheck_rnn.repair.edit import Edit, edited
from gradcheck_rnn.repair.function import FunctionNode
from gradcheck_rnn.repair.lambdas import LAMBDA, as_function, statement_around
from gradcheck_rnn.repair.text import Text

# texts that are kept, with their trees, and files of which it is remembered whether they are the user's
TEXTS, FILES = 16, 1024


class UncompiledError(Exception):
    """An edit gives no code that could run in the place of the former one."""


@dataclass(frozen=True)
class Unit:
    """A function that runs in `gradients`, with the code that it has; `also_in_loss` says that it runs there, too.

    `live` are the function objects that run this code: methods, decorated ones and closures among them. A lambda is a
    function, too: its node is that of one which returns the same.
    """

    text: Text
    node: FunctionNode
    code: CodeType
    also_in_loss: bool
    live: tuple[FunctionType, ...] = ()

    @cached_property
    def span(self) -> tuple[int, int]:
        """First offset of its text and the one behind its last."""
        return self.text.span(self.node)

    def contains(self, edit: Edit) -> bool:
        """Whether all of an edit lies in it."""
        start, end = self.span
        return edit.file == self.text.file and start <= edit.changes[0].start and edit.changes[-1].end <= end

    def compiled(self, edit: Edit) -> CodeType:
        """The code that the function has after an edit.

        Raises:
            UncompiledError: there is none, or it needs other variables of the functions around it.
        """
        start, end = self._outer.start, self._outer.end
        text = edited(self.text.text[:end], [edit])[start:]
        try:
            code = self._outer.code_of(text, self.code)
        except (SyntaxError, ValueError, LookupError) as error:
            raise UncompiledError(str(error)) from error
        if code.co_freevars != self.code.co_freevars:
            raise UncompiledError("it needs other variables of the functions around it")
        return code

    @contextlib.contextmanager
    def running(self, code: CodeType) -> Iterator[None]:
        """Have the function run other code."""
        for function in self.live:
            function.__code__ = code
        try:
            yield
        finally:
            for function in self.live:
                function.__code__ = self.code

    @cached_property
    def _outer(self) -> "_Outer":
        return _outer_of(self.text, self.node)


@dataclass(frozen=True)
class _Outer:
    """The outermost function around one: what is compiled anew, in a class of the same name if it is a method.

    `start` and `end` are the offsets of its lines, `head` a line that they may stand below; the function is the
    `place`-th definition of its name within it.
    """

    start: int
    end: int
    head: str
    place: int

    def code_of(self, text: str, former: CodeType) -> CodeType:
        """Compile the outermost function from its text, and find the code of the inner one."""
        code = self._inner(f"{self.head}{text}", former)
        if code.co_freevars == former.co_freevars:
            return code
        tree = ast.parse(f"{self.head}{text}")
        _keep_variables(_definitions(tree, former.co_name)[self.place], former.co_freevars)
        return self._inner(tree, former)

    def _inner(self, source: str | ast.Module, former: CodeType) -> CodeType:
        every = _all_code(compile(source, former.co_filename, "exec", dont_inherit=True))
        return [each for each in every if each.co_name == former.co_name][self.place]


def _outer_of(text: Text, node: FunctionNode) -> _Outer:
    if node.name == LAMBDA:
        return _outer_of_lambda(text, node)
    chain = [*_above(text.tree, node), node]
    at = next(place for place, each in enumerate(chain) if isinstance(each, FunctionNode))
    outer = chain[at]
    return _Outer(
        start=text.line_start(_first_line(outer)),
        end=text.line_start((outer.end_lineno or outer.lineno) + 1),
        head="" if not outer.col_offset else f"class {chain[at - 1].name}:\n" if at else "if True:\n",
        place=_definitions(outer, node.name).index(node),
    )


def _outer_of_lambda(text: Text, node: FunctionNode) -> _Outer:
    outer, name, place = statement_around(text.tree, node)
    return _Outer(
        start=text.line_start(_first_line(outer)),
        end=text.line_start((outer.end_lineno or outer.lineno) + 1),
        head="" if not outer.col_offset else f"class {name}:\n" if name else "if True:\n",
        place=place,
    )


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, FunctionNode | ast.ClassDef) else []
    return min([node.lineno, *(each.lineno for each in decorators)])


def _is_of(code: CodeType, node: FunctionNode) -> bool:
    """Whether a code was compiled from a definition."""
    return code.co_name == node.name and code.co_firstlineno == _first_line(node)


def _definitions(tree: ast.AST, name: str) -> list[FunctionNode]:
    """The definitions of a name within a tree, in the order of the text."""
    found = [node for node in ast.walk(tree) if isinstance(node, FunctionNode) and node.name == name]
    return sorted(found, key=lambda node: node.lineno)


def _keep_variables(function: FunctionNode, names: tuple[str, ...]) -> None:
    """Have a function refer to variables of those around it, whether an edit has left them in it or not."""
    for name in names:
        never = ast.If(ast.Constant(value=False), [ast.Expr(ast.Name(name, ast.Load()))], [])
        function.body.insert(0, ast.fix_missing_locations(ast.copy_location(never, function.body[0])))


def _above(tree: ast.AST, node: ast.AST) -> list[FunctionNode | ast.ClassDef]:
    """Functions and classes around a node, outermost first."""
    for child in ast.iter_child_nodes(tree):
        if child is not node and any(each is node for each in ast.walk(child)):
            own = [child] if isinstance(child, FunctionNode | ast.ClassDef) else []
            return own + _above(child, node)
    return []


def _all_code(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _all_code(each)


@dataclass(frozen=True)
class Scope:
    """The functions of the user's that an edit may mend; those that do not run in the loss come first."""

    units: tuple[Unit, ...] = ()
    texts: dict[Path, Text] = field(default_factory=dict)

    def unit_of(self, edit: Edit) -> Unit | None:
        """The function that an edit lies in."""
        return next((unit for unit in self.units if unit.contains(edit)), None)


def scope_of(session: Session, point: Point) -> Scope:
    """Run the user's code once at a point, and find the functions in which it does."""
    in_gradients = _code_run(lambda: session.gradients(point))
    in_loss = set() if session.adapter.loss is None else set(_code_run(lambda: session.loss(point)))
    live = _live(in_gradients)
    texts: dict[Path, Text] = {}
    units = []
    for code in in_gradients:
        file = Path(code.co_filename)
        text = texts.get(file) or texts.setdefault(file, _text(file, read_source(file).text))
        node = _node_of(text.tree, code)
        if node is not None:
            units.append(Unit(text, node, code, code in in_loss, tuple(live[id(code)])))
    outermost = [unit for unit in units if not any(_is_within(unit, other) for other in units)]
    return Scope(tuple(sorted(outermost, key=lambda unit: unit.also_in_loss)), texts)


def _live(codes: Sequence[CodeType]) -> Mapping[int, list[FunctionType]]:
    """The function objects that run each code, by its identity: one look at all that a process holds takes long."""
    found: dict[int, list[FunctionType]] = defaultdict(list)
    for each in gc.get_referrers(*codes):
        if isinstance(each, FunctionType):
            found[id(each.__code__)].append(each)
    return found


@lru_cache(maxsize=FILES)
def _is_own(file: str) -> bool:
    return is_users(Path(file))


@lru_cache(maxsize=TEXTS)
def _text(file: Path, text: str) -> Text:
    """Code that is loaded again has the same text and tree."""
    return Text(file, text)


def _is_within(unit: Unit, other: Unit) -> bool:
    if unit is other or unit.text is not other.text:
        return False
    (start, end), (first, last) = unit.span, other.span
    return first <= start and end <= last


def _code_run(call: Callable[[], object]) -> list[CodeType]:
    """The code of the user's functions that run in a call, each once, in the order of their first calls."""
    found: dict[CodeType, None] = {}

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and _is_own(frame.f_code.co_filename):
            found.setdefault(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        call()
    finally:
        sys.setprofile(before if callable(before) else None)  # one written in C cannot be put back
    return list(found)


def _node_of(tree: ast.Module, code: CodeType) -> FunctionNode | None:
    """The definition that a code was compiled from, or one that does what a lambda does; None for comprehensions."""
    found = (each for each in ast.walk(tree) if isinstance(each, FunctionNode) and _is_of(code, each))
    return next(found, None) or as_function(tree, code)
