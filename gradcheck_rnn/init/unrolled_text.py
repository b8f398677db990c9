"""The adapter and the configuration for code without a loss."""

from collections.abc import Iterator

from gradcheck_rnn.init.adapter_text import Written, roles_text
from gradcheck_rnn.init.calls import FILL_IN
from gradcheck_rnn.init.names import HIDDEN, INPUT, STEPS
from gradcheck_rnn.init.net import net_shape
from gradcheck_rnn.init.syntax import arguments, elements, returned
from gradcheck_rnn.init.unrolled import LossFree

BATCH = 2


def unrolled_adapter(found: LossFree, name: str, stubs: tuple[str, ...]) -> Written:
    """An adapter whose loss is the product of the output with fixed random numbers."""
    kind = "sequence" if found.is_sequence else "unrolled"
    options = f", stubs={list(stubs)!r}" if stubs else ""
    shapes = ", ".join(f'"{weight}": {shape}' for weight, shape in found.weights.items())
    states = _states(found)
    result = ", ".join(f'"{_contract(each, found)}"' if each else "None" for each in found.result)
    extra = "".join(f", {name}={value}" for name, value in _options(found, states))
    open_ = (
        []
        if all(found.result) and found.result
        else [f"the names of what {found.backward.name} returns, where None stands"]
    )
    backward = _backward(found)
    lines = [
        f'"""Reaches the backward pass of {name}: written by `gradcheck-rnn init`, yours to change."""',
        "",
        f"from gradcheck_rnn.adapters import {', '.join(sorted(['definitions', kind, 'values']))}",
        "",
        f'net = definitions("{name}"{options})'.replace("'", '"'),
        f"shapes = {{{shapes}}}",
        "",
        "",
        f"def forward(x, {', '.join(states)}, p):",
        _forward(found, states),
        "",
        "",
        *([backward, "", ""] if backward else []),
        *(f"# {FILL_IN}: {what}" for what in open_),
        f"result = values({result})",
        f"loss, gradients, parameters = {kind}(",
        f"    forward=forward, backward={_backward_name(found)}, shapes=shapes, result=result{extra}",
        ")",
    ]
    roles, more = roles_text(dict(found.weights), net_shape(found.weights), found.functions)
    return Written("\n".join([*lines, *roles]) + "\n", [*open_, *more])


def _options(found: LossFree, states: list[str]) -> Iterator[tuple[str, str]]:
    """What differs from how the ready-made adapter takes a layer: names of what went in, order of the axes."""
    returned = [_contract(each, found) for each in found.result if each]
    names = [name if name in returned else None for name in ("x", *states)]
    if names != (["x", "h0"] if found.is_sequence else ["x", "h"]):
        yield "inputs", "(" + ", ".join(f'"{name}"' if name else "None" for name in names) + ")"
    axes = found.axes if found.is_sequence else "IB" if found.layout == "column" else "BI"
    if axes not in ("", "TBI", "BI"):
        yield "axes", f'"{axes}"'


def unrolled_config(found: LossFree, adapter: str, config: str) -> str:
    """YAML of a net that ends at its states."""
    returned = [_contract(each, found) for each in found.result if each]
    state = "input            # its gradient is checked too" if set(returned) & set(_states(found)) else "random"
    return f"""# gradcheck-rnn check {config}

model:
  cell: {found.cell}
  input_size: {INPUT}
  hidden_size: {HIDDEN}
  layout: {found.layout}
  outputs: states           # there is no output layer: the states are what comes out
  initial_state: {state}
sequence: {{length: {STEPS}, batch_size: {BATCH}, inputs: dense, input_gradient: {str("x" in returned).lower()}}}
loss: {{kind: projection}}    # the states times fixed random numbers
seed: 0
backward: {{adapter: {adapter}}}
"""


def _states(found: LossFree) -> list[str]:
    """What `forward` takes beside the input."""
    return ["h0"] if found.is_sequence else ["h", "c"][: len(found.states)]


def _contract(name: str, found: LossFree) -> str:
    """The name that the ready-made adapter has for an input, a state or a weight."""
    if name == found.inputs:
        return "x"
    if name in found.states:
        return _states(found)[min(found.states.index(name), len(_states(found)) - 1)]
    return name


def _forward(found: LossFree, states: list[str]) -> str:
    weights = {name: f'p["{name}"]' for name in found.weights}
    if found.owner is None:
        places = {found.inputs: "x", **dict(zip(found.states, states, strict=False)), **weights}
        parts = [places[name] for name, default in arguments(found.forward) if name in places]
        return f"    return net.{found.forward.name}({', '.join(parts)})"
    if found.made:
        lines = [
            f"    layer = net.{found.made}",
            "    for name, value in p.items():",
            "        setattr(layer, name, value)",
        ]
        return "\n".join([*lines, f"    return {_run(found, states)}, layer"])
    stateful = ", stateful=True" if any(name == "stateful" for name, _ in _constructor(found)) else ""
    given = ", ".join(weights[name] for name, default in _constructor(found) if name in weights)
    lines = [f"    layer = net.{found.owner.name}({given}{stateful})"]
    if found.keeps_state and found.is_sequence:
        lines.append("    layer.set_state(h0)")
    return "\n".join([*lines, f"    return {_run(found, states)}, layer"])


def _run(found: LossFree, states: list[str]) -> str:
    """The layer's forward pass; where it returns several values, each of them."""
    inner = "x" if found.is_sequence else ", ".join(["x", *states])
    many = len(elements(returned(found.forward), found.forward)) > 1
    return f"{'*' if many else ''}layer.forward({inner})"


def _constructor(found: LossFree) -> list[tuple[str, object]]:
    constructor = found.owner.constructor if found.owner else None
    return [*arguments(constructor)] if constructor is not None else []


def _backward_name(found: LossFree) -> str:
    return f"net.{found.backward.name}" if found.owner is None else "backward"


def _backward(found: LossFree) -> str:
    if found.owner is None:
        return ""
    upstream = [name for name, default in arguments(found.backward)]
    many = len(elements(returned(found.backward), found.backward)) > 1
    state = ["layer.dh"] if found.keeps_state and found.is_sequence else []
    parts = [
        f"{'*' if many else ''}layer.backward({', '.join(upstream)})",
        *state,
        *([f"layer.{name}" for name in found.left] or ["*layer.grads"]),
    ]
    return f"def backward({', '.join([*upstream, 'layer'])}):\n    return {', '.join(parts)}"
