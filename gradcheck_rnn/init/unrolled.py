"""Code without a loss: functions or layers that take an upstream gradient, for a step or for a whole sequence."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gradcheck_rnn.analytic.role_names import UNKNOWN, misfit
from gradcheck_rnn.init.homes import homes
from gradcheck_rnn.init.names import HIDDEN, INPUT, argument_called, gradient_names, plain_name
from gradcheck_rnn.init.net import activation
from gradcheck_rnn.init.results import results
from gradcheck_rnn.init.syntax import Class, File, Function, arguments, assignments, called, dotted, elements, ordered
from gradcheck_rnn.init.syntax import returned as returned_by
from gradcheck_rnn.init.uses import reachable, uses

_ROLES = ("W_xh", "W_hh", "b_h")
_UPSTREAM = (
    r"d_?(prev|next)?_?_?(out|hs?|a|as|s|hidden|state|next_?[hcasy]|[hcas]_?(next|t|out|all)|c|cs|hout|top_diff_\w)"
)


@dataclass(frozen=True)
class LossFree:
    """A pair of forward and backward that has no loss.

    `weights` are the arguments that hold them, in order, with the shapes of our sizes; `result` names what the
    backward pass returns, by these names and those of the inputs and states; `owner` is the class of a layer, whose
    gradients are in its list `grads`, or in the attributes `left` where it makes its weights itself, by `made`.
    """

    forward: Function
    backward: Function
    inputs: str
    states: tuple[str, ...]
    weights: Mapping[str, tuple[int, ...]]
    result: tuple[str | None, ...]
    is_sequence: bool
    axes: str
    layout: str
    cell: str
    functions: Sequence[Function]
    owner: Class | None = None
    keeps_state: bool = False
    made: str = ""
    left: tuple[str, ...] = ()


def loss_free(file: File) -> LossFree | None:
    """Find a recurrent pair of forward and backward; one for sequences comes before one for a step."""
    found = [*_pairs(file), *_layers(file), *_cells(file)]
    return min(found, key=lambda each: not each.is_sequence, default=None)


def _pairs(file: File) -> Iterator[LossFree]:
    for name, forward in file.functions.items():
        other = re.sub("forward", "backward", name).replace("fwd", "bwd")
        backward = file.functions.get(other)
        if other == name or backward is None:
            continue
        taken = [each for each, default in arguments(forward) if default is None]
        weights = [each for each in taken if _role(each)]
        inputs = next((each for each in taken if argument_called(each) == "inputs"), "")
        states = tuple(each for each in taken if argument_called(each) in ("h", "c") and each not in weights)
        if inputs and states and len(weights) > 1:
            functions = [*reachable(forward, file.functions)]
            made = _made(forward, backward, inputs, states, weights, functions)
            if made is not None:
                yield made


def _layers(file: File) -> Iterator[LossFree]:
    """Classes with parallel lists `params` and `grads`, whose weights are given to the constructor."""
    for owner in file.classes.values():
        forward, backward = owner.methods.get("forward"), owner.methods.get("backward")
        if owner.constructor is None or forward is None or backward is None:
            continue
        lists = {dotted(target): value for target, value in assignments(owner.constructor)}
        params = lists.get("self.params")
        if not isinstance(params, ast.List) or "self.grads" not in lists:
            continue
        weights = [dotted(each) for each in params.elts]
        taken = [name for name, default in arguments(forward) if default is None]
        states = tuple(each for each in taken[1:] if argument_called(each) in ("h", "c"))
        keeps = "set_state" in owner.methods
        if len(weights) < 2 or not taken or not all(_role(each) for each in weights) or not (states or keeps):
            continue
        inner = [each for other in file.classes.values() for each in other.methods.values()]
        made = _made(forward, backward, taken[0], states or ("h0",), weights, [forward, *inner], owner=owner)
        if made is not None:
            yield made


def _cells(file: File) -> Iterator[LossFree]:
    """Objects that hold their weights, do one step, and leave the gradients of it beside them."""
    for home, sizes in homes(file):
        forward, backward = home.functions.get("forward"), home.functions.get("backward")
        if home.kind != "object" or home.owner is None or forward is None or backward is None:
            continue
        taken = [name for name, default in arguments(forward) if default is None]
        states = tuple(each for each in taken[1:] if argument_called(each) in ("h", "c"))
        left = next((each for each in results(backward, home.arrays) if each.form == "attributes"), None)
        if left is None or not states or any(isinstance(each, ast.For) for each in ordered(forward)):
            continue
        prefix = left.code.partition('"')[2].rstrip('")') or "d"
        made = _made(forward, backward, taken[0], states, left.weights, [forward], owner=home.owner)
        given = (
            [sizes.of(ast.Name(name)) for name, _ in arguments(home.owner.constructor)]
            if home.owner.constructor
            else []
        )
        if made is not None and None not in given:
            shapes = {name: tuple(each or 1 for each in home.arrays[name].shape) for name in left.weights}
            yield replace(
                made,
                weights=shapes,
                made=f"{home.owner.name}({', '.join(map(str, given))})",
                left=tuple(f"{prefix}{name}" for name in left.weights),
            )


def takes_upstream(backward: Function) -> bool:
    """Whether a backward pass takes the derivative by a state."""
    return any(re.fullmatch(_UPSTREAM, name.lower()) for name, _ in arguments(backward))


def _made(
    forward: Function,
    backward: Function,
    inputs: str,
    states: tuple[str, ...],
    weights: Sequence[str],
    functions: Sequence[Function],
    owner: Class | None = None,
) -> LossFree | None:
    is_sequence = any(isinstance(each, ast.For) for each in ordered(forward))
    letters = ast.unparse(forward).lower() + (owner.name.lower() if owner else "")
    blocks = 4 if "lstm" in letters or len(states) > 1 else 3 if "gru" in letters else 1
    layout = _layout(weights, functions)
    result = _result(backward, inputs, states, weights)
    if not takes_upstream(backward) or (owner is None and sum(each in weights for each in result) < 2):
        return None
    if owner is not None:
        state = ("h0",) if is_sequence else ()
        result = (*result, *(state if "set_state" in owner.methods else ()), *weights)
    return LossFree(
        forward,
        backward,
        inputs,
        states,
        {name: _shape(_role(name), blocks, layout) for name in weights},
        result,
        is_sequence,
        uses(forward, inputs, {}).axes if is_sequence else "",
        layout,
        {4: "lstm", 3: "gru"}.get(blocks, activation(functions)),
        functions,
        owner,
        owner is not None and "set_state" in owner.methods,
    )


def _role(name: str) -> str:
    """Which of the described weights a name stands for; "" for none."""
    best = min(_ROLES, key=lambda role: misfit(name, role))
    return best if misfit(name, best) < UNKNOWN and name not in ("h", "c", "a", "s") else ""


def _shape(role: str, blocks: int, layout: str) -> tuple[int, ...]:
    wide = blocks * HIDDEN
    if role == "b_h":
        return (wide,) if layout == "row" else (wide, 1)
    shape = (INPUT if role == "W_xh" else HIDDEN, wide)
    return shape if layout == "row" else shape[::-1]


def _layout(weights: Sequence[str], functions: Sequence[Function]) -> str:
    """`row` where weights stand on the right of products, `column` where they stand on the left."""
    left = right = 0
    for function in functions:
        for node in ordered(function):
            sides: tuple[ast.expr, ast.expr] | None = None
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                sides = node.left, node.right
            elif isinstance(node, ast.Call) and called(node) in ("dot", "matmul"):
                owner = node.func.value if isinstance(node.func, ast.Attribute) else None
                is_of_module = owner is None or dotted(owner) in ("np", "numpy")
                sides = (node.args[0], node.args[1]) if is_of_module and len(node.args) > 1 else None
                sides = (owner, node.args[0]) if owner is not None and not is_of_module else sides
            if sides is not None:
                left += dotted(sides[0]) in weights
                right += dotted(sides[1]) in weights
    return "column" if left > right else "row"


def _result(backward: Function, inputs: str, states: Sequence[str], weights: Sequence[str]) -> tuple[str | None, ...]:
    """What the backward pass returns: the input's gradient, the states', the weights'; None for what cannot be told."""
    whole = returned_by(backward)
    values = elements(whole, backward) if whole is not None else []
    gradients = dict(gradient_names([inputs, *states, *weights]))
    for state in states:
        kind = argument_called(state)
        for called_there in (
            f"dprev{kind}",
            f"d{kind}prev",
            f"d{kind}0",
            f"d{kind}",
            f"d{kind}previous",
            f"dprev{kind}t",
        ):
            gradients.setdefault(called_there, state)
    for step in ("dx", "dxt", "dxs", "dinputs"):
        gradients.setdefault(step, inputs)
    named = [gradients.get(plain_name(dotted(each))) for each in values]
    left = [each for each in (inputs, *states, *weights) if each not in named]
    # a single one that is called otherwise can only be the one that is left
    return tuple(each or left[0] for each in named) if named.count(None) == len(left) == 1 else tuple(named)
