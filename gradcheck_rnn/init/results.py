"""How a backward pass hands its gradients back: recognised by what they are called there."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gradcheck_rnn.init.names import gradient_names, plain_name
from gradcheck_rnn.init.syntax import (
    Function,
    assignments,
    called,
    dotted,
    elements,
    ordered,
    resolved,
    returned,
    text_entries,
    text_key,
)
from gradcheck_rnn.init.uses import reachable

LOSS = r"(\w*_)?(loss|cost|err|error|total|nll|objective|l|j|e|c)(_?(sum|total|value|val|t))?(es)?"
# calls that hand on what they are given
_THROUGH = {"clip", "array", "asarray", "copy", "float", "sum", "mean"}


@dataclass(frozen=True)
class Result:
    """The gradients of `weights` in what a function returns, or leaves behind.

    `code` makes it in an adapter; `part` is which of the returned values holds them, by number or by key, None where
    they are all of it; `loss` is which of the returned values is the loss; `rate` is how the learning rate is written
    in an update; `kept` is the attribute that holds them together.
    """

    code: str
    weights: tuple[str, ...]
    line: int
    part: int | str | None = None
    loss: int | str | None = None
    rate: str = ""
    form: str = "values"
    kept: str = ""


def results(function: Function, weights: Iterable[str]) -> list[Result]:
    """Every way in which a function hands back gradients of some of the weights, the most complete first."""
    known = list(weights)
    gradients = gradient_names(known)
    found = [*_returned(function, gradients, known), *_left(function, gradients), *_updated(function, gradients, known)]
    return sorted(found, key=lambda result: -len(result.weights))


def _returned(function: Function, gradients: Mapping[str, str], known: Sequence[str]) -> list[Result]:
    whole = returned(function)
    if whole is None:
        return []
    values = elements(whole, function)
    if len(values) == 1 and isinstance(values[0], ast.Dict) and (inside := _in_parts(values[0], function, known)):
        return inside
    loss = next((place for place, each in enumerate(values) if re.fullmatch(LOSS, name_of(each).lower())), None)
    is_one = not isinstance(whole, ast.Tuple | ast.List)
    found = _listed(values, gradients, whole.lineno)
    inner = [] if is_one and isinstance(values[0], ast.Tuple | ast.List) else found
    parts = [(None, values[0])] if is_one else list(enumerate(values))
    for part, each in parts:
        listed = elements(each, function) if isinstance(each, ast.Tuple | ast.List) else []
        inside = [*_listed(listed, gradients, whole.lineno), *_in_dict(each, function, known)]
        inner += [
            Result(one.code, one.weights, one.line, part, loss if part is not None else None, form=one.form)
            for one in inside
        ]
    own = loss if not is_one else None
    return [each if each.part is not None else Result(each.code, each.weights, each.line, None, own) for each in inner]


def _in_parts(whole: ast.Dict, function: Function, known: Sequence[str]) -> list[Result]:
    """Gradients in a dict that has others beside it: `{"loss": loss, "grads": grads}`."""
    parts = text_entries(whole)
    loss = next((key for key, _ in parts if re.fullmatch(LOSS, key.lower())), None)
    return [
        replace(found, part=key, loss=loss)
        for key, value in parts
        if key != loss
        for found in _in_dict(resolved(value, function), function, known)
    ]


def _listed(values: Sequence[ast.expr], gradients: Mapping[str, str], line: int) -> list[Result]:
    names = [gradients.get(plain_name(name_of(each))) for each in values]
    named = tuple(name for name in names if name)
    if not named or len(set(named)) < len(named):
        return []
    shown = ", ".join(f'"{name}"' if name else "None" for name in names)
    return [Result(f"values({shown})", named, line)]


def _in_dict(value: ast.expr, function: Function, known: Sequence[str]) -> list[Result]:
    """Gradients in a dict: its keys are the weights' names with a prefix or a suffix, or without."""
    found = _by_keys(_keys(value, function, known), known, value.lineno)
    return [] if found is None else [found]


