"""What is measured: a recurrent net that reads one-hot tokens, with softmax cross-entropy summed over the steps."""

import io
from dataclasses import dataclass

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.settings import Settings


@dataclass(frozen=True)
class Size:
    """I inputs, H hidden units, O outputs, T steps."""

    I: int  # noqa: E741  # the field's name
    H: int
    O: int  # noqa: E741
    T: int


SIZES = {
    "S": Size(I=20, H=16, O=20, T=10),
    "M": Size(I=64, H=64, O=64, T=25),
    "L": Size(I=256, H=256, O=256, T=50),
    # the tutorials' own language model
    "XL": Size(I=8000, H=100, O=8000, T=20),
}
CELLS = ("tanh", "lstm", "gru")
LAYOUTS = ("column", "row")
SEED = 7


@dataclass(frozen=True)
class Workload:
    """One net at one size, its weights in one orientation."""

    size: str = "S"
    cell: str = "tanh"
    layout: str = "column"

    def yaml(self) -> str:
        """The workload as a user would configure it; weights are U(-n**-1/2, n**-1/2) for n summands."""
        size = SIZES[self.size]
        return f"""\
model:
  cell: {self.cell}
  input_size: {size.I}
  hidden_size: {size.H}
  output_size: {size.O}
  layout: {self.layout}
  init: {{distribution: uniform_fan_in, scale: 1.0}}
sequence: {{length: {size.T}, inputs: tokens}}
loss: {{kind: softmax_cross_entropy, reduction: sum, steps: all}}
seed: {SEED}
"""

    def settings(self) -> Settings:
        return load_settings("-", stdin=io.BytesIO(self.yaml().encode()))
