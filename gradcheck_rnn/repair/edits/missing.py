"""A statement that is missing beside those like it: nothing is added to an accumulator."""

import ast
from collections.abc import Iterator, Mapping
from itertools import pairwise, product

from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.arrays import Arrays, variables_in
from gradcheck_rnn.repair.edits.flow import additions, block_of, loops_around, meet, ran, targets, variable, writes
from gradcheck_rnn.repair.edits.items import items_at, numbers_at, step_variable
from gradcheck_rnn.repair.edits.lines import after
from gradcheck_rnn.repair.edits.members import attributes_of
from gradcheck_rnn.repair.edits.renaming import Renaming, difference, names_of
from gradcheck_rnn.repair.edits.result_shape import Shape, result_shape
from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.seen import Value

# what one missing statement may be: the rest of the combinations is less likely than any of these
MOST = 120


def sibling_inserted(function: Function) -> Iterator[Edit]:
    """An accumulator that nothing is added to gets a statement like those of the others, behind the last of them."""
    templates = additions(ran(function))
    for target, shape in _idle(function).items():
        found: dict[Change, None] = {}
        for template in templates:
            for place in _places(function, template):
                for text in _like(function, template, place, target, shape):
                    found[after(function.text, place, text)] = None
        for place in dict.fromkeys(place for template in templates for place in _places(function, template)):
            for text in _under_an_index(function, place, target, shape):
                found[after(function.text, place, text)] = None
        for change in list(found)[:MOST]:
            yield function.edit("insert a statement", 3.0, change)


def bias_inserted(function: Function) -> Iterator[Edit]:
    """Where `self.dW` is added to and the object has a `b`, too: `self.db += da`, summed over a batch."""
    templates = [(each, each.target) for each in additions(ran(function)) if isinstance(each.target, ast.Attribute)]
    idle = _idle_attributes(function, [target for _, target in templates])
    found: dict[Change, None] = {}
    for template, _ in templates:
        for place in _places(function, template):
            gradients = _shapes(Arrays(function).gradients_at(place))
            for target in idle:
                for gradient, shape in gradients.items():
                    text = gradient if len(shape) == 1 else f"{gradient}.sum(axis=0)"
                    found[after(function.text, place, f"{target} += {text}")] = None
    for change in list(found)[:MOST]:
        yield function.edit("insert a statement", 3.0, change)


def _idle_attributes(function: Function, added_to: list[ast.Attribute]) -> list[str]:
    """Attributes that are called like those that are added to, after another attribute of the file's objects."""
    known, added = attributes_of(function.text), {each.attr for each in added_to}
    prefixes = {name[: -len(each)] for name in added for each in known if name.endswith(each)} - {""}
    return [
        f"{owner}.{prefix}{name}"
        for owner in dict.fromkeys(ast.unparse(each.value) for each in added_to)
        for prefix in sorted(prefixes)
        for name in known
        if f"{prefix}{name}" not in added
    ]


def _idle(function: Function) -> dict[str, Shape | None]:
    """Accumulators, by name, that are filled with zeros and then left alone, with their shapes."""
    statements = ran(function)
    filled = [each for each in statements if isinstance(each, ast.Assign) and _makes_zeros(function, each)]
    changed = [writes(each) for each in statements if each not in filled and not isinstance(each, ast.For | ast.While)]
    known = function.known(statements[-1]) if statements else {}
    found: dict[str, Shape | None] = {}
    for statement in filled:
        for target in targets(statement):
            name, value = variable(target), known.get(ast.unparse(target))
            if name is None or any(meet([name], each) for each in changed):
                continue
            if value is not None and value.shape:
                found[function.text.of(target)] = value.shape
    return found | _idle_items(function, statements)


def _idle_items(function: Function, statements: list[ast.stmt]) -> dict[str, Shape | None]:
    """Items of a dict of gradients that no statement names, while it names others: by the keys of the weights' dict."""
    added = [each.target for each in statements if isinstance(each, ast.AugAssign)]
    dicts: dict[str, list[ast.Subscript]] = {}
    for target in added:
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name | ast.Attribute):
            dicts.setdefault(ast.unparse(target.value), []).append(target)
    known = function.known(statements[-1]) if statements else {}
    found: dict[str, Shape | None] = {}
    for holder, items in dicts.items():
        constants = [each.slice.value for each in items if isinstance(each.slice, ast.Constant)]
        keys = [key for key in constants if isinstance(key, str)]
        if len(keys) < len(items):
            continue
        for other, key, node in _keys(function):
            for prefix in ("", "d"):
                name = f"{prefix}{key}"
                if other != holder and name not in keys and _has_others(function, other, prefix, keys):
                    value = known.get(ast.unparse(node))
                    text = f"{holder}[{name!r}]"
                    found.setdefault(text, None if value is None else value.shape)
    return found


