"""The net that a known fault is shown on.

Nothing here imports numpy, so that the faults are listed at once.
"""

import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache

from gradcheck_rnn.cells.catalogue import cell_called
from gradcheck_rnn.cells.structure import Structure
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.kinds import FaultName
from gradcheck_rnn.config.settings import LEARNED, BackwardSettings, Settings
from gradcheck_rnn.config.variants import variant_in
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.library import WINDOW, fault_by_name, known_faults, parameters_of
from gradcheck_rnn.pipeline.demo.stages import ELMAN, TAGGER, Family, Stage

# a chain map of nine steps shows windows of up to seven lags
LONGEST_WINDOW = 7


def demo_names(family: Family = ELMAN) -> tuple[str, ...]:
    """Names of all known faults of a family, windows as far as they can be shown."""
    names = dict.fromkeys(name for stage in family.stages for name in _faults_on((*family.changes, *stage.changes)))
    return (*names, *(f"{WINDOW}:{lags}" for lags in range(1, LONGEST_WINDOW + 1)))


def stage_of(name: str, family: Family = ELMAN) -> Stage:
    """The net that a known fault is shown on."""
    kind, _, term = name.partition(":")
    if name in family.special:
        return family.special[name]
    if kind == WINDOW:
        return Stage(f"more than {int(term) + 1} steps", (f"sequence.length={max(6, int(term) + 2)}",))
    first = next(stage for stage in family.stages if name in _faults_on((*family.changes, *stage.changes)))
    return family.extremes[kind].on(first) if kind in family.extremes else first


def settings_of(name: str, family: Family = ELMAN) -> Settings:
    """The configuration with a known fault in the reference."""
    fault = f"backward: {{fault: {FaultName().write(name)}}}\n"
    return _settings((*family.changes, *stage_of(name, family).changes), backward=fault)


def with_fault(settings: Settings, name: str | None) -> Settings:
    """The same net with another fault in the reference, or with none."""
    return replace(settings, backward=BackwardSettings(fault=name))


def fault_called(name: str, family: Family = ELMAN) -> Fault:
    """The fault of a name, as its net has it."""
    stage = stage_of(name, family)
    return fault_by_name(name, _faults_on((*family.changes, *stage.changes)).values())


def _settings(changes: Iterable[str], *, backward: str = "") -> Settings:
    return load_settings("-", overrides=tuple(changes), stdin=io.BytesIO((TAGGER + backward).encode()))


@cache
def _faults_on(changes: tuple[str, ...]) -> Mapping[str, Fault]:
    """The first fault of each name that a net may have, windows aside."""
    settings = _settings(changes)
    model, sequence = settings.model, settings.sequence
    structure = Structure(cell_called(model.cell, variant_in(settings)))
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
    named: dict[str, Fault] = {}
    for fault in faults:
        named.setdefault(fault.name, fault)
    return named
