"""The forward pass of the described net: its sweeps over the sequence, layer by layer, and the outputs read off them.

Shapes: T steps, B sequences, I inputs, H hidden units, O outputs. A reversed sweep has its steps in its own order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, OUTPUT_BIAS, OUTPUT_WEIGHT, Cell
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.model import scan
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Canonical, Problem, canonical

# values of all steps
Steps = TypeVar("Steps", Array, list[Array], list[Array | None])


@dataclass(frozen=True)
class Run(scan.Trace):
    """Values of one sweep, with the inputs x (T, B, I) that it took."""

    x: Array
    others: Mapping[str, "Run"] = field(default_factory=dict, kw_only=True)


@dataclass(frozen=True)
class Trace:
    """Values of one forward pass: of each sweep, by its place; the states that outputs are read from; the outputs.

    `hidden` is (T, B, H), or 2H for two directions, `y` (T, B, O).
    """

    runs: Mapping[str, Run]
    hidden: Array
    y: Array


def forward(net: Net, c: Canonical) -> Trace:
    """Run the net over its inputs."""
    runs: dict[str, Run] = {}
    hidden, tokens = c.x, c.tokens
    for level in net.structure.levels:
        for sweep in level:
            run = _run(net, c, sweep, in_order(sweep, hidden), tokens)
            runs[sweep.place] = replace(run, others=runs)
        hidden = side_by_side(level, [runs[sweep.place].at_steps(net.equations.output) for sweep in level])
        tokens = None
    return Trace(runs, hidden, hidden @ c.parameters[OUTPUT_WEIGHT] + c.parameters[OUTPUT_BIAS])


def _run(net: Net, c: Canonical, sweep: Sweep, x: Array, tokens: Array | None) -> Run:
    cell, parameters = net.equations, c.parameters_of(net.equations, sweep)
    taken = None if tokens is None else in_order(sweep, tokens)
    gained = from_input(cell, parameters, x, taken)
    run = scan.run(cell, parameters, gained, c.initial_of(cell, sweep))
    return Run(run.values, run.states, x)


def from_input(cell: Cell, parameters: Mapping[str, Array], x: Array, tokens: Array | None = None) -> dict[str, Array]:
    """What each affine equation gains from the inputs and its bias, (T, B, H); tokens (T, B) pick rows of weights."""
    gained = {}
    for each in cell.affine:
        width = parameters[each.terms[0].weight].shape[-1]
        value = np.zeros((*x.shape[:2], width), x.dtype)
        for term in each.terms:
            if term.operand == INPUT:
                weight = parameters[term.weight]
                value = value + (x @ weight if tokens is None else weight[tokens])
        gained[each.name] = value + parameters[each.bias] if each.bias else value
    return gained


def in_order(sweep: Sweep, values: Steps) -> Steps:
    """Turn values over time, an array with first axis T or a list, into the order of a sweep's steps, or back."""
    return values[::-1] if sweep.is_reversed else values


def side_by_side(level: Sequence[Sweep], values: Sequence[Array]) -> Array:
    """Put what the sweeps of a layer give, each in its own order, next to each other in the order of time."""
    turned = [in_order(sweep, value) for sweep, value in zip(level, values, strict=True)]
    return turned[0] if len(turned) == 1 else np.concatenate(turned, axis=-1)


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def described_loss(problem: Problem) -> float:
    """Loss of the described net at the problem's parameters."""
    net, c = problem.net, canonical(problem)
    y = forward(net, c).y[net.counted_steps]
    return float(LOSSES[net.loss.kind].value(y, c.targets).sum() * net.loss_weight)
