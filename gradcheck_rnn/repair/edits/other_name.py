"""Another name, attribute or subscript in the place of one."""

import ast
import re
from collections.abc import Iterator, Mapping

from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.edits.index_shift import indices, is_number, is_step, subscripts
from gradcheck_rnn.repair.edits.names import is_simple, likeness, named_arrays, simple, unread
from gradcheck_rnn.repair.edits.places import imported, is_array, is_count, sites
from gradcheck_rnn.repair.edits.spans import put
from gradcheck_rnn.repair.function import Function, Level
from gradcheck_rnn.repair.seen import Value

COST = 2.0
TARGET_COST = 3.0
# names that are tried for one, the most alike first
MOST_NAMES = 20
MOST_CONTAINERS = 4
MOST_FILLED = 6
MOST_TARGETS = 6
MOST_COUNTERS = 4
MOST_OBJECTS = 6
# types of what holds nothing of a step
NO_OBJECTS = frozenset(
    {"NoneType", "str", "module", "function", "method", "type", "builtin_function_or_method", "range"}
)
# how alike at least are names that are taken out of something together
LIKENESS_BESIDE = 0.6
# cost of the least alike beside that of the most alike
SPREAD = 1.0


def other_array(function: Function) -> Iterator[Edit]:
    """Another array of the same shape that can be named where one is named; first what nothing reads.

    What one statement takes out of a cache together, such as the gates of a step, is taken for each other.
    """
    missed, groups = unread(function), _taken_out_together(function)
    for node in _outermost_simple(function):
        value = function.value(node)
        if value is None or not is_array(value):
            continue
        own = ast.unparse(node)
        fitting = [
            text
            for text, each in named_arrays(function, function.statement_of(node)).items()
            if each.shape == value.shape and each.digest != value.digest
        ]
        beside = {name for group in groups if own in group for name in group}
        first = [text for text in fitting if text in missed or text in beside]
        others = _most_alike(own, [text for text in fitting if text not in first], MOST_NAMES)
        for text in [*first, *others]:
            alike = max(likeness(own, text), LIKENESS_BESIDE if text in beside else 0.0)
            cost = COST + SPREAD * (1 - min(1.0, alike))
            yield function.edit("name", cost, put(function, node, text, Level.ATOM))


def _taken_out_together(function: Function) -> list[set[str]]:
    """Names that one assignment, or one loop, gives to the parts of something: `i, f, g, o = cache[t]`."""
    found = []
    for node in ast.walk(function.node):
        target = node.target if isinstance(node, ast.For) else None
        if isinstance(node, ast.Assign) and not isinstance(node.value, ast.Tuple):
            target = node.targets[0]
        if isinstance(target, ast.Tuple):
            found.append({each.id for each in ast.walk(target) if isinstance(each, ast.Name)})
    return found


def other_object(function: Function) -> Iterator[Edit]:
    """`self.nodes[-1]` to `node`: another object, cache or list of the same type, where one is named."""
    for node in _outermost_simple(function):
        value = function.value(node)
        if value is None or value.shape is not None or value.type in NO_OBJECTS:
            continue
        own = ast.unparse(node)
        alike = [
            text
            for text, each in function.known(function.statement_of(node)).items()
            if each.type == value.type and each.digest != value.digest and simple(text) is not None
            if re.split(r"[.\[]", text)[0] not in imported(function)  # what a module holds is no cache
        ]
        for text in _most_alike(own, alike, MOST_OBJECTS):
            yield function.edit("name", COST, put(function, node, text, Level.ATOM))


