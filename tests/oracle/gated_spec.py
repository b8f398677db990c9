"""What the equations of a gated net leave open, and how a layout writes its products."""

from dataclasses import dataclass

GATES = {"lstm": "ifog", "gru": "zrn"}
CANDIDATES = "gn"  # these two are tanh, every other gate is a sigmoid


@dataclass(frozen=True)
class GatedSpec:
    """One net with its loss.

    Args:
        cell: lstm | gru.
        layout: row (weights (in, out), x @ W) | column ((out, in), W @ x).
        biases: whether the gates and the readout have them.
        learned: whether the initial states are the parameters h0 and, for an LSTM, c0.
        loss: softmax_cross_entropy | mse.
        reduction: sum | mean.
        steps: all | last, those whose outputs enter the loss.
        lstm_output: tanh (h = o * tanh(c)) | identity (h = o * c).
        peepholes: LSTM: whether i and f see c[t-1], and o sees c[t].
        coupled: LSTM: f = 1 - i, and f has no parameters.
        reset: GRU: before (r*h[t-1]) @ W_hn | after r*(h[t-1] @ W_hn).
        recurrent_bias: GRU that resets after: r*(h[t-1] @ W_hn + b_hn).
        keeps: GRU: z | 1-z, the factor of h[t-1] in h[t].
    """

    cell: str = "lstm"
    layout: str = "row"
    biases: bool = True
    learned: bool = False
    loss: str = "softmax_cross_entropy"
    reduction: str = "sum"
    steps: str = "all"
    lstm_output: str = "tanh"
    peepholes: bool = False
    coupled: bool = False
    reset: str = "before"
    recurrent_bias: bool = False
    keeps: str = "z"

    @property
    def gates(self) -> str:
        """Letters of the gates that have parameters."""
        return GATES[self.cell].replace("f", "") if self.coupled else GATES[self.cell]

    @property
    def states(self) -> str:
        """Letters of what goes from step to step."""
        return "hc" if self.cell == "lstm" else "h"


@dataclass(frozen=True)
class Layout:
    """How the program writes a product: a value of one step is (B, size) in rows and (size, B) in columns.

    Args:
        row: whether it is the layout of rows.
    """

    row: bool

    @property
    def axis_of_sizes(self) -> int:
        """Axis of a step's value that is not the batch's."""
        return 1 if self.row else 0

    def product(self, value: str, weight: str) -> str:
        """Forward through a weight."""
        return f'{value} @ p["{weight}"]' if self.row else f'p["{weight}"] @ {value}'

    def backward(self, error: str, weight: str) -> str:
        """Backward through a weight."""
        return f'{error} @ p["{weight}"].T' if self.row else f'p["{weight}"].T @ {error}'

    def outer(self, value: str, error: str) -> str:
        """Gradient of a weight."""
        return f"{value}.T @ {error}" if self.row else f"{error} @ {value}.T"

    def spread(self, vector: str) -> str:
        """A parameter of shape (size,) for the whole batch."""
        return f'p["{vector}"]' if self.row else f'p["{vector}"][:, None]'

    def total(self, error: str) -> str:
        """Sum over the batch, shape (size,)."""
        return f"{error}.sum(axis={0 if self.row else 1})"
