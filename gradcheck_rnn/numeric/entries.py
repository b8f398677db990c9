"""Where entries of a parameter lie: in which sweep, row and column."""

from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.cells.equation import INPUT_PARAMETER
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.numeric.estimate import Indices


@dataclass(frozen=True)
class Entries:
    """K entries in row layout: entry k is (row[k], column[k]), or of a vector column[k].

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

    def picked(self, at: Indices | slice) -> "Entries":
        """Some of the entries."""
        step = None if self.step is None else self.step[at]
        return replace(self, row=self.row[at], column=self.column[at], step=step)


def entries_of(net: Net, name: str, indices: Indices) -> Entries:
    """Find the entries with these flat indices (C order of the parameter's own shape)."""
    position = np.unravel_index(indices, net.shapes[name])
    if name == INPUT_PARAMETER:
        row = position[1] if len(position) > 2 else np.zeros_like(indices)
        return Entries(name, row, position[-1], step=position[0], is_of_sequences=True)
    own, sweep = net.located.get(name, (name, None))
    if name in net.initial_names and len(position) > 1:
        sequence, unit = position
        return Entries(own, sequence, unit, sweep, is_of_sequences=True)
    if len(position) == 1:
        return Entries(own, np.zeros_like(indices), position[0], sweep)
    row, column = position if net.layout == "row" else position[::-1]
    return Entries(own, row, column, sweep)
