"""What the equations of a deep net leave open: layers, directions, where its inputs come from, what its loss sees."""

from dataclasses import dataclass

from .gated_spec import GatedSpec, Layout

ELMAN = ("tanh", "relu", "sigmoid")


@dataclass(frozen=True)
class DeepSpec:
    """One net with its loss.

    Args:
        cell: tanh | relu | sigmoid | lstm | gru.
        layers: of which each takes the states of the one below for its inputs.
        bidirectional: whether a second cell, beside the one of a single layer, reads the sequence from its end.
        inputs: tokens (one-hot) | embedding (tokens look up a row of E) | dense | parameter (dense, named x).
        outputs: layer (y = h W_hy + b_y) | states (y = h).
        loss: softmax_cross_entropy | mse | projection (<y, R>).
        layout: row (weights (in, out), x @ W) | column ((out, in), W @ x).
        biases: whether the cells and the readout have them.
        learned: whether the initial states are the parameters h0 and, for an LSTM, c0.
        own_states: whether each sequence of the batch has its own h0.
        reduction: sum | mean.
        steps: all | last, those whose outputs enter the loss.
        lstm_output: as in `GatedSpec`, and so are all that follow.
        peepholes: LSTM.
        coupled: LSTM.
        reset: GRU.
        recurrent_bias: GRU.
        keeps: GRU.
    """

    cell: str = "tanh"
    layers: int = 1
    bidirectional: bool = False
    inputs: str = "tokens"
    outputs: str = "layer"
    loss: str = "softmax_cross_entropy"
    layout: str = "row"
    biases: bool = True
    learned: bool = False
    own_states: bool = False
    reduction: str = "sum"
    steps: str = "all"
    lstm_output: str = "tanh"
    peepholes: bool = False
    coupled: bool = False
    reset: str = "before"
    recurrent_bias: bool = False
    keeps: str = "z"

    @property
    def family(self) -> str:
        """Cells whose backward step is one text: elman | lstm | gru."""
        return "elman" if self.cell in ELMAN else self.cell

    @property
    def places(self) -> tuple[str, ...]:
        """The end of every parameter's name in each layer, from the lowest on, or in each direction."""
        if self.bidirectional:
            return "_ltr", "_rtl"
        return tuple(f"_{layer}" for layer in range(1, self.layers + 1)) if self.layers > 1 else ("",)

    @property
    def states(self) -> str:
        """Letters of what goes from step to step."""
        return "hc" if self.cell == "lstm" else "h"

    @property
    def gates(self) -> str:
        """Last letters of the names of the input weights: the gates with parameters, or h."""
        return "h" if self.family == "elman" else self.step.gates

    @property
    def has_output_layer(self) -> bool:
        """Whether the loss sees more than the states themselves."""
        return self.outputs == "layer"

    @property
    def step(self) -> GatedSpec:
        """One step of a gated cell."""
        same = ("cell", "layout", "biases", "lstm_output", "peepholes", "coupled", "reset", "recurrent_bias", "keeps")
        return GatedSpec(**{name: getattr(self, name) for name in same})

    @property
    def text_layout(self) -> Layout:
        """How the program writes its products."""
        return Layout(self.layout == "row")

    def error_of(self, gate: str) -> str:
        """What the program calls the error of a pre-activation."""
        return "dz" if self.family == "elman" else f"da_{gate}"

    def passes_down(self, place: str) -> bool:
        """Whether anybody needs the errors of this cell's inputs."""
        above_another = not self.bidirectional and place != self.places[0]
        return above_another or self.inputs in ("embedding", "parameter")
