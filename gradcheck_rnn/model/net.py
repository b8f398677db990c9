"""The structure of a described net: sizes, names and shapes of its parameters, orientation of its weights."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gradcheck_rnn.cells.catalogue import USUAL, Variant, cell_called
from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, Cell, initial_name
from gradcheck_rnn.config.settings import Cell as CellName
from gradcheck_rnn.config.settings import Layout, LossSettings
from gradcheck_rnn.model.activations import Array

Parameters = Mapping[str, Array]


@dataclass(frozen=True)
class Sizes:
    """Sizes of a problem; `batch` is None where there is no batch axis."""

    input_size: int
    hidden_size: int
    output_size: int
    length: int
    batch: int | None = None


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
    def fan_in(self) -> dict[str, int]:
        """Number of inputs that each weight matrix sums over."""
        return {name: shape[0] for name, shape in self._rows.items() if len(shape) > 1}

    @cached_property
    def bias_names(self) -> tuple[str, ...]:
        """Names that biases have where there are any."""
        return (*(each.bias for each in self.equations.affine if each.bias), OUTPUT_BIAS)

    @property
    def initial_names(self) -> tuple[str, ...]:
        """Names of the learned initial states, none where they are not learned."""
        learned = [state for state in self.equations.states if state not in self.zero_states] if self.learned else []
        return tuple(map(initial_name, learned))

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name, in the layout at hand, in the order of the forward pass."""
        present = {name: shape for name, shape in self._rows.items() if self.biases or name not in self.bias_names}
        oriented = {name: shape[::-1] if self.layout == "column" else shape for name, shape in present.items()}
        if self.input_gradient:
            oriented[INPUT_PARAMETER] = (self.sizes.length, *self.batched, self.sizes.input_size)
        leading = self.batched if self.own_states else ()
        return {**oriented, **dict.fromkeys(self.initial_names, (*leading, self.sizes.hidden_size))}

    @property
    def batched(self) -> tuple[int, ...]:
        """The batch axis, if there is one."""
        return () if self.sizes.batch is None else (self.sizes.batch,)

    @cached_property
    def _rows(self) -> dict[str, tuple[int, ...]]:
        """Shapes in row layout of all weights, biases and vectors."""
        I, H, O = self.sizes.input_size, self.sizes.hidden_size, self.sizes.output_size  # noqa: E741  the field's names
        rows: dict[str, tuple[int, ...]] = {}
        for each in self.equations.affine:
            rows |= {term.weight: (I if term.operand == INPUT else H, H) for term in each.terms}
            rows |= {each.bias: (H,)} if each.bias else {}
        rows |= dict.fromkeys(self.equations.vectors, (H,))
        return {**rows, OUTPUT_WEIGHT: (H, O), OUTPUT_BIAS: (O,)} if self.output_layer else rows

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
