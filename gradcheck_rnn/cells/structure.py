"""A recurrent net as its cell and the sweeps that it makes over a sequence: layers, each in one direction or in two."""

from dataclasses import dataclass
from functools import cached_property

from gradcheck_rnn.cells.equation import Cell

# table of the vectors that tokens stand for, where there is one
EMBEDDING = "E"
DIRECTIONS = ("ltr", "rtl")


@dataclass(frozen=True)
class Sweep:
    """One run of the cell over the sequence, with parameters of its own.

    `place` is the end of its parameters' names, such as _2 or _rtl, and empty where there is one sweep only; `level`
    counts layers from 0; a reversed sweep starts at the last step.
    """

    place: str = ""
    level: int = 0
    is_reversed: bool = False

    @property
    def words(self) -> str:
        """Say which it is."""
        layer, _, direction = self.place.removeprefix("_").partition("_")
        parts = [f"layer {layer}" if layer.isdigit() else layer, direction]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Structure:
    """A cell, and how often it is there: `layers` above each other, each running one way or, `bidirectional`, both.

    An upper layer takes the states of all sweeps of the one below as its inputs. Where the net is `embedded`, tokens
    look up their vectors in a table.
    """

    cell: Cell
    layers: int = 1
    bidirectional: bool = False
    embedded: bool = False

    @cached_property
    def levels(self) -> tuple[tuple[Sweep, ...], ...]:
        """The sweeps of each layer, the lowest first."""
        return tuple(tuple(self._sweep(level, way) for way in self._directions) for level in range(self.layers))

    @cached_property
    def sweeps(self) -> tuple[Sweep, ...]:
        """Every sweep, in the order of the forward pass."""
        return tuple(sweep for level in self.levels for sweep in level)

    @property
    def _directions(self) -> tuple[str, ...]:
        return DIRECTIONS if self.bidirectional else DIRECTIONS[:1]

    def _sweep(self, level: int, direction: str) -> Sweep:
        layer = f"_{level + 1}" if self.layers > 1 else ""
        return Sweep(f"{layer}_{direction}" if self.bidirectional else layer, level, direction == DIRECTIONS[1])
