"""Work out a block: both runs of each trial, and what the loss changes by."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from gradcheck_rnn.cells.equation import OUTPUT_BIAS
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.forward import in_order
from gradcheck_rnn.numeric.carried.base import Base
from gradcheck_rnn.numeric.carried.heads import TILE
from gradcheck_rnn.numeric.carried.sweep import CarriedSweep, Changes
from gradcheck_rnn.numeric.carried.trials import OUTPUT_LAYER, Block, Part, Quotients, sequences_at_once
from gradcheck_rnn.numeric.moves import Moves

# NumPy copies rows that are shorter than its buffer (8192 values by default) through it, which costs more than the work
BUFFER = 256


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def quotients(base: Base, block: Block) -> Quotients:
    """Task: difference quotients of a block's trials."""
    usual = np.setbufsize(BUFFER)
    try:
        return _quotients(base, block)
    finally:
        np.setbufsize(usual)


def _quotients(base: Base, block: Block) -> Quotients:
    """The two runs of each trial are subtracted step by step and then summed."""
    crossed = np.zeros(2 * len(block), dtype=bool)
    whole, central = np.zeros(2 * len(block)), np.zeros(len(block))
    for _, change in loss_changes(base, block, crossed):
        count = len(change)
        whole[:count] += change
        central[: count // 2] += change[::2] - change[1::2]
    step, weight = block.step, base.net.loss_weight
    return Quotients(
        central * (weight / (2 * step)),
        whole[::2] * (weight / step),
        -whole[1::2] * (weight / step),
        crossed[::2] | crossed[1::2],
        np.ones(len(block), dtype=bool),
    )


def loss_changes(base: Base, block: Block, crossed: Array) -> Iterator[tuple[int, Array]]:
    """Counted steps, and how much the loss of each changes for a sequence in the runs that have moved by then, (K,).

    Trial j has the runs 2 j, by +d, and 2 j + 1, by -d; `crossed` (K,) is told who crossed a kink of relu.
    """
    for group in base.in_groups(sequences_at_once(base, block)):
        if block.parts[0].trials.entries.name in OUTPUT_LAYER:
            yield from _changes_of_outputs(group, block)
        else:
            yield from _changes_of_states(group, block, crossed)


def _changes_of_states(base: Base, block: Block, crossed: Array) -> Iterator[tuple[int, Array]]:
    counted = base.counted
    scratch = np.empty((2, min(TILE, base.net.sizes.output_size), 2 * len(block)))
    for t, D in enumerate(_states(base, block, crossed)):
        if t in counted and D.shape[-1]:
            for b, of_sequence in enumerate(D):
                yield t - counted.start, base.head.change(t - counted.start, b, of_sequence, scratch)


def _changes_of_outputs(base: Base, block: Block) -> Iterator[tuple[int, Array]]:
    """The output layer's entries move one output alone."""
    state = base.trace.hidden[base.net.counted_steps]
    whole = np.empty((*state.shape[:2], 2 * len(block)))
    for part in block.parts:
        moves = _moves(part, base)
        e = moves.entries
        v = moves.offset * (np.ones_like(state[..., :1]) if e.name == OUTPUT_BIAS else state[:, :, e.row])
        whole[:, :, moves.at] = base.head.change_by_output(e.column, v)
    for s, of_step in enumerate(whole):
        for of_sequence in of_step:
            yield s, of_sequence


def _states(base: Base, block: Block, crossed: Array) -> Changes:
    """Differences of the states that outputs are read from at each step, (B, H, active)."""
    moves = [_moves(part, base) for part in block.parts]
    structure, origin = base.net.structure, block.parts[0].trials.entries.sweep
    causal = not any(sweep.is_reversed for sweep in structure.sweeps)
    first = block.first if causal else np.zeros_like(block.first)
    active = [2 * int(count) for count in np.searchsorted(first, np.arange(len(base.c.x)), side="right")]
    values: Changes | None = (
        None if origin is not None else (_change_of_inputs(base, moves, t, count) for t, count in enumerate(active))
    )
    for level in structure.levels:
        if origin is None or origin.level <= level[0].level:
            values = _through_layer(base, level, moves, values, active, crossed)
    if values is None:
        raise ValueError("the trials move nothing")
    return values


def _change_of_inputs(base: Base, moves: Sequence[Moves], t: int, count: int) -> Array:
    """Difference of what the lowest layer takes at a step, (B, I, active)."""
    total = np.zeros((*base.c.x.shape[1:], count))
    for each in moves:
        change = each.below(count).change_of_inputs(base.c, t, count)
        if change is not None:
            total += change
    return total


def _through_layer(
    base: Base,
    level: Sequence[Sweep],
    moves: Sequence[Moves],
    inputs: Changes | None,
    active: Sequence[int],
    crossed: Array,
) -> Changes:
    """Differences of a layer's states at each step; what runs one way hands each step on at once."""
    inputs_move = inputs is not None
    if len(level) == 1:
        return CarriedSweep(base.sweeps[level[0]], moves, crossed, inputs_move=inputs_move).follow(inputs, active)
    given = None if inputs is None else [change.copy() for change in inputs]
    parts = []
    for sweep in level:
        own = base.sweeps[sweep]
        if given is None and not any(each.entries.sweep == sweep for each in moves):
            parts.append([np.zeros((own.sequences, own.width(own.cell.output), active[-1]))] * len(active))
            continue
        carried = CarriedSweep(own, moves, crossed, inputs_move=inputs_move)
        followed = [
            change.copy() for change in carried.follow(None if given is None else in_order(sweep, given), active)
        ]
        parts.append(in_order(sweep, followed))
    return (np.concatenate(both, axis=1) for both in zip(*parts, strict=True))


def _moves(part: Part, base: Base) -> Moves:
    """Both runs of each trial; of entries that are one sequence's own, those of the base's sequences."""
    entries, step, own = part.trials.entries, part.trials.step, part.at
    if entries.is_of_sequences:
        there = np.flatnonzero((entries.row >= base.first) & (entries.row < base.first + base.sequences))
        entries, step, own = entries.picked(there), step[there], own[there]
        entries = replace(entries, row=entries.row - base.first)
    k = len(own)
    offset, at = np.empty(2 * k), np.empty(2 * k, dtype=np.int64)
    offset[::2], offset[1::2] = step, -step
    at[::2], at[1::2] = 2 * own, 2 * own + 1
    return Moves(entries.picked(np.repeat(np.arange(k), 2)), offset, at)
