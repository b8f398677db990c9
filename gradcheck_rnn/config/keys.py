"""Every key of a configuration, in one table: what it takes, its default, what it is for.

Validation, suggestions, the printed configuration, the JSON schema and the documentation read this table.
"""

from dataclasses import MISSING, dataclass, fields
from typing import Any, get_args, get_type_hints

from gradcheck_rnn.config import settings
from gradcheck_rnn.config.kinds import Choice, FaultName, File, Integer, Kind, Number, Switch

LARGEST_SEED = 2**63 - 1
MOST_LAYERS = 32  # each has its own names and faults: more would take long before anything is checked
TIMEOUT_LIMIT = 1e6  # seconds; the operating system's wait takes no more than 2**31 milliseconds
# The one default that depends on another key: what `tolerance: auto` is for each dtype.
AUTO_TOLERANCE = {"float64": settings.CheckSettings.tolerance, "float32": 1e-3}


def _default(path: str) -> Any:
    """Default of the setting at a dotted path; MISSING where the key is required."""
    *sections, name = path.split(".")
    owner: Any = settings.Settings
    for section in sections:
        owner = get_type_hints(owner)[section]
    return {field.name: field.default for field in fields(owner)}[name]


@dataclass(frozen=True)
class _Named:
    """A key or section by its dotted path, with its purpose."""

    path: str
    doc: str

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def section(self) -> str:
        """The path without its last part; empty at the top level."""
        return self.path.rpartition(".")[0]


@dataclass(frozen=True)
class Key(_Named):
    """A key with its kind of value and default (MISSING: required, `unless` another key has some value)."""

    kind: Kind
    default: Any
    unless: tuple[str, str] | None = None

    @property
    def required(self) -> bool:
        """Whether a configuration must set it."""
        return self.default is MISSING


@dataclass(frozen=True)
class Section(_Named):
    """A group of keys; `word` may stand for the group, every key in it at its default.

    `cell` is the one that the keys are about, if there is one.
    """

    word: str | None = None
    cell: str | None = None


def _key(path: str, kind: Kind, doc: str, unless: tuple[str, str] | None = None) -> Key:
    return Key(path, doc, kind, _default(path), unless)


SECTIONS = {
    section.path: section
    for section in (
        Section("model", "the net"),
        Section("model.init", "how the weights are drawn"),
        Section("model.lstm", "what varies between LSTMs", cell="lstm"),
        Section("model.gru", "what varies between GRUs", cell="gru"),
        Section("sequence", "the batch"),
        Section("loss", "the described loss"),
        Section("backward", "whose backward pass is checked", word="reference"),
        Section("check", "how it is checked"),
    )
}

KEYS = {
    key.path: key
    for key in (
        _key(
            "model.cell",
            Choice(get_args(settings.Cell)),
            "an Elman net by its activation, a gated one, or `custom`",
        ),
        _key("model.input_size", Integer(1), "length I of an input x_t, for tokens their number"),
        _key("model.hidden_size", Integer(1), "length H of the hidden state h_t"),
        _key("model.output_size", Integer(1), "length O of an output y_t", unless=("model.outputs", "states")),
        _key("model.layers", Integer(1, MOST_LAYERS), "number of layers above each other"),
        _key("model.bidirectional", Switch(), "whether each layer runs from the last step to the first as well"),
        _key(
            "model.embedding_size",
            Integer(1, word="null"),
            "length of tokens' vectors; `null`: they are one-hot",
        ),
        _key("model.biases", Switch(), "whether there are b_h and b_y"),
        _key("model.layout", Choice(get_args(settings.Layout)), "weights (in, out) for x @ W, or (out, in) for W @ x"),
        _key(
            "model.outputs",
            Choice(get_args(settings.Outputs)),
            "y from an output layer, or the states themselves",
        ),
        _key("model.init.distribution", Choice(get_args(settings.Distribution)), "what the weights are drawn from"),
        _key(
            "model.init.scale",
            Number("a number that is not negative", from_zero=True),
            "standard deviation or half-width; `_fan_in` divides it by sqrt(fan_in)",
        ),
        _key("model.initial_state", Choice(get_args(settings.InitialState)), "where the hidden state starts"),
        _key("model.lstm.output", Choice(get_args(settings.LstmOutput)), "h = o * tanh(c), or h = o * c"),
        _key("model.lstm.peepholes", Switch(), "whether the gates see c, each through a vector"),
        _key("model.lstm.coupled_gates", Switch(), "whether f is 1 - i"),
        _key(
            "model.gru.reset", Choice(get_args(settings.Reset)), "whether r acts before or after the product with W_hn"
        ),
        _key("model.gru.keeps", Choice(get_args(settings.Keeps)), "what the old state is multiplied by"),
        _key("model.gru.recurrent_bias", Switch(), "whether there is a b_hn in r * (h W_hn + b_hn)"),
        _key("sequence.length", Integer(1), "number T of steps"),
        _key("sequence.batch_size", Integer(1, word="null"), "number B of sequences; `null`: no batch axis"),
        _key("sequence.inputs", Choice(get_args(settings.Inputs)), "one-hot tokens, or dense vectors"),
        _key("sequence.input_gradient", Switch(), "whether the gradient of the inputs is checked too, as that of `x`"),
        _key("loss.kind", Choice(get_args(settings.LossKind)), "loss of one step"),
        _key("loss.reduction", Choice(get_args(settings.Reduction)), "`mean` divides by B and by the steps that count"),
        _key("loss.steps", Choice(get_args(settings.Steps)), "the steps that count"),
        _key("seed", Integer(0, LARGEST_SEED), "fixes every random draw"),
        _key("dtype", Choice(get_args(settings.DType)), "precision of the checked gradient"),
        _key("backward.adapter", File(("*.py",)), "Python file with the user's `gradients`"),
        _key("backward.fault", FaultName(), "fault that is put into the reference: the check must find it"),
        _key("check.method", Choice(get_args(settings.Method)), "how the numeric gradient is taken"),
        _key("check.step", Number("a positive number", word="auto"), "step h, in the units of a parameter"),
        Key(
            "check.tolerance",
            "largest relative error that passes; `auto` depends on the dtype",
            Number("a number between 0 and 1", below=1.0, word="auto"),
            default=None,
        ),
        _key(
            "check.entries",
            Integer(1, LARGEST_SEED, word="all", words=get_args(settings.Entries)),
            "entries that are checked in each parameter; `screen` looks along random directions instead",
        ),
        _key("check.probe", Switch(on_off=True), "whether to check at a second point that separates faults"),
        _key("check.loss", Choice(get_args(settings.LossSource)), "whose loss is differenced"),
        _key(
            "check.timeout",
            Number("a positive number of seconds", below=TIMEOUT_LIMIT),
            "seconds that one call of user code may take",
        ),
    )
}

NAMED: dict[str, Key | Section] = {**KEYS, **SECTIONS}
