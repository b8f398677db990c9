"""The nets that known faults are shown on: a part-of-speech tagger, changed as little as each fault needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

TAGGER = """\
model:
  input_size: 12         # words, one-hot
  hidden_size: 10
  output_size: 6         # tags
  layout: row            # x @ W
  init: {distribution: normal, scale: 0.01}
sequence: {length: 6}
loss: {kind: softmax_cross_entropy, reduction: sum}
seed: 0
"""
# as many words, units and tags: a slip with the shape of a weight runs, and a chain map shows nine steps
SQUARE = ("model.input_size=9", "model.hidden_size=9", "model.output_size=9")
# inputs that have a gradient
OF_INPUTS = ("sequence.inputs=dense", "sequence.input_gradient=true")


@dataclass(frozen=True)
class Stage:
    """A net that faults are shown on: the tagger under `changes` (KEY=VALUE each); `needs` says why, in words."""

    needs: str = ""
    changes: tuple[str, ...] = ()

    def on(self, other: "Stage") -> "Stage":
        """Return the stage that is both; where they differ, `other` counts."""
        needs = ", and ".join(each.needs for each in (other, self) if each.needs)
        return Stage(needs, (*self.changes, *other.changes))


@dataclass(frozen=True)
class Family:
    """Nets of one kind of cell, by the `name` that a command gives it.

    `cell` says in words what they are, `changes` make the tagger one of them. A fault is shown on the first of `stages`
    that it may be in, unless `special` has one for its name; kinds that show at the configured point of an extreme net
    only have one in `extremes`. `first_story` is the fault that is shown where none is asked for.
    """

    name: str
    cell: str
    changes: tuple[str, ...]
    stages: tuple[Stage, ...]
    first_story: str
    extremes: Mapping[str, Stage]
    special: Mapping[str, Stage] = field(default_factory=dict)


_COMMON = (
    Stage("a learned initial state", ("model.initial_state=learned",)),
    Stage("a loss on the last step only", ("loss.steps=last",)),
    Stage("a batch", ("sequence.batch_size=3",)),
    Stage("a gradient of the inputs", OF_INPUTS),
    Stage("a layer without a loss", ("loss.kind=projection",)),
)
_AS_MANY_OUTPUTS = Stage("as many outputs as hidden units", ("model.output_size=10",))
_AS_MANY_INPUTS = Stage("as many inputs as hidden units", ("model.input_size=10",))
_AS_MANY_INPUTS_WITH_GRADIENT = Stage(
    "a gradient of as many inputs as hidden units", ("model.input_size=10", *OF_INPUTS)
)
_GIVEN_STATE = Stage("an initial state that is not zero", ("model.initial_state=random",))
_LARGE_GRADIENTS = Stage(
    "gradients beyond the bound",
    (
        "loss.kind=mse",
        "model.init.distribution=normal_fan_in",
        "model.init.scale=2",
        "sequence.batch_size=8",
        "model.initial_state=random",
    ),
)
# a gate makes small what goes back through it
_LARGE_GATED_GRADIENTS = Stage("", ("model.output_size=100",)).on(_LARGE_GRADIENTS)

ELMAN = Family(
    name="elman",
    cell="an Elman net",
    changes=(),
    stages=(
        Stage(),
        Stage("a relu cell", ("model.cell=relu",)),
        Stage("a sigmoid cell", ("model.cell=sigmoid",)),
        *_COMMON,
    ),
    # the slip of the question that this project began with
    first_story="untransposed-weight:W_hh",
    extremes={"missing-initial-state": _GIVEN_STATE, "clipped-gradient": _LARGE_GRADIENTS},
    special={
        "untransposed-weight:W_hy": _AS_MANY_OUTPUTS,
        "missing-term:W_hy": _AS_MANY_OUTPUTS,
        "transposed-gradient:W_hy": _AS_MANY_OUTPUTS,
        "untransposed-weight:W_xh": _AS_MANY_INPUTS_WITH_GRADIENT,
        "missing-term:W_xh": _AS_MANY_INPUTS_WITH_GRADIENT,
        "transposed-gradient:W_xh": _AS_MANY_INPUTS,
        "wrong-operand:W_xh": _AS_MANY_INPUTS,
        "skipped-step:W_hh": _GIVEN_STATE,
    },
)
_PEEPHOLES = "model.lstm.peepholes=true"
_RESET_AFTER = "model.gru.reset=after"
LSTM = Family(
    name="lstm",
    cell="an LSTM",
    changes=("model.cell=lstm", *SQUARE),
    stages=(
        Stage(),
        *_COMMON,
        Stage("h = o * c, without tanh", ("model.lstm.output=identity",)),
        Stage("peepholes", (_PEEPHOLES,)),
        Stage("peepholes, and a gradient of the inputs", (_PEEPHOLES, *OF_INPUTS)),
        Stage("coupled gates, f = 1 - i", ("model.lstm.coupled_gates=true",)),
    ),
    first_story="missing-activation-derivative:sigmoid' of f",
    extremes={"missing-initial-state": _GIVEN_STATE, "clipped-gradient": _LARGE_GATED_GRADIENTS},
)
GRU = Family(
    name="gru",
    cell="a GRU",
    changes=("model.cell=gru", *SQUARE),
    stages=(
        Stage(),
        *_COMMON,
        Stage("z * n + (1 - z) * h[t-1]", ("model.gru.keeps=1-z",)),
        Stage("the reset gate after the product, r * (h[t-1] @ W_hn)", (_RESET_AFTER,)),
        Stage("a bias within the product, r * (h[t-1] @ W_hn + b_hn)", (_RESET_AFTER, "model.gru.recurrent_bias=true")),
        Stage("the reset gate after the product, and a gradient of the inputs", (_RESET_AFTER, *OF_INPUTS)),
    ),
    first_story="missing-term:r * dq in dh_next",
    extremes={"missing-initial-state": _GIVEN_STATE, "clipped-gradient": _LARGE_GATED_GRADIENTS},
)
FAMILIES = (ELMAN, LSTM, GRU)
