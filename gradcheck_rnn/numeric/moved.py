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
from gradcheck_rnn.numeric.entries import Entries, entries_of
from gradcheck_rnn.numeric.estimate import Indices
from gradcheck_rnn.numeric.moves import Moves

# bytes of one (K, B, H) or (K, B, O) array of a block: a few of them stay within the second-level cache
BLOCK_BYTES = 256 * 1024


def moved_losses(problem: Problem, name: str, indices: Indices, offset: complex) -> Array:
    """Losses (K,) when each of the given entries of one parameter moves by `offset`, one at a time."""
    entries, length = entries_of(problem.net, name, indices), _block_length(problem.net)
    every = np.arange(len(entries))
    blocks = [_moves(entries.picked(every[start : start + length]), offset) for start in range(0, len(entries), length)]
    losses = [_block_losses(problem, block) for block in blocks]
    return np.concatenate(losses) if losses else np.zeros(0)


def _block_length(net: Net) -> int:
    """How many runs one block holds."""
    sizes = net.sizes
    bytes_per_run = 8 * (sizes.batch or 1) * max(sizes.hidden_size, sizes.output_size)
    return max(1, BLOCK_BYTES // bytes_per_run)


def _moves(entries: Entries, offset: complex) -> Moves:
    return Moves(entries, np.full(len(entries), offset), np.arange(len(entries)))


def _block_losses(problem: Problem, moves: Moves) -> Array:
    net, c, runs = problem.net, canonical(problem), len(moves.at)
    loss = LOSSES[net.loss.kind].value
    counted = range(len(c.x))[net.counted_steps]
    values: Iterable[Array] = (_inputs(c, t, moves) for t in range(len(c.x)))
    for level in net.structure.levels:
        values = _through_layer(net, c, level, values, moves)
    total = np.zeros(runs, moves.offset.dtype)
    for t, value in enumerate(values):
        if t in counted:
            h = np.broadcast_to(value, (runs, *value.shape[-2:]))
            y = h @ c.parameters[OUTPUT_WEIGHT] + c.parameters[OUTPUT_BIAS]
            moves.add_to_output(_runs_last(y), _runs_last(h))
            targets = c.targets[t - counted.start]
            total += loss(y, np.broadcast_to(targets, (runs, *targets.shape))).sum(axis=1)
    return np.asarray(total * net.loss_weight)


def _runs_last(value: Array) -> Array:
    """A view of (K, B, n) as (B, n, K)."""
    return np.moveaxis(value, 0, -1)


def _inputs(c: Canonical, t: int, moves: Moves) -> Array:
    """What the lowest layer takes at a step, (B, I), or (K, B, I) where it moves."""
    change = moves.change_of_inputs(c, t, len(moves.at))
    return c.x[t] if change is None else np.asarray(c.x[t] + np.moveaxis(change, -1, 0))


def _through_layer(
    net: Net, c: Canonical, level: Sequence[Sweep], inputs: Iterable[Array], moves: Moves
) -> Iterable[Array]:
    """States of a layer at each step, (K, B, H)."""
    if len(level) == 1:
        return _through_sweep(net, c, level[0], inputs, moves)
    given = list(inputs)
    swept = [list(_through_sweep(net, c, each, in_order(each, given), moves)) for each in level]
    turned = [in_order(sweep, states) for sweep, states in zip(level, swept, strict=True)]
    return (np.concatenate(both, axis=-1) for both in zip(*turned, strict=True))


def _through_sweep(net: Net, c: Canonical, sweep: Sweep, inputs: Iterable[Array], moves: Moves) -> Iterator[Array]:
    cell, runs, dtype = net.equations, len(moves.at), moves.offset.dtype
    own = moves if moves.entries.sweep == sweep else None
    parameters = dict(c.parameters_of(cell, sweep))
    at: dict[str, Array] = {}
    for state, value in c.initial_of(cell, sweep).items():
        at[state] = np.repeat(value[None].astype(dtype), runs, axis=0)
    if own is not None:
        for name in cell.vectors:
            parameters[name] = np.repeat(parameters[name][None, None].astype(dtype), runs, axis=0)
            own.add_to_vector(name, _runs_last(parameters[name]))
        for state in cell.states:
            own.add_to_state(state, _runs_last(at[state]))
    for x in inputs:
        at = {INPUT: x, **{previous(state): at[state] for state in cell.states}}
        for equation in cell.equations:
            value = evaluated(equation, at, parameters)
            if isinstance(equation, Affine):
                gain = _gain(equation, x, parameters)
                value = np.array(np.broadcast_to(value + gain, (runs, *gain.shape[-2:])), dtype)
                if own is not None:
                    _add_gains(own, equation, at, _runs_last(value))
            at[equation.name] = value
        yield at[cell.output]


def _add_gains(moves: Moves, equation: Affine, at: Mapping[str, Array], value: Array) -> None:
    """Add what a pre-activation gains from the moved entries; `value` (B, n, K) is written to."""
    e = moves.entries
    for operand in moves.gains_of(equation):
        gain = moves.offset if operand is None else moves.offset * _operand(at, operand, e.row, moves.at)
        value[:, e.column, moves.at] += gain


def _operand(at: Mapping[str, Array], operand: str, entries: Indices, runs: Indices) -> Array:
    """Entries of an operand as these runs have them, (B, k)."""
    value = at[operand]
    return value[:, entries] if value.ndim == 2 else _runs_last(value)[:, entries, runs]


def _gain(equation: Affine, x: Array, parameters: Mapping[str, Array]) -> Array:
    """What inputs and bias bring to a pre-activation at a step, (B, H), or (K, B, H) where the inputs move."""
    width = parameters[equation.terms[0].weight].shape[-1]
    gain = np.zeros((*x.shape[:-1], width)) + (parameters[equation.bias] if equation.bias else 0.0)
    for term in equation.terms:
        if term.operand == INPUT:
            gain = gain + x @ parameters[term.weight]
    return gain
