"""The structure of a described net: sizes, names and shapes of its parameters, orientation of its weights."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.config.settings import Cell, Layout, LossSettings
from gradcheck_rnn.model.activations import Array

Parameters = Mapping[str, Array]

WEIGHTS = ("W_xh", "W_hh", "W_hy")
BIASES = ("b_h", "b_y")
LEARNED_STATE = "h0"


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
    """A net without its parameter values; `learned` means that the initial state is a parameter `h0`."""

    sizes: Sizes
    cell: Cell = "tanh"
    biases: bool = True
    layout: Layout = "row"
    learned: bool = False
    loss: LossSettings = LossSettings()

    @property
    def fan_in(self) -> dict[str, int]:
        """Number of inputs that each weight matrix sums over."""
        I, H = self.sizes.input_size, self.sizes.hidden_size  # noqa: E741 - the field's name for the input size
        return {"W_xh": I, "W_hh": H, "W_hy": H}

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes of the parameters by name, in the layout at hand, in the order of the forward pass."""
        I, H, O = self.sizes.input_size, self.sizes.hidden_size, self.sizes.output_size  # noqa: E741
        rows: dict[str, tuple[int, ...]] = {"W_xh": (I, H), "W_hh": (H, H), "b_h": (H,), "W_hy": (H, O), "b_y": (O,)}
        present = {name: shape for name, shape in rows.items() if self.biases or name not in BIASES}
        oriented = {name: self.orient(name, np.empty(shape, dtype=bool)).shape for name, shape in present.items()}
        return {**oriented, LEARNED_STATE: (H,)} if self.learned else oriented

    def orient(self, name: str, value: Array) -> Array:
        """Turn a parameter from row layout, x @ W, to the net's own layout or back (a view)."""
        return value.T if self.layout == "column" and name in WEIGHTS else value

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
