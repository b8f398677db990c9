"""The structure of a described net: sizes, names and shapes of its parameters, orientation of its weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gradcheck_rnn.cells.catalogue import USUAL, Variant, cell_called
from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Cell, initial_name
from gradcheck_rnn.cells.structure import EMBEDDING, Structure, Sweep
from gradcheck_rnn.config.settings import Cell as CellName
from gradcheck_rnn.config.settings import Layout, LossSettings
from gradcheck_rnn.model.activations import Array

Parameters = Mapping[str, Array]


@dataclass(frozen=True)
class Sizes:
    """Sizes of a problem; `batch` is None where there is no batch axis, `embedding` where there is no embedding."""

    input_size: int
    hidden_size: int
    output_size: int
    length: int
    batch: int | None = None
    embedding: int | None = None


@dataclass(frozen=True)
class Net:
    """A net without its parameter values.

    `learned` means that the initial states are parameters `h0`, `c0`, with `own_states` each sequence's own, those of
    `zero_states` aside, which code keeps to itself;
    `input_gradient` that the inputs are one, `x`. Without an `output_layer` the outputs y are the hidden states.
    """

    sizes: Sizes
    cell: CellName = "tanh"
    variant: Variant = USUAL
    layers: int = 1
    bidirectional: bool = False
    biases: bool = True
    layout: Layout = "row"
    learned: bool = False
    own_states: bool = False
    zero_states: tuple[str, ...] = ()
    input_gradient: bool = False
    output_layer: bool = True
    loss: LossSettings = LossSettings()

    @cached_property
    def equations(self) -> Cell:
        """The equations of the cell."""
        return cell_called(self.cell, self.variant)

    @cached_property
    def structure(self) -> Structure:
        """The cell and its sweeps over the sequence."""
        return Structure(self.equations, self.layers, self.bidirectional, self.sizes.embedding is not None)

    @cached_property
    def located(self) -> dict[str, tuple[str, Sweep]]:
        """The name within its sweep, and the sweep, of every parameter that belongs to one."""
        names = (*self.equations.parameters, *map(initial_name, self.equations.states))
        return {name + sweep.place: (name, sweep) for sweep in self.structure.sweeps for name in names if name}

    def within_sweep(self, name: str) -> tuple[str, str]:
        """The name of a parameter within its sweep, and the sweep's place; its own name and none if it has no sweep."""
        own, sweep = self.located.get(name, (name, Sweep()))
        return own, sweep.place

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of the states of all sweeps."""
        return tuple(state + sweep.place for sweep in self.structure.sweeps for state in self.equations.states)

    def input_width(self, level: int) -> int:
        """Number of entries of what a layer takes at a step."""
        if level > 0:
            return self.output_width
        return self.sizes.embedding or self.sizes.input_size

    @cached_property
    def fan_in(self) -> dict[str, int]:
        """Number of inputs that each weight matrix sums over."""
        return {name: shape[0] for name, shape in self._rows.items() if len(shape) > 1}

    @cached_property
    def bias_names(self) -> tuple[str, ...]:
        """Names that biases have where there are any."""
        biases = [each.bias for each in self.equations.affine if each.bias]
        return (*(name + sweep.place for sweep in self.structure.sweeps for name in biases), OUTPUT_BIAS)

    @cached_property
    def initial_names(self) -> tuple[str, ...]:
        """Names of the learned initial states, none where they are not learned."""
        learned = [state for state in self.equations.states if state not in self.zero_states] if self.learned else []
        return tuple(initial_name(state) + sweep.place for sweep in self.structure.sweeps for state in learned)

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name, in the layout at hand, in the order of the forward pass."""
        present = {name: shape for name, shape in self._rows.items() if self.biases or name not in self.bias_names}
        oriented = {name: shape[::-1] if self.layout == "column" else shape for name, shape in present.items()}
        if self.input_gradient:
            oriented[INPUT_PARAMETER] = (self.sizes.length, *self.batched, self.sizes.input_size)
        leading = self.batched if self.own_states else ()
        return {**oriented, **dict.fromkeys(self.initial_names, (*leading, self.sizes.hidden_size))}

    @property
    def entries(self) -> int:
        """Number of entries of all parameters."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def batched(self) -> tuple[int, ...]:
        """The batch axis, if there is one."""
        return () if self.sizes.batch is None else (self.sizes.batch,)

    @cached_property
    def _rows(self) -> dict[str, tuple[int, ...]]:
        """Shapes in row layout of all weights, biases and vectors."""
        sizes, rows = self.sizes, dict[str, tuple[int, ...]]()
        if sizes.embedding is not None:
            rows[EMBEDDING] = (sizes.input_size, sizes.embedding)
        for sweep in self.structure.sweeps:
            rows |= {name + sweep.place: shape for name, shape in self._rows_of(sweep).items()}
        if self.output_layer:
            rows |= {OUTPUT_WEIGHT: (self.output_width, sizes.output_size), OUTPUT_BIAS: (sizes.output_size,)}
        return rows

    def _rows_of(self, sweep: Sweep) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters of one sweep, by their names within it."""
        taken, H = self.input_width(sweep.level), self.sizes.hidden_size
        rows: dict[str, tuple[int, ...]] = {}
        for each in self.equations.affine:
            rows |= {term.weight: (taken if term.operand == INPUT else H, H) for term in each.terms}
            rows |= {each.bias: (H,)} if each.bias else {}
        return rows | dict.fromkeys(self.equations.vectors, (H,))

    @property
    def output_width(self) -> int:
        """Number of states that the outputs are read from at a step."""
        return self.sizes.hidden_size * self.directions

    @property
    def directions(self) -> int:
        """Number of directions that each layer runs in."""
        return 2 if self.bidirectional else 1

    def orient(self, name: str, value: Array) -> Array:
        """Turn a parameter from row layout, x @ W, to the net's own layout or back (a view)."""
        return value.T if self.layout == "column" and name in self.fan_in else value

    @property
    def counted_steps(self) -> slice:
        """The steps whose outputs enter the loss."""
        return slice(None) if self.loss.steps == "all" else slice(self.sizes.length - 1, None)

    @property
    def loss_weight(self) -> float:
        """What each step's loss is multiplied by: 1, or one over the number of summands for a mean."""
        if self.loss.reduction == "sum":
            return 1.0
        return 1.0 / ((self.sizes.batch or 1) * (self.sizes.length if self.loss.steps == "all" else 1))
