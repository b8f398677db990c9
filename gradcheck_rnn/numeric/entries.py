"""A block of K entries of one parameter, each moved by the same offset in a run of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Affine, initial_name
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.numeric.estimate import Indices

# bytes of one (K, B, H) or (K, B, O) array of a block: a few of them stay within the second-level cache
BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Entries:
    """K entries in row layout: run k moves the entry (row[k], column[k]), or for a vector the entry column[k].

    Of what each sequence has for itself, `row` is the sequence; of the inputs, `step` is the step.
    """

    name: str
    row: Indices
    column: Indices
    step: Indices | None = None
    is_of_sequences: bool = False

    def __len__(self) -> int:
        return len(self.column)

    @property
    def moves_outputs_only(self) -> bool:
        """Whether the states stay as they are."""
        return self.name in (OUTPUT_WEIGHT, OUTPUT_BIAS)

    def add_to_state(self, state: str, value: Array, offset: complex) -> None:
        """Move entries of a learned initial state; `value` (K, B, H) is written to."""
        if self.name == initial_name(state) and self.is_of_sequences:
            value[self._runs, self.row, self.column] += offset
        elif self.name == initial_name(state):
            value[self._runs, :, self.column] += offset

    def add_to_affine(self, equation: Affine, value: Array, at: "Step", offset: complex) -> None:
        """Add what a pre-activation gains at a step from the moved entries; `value` (K, B, H) is written to."""
        if self.name == equation.bias:
            value[self._runs, :, self.column] += offset
        for term in equation.terms:
            if self.name != term.weight:
                continue
            if term.operand == INPUT:
                value[self._runs, :, self.column] += offset * at.operand(INPUT)[:, self.row].T
            else:
                value[self._runs, :, self.column] += offset * at.operand(term.operand)[self._runs, :, self.row]
        if self.step is not None:
            now = np.flatnonzero(self.step == at.t)
            for term in equation.terms:
                if term.operand == INPUT:
                    value[now, self.row[now]] += offset * at.parameters[term.weight][self.column[now]]

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

    def picked(self, at: Indices) -> "Entries":
        """Some of the entries."""
        return Entries(
            self.name, self.row[at], self.column[at], None if self.step is None else self.step[at], self.is_of_sequences
        )


@dataclass(frozen=True)
class Step:
    """Step t as the moved runs see it.

    `operand` gives each run's own value of an operand (K, B, m); of the inputs, which all runs share, (B, m).
    """

    t: int
    operand: Callable[[str], Array]
    parameters: Mapping[str, Array]


def entries_of(net: Net, name: str, indices: Indices) -> Entries:
    """Find the entries with these flat indices (C order of the parameter's own shape)."""
    position = np.unravel_index(indices, net.shapes[name])
    if name == INPUT_PARAMETER:
        row = position[1] if len(position) > 2 else np.zeros_like(indices)
        return Entries(name, row, position[-1], position[0])
    if name in net.initial_names and len(position) > 1:
        sequence, unit = position
        return Entries(name, sequence, unit, is_of_sequences=True)
    if len(position) == 1:
        return Entries(name, np.zeros_like(indices), position[0])
    row, column = position if net.layout == "row" else position[::-1]
    return Entries(name, row, column)


def block_length(net: Net) -> int:
    """How many runs one block holds."""
    sizes = net.sizes
    bytes_per_run = 8 * (sizes.batch or 1) * max(sizes.hidden_size, sizes.output_size)
    return max(1, BLOCK_BYTES // bytes_per_run)