def _by_keys(keys: Sequence[str], known: Sequence[str], line: int) -> Result | None:
    """Gradients by the keys that they have: those of the most weights with one prefix or suffix."""
    affixes = {(key[: -len(name)], "") for name in known for key in keys if key.endswith(name)}
    affixes |= {("", key[len(name) :]) for name in known for key in keys if key.startswith(name)}
    found = [_with_affix(keys, known, before, after, line) for before, after in sorted(affixes)]
    return max((each for each in found if each), key=lambda each: len(each.weights), default=None)


def _with_affix(keys: Sequence[str], known: Sequence[str], before: str, after: str, line: int) -> Result | None:
    named = tuple(name for name in known if f"{before}{name}{after}" in keys)
    if len(named) < 2:
        return None
    suffix = f', "{after}"' if after else ""
    return Result(f'mapping("{before}"{suffix})', named, line, form="mapping")


def _keys(value: ast.expr, function: Function, known: Sequence[str]) -> list[str]:
    """Keys of a dict: written, assigned one by one, or those of the weights that it is made from."""
    if isinstance(value, ast.Dict):
        return [key for key, _ in text_entries(value)]
    if isinstance(value, ast.DictComp):
        through = resolved(value.generators[0].iter, function)
        listed = {each.value for each in getattr(through, "elts", ()) if isinstance(each, ast.Constant)}
        names = [name for name in known if name in listed] or known
        return [] if isinstance(value.key, ast.Constant) else _computed(value.key, names)
    if called(value) == "dict" and isinstance(value, ast.Call):
        return [each.arg for each in value.keywords if each.arg]
    name = dotted(value)
    targets = [target for target, _ in assignments(function)]
    targets += [each.target for each in ordered(function) if isinstance(each, ast.AugAssign)]
    keys = [text_key(each) for each in targets if isinstance(each, ast.Subscript) and dotted(each.value) == name]
    made = [each for target, each in assignments(function) if name and dotted(target) == name]
    return [key for key in keys if key] + [
        key for each in made if not dotted(each) for key in _keys(each, function, known)
    ]