def other_step(function: Function) -> Iterator[Edit]:
    """The step of a container that the function does not read there, in the place of an array: `hs[t]` for `h0`."""
    for node in _outermost_simple(function):
        value, statement = function.value(node), function.statement_of(node)
        step = _step(function, statement)
        if step is None or value is None or not is_array(value):
            continue
        known = function.known(statement)
        fitting = [
            f"{container}[{index}]"
            for container in _containers(function, known, value)
            for index in (step, f"{step} - 1", f"{step} + 1")
            if f"{container}[{index}]" not in known
        ]
        kept = _kept(function)
        filled = [text for text in fitting if text.partition("[")[0] in kept]
        others = _most_alike(ast.unparse(node), [text for text in fitting if text not in filled], MOST_CONTAINERS)
        for text in [*_most_alike(ast.unparse(node), filled, MOST_FILLED), *others]:
            yield function.edit("name", COST + SPREAD, put(function, node, text, Level.ATOM))


def _kept(function: Function) -> frozenset[str]:
    """The containers that the function fills step by step."""
    items = (node for node in ast.walk(function.node) if isinstance(node, ast.Subscript))
    return frozenset(ast.unparse(node.value) for node in items if isinstance(node.ctx, ast.Store))


def _containers(function: Function, known: Mapping[str, Value], value: Value) -> list[str]:
    """What may hold a value at each step: what holds such at one, and what is not read at all."""
    subscripts = [node for node in ast.walk(function.node) if isinstance(node, ast.Subscript)]
    read = {ast.unparse(node.value) for node in subscripts if isinstance(node.ctx, ast.Load)}
    of_shape = [
        ast.unparse(node.value)
        for node in subscripts
        if isinstance(node.slice, ast.Name | ast.BinOp) and _shape_of_item(function, known, node) == value.shape
    ]
    unread_ones = [
        text
        for text, each in known.items()
        if text not in read
        and isinstance(simple(text), ast.Name | ast.Attribute)
        and (each.type in ("list", "tuple", "dict") or (each.shape or ())[1:] == value.shape != each.shape)
    ]
    return list(dict.fromkeys([*of_shape, *unread_ones]))


def _shape_of_item(function: Function, known: Mapping[str, Value], node: ast.Subscript) -> tuple[int, ...] | None:
    """The shape of an item where it is looked for, or where it stands: a list may be filled on the way."""
    here = known.get(ast.unparse(node))
    found = here if here is not None and here.shape is not None else function.value(node)
    return None if found is None else found.shape


def other_container(function: Function) -> Iterator[Edit]:
    """`hs[t - 1]` to `cs[t - 1]`: another container under the same subscript, where that stands nowhere else."""
    for node in _outermost_simple(function):
        if not isinstance(node, ast.Subscript):
            continue
        statement = function.statement_of(node)
        known, container = function.known(statement), function.value(node.value)
        if container is None:
            continue
        index, own = ast.unparse(node)[len(ast.unparse(node.value)) :], ast.unparse(node.value)
        fitting = [
            text
            for text, each in known.items()
            if (each.type, each.shape) == (container.type, container.shape)
            and each.digest != container.digest
            and text + index not in known
            and simple(text) is not None
        ]
        for text in _most_alike(own, fitting, MOST_CONTAINERS):
            yield function.edit("name", COST + SPREAD, put(function, node.value, text, Level.ATOM))


def other_counter(function: Function) -> Iterator[Edit]:
    """Another whole number in an index: another loop's variable, or another list's entry."""
    loops = _changing(function)
    for node in _outermost_simple(function):
        value, statement = function.value(node), function.statement_of(node)
        if value is None or not is_count(value) or not _is_in_index(function, node):
            continue
        own, known = ast.unparse(node), function.known(statement)
        alike = [
            text
            for text, each in known.items()
            if is_count(each) and each.digest != value.digest and _is_alike(node, text, loops)
        ]
        for text in _most_alike(own, alike, MOST_COUNTERS):
            yield function.edit("name", COST, put(function, node, text, Level.ATOM))


def step_for_number(function: Function) -> Iterator[Edit]:
    """`cache[-1]` and `cache[T - 1 - t]` to `cache[t]`: the loop's variable for numbers and what is worked out."""
    for node in subscripts(function):
        step = _step(function, function.statement_of(node))
        for index in indices(node):
            if step is not None and (is_number(index) or _is_worked_out(function, index)):
                yield function.edit("name", COST, put(function, index, step, Level.ATOM))


