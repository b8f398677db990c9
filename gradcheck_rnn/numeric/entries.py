"""A block of K entries of one parameter, each moved by the same offset in a run of its own."""

from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import LEARNED_STATE, Net
from gradcheck_rnn.model.problem import Canonical
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
        return self.name in ("W_hy", "b_y")

    def add_to_state(self, h0: Array, offset: complex) -> None:
        """Move entries of the learned initial state; `h0` (K, B, H) is written to."""
        if self.name == LEARNED_STATE:
            h0[self._runs, :, self.column] += offset

    def add_to_preactivation(self, z: Array, c: Canonical, t: int, h_prev: Array, offset: complex) -> None:
        """Add what step t's pre-activations gain from the moved entries; `z` (K, B, H) is written to.

        `h_prev` is each run's own state at t - 1, (K, B, H).
        """
        if self.name == "b_h":
            z[self._runs, :, self.column] += offset
        elif self.name == "W_xh":
            z[self._runs, :, self.column] += offset * c.x[t][:, self.row].T
        elif self.name == "W_hh":
            z[self._runs, :, self.column] += offset * h_prev[self._runs, :, self.row]

    def add_to_output(self, y: Array, h: Array, offset: complex) -> None:
        """Add what a step's outputs gain; `y` (K, B, O) is written to, `h` is each run's own state (K, B, H)."""
        if self.name == "b_y":
            y[self._runs, :, self.column] += offset
        elif self.name == "W_hy":
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
