"""The cells that a configuration can name, with what varies between their authors."""

from dataclasses import dataclass
from functools import cache

from gradcheck_rnn.cells.elman import FUNCTIONS, elman
from gradcheck_rnn.cells.equation import Cell
from gradcheck_rnn.cells.gru import gru
from gradcheck_rnn.cells.lstm import lstm

# code that no equations describe
CUSTOM = "custom"


@dataclass(frozen=True)
class Variant:
    """What varies: see `lstm` and `gru`."""

    lstm_output: str = "tanh"
    peepholes: bool = False
    coupled: bool = False
    reset: str = "before"
    keeps: str = "z"
    recurrent_bias: bool = False


USUAL = Variant()


@cache
def cell_called(name: str, variant: Variant = USUAL) -> Cell:
    """Return the equations of a cell; `custom` has none, only the states that some cells start from.

    Raises:
        KeyError: there is no such cell.
    """
    if name in FUNCTIONS:
        return elman(name)
    cells = {
        "lstm": lambda: lstm(output=variant.lstm_output, peepholes=variant.peepholes, coupled=variant.coupled),
        "gru": lambda: gru(reset=variant.reset, keeps=variant.keeps, recurrent_bias=variant.recurrent_bias),
        CUSTOM: lambda: Cell(CUSTOM, (), ("h", "c"), ()),
    }
    return cells[name]()