def _computed(key: ast.expr, known: Sequence[str]) -> list[str]:
    """Keys made of the weights' names: `name`, `"d" + name`, `f"d{name}"`."""
    texts = [each.value for each in ast.walk(key) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return [f"{texts[0] if texts else ''}{name}" for name in known]


def kept_in_dict(
    function: Function, functions: Mapping[str, Function], weights: Iterable[str], home: str
) -> list[Result]:
    """Gradients that a method, or one that it calls, keeps together in the object.

    One by one, as in `self.grads["dW"] += ...`, or all at once, as in `self.grads = grads`.
    """
    if not re.search(r"back|bptt|grad", function.name.lower()):
        return []
    if not any(isinstance(each, ast.For) for each in ordered(function)):
        return []
    known = list(weights)
    places: dict[str, list[str]] = {}
    for each in reachable(function, functions):
        for place, keys in _stored(each, known):
            if place != home:
                places.setdefault(place, []).extend(keys)
    whole = returned(function)
    values = elements(whole, function) if isinstance(whole, ast.Tuple) else []
    loss = next((place for place, each in enumerate(values) if re.fullmatch(LOSS, name_of(each).lower())), None)
    made = {place: _by_keys(keys, known, function.lineno) for place, keys in places.items()}
    return [replace(found, loss=loss, form="kept", kept=place) for place, found in made.items() if found is not None]


def _stored(function: Function, known: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Attributes of the object that a method puts values into by keys, with those keys."""
    targets = list(assignments(function))
    targets += [(each.target, each.value) for each in ordered(function) if isinstance(each, ast.AugAssign)]
    for target, value in targets:
        key = text_key(target)
        place = dotted(target.value if key and isinstance(target, ast.Subscript) else target)
        if place.startswith("self.") and place.count(".") == 1:
            yield place.removeprefix("self."), [key] if key else _keys(value, function, known)


def _left(function: Function, gradients: Mapping[str, str]) -> list[Result]:
    """Gradients left as attributes of the object."""
    targets = [target for target, _ in assignments(function)]
    targets += [each.target for each in ordered(function) if isinstance(each, ast.AugAssign)]
    found: dict[str, tuple[str, int]] = {}
    for target in targets:
        bare = target.value if isinstance(target, ast.Subscript) else target
        name = dotted(bare)
        weight = gradients.get(plain_name(name)) if name.startswith("self.") and name.count(".") == 1 else None
        if weight and name.endswith(weight):
            found.setdefault(weight, (name.removeprefix("self.")[: -len(weight)], target.lineno))
    prefixes = {prefix for prefix, _ in found.values()}
    if not found or len(prefixes) > 1:
        return []
    prefix = prefixes.pop()
    code = "attributes(net)" if prefix == "d" else f'attributes(net, "{prefix}")'
    return [Result(code, tuple(found), min(line for _, line in found.values()), form="attributes")]


def _updated(function: Function, gradients: Mapping[str, str], known: Sequence[str]) -> list[Result]:
    """Weights that are moved by a learning rate times their gradient, one by one or in a loop over pairs."""
    moved: dict[str, tuple[str, int]] = {}
    for each in ordered(function):
        target, change = _change(each)
        if target is None or change is None:
            continue
        name = (dotted(target) or text_key(target)).removeprefix("self.")
        if name in known and (rate := _rate(change, gradients)):
            moved[name] = (rate, target.lineno)
    for loop in (each for each in ordered(function) if isinstance(each, ast.For)):
        moved |= _moved_in_loop(loop, known)
    rates = {rate for rate, _ in moved.values()}
    if len(rates) != 1:
        return []
    line = min(line for _, line in moved.values())
    return [Result("updates(1.0)", tuple(moved), line, rate=rates.pop(), form="updates")]


def _change(node: ast.AST) -> tuple[ast.expr | None, ast.expr | None]:
    """What an update moves, and what it subtracts: `W -= change`, `W = W - change`, `W += -change`."""
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub):
        return node.target, node.value
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and _is_negative(node.value):
        return node.target, node.value
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp) and isinstance(node.value.op, ast.Sub):
        same = ast.unparse(node.value.left) == ast.unparse(node.targets[0])
        return (node.targets[0], node.value.right) if same else (None, None)
    return None, None


def _is_negative(value: ast.expr) -> bool:
    return any(isinstance(each, ast.USub) for each in ast.walk(value))


def _rate(change: ast.expr, gradients: Mapping[str, str]) -> str:
    """The learning rate of `rate * gradient`, as it is written; "" where the change is something else."""
    if not isinstance(change, ast.BinOp) or not isinstance(change.op, ast.Mult):
        return ""
    sides = [side.operand if isinstance(side, ast.UnaryOp) else side for side in (change.left, change.right)]
    rates = [dotted(side) for side in sides if dotted(side) and plain_name(dotted(side)) not in gradients]
    return rates[0] if len(rates) == 1 or (rates and not gradients) else ""


def _moved_in_loop(loop: ast.For, known: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Weights of `for w, dw in zip([W, ...], [dW, ...]): w -= rate * dw`."""
    if called(loop.iter) != "zip" or not isinstance(loop.target, ast.Tuple) or not isinstance(loop.iter, ast.Call):
        return {}
    names = [dotted(each) for each in loop.target.elts]
    places = {plain_name(name): name for name in names[1:]}
    for each in ordered(loop):
        target, change = _change(each)
        if target is None or change is None or dotted(target) != names[0] or not (rate := _rate(change, places)):
            continue
        first = next(iter(loop.iter.args), None)
        listed = [dotted(one).removeprefix("self.") for one in getattr(first, "elts", [])]
        return {name: (rate, loop.lineno) for name in listed if name in known}
    return {}


def name_of(value: ast.expr) -> str:
    """The name that a returned value has; of a product or of a call that hands on, that of the first that has one."""
    if isinstance(value, ast.Subscript):
        return text_key(value)
    if isinstance(value, ast.BinOp):
        return name_of(value.left) or name_of(value.right)
    if isinstance(value, ast.UnaryOp):
        return name_of(value.operand)
    if isinstance(value, ast.Call) and called(value) in _THROUGH:
        inside = [*value.args, *([value.func.value] if isinstance(value.func, ast.Attribute) else [])]
        return next((name for each in inside if (name := name_of(each)) and name != "np"), "")
    return dotted(value).rpartition(".")[2]
