"""The text of a hand-written gated net, as somebody may have it: numpy alone, a function for each thing, one net."""

from collections.abc import Iterable
from functools import lru_cache

from . import gated_gru, gated_lstm
from .gated_spec import GatedSpec, Layout

HEAD = '''"""A hand-written {cell}: its loss, and backpropagation through time."""

import numpy as np


def sigmoid(a):
    return 0.5 * (1 + np.tanh(0.5 * a))


def softmax(y):
    odds = np.exp(y - np.max(y, axis={axis}, keepdims=True))
    return odds / np.sum(odds, axis={axis}, keepdims=True)


'''


@lru_cache(maxsize=1024)
def right_text(spec: GatedSpec) -> str:
    """The program without a bug: loss(parameters, batch) and gradients(parameters, batch)."""
    layout = Layout(spec.layout == "row")
    head = HEAD.format(cell=spec.cell.upper(), axis=layout.axis_of_sizes)
    parts = (_targets, _forward, _loss, _backward_step, _gradients)
    return head + "\n\n".join("\n".join(part(spec, layout)) + "\n" for part in parts)


def _targets(spec: GatedSpec, layout: Layout) -> list[str]:
    shape = "(steps, B, O)" if layout.row else "(steps, O, B)"
    vectors = "np.eye(outputs)[batch.targets]" if spec.loss == "softmax_cross_entropy" else "batch.targets"
    return [
        "def targets_of(batch, outputs):",
        f'    """Target vectors of the steps that count, {shape}."""',
        f"    targets = {vectors}",
        *(["    targets = targets[None]"] if spec.steps == "last" else []),
        "    if batch.inputs.ndim == 2:",
        "        targets = targets[:, None]",
        "    return targets" if layout.row else "    return targets.swapaxes(1, 2)",
    ]


def _forward(spec: GatedSpec, layout: Layout) -> list[str]:
    cell_lines = gated_lstm.forward_lines if spec.cell == "lstm" else gated_gru.forward_lines
    cached = {"lstm": gated_lstm.CACHED, "gru": gated_gru.CACHED}[spec.cell]
    output = [layout.product("h", "W_hy"), *([layout.spread("b_y")] if spec.biases else [])]
    turned = "" if layout.row else ".T"
    return [
        "def forward(p, batch):",
        '    """The values of every step, a dict a step, and the states before the first."""',
        "    inputs = batch.inputs if batch.inputs.ndim == 3 else batch.inputs[:, None]",
        f'    B, H = inputs.shape[1], p["W_hy"].shape[{1 - layout.axis_of_sizes}]',
        *(f"    {state} = np.broadcast_to({_start(spec, state)}, (B, H)){turned}" for state in spec.states),
        f"    cache, start = [], {dict_of(spec.states)}",
        "    for x in inputs:",
        *([] if layout.row else ["        x = x.T"]),
        *(f"        {line}" for line in cell_lines(spec, layout)),
        f"        y = {' + '.join(output)}",
        f"        cache.append({dict_of(cached)})",
        "    return cache, start",
    ]


def dict_of(names: Iterable[str]) -> str:
    """A dict of local names."""
    return "{" + ", ".join(f'"{name}": {name}' for name in names) + "}"


def _start(spec: GatedSpec, state: str) -> str:
    return f'p["{state}0"]' if spec.learned else f'batch.initial_state["{state}"]'


def _loss(spec: GatedSpec, layout: Layout) -> list[str]:
    softmax, mean = spec.loss == "softmax_cross_entropy", spec.reduction == "mean"
    added = 'np.sum(-target * np.log(softmax(s["y"])))' if softmax else '0.5 * np.sum((s["y"] - target) ** 2)'
    return [
        "def loss(parameters, batch):",
        "    cache, _ = forward(parameters, batch)",
        f'    targets = targets_of(batch, cache[0]["y"].shape[{layout.axis_of_sizes}])',
        "    total = 0.0",
        "    for s, target in zip(cache[-len(targets) :], targets):",
        f"        total = total + {added}",
        *([f"    T, B = targets.shape[0], targets.shape[{2 - layout.axis_of_sizes}]"] if mean else []),
        "    return total / (T * B)" if mean else "    return total",
    ]


def _backward_step(spec: GatedSpec, layout: Layout) -> list[str]:
    cell_lines = gated_lstm.backward_lines if spec.cell == "lstm" else gated_gru.backward_lines
    arguments = "dh, dc_next" if spec.cell == "lstm" else "dh"
    return [
        f"def backward_step(p, d, cache, start, t, {arguments}):",
        '    """Add the gradients of step t to d; what the step before gets from it."""',
        "    s = cache[t]",
        "    previous = cache[t - 1] if t > 0 else start",
        *(f"    {line}" for line in cell_lines(spec, layout)),
    ]


def _gradients(spec: GatedSpec, layout: Layout) -> list[str]:
    error = 'softmax(s["y"]) - target' if spec.loss == "softmax_cross_entropy" else 's["y"] - target'
    carried = [f"d{state}_next" for state in spec.states]
    zeros = [f'np.zeros_like(start["{state}"])' for state in spec.states]
    passed = "dh, dc_next" if spec.cell == "lstm" else "dh"
    weight_gradient = layout.outer('s["h"]', "dy")
    return [
        "def gradients(parameters, batch):",
        "    p = parameters",
        "    cache, start = forward(p, batch)",
        f'    targets = targets_of(batch, cache[0]["y"].shape[{layout.axis_of_sizes}])',
        f"    T, B = len(cache), targets.shape[{2 - layout.axis_of_sizes}]",
        "    d = {name: np.zeros_like(value) for name, value in p.items()}",
        f"    {', '.join(carried)} = {', '.join(zeros)}",
        "    for t in reversed(range(T)):",
        "        s = cache[t]  # of the output",
        *(f"        {line}" for line in _output_error(spec, error)),
        f'        d["W_hy"] += {weight_gradient}',
        *([f'        d["b_y"] += {layout.total("dy")}'] if spec.biases else []),
        f"        dh = {layout.backward('dy', 'W_hy')} + dh_next",
        f"        {', '.join(carried)} = backward_step(p, d, cache, start, t, {passed})",
        *([f'    d["{state}0"] = {layout.total(f"d{state}_next")}' for state in spec.states] if spec.learned else []),
        "    return d",
    ]


def _output_error(spec: GatedSpec, error: str) -> list[str]:
    if spec.steps == "all":
        shared = ["dy = dy / (T * B)"] if spec.reduction == "mean" else []
        return ["target = targets[t]", f"dy = {error}  # dL/dy", *shared]
    shared = ["error = error / B"] if spec.reduction == "mean" else []
    only = "dy = error if t == T - 1 else np.zeros_like(error)"
    return ["target = targets[0]", f"error = {error}  # dL/dy", *shared, only]
