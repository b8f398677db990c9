"""Losses of the described net with one entry moved, K runs side by side: the plain evaluation, whole losses.

The offset may be complex: then the loss is too, for the complex step.
"""

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, OUTPUT_BIAS, OUTPUT_WEIGHT, Affine, previous
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.model.problem import Problem, canonical
from gradcheck_rnn.model.reference import from_input
from gradcheck_rnn.model.scan import evaluated
from gradcheck_rnn.numeric.entries import Entries, Step, block_length, entries_of
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
    cell, loss = net.equations, LOSSES[net.loss.kind].value
    dtype = np.result_type(np.float64, type(offset))
    gained, T = from_input(net, c), len(c.x)
    counted = range(T)[net.counted_steps]
    parameters = {
        name: entries.add_to_vector(name, value, offset) if name in cell.vectors else value
        for name, value in c.parameters.items()
    }
    at: dict[str, Array] = {}
    for state in cell.states:
        at[state] = np.repeat(c.initial[state][None].astype(dtype), len(entries), axis=0)
        entries.add_to_state(state, at[state], offset)
    total = np.zeros(len(entries), dtype)
    for t in range(T):
        at = {INPUT: c.x[t], **{previous(state): at[state] for state in cell.states}}
        for equation in cell.equations:
            value = evaluated(equation, at, parameters)
            if isinstance(equation, Affine):
                gain = gained[equation.name][t]
                value = np.array(np.broadcast_to(value + gain, (len(entries), *gain.shape)), dtype)
                entries.add_to_affine(equation, value, Step(t, at.__getitem__, parameters), offset)
            at[equation.name] = value
        if t in counted:
            h = np.broadcast_to(at[cell.output], (len(entries), *at[cell.output].shape[-2:]))
            y = h @ c.parameters[OUTPUT_WEIGHT] + c.parameters[OUTPUT_BIAS]
            entries.add_to_output(y, h, offset)
            targets = c.targets[t - counted.start]
            total += loss(y, np.broadcast_to(targets, (len(entries), *targets.shape))).sum(axis=1)
    return np.asarray(total * net.loss_weight)
