"""What a file is: where its weights are, which function gives their gradients, how it is called, what net it is."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gradcheck_rnn.init.calls import Reading, form_of, is_batched, reads_what_it_does_not_set
from gradcheck_rnn.init.homes import Home, homes
from gradcheck_rnn.init.names import argument_called, is_output_error
from gradcheck_rnn.init.net import NetShape, activation, averages, loss_kind, net_shape, uses_outside_loops
from gradcheck_rnn.init.results import LOSS, Result, kept_in_dict, name_of, results
from gradcheck_rnn.init.shapes import Sizes
from gradcheck_rnn.init.syntax import File, Function, arguments, called, ordered, returned
from gradcheck_rnn.init.uses import Uses, reachable, uses

# functions that use a backward pass and are none
USERS = r".*(check|numeric|train|fit|sgd|adam|adagrad|update_param|test|main|run|evaluate|optimi[sz]e).*"
NO_LOSS = r"grad|deriv|back|prime|_d$|^d_|plot"
NOT_THERE = -1
FORWARD = r".*(forward|fprop|feed|propagat|predict_prob).*"


@dataclass(frozen=True)
class Recognised:
    """A backward pass and all that is needed to call it.

    `forward` is the function that has to run before it, None where it runs on its own; `loss` the function that
    returns the loss, None where nothing does; `functions` what the backward pass reaches.
    """

    home: Home
    sizes: Sizes
    backward: Function
    result: Result
    forward: Function | None
    loss: Function | None
    functions: tuple[Function, ...]
    shapes: Mapping[str, tuple[int | None, ...]]
    net: NetShape
    cell: str
    reading: Reading
    reduction: str

    @property
    def batched(self) -> bool:
        """Whether the batch has an axis of its own."""
        return self.reading.form in ("batch", "columns")


def recognise(file: File) -> Recognised | None:
    """Find the backward pass of a file with the most gradients; None where nothing in it returns or leaves any."""
    found = max(_candidates(file), key=lambda candidate: candidate[0], default=None)
    if found is None:
        return None
    _, home, sizes, backward, result = found
    shapes = {name: home.arrays[name].shape for name in result.weights}
    known = {name: tuple(each or 1 for each in shape) for name, shape in shapes.items()}
    net = net_shape(known)
    if net is None:
        return None
    forward = forward_before(home, backward)
    loss = None if result.loss is not None else _loss(home, backward, forward)
    before_loss = forward_before(home, loss) if loss is not None and loss is not forward else None
    reached = [*reachable(backward, home.functions), *(reachable(loss, home.functions) if loss else [])]
    for each in (forward, before_loss):
        reached += reachable(each, home.functions) if each else []
    functions = tuple(dict.fromkeys([each for each in reached if each.name != "__init__"]))
    reading = _reading(home, net, known, functions, [each for each in (backward, forward, loss, before_loss) if each])
    reduction = "mean" if averages(loss or backward) else "sum"
    cell = activation(functions) if net.cell == "elman" else net.cell
    return Recognised(home, sizes, backward, result, forward, loss, functions, shapes, net, cell, reading, reduction)


def _candidates(file: File) -> Iterator[tuple[float, Home, Sizes, Function, Result]]:
    for home, sizes in homes(file):
        for function in (each for name, each in home.functions.items() if not home.is_made_by(name)):
            found = [*results(function, home.arrays), *kept_in_dict(function, home.functions, home.arrays, home.key)]
            for place, result in enumerate(found):
                if len(result.weights) >= 2:
                    yield _worth(home, function, result) - place / 100, home, sizes, function, result


def _worth(home: Home, function: Function, result: Result) -> float:
    """How likely a function is the backward pass: by its gradients, less where it merely uses one."""
    worth = 10.0 * len(result.weights) + (home.kind != "module")
    worth += {"values": 3, "mapping": 3, "attributes": 2, "kept": 1, "updates": 0}[result.form]
    name = function.name.lower()
    if re.fullmatch(USERS, name) and not re.search(r"back|bptt|grad(s|ient)", name.replace("check", "")):
        worth -= 15
    return worth - (20 if "check" in name or "numeric" in name else 0)


def forward_before(home: Home, backward: Function) -> Function | None:
    """The forward pass that has to run before a function: where that takes or reads what it gives."""
    names = [name for name in home.functions if re.fullmatch(FORWARD, name.lower()) and "back" not in name.lower()]
    called_there = {called(each) for each in ordered(backward) if isinstance(each, ast.Call)}
    if backward.name in names or called_there & set(names):
        return None
    for name in sorted(names, key=len):
        forward = home.functions[name]
        given = {argument_called(argument) for argument, _ in arguments(backward)}
        takes = any(
            argument_called(argument) == "" or is_output_error(argument)
            for argument, default in arguments(backward)
            if default is None
        )
        if takes or "inputs" not in given or reads_what_it_does_not_set(backward, forward):
            return forward
    return None


def _loss(home: Home, backward: Function, forward: Function | None) -> Function | None:
    """The function that returns the loss: by its name, else the forward pass where it returns what is called so."""
    fitting = [
        function
        for name, function in home.functions.items()
        if re.search(r"loss|cost|error|nll|cross_?entropy|objective", name.lower())
        and not re.search(NO_LOSS, name.lower())
        and function is not backward
        and returned(function) is not None
    ]
    for function in (*fitting, *([forward] if forward is not None else [])):
        if function is not forward or returns_loss(function) is not NOT_THERE:
            return function
    return None


def _reading(
    home: Home,
    net: NetShape,
    shapes: Mapping[str, tuple[int, ...]],
    functions: Sequence[Function],
    entries: Sequence[Function],
) -> Reading:
    """How a batch stands in the code, by what the functions that are called do with it."""
    taken = {kind: _all_uses(kind, entries, home.functions) for kind in ("inputs", "targets")}
    inputs, targets = _together(taken["inputs"]), _together(taken["targets"])
    kind = loss_kind(functions)
    axes = inputs.axes if inputs.axes in ("TBI", "BTI", "IBT") else "T"
    form = form_of(shapes, functions, batched=axes != "T" or is_batched(functions))
    if axes == "IBT":
        form = "columns"
    has_steps = targets.has_steps
    if form not in ("batch", "columns"):
        has_steps |= targets.in_arange or targets.is_counted
    is_last = bool(net.output) and uses_outside_loops(net.output, functions) and not has_steps
    return Reading(
        tokens=inputs.is_index,
        classes=targets.is_index,
        kind=kind,
        form=form,
        axes=axes,
        is_flat=inputs.is_reshaped,
        output_size=net.output_size,
        last_step=is_last,
    )


def _all_uses(kind: str, entries: Sequence[Function], functions: Mapping[str, Function]) -> list[Uses]:
    return [
        uses(function, name, functions)
        for function in entries
        for name, _ in arguments(function)
        if argument_called(name) == kind
    ]


def _together(found: Sequence[Uses]) -> Uses:
    return Uses(
        any(each.is_index for each in found),
        any(each.has_steps for each in found),
        any(each.in_arange for each in found),
        any(each.is_counted for each in found),
        next((each.axes for each in found if each.axes), ""),
        any(each.is_reshaped for each in found),
    )


def returns_loss(function: Function) -> int | None:
    """Which of the values that a function returns is the loss; None where it returns one, NOT_THERE where none is."""
    value = returned(function)
    values = value.elts if isinstance(value, ast.Tuple) else [value]
    names = [name_of(each).lower() for each in values if each is not None]
    place = next((place for place, name in enumerate(names) if re.fullmatch(LOSS, name)), NOT_THERE)
    return place if isinstance(value, ast.Tuple) or place == NOT_THERE else None


def free_names(functions: Sequence[Function]) -> list[str]:
    """Names that functions read and do not set: globals, in the order of the text."""
    found: dict[str, None] = {}
    for function in functions:
        own = {name for name, _ in arguments(function)} | {"self"}
        own |= {
            node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        inner = {
            each.name
            for each in ast.walk(function)
            if isinstance(each, ast.FunctionDef | ast.Lambda) and hasattr(each, "name")
        }
        inner |= {each.arg for each in ast.walk(function) if isinstance(each, ast.arg)}
        declared = {name for each in ast.walk(function) if isinstance(each, ast.Global) for name in each.names}
        for node in ordered(function):
            if (
                isinstance(node, ast.Name)
                and isinstance(node.ctx, ast.Load)
                and node.id not in (own | inner) - declared
            ):
                found.setdefault(node.id)
    return list(found)
