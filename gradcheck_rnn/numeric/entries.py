"""A block of K entries of one parameter, each moved by the same offset in a run of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, Affine
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import OUTPUT_BIAS, OUTPUT_WEIGHT, Net, initial_name
from gradcheck_rnn.numeric.estimate import Indices

# bytes of one (K, B, H) or (K, B, O) array of a block: a few of them stay within the second-level cache
BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Entries:
    """K entries in row layout: run k moves the entry (row[k], column[k]), or for a vector the entry column[k]."""

    name: str
    row: Indices
    column: Indices

    def __len__(self) -> int:
        return len(self.column)

    @property
    def moves_outputs_only(self) -> bool:
        """Whether the states stay as they are."""
        return self.name in (OUTPUT_WEIGHT, OUTPUT_BIAS)

    def add_to_state(self, state: str, value: Array, offset: complex) -> None:
        """Move entries of a learned initial state; `value` (K, B, H) is written to."""
        if self.name == initial_name(state):
            value[self._runs, :, self.column] += offset

    def add_to_affine(self, equation: Affine, value: Array, operand: Callable[[str], Array], offset: complex) -> None:
        """Add what a pre-activation gains from the moved entries; `value` (K, B, H) is written to.

        `operand` gives each run's own value of an operand (K, B, m); of the inputs, which all runs share, (B, m).
        """
        if self.name == equation.bias:
            value[self._runs, :, self.column] += offset
        for term in equation.terms:
            if self.name != term.weight:
                continue
            if term.operand == INPUT:
                value[self._runs, :, self.column] += offset * operand(INPUT)[:, self.row].T
            else:
                value[self._runs, :, self.column] += offset * operand(term.operand)[self._runs, :, self.row]

    def add_to_vector(self, name: str, value: Array, offset: complex) -> Array:
        """A vector (n,) as each run has it, (K, 1, n)."""
        moved = np.broadcast_to(value, (len(self), 1, len(value))).astype(np.result_type(value, type(offset)))
        if self.name == name:
            moved[self._runs, :, self.column] += offset
        return moved

    def add_to_output(self, y: Array, h: Array, offset: complex) -> None:
        """Add what a step's outputs gain; `y` (K, B, O) is written to, `h` is each run's own state (K, B, H)."""
        if self.name == OUTPUT_BIAS:
            y[self._runs, :, self.column] += offset
        elif self.name == OUTPUT_WEIGHT:
            y[self._runs, :, self.column] += offset * h[self._runs, :, self.row]

    @property
    def _runs(self) -> Indices:
        return np.arange(len(self))


def entries_of(net: Net, name: str, indices: Indices) -> Entries:
    """Find the entries with these flat indices (C order of the parameter's own shape)."""
    position = np.unravel_index(indices, net.shapes[name])
    if len(position) == 1:
        return Entries(name, np.zeros_like(indices), position[0])
    row, column = position if net.layout == "row" else position[::-1]
    return Entries(name, row, column)


def block_length(net: Net) -> int:
    """How many runs one block holds."""
    sizes = net.sizes
    bytes_per_run = 8 * (sizes.batch or 1) * max(sizes.hidden_size, sizes.output_size)
    return max(1, BLOCK_BYTES // bytes_per_run)
