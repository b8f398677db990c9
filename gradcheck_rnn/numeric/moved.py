"""Losses of the described net with one entry moved, K runs side by side: the plain evaluation, whole losses.

The offset may be complex: then the loss is too, for the complex step.
"""

import numpy as np

from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.model.problem import Problem, canonical
from gradcheck_rnn.numeric.entries import Entries, block_length, entries_of
from gradcheck_rnn.numeric.estimate import Indices


def moved_losses(problem: Problem, name: str, indices: Indices, offset: complex) -> Array:
    """Losses (K,) when each of the given entries of one parameter moves by `offset`, one at a time."""
    entries, length = entries_of(problem.net, name, indices), block_length(problem.net)
    blocks = [
        Entries(name, entries.row[start : start + length], entries.column[start : start + length])
        for start in range(0, len(entries), length)
    ]
    losses = [_block_losses(problem, block, offset) for block in blocks]
    return np.concatenate(losses) if losses else np.zeros(0)


def _block_losses(problem: Problem, entries: Entries, offset: complex) -> Array:
    net, c = problem.net, canonical(problem)
    f, loss = ACTIVATIONS[net.cell].forward, LOSSES[net.loss.kind].value
    dtype = np.result_type(np.float64, type(offset))
    T = len(c.x)
    counted = range(T)[net.counted_steps]
    h = np.repeat(c.h0[None].astype(dtype), len(entries), axis=0)
    entries.add_to_state(h, offset)
    total = np.zeros(len(entries), dtype)
    for t in range(T):
        z = c.x[t] @ c.W_xh + c.b_h + h @ c.W_hh
        entries.add_to_preactivation(z, c, t, h, offset)
        h = f(z)
        if t in counted:
            y = h @ c.W_hy + c.b_y
            entries.add_to_output(y, h, offset)
            targets = c.targets[t - counted.start]
            total += loss(y, np.broadcast_to(targets, (len(entries), *targets.shape))).sum(axis=1)
    return np.asarray(total * net.loss_weight)