def _is_worked_out(function: Function, index: ast.expr) -> bool:
    """Whether an index is a whole number that takes more than one of one to work out."""
    value = function.value(index) if isinstance(index, ast.BinOp) and not is_step(index) else None
    return value is not None and is_count(value)


def _is_alike(node: ast.expr, text: str, loops: set[str]) -> bool:
    """Whether what a text says is written like an index: a loop's variable for a name, an entry for an entry."""
    return text in loops if isinstance(node, ast.Name) else isinstance(simple(text), ast.Subscript)


def other_target(function: Function) -> Iterator[Edit]:
    """Another accumulator of the same shape in the place of one that is added to; idle ones first."""
    targets = dict.fromkeys(ast.unparse(each) for statement in function.statements for each in _set(statement))
    for statement in function.statements:
        if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
            own, known = ast.unparse(statement.target), function.known(statement)
            value = known.get(own)
            if value is None or not value.shape or not function.ran(statement):
                continue
            fitting = [text for text in known if text != own and known[text].shape == value.shape]
            idle = [text for text in fitting if text not in targets and _are_members(own, text)]
            others = [text for text in fitting if text in targets]
            for text in (_most_alike(own, idle, MOST_TARGETS) + _most_alike(own, others, MOST_TARGETS))[:MOST_TARGETS]:
                yield function.edit("name", TARGET_COST, put(function, statement.target, text, Level.ATOM))


def _set(statement: ast.stmt) -> list[ast.expr]:
    """What a statement assigns or adds to."""
    match statement:
        case ast.AugAssign(target=target):
            return [target]
        case ast.Assign(targets=targets):
            return [each for target in targets for each in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return []


def _are_members(one: str, other: str) -> bool:
    """Whether two texts name attributes of one object, or items of one dict under constant keys."""
    match simple(one), simple(other):
        case ast.Attribute(value=a), ast.Attribute(value=b):
            return ast.dump(a) == ast.dump(b)
        case ast.Subscript(value=a, slice=ast.Constant()), ast.Subscript(value=b, slice=ast.Constant()):
            return ast.dump(a) == ast.dump(b)
    return False


def _outermost_simple(function: Function) -> Iterator[ast.expr]:
    for node in sites(function):
        parent = function.parents[node]
        of_longer = isinstance(parent, ast.Attribute | ast.Subscript) and parent.value is node and is_simple(parent)
        # the name of a method is no part of what it is called on
        call = function.parents.get(parent)
        of_method = isinstance(call, ast.Call) and call.func is parent
        if is_simple(node) and (of_method or not of_longer):
            yield node


def _most_alike(own: str, others: list[str], most: int) -> list[str]:
    return sorted(others, key=lambda text: (-likeness(own, text), text))[:most]


def _step(function: Function, node: ast.AST) -> str | None:
    """The variable of the innermost loop over whole numbers around a statement."""
    while node is not function.node:
        inner, node = node, function.parents[node]
        if isinstance(node, ast.For) and isinstance(inner, ast.stmt):
            known = function.known(inner)
            for name in _loop_names(node):
                if name in known and is_count(known[name]):
                    return name
    return None


def _changing(function: Function) -> set[str]:
    """Names that loops go through, or set."""
    loops = [node for node in ast.walk(function.node) if isinstance(node, ast.For)]
    inside = [node for loop in loops for node in ast.walk(loop) if isinstance(node, ast.Name)]
    return {node.id for node in inside if isinstance(node.ctx, ast.Store)}


def _loop_names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.For):
        yield from (node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name))


def _is_in_index(function: Function, node: ast.AST) -> bool:
    while isinstance(node, ast.expr):
        parent = function.parents[node]
        if isinstance(parent, ast.Subscript) and parent.slice is node:
            return True
        node = parent
    return False
