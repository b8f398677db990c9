"""Which entries the runs of a block move, and what a value gains from that.

Shapes: K runs side by side are the last axis of every value, (B, n, K); a base value that all share is (B, n).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.cells.equation import INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Affine, initial_name
from gradcheck_rnn.cells.structure import EMBEDDING
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Canonical
from gradcheck_rnn.numeric.entries import Entries
from gradcheck_rnn.numeric.estimate import Indices


@dataclass(frozen=True)
class Moves:
    """Runs `at` (k,), in rising order, each move one of the `entries` by its `offset` (k,), real or complex."""

    entries: Entries
    offset: Array
    at: Indices

    def below(self, count: int) -> "Moves":
        """The moves of the first `count` runs of the block."""
        own = int(np.searchsorted(self.at, count))
        return Moves(self.entries.picked(slice(own)), self.offset[:own], self.at[:own])

    def change_of_inputs(self, c: Canonical, t: int, runs: int) -> Array | None:
        """Difference of what the lowest layer takes at a step, (B, I, K); None where there is none."""
        e = self.entries
        if e.sweep is not None or e.name not in (INPUT_PARAMETER, EMBEDDING):
            return None
        change = np.zeros((*c.x.shape[1:], runs), np.result_type(c.x, self.offset))
        if e.name == EMBEDDING:
            change[:, e.column, self.at] = self.offset * c.given[t][:, e.row]
        else:
            now = np.flatnonzero(e.step == t)
            if not now.size:
                return None
            change[e.row[now], e.column[now], self.at[now]] = self.offset[now]
        return change

    def add_to_state(self, state: str, value: Array) -> None:
        """Move entries of a learned initial state; `value` (B, H, K) is written to."""
        e = self.entries
        if e.name != initial_name(state):
            return
        if e.is_of_sequences:
            value[e.row, e.column, self.at] += self.offset
        else:
            value[:, e.column, self.at] += self.offset

    def gains_of(self, equation: Affine) -> Iterator[str | None]:
        """Operands that a pre-activation gains, each times the offset; None where its bias is moved, which is times 1.

        Entry (row, column) of a weight brings entry `row` of its operand to entry `column` of the pre-activation.
        """
        if self.entries.name == equation.bias:
            yield None
        for term in equation.terms:
            if self.entries.name == term.weight:
                yield term.operand

    def add_to_vector(self, name: str, value: Array) -> None:
        """Move entries of a vector; `value` (1, n, K) is written to."""
        if self.entries.name == name:
            value[:, self.entries.column, self.at] += self.offset

    def add_to_output(self, y: Array, h: Array) -> None:
        """Add what a step's outputs gain; `y` (B, O, K) is written to, `h` (B, H, K) is each run's own state."""
        e = self.entries
        if e.name == OUTPUT_BIAS:
            y[:, e.column, self.at] += self.offset
        elif e.name == OUTPUT_WEIGHT:
            y[:, e.column, self.at] += self.offset * h[:, e.row, self.at]