def _keys(function: Function) -> list[tuple[str, str, ast.Subscript]]:
    """Dicts and the constant keys that the file looks up in them."""
    return [
        (ast.unparse(node.value), node.slice.value, node)
        for node in ast.walk(function.text.tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and isinstance(node.ctx, ast.Load)
    ]


def _has_others(function: Function, holder: str, prefix: str, keys: list[str]) -> bool:
    """Whether another dict has keys of which these are made."""
    return any(f"{prefix}{key}" in keys for other, key, _ in _keys(function) if other == holder)


def _like(
    function: Function, template: ast.AugAssign, place: ast.stmt, target: str, shape: Shape | None
) -> Iterator[str]:
    """Statements made from one for another target: its names turned, then other arrays in the place of its own."""
    renaming = Renaming(*difference(function.text.of(template.target), target), names_of(function))
    if variable(template.target) == ast.unparse(template.target) and renaming.former:
        text = renaming.text_of(function, template.value, template)
        yield from [] if text is None else [f"{target} += {text}"]
    variables = list(dict.fromkeys(ast.unparse(each) for each in variables_in(function, template.value)))
    if shape is None or len(variables) > 2:
        return
    gradients, operands = Arrays(function).gradients_at(place), _operands(function, place)
    own = [function.seen.at(template.lineno, each) for each in variables]
    for chosen in product(operands, repeat=len(variables)):
        if not any(name in gradients for name in chosen):
            continue
        possible = [_possible(operands[name], value, shape) for name, value in zip(chosen, own, strict=True)]
        shapes = (dict(zip(variables, each, strict=True)) for each in product(*possible))
        if any(result_shape(template.value, each) == shape for each in shapes):
            yield f"{target} += {_with_others(function, template.value, dict(zip(variables, chosen, strict=True)))}"


def _operands(function: Function, place: ast.stmt) -> dict[str, Shape | None]:
    """Arrays, and items of the step, with their shapes where these are known."""
    found: dict[str, Shape | None] = {**_shapes(Arrays(function).at(place))}
    step = step_variable(function, place)
    for item in [] if step is None else items_at(function, place, step):
        if item.shape != ():
            found.setdefault(item.text, item.shape)
    return found


def _possible(shape: Shape | None, own: Value | None, wanted: Shape) -> list[Shape]:
    """The shape of an operand; of an unknown one, those like the shape of the one that it replaces."""
    if shape is not None:
        return [shape]
    return [] if own is None or own.shape is None else _like_but_one(own.shape, wanted)


def _like_but_one(own: Shape, wanted: Shape) -> list[Shape]:
    """A shape with one of its sizes replaced by one of those that are wanted."""
    return [(*own[:at], size, *own[at + 1 :]) for at in range(len(own)) for size in dict.fromkeys(wanted)]


def _under_an_index(function: Function, place: ast.stmt, target: str, shape: Shape | None) -> Iterator[str]:
    """An array added to the row, or the column, of a token."""
    if shape is None or len(shape) != 2:
        return
    for gradient, of_gradient in _shapes(Arrays(function).gradients_at(place)).items():
        for index in numbers_at(function, place):
            if of_gradient == shape[:1]:
                yield f"{target}[:, {index}] += {gradient}"
            elif of_gradient == shape[1:]:
                yield f"{target}[{index}] += {gradient}"


def _shapes(arrays: Mapping[str, Value]) -> dict[str, Shape]:
    return {name: each.shape for name, each in arrays.items() if each.shape}


def _with_others(function: Function, node: ast.expr, names: Mapping[str, str]) -> str:
    """The text of an expression with other variables."""
    start, end = function.text.span(node)
    text = function.text.text[:end]
    for each in sorted(variables_in(function, node), key=lambda each: -function.text.span(each)[0]):
        first, last = function.text.span(each)
        text = text[:first] + names[ast.unparse(each)] + text[last:]
    return text[start:]


def _places(function: Function, template: ast.stmt) -> Iterator[ast.stmt]:
    """Behind which statements another one like a template may stand: in its own block, and in those around it."""
    yield [each for each in block_of(function, template) if isinstance(each, ast.AugAssign)][-1]
    for inner, outer in pairwise(loops_around(function, template)):
        before = outer.body[: outer.body.index(inner)] if inner in outer.body else []
        yield from before[-1:]


def _makes_zeros(function: Function, statement: ast.Assign) -> bool:
    text = function.text.of(statement.value)
    return any(word in text for word in ("zeros", "empty", "0 *", "* 0"))
