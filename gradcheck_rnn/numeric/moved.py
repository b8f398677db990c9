"""Losses of the described net with one entry moved, K runs side by side: the plain evaluation, whole losses.

The offset may be complex: then the loss is too, for the complex step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, OUTPUT_BIAS, OUTPUT_WEIGHT, Affine, previous
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.forward import in_order
from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Canonical, Problem, canonical
from gradcheck_rnn.model.scan import evaluated
from gradcheck_rnn.numeric.entries import Entries, block_length, entries_of
from gradcheck_rnn.numeric.estimate import Indices


def moved_losses(problem: Problem, name: str, indices: Indices, offset: complex) -> Array:
    """Losses (K,) when each of the given entries of one parameter moves by `offset`, one at a time."""
    entries, length = entries_of(problem.net, name, indices), block_length(problem.net)
    every = np.arange(len(entries))
    blocks = [entries.picked(every[start : start + length]) for start in range(0, len(entries), length)]
    losses = [_block_losses(problem, block, offset) for block in blocks]
    return np.concatenate(losses) if losses else np.zeros(0)


def _block_losses(problem: Problem, entries: Entries, offset: complex) -> Array:
    net, c = problem.net, canonical(problem)
    loss, dtype = LOSSES[net.loss.kind].value, np.result_type(np.float64, type(offset))
    counted = range(len(c.x))[net.counted_steps]
    values: Iterable[Array] = (_inputs(c, t, entries, offset) for t in range(len(c.x)))
    for level in net.structure.levels:
        values = _through_layer(net, c, level, values, entries, offset)
    total = np.zeros(len(entries), dtype)
    for t, value in enumerate(values):
        if t in counted:
            h = np.broadcast_to(value, (len(entries), *value.shape[-2:]))
            y = h @ c.parameters[OUTPUT_WEIGHT] + c.parameters[OUTPUT_BIAS]
            entries.add_to_output(y, h, offset)
            targets = c.targets[t - counted.start]
            total += loss(y, np.broadcast_to(targets, (len(entries), *targets.shape))).sum(axis=1)
    return np.asarray(total * net.loss_weight)


def _inputs(c: Canonical, t: int, entries: Entries, offset: complex) -> Array:
    """What the lowest layer takes at a step, (B, I), or (K, B, I) where it moves."""
    change = entries.change_of_inputs(c, t, offset)
    return c.x[t] if change is None else np.asarray(c.x[t] + change)


def _through_layer(
    net: Net, c: Canonical, level: Sequence[Sweep], inputs: Iterable[Array], entries: Entries, offset: complex
) -> Iterable[Array]:
    """States of a layer at each step, (K, B, H)."""
    if len(level) == 1:
        return _through_sweep(net, c, level[0], inputs, entries, offset)
    given = list(inputs)
    swept = [list(_through_sweep(net, c, each, in_order(each, given), entries, offset)) for each in level]
    turned = [in_order(sweep, states) for sweep, states in zip(level, swept, strict=True)]
    return (np.concatenate(both, axis=-1) for both in zip(*turned, strict=True))


def _through_sweep(
    net: Net, c: Canonical, sweep: Sweep, inputs: Iterable[Array], entries: Entries, offset: complex
) -> Iterator[Array]:
    cell, own, dtype = net.equations, entries.of(sweep), np.result_type(np.float64, type(offset))
    parameters = {
        name: own.add_to_vector(name, value, offset) if name in cell.vectors else value
        for name, value in c.parameters_of(cell, sweep).items()
    }
    at: dict[str, Array] = {}
    for state, value in c.initial_of(cell, sweep).items():
        at[state] = np.repeat(value[None].astype(dtype), len(entries), axis=0)
        own.add_to_state(state, at[state], offset)
    for x in inputs:
        at = {INPUT: x, **{previous(state): at[state] for state in cell.states}}
        for equation in cell.equations:
            value = evaluated(equation, at, parameters)
            if isinstance(equation, Affine):
                gain = _gain(equation, x, parameters)
                value = np.array(np.broadcast_to(value + gain, (len(entries), *gain.shape[-2:])), dtype)
                own.add_to_affine(equation, value, at.__getitem__, offset)
            at[equation.name] = value
        yield at[cell.output]


def _gain(equation: Affine, x: Array, parameters: Mapping[str, Array]) -> Array:
    """What inputs and bias bring to a pre-activation at a step, (B, H), or (K, B, H) where the inputs move."""
    width = parameters[equation.terms[0].weight].shape[-1]
    gain = np.zeros((*x.shape[:-1], width)) + (parameters[equation.bias] if equation.bias else 0.0)
    for term in equation.terms:
        if term.operand == INPUT:
            gain = gain + x @ parameters[term.weight]
    return gain
