"""What a configuration says, after every check of it has passed."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Cell = Literal["tanh", "relu", "sigmoid", "lstm", "gru", "custom"]
LstmOutput = Literal["tanh", "identity"]
Reset = Literal["before", "after"]
Keeps = Literal["z", "1-z"]
Layout = Literal["row", "column"]
Distribution = Literal["normal", "uniform", "normal_fan_in", "uniform_fan_in"]
Outputs = Literal["layer", "states"]
InitialState = Literal["zeros", "random", "learned", "input"]
Inputs = Literal["tokens", "distinct_tokens", "dense"]
LossKind = Literal["softmax_cross_entropy", "mse", "projection"]
Reduction = Literal["sum", "mean"]
Steps = Literal["all", "last"]
DType = Literal["float64", "float32"]
Method = Literal["auto", "direct", "central", "richardson", "complex_step"]
LossSource = Literal["auto", "user", "described"]
# how entries are checked that are not looked at one by one
Entries = Literal["screen"]


# initial states that are parameters: one for all sequences, or each sequence's own
LEARNED = ("learned", "input")


@dataclass(frozen=True)
class InitSettings:
    """How the weights are drawn: the standard deviation (normal) or half-width (uniform) is `scale`.

    The `_fan_in` distributions divide it by sqrt(fan_in), so that scale 1 is gain 1.
    """

    distribution: Distribution = "normal_fan_in"
    scale: float = 1.0


@dataclass(frozen=True)
class LstmSettings:
    """What varies between LSTMs: h = o * tanh(c) or o * c, peepholes from c into the gates, f = 1 - i."""

    output: LstmOutput = "tanh"
    peepholes: bool = False
    coupled_gates: bool = False


@dataclass(frozen=True)
class GruSettings:
    """What varies between GRUs: whether r acts before or after the recurrent product, what the old state is times.

    After it, a bias may stand within the product, r * (h W_hn + b_hn), beside b_n.
    """

    reset: Reset = "before"
    keeps: Keeps = "z"
    recurrent_bias: bool = False


@dataclass(frozen=True)
class ModelSettings:
    """The net: cell, sizes, layers, whether it has biases, orientation of its weights, what is read off it, its start.

    With an `embedding_size`, tokens look up vectors of that length.
    """

    input_size: int
    hidden_size: int
    output_size: int
    cell: Cell = "tanh"
    layers: int = 1
    bidirectional: bool = False
    embedding_size: int | None = None
    biases: bool = True
    layout: Layout = "row"
    outputs: Outputs = "layer"
    init: InitSettings = InitSettings()
    initial_state: InitialState = "zeros"
    lstm: LstmSettings = LstmSettings()
    gru: GruSettings = GruSettings()


@dataclass(frozen=True)
class SequenceSettings:
    """The batch: T steps, B sequences (None: no batch axis), what the inputs are, whether they have a gradient."""

    length: int
    batch_size: int | None = None
    inputs: Inputs = "tokens"
    input_gradient: bool = False


@dataclass(frozen=True)
class LossSettings:
    """The described loss; `mean` divides by B and, where all steps count, by T."""

    kind: LossKind = "softmax_cross_entropy"
    reduction: Reduction = "sum"
    steps: Steps = "all"


@dataclass(frozen=True)
class BackwardSettings:
    """Whose backward pass is checked: the user's through `adapter`, else the reference, with a `fault` put into it."""

    adapter: Path | None = None
    fault: str | None = None


@dataclass(frozen=True)
class CheckSettings:
    """How it is checked; `step` None means chosen by the method, `entries` None means every entry.

    `entries` may be their number, or `screen`: random directions, and single entries where those disagree.
    `timeout` limits one call of user code, in seconds.
    """

    method: Method = "auto"
    step: float | None = None
    tolerance: float = 1e-6
    entries: int | Entries | None = None
    probe: bool = True
    loss: LossSource = "auto"
    timeout: float = 60.0


@dataclass(frozen=True)
class Settings:
    """A whole configuration; `source` is its file as the user named it (`-` for standard input).

    `stated` are the dotted paths of the keys that it states, whatever the others are by default.
    """

    source: str
    seed: int
    model: ModelSettings
    sequence: SequenceSettings
    loss: LossSettings = LossSettings()
    dtype: DType = "float64"
    backward: BackwardSettings = BackwardSettings()
    check: CheckSettings = CheckSettings()
    stated: frozenset[str] = field(default=frozenset(), compare=False)
