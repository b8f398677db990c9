"""A block of K entries of one parameter, each moved by the same offset in a run of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.cells.equation import INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Affine, initial_name
from gradcheck_rnn.cells.structure import EMBEDDING, Sweep
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Canonical
from gradcheck_rnn.numeric.estimate import Indices

# bytes of one (K, B, H) or (K, B, O) array of a block: a few of them stay within the second-level cache
BLOCK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Entries:
    """K entries in row layout: run k moves the entry (row[k], column[k]), or for a vector the entry column[k].

    `name` is that within the sweep whose parameter it is. Of what each sequence has for itself, `row` is the sequence;
    of the inputs, `step` is the step.
    """

    name: str
    row: Indices
    column: Indices
    sweep: Sweep | None = None
    step: Indices | None = None
    is_of_sequences: bool = False

    def __len__(self) -> int:
        return len(self.column)

    def reach(self, sweep: Sweep) -> bool:
        """Whether the states of a sweep move."""
        if self.sweep is None:
            return self.name in (INPUT_PARAMETER, EMBEDDING)
        return sweep == self.sweep or sweep.level > self.sweep.level

    def of(self, sweep: Sweep) -> "Entries":
        """The same entries as a sweep sees them: none of its own where they are another's."""
        return self if sweep == self.sweep else replace(self, name="", sweep=None, step=None)

    def change_of_inputs(self, c: Canonical, t: int, offset: complex) -> Array | None:
        """Difference of what the lowest layer takes at a step, (K, B, I); None where there is none."""
        now = np.flatnonzero(self.step == t) if self.step is not None else self._runs
        if self.name not in (INPUT_PARAMETER, EMBEDDING) or not now.size:
            return None
        change = np.zeros((len(self), *c.x.shape[1:]), np.result_type(c.x, type(offset)))
        if self.name == INPUT_PARAMETER:
            change[now, self.row[now], self.column[now]] = offset
        else:
            change[now, :, self.column] = offset * c.given[t][:, self.row].T
        return change

    def add_to_state(self, state: str, value: Array, offset: complex) -> None:
        """Move entries of a learned initial state; `value` (K, B, H) is written to."""
        if self.name == initial_name(state) and self.is_of_sequences:
            value[self._runs, self.row, self.column] += offset
        elif self.name == initial_name(state):
            value[self._runs, :, self.column] += offset

    def add_to_affine(self, equation: Affine, value: Array, operand: Callable[[str], Array], offset: complex) -> None:
        """Add what a pre-activation gains from the moved entries; `value` (K, B, H) is written to.

        `operand` gives each run's own value of an operand (K, B, m), or (B, m) where all runs share it.
        """
        if self.name and self.name == equation.bias:
            value[self._runs, :, self.column] += offset
        for term in equation.terms:
            if self.name == term.weight:
                taken = operand(term.operand)
                each = taken[:, self.row].T if taken.ndim < value.ndim else taken[self._runs, :, self.row]
                value[self._runs, :, self.column] += offset * each

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

    def picked(self, at: Indices) -> "Entries":
        """Some of the entries."""
        step = None if self.step is None else self.step[at]
        return replace(self, row=self.row[at], column=self.column[at], step=step)

    @property
    def _runs(self) -> Indices:
        return np.arange(len(self))


def entries_of(net: Net, name: str, indices: Indices) -> Entries:
    """Find the entries with these flat indices (C order of the parameter's own shape)."""
    position = np.unravel_index(indices, net.shapes[name])
    if name == INPUT_PARAMETER:
        row = position[1] if len(position) > 2 else np.zeros_like(indices)
        return Entries(name, row, position[-1], step=position[0])
    own, sweep = net.located.get(name, (name, None))
    if name in net.initial_names and len(position) > 1:
        sequence, unit = position
        return Entries(own, sequence, unit, sweep, is_of_sequences=True)
    if len(position) == 1:
        return Entries(own, np.zeros_like(indices), position[0], sweep)
    row, column = position if net.layout == "row" else position[::-1]
    return Entries(own, row, column, sweep)


def block_length(net: Net) -> int:
    """How many runs one block holds."""
    sizes = net.sizes
    bytes_per_run = 8 * (sizes.batch or 1) * max(sizes.hidden_size, sizes.output_size)
    return max(1, BLOCK_BYTES // bytes_per_run)
