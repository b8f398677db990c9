"""The net that each known fault is shown on: a part-of-speech tagger, changed as little as the fault needs.

Nothing here imports numpy, so that the faults are listed at once.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.cells.equation import INPUT_PARAMETER
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.kinds import FaultName
from gradcheck_rnn.config.settings import LEARNED, BackwardSettings, Settings
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.library import WINDOW, fault_by_name, fault_names, known_faults, parameters_of

# the slip of the question that this project began with
FIRST_STORY = "untransposed-weight:W_hh"
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
# a chain map of nine steps shows windows of up to seven lags
LONGEST_WINDOW = 7
# a net whose gradients go beyond the usual bound of a clip
LARGE_GRADIENTS = (
    "loss.kind=mse",
    "model.init.distribution=normal_fan_in",
    "model.init.scale=2",
    "sequence.batch_size=8",
)


# inputs that have a gradient
OF_INPUTS = ("sequence.inputs=dense", "sequence.input_gradient=true")


@dataclass(frozen=True)
class Stage:
    """A net that faults are shown on: the tagger under `changes` (KEY=VALUE each); `needs` says why, in words."""

    needs: str = ""
    changes: tuple[str, ...] = ()


# tried in this order
STAGES = (
    Stage(),
    Stage("a relu cell", ("model.cell=relu",)),
    Stage("a sigmoid cell", ("model.cell=sigmoid",)),
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
# what a name alone does not tell
_SPECIAL = {
    "untransposed-weight:W_hy": _AS_MANY_OUTPUTS,
    "missing-term:W_hy": _AS_MANY_OUTPUTS,
    "transposed-gradient:W_hy": _AS_MANY_OUTPUTS,
    "untransposed-weight:W_xh": _AS_MANY_INPUTS_WITH_GRADIENT,
    "missing-term:W_xh": _AS_MANY_INPUTS_WITH_GRADIENT,
    "transposed-gradient:W_xh": _AS_MANY_INPUTS,
    "wrong-operand:W_xh": _AS_MANY_INPUTS,
    "missing-initial-state:h[t-1]": _GIVEN_STATE,
    "skipped-step:W_hh": _GIVEN_STATE,
}


def demo_names() -> tuple[str, ...]:
    """Names of all known faults, windows as far as they can be shown."""
    return (*fault_names(), *(f"{WINDOW}:{lags}" for lags in range(1, LONGEST_WINDOW + 1)))


@cache
def stage_of(name: str) -> Stage:
    """The net that a known fault is shown on."""
    kind, _, term = name.partition(":")
    if name in _SPECIAL:
        return _SPECIAL[name]
    if kind == WINDOW:
        return Stage(f"more than {int(term) + 1} steps", (f"sequence.length={max(6, int(term) + 2)}",))
    if kind == "clipped-gradient":
        state = "learned" if term == "h0" else "random"
        of_inputs = OF_INPUTS if term == INPUT_PARAMETER else ()
        return Stage("gradients beyond the bound", (*LARGE_GRADIENTS, f"model.initial_state={state}", *of_inputs))
    return next(stage for stage in STAGES if name in _faults_on(stage))


def settings_of(name: str) -> Settings:
    """The configuration with a known fault in the reference."""
    text = f"{TAGGER}backward: {{fault: {FaultName().write(name)}}}\n"
    return load_settings("-", overrides=stage_of(name).changes, stdin=io.BytesIO(text.encode()))


def with_fault(settings: Settings, name: str | None) -> Settings:
    """The same net with another fault in the reference, or with none."""
    return replace(settings, backward=BackwardSettings(fault=name))


def fault_called(name: str) -> Fault:
    """The fault of a name, as its net has it."""
    return fault_by_name(name, _faults_on(stage_of(name)).values())


@cache
def _faults_on(stage: Stage) -> Mapping[str, Fault]:
    """The first fault of each name that a net may have, windows aside."""
    settings = load_settings("-", overrides=stage.changes, stdin=io.BytesIO(TAGGER.encode()))
    model, sequence, structure = settings.model, settings.sequence, Structure(cell_called(settings.model.cell))
    parameters = parameters_of(
        structure,
        biases=model.biases,
        learned=model.initial_state in LEARNED,
        outputs=model.outputs == "layer",
        inputs=sequence.input_gradient,
    )
    faults = known_faults(
        structure,
        length=1,
        loss=settings.loss.kind,
        steps=settings.loss.steps,
        batched=sequence.batch_size is not None,
        parameters=parameters,
    )
    return {fault.name: fault for fault in reversed(faults)}
