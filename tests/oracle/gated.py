"""LSTM and GRU nets, right and with planted bugs: a program's text for each variant, and edits of that text.

It judges the package by, so it imports nothing from it. Everything that somebody may have written is in the text:
`adapter_source` gives it, and `loss` and `gradients` here run it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from .broken import relative_gaps
from .broken_bug import IncompatibleEditsError
from .gated_bug import Bug, has, plant
from .gated_bugs_gru import GRU_BUGS
from .gated_bugs_lstm import LSTM_BUGS
from .gated_case import GatedBatch, random_case
from .gated_spec import GatedSpec
from .gated_text import right_text

__all__ = [
    "BUGS",
    "BY_IDENTIFIER",
    "Bug",
    "GatedBatch",
    "GatedSpec",
    "adapter_source",
    "complex_step_gradients",
    "equivalents",
    "fits",
    "gradients",
    "loss",
    "named",
    "random_case",
    "shows",
]

Array = np.ndarray
Parameters = Mapping[str, Array]
Gradient = dict[str, Array]

BUGS: tuple[Bug, ...] = LSTM_BUGS + GRU_BUGS
BY_IDENTIFIER = {bug.identifier: bug for bug in BUGS}

VISIBLE = 1e-6  # relative to the largest entry of the right gradient of one parameter
SAME = 1e-9  # two gradients that agree so well at two points are taken for the same formula
COMPLEX_STEP = 1e-30  # its square vanishes beside 1, and no chain here makes it underflow


def loss(spec: GatedSpec, parameters: Parameters, batch: Any) -> Any:
    """The loss, a real number, or a complex one where a parameter is complex."""
    return _program(spec, ()).loss(dict(parameters), batch)


def gradients(spec: GatedSpec, parameters: Parameters, batch: Any, bugs: Sequence[Bug] = ()) -> Gradient:
    """Gradient of the loss, with the names and shapes of `parameters`, right but for the planted bugs.

    Raises:
        LookupError: a bug needs a line that this variant of the cell does not have.
        IncompatibleEditsError: two bugs change the same fragment.
    """
    with np.errstate(all="ignore"):  # some bugs make the chain explode
        wrong: Gradient = _program(spec, tuple(bugs)).gradients(dict(parameters), batch)
    return wrong


def complex_step_gradients(spec: GatedSpec, parameters: Parameters, batch: Any) -> Gradient:
    """dL/dtheta = Im L(theta + i h) / h for each entry alone: no difference is taken, so only rounding remains.

    Source: Squire and Trapp, Using complex variables to estimate derivatives of real functions (1998).
    """
    gradient = {}
    for name, theta in parameters.items():
        gradient[name] = np.zeros(theta.shape)
        for index in np.ndindex(theta.shape):
            stepped = theta.astype(np.complex128)
            stepped[index] += 1j * COMPLEX_STEP
            gradient[name][index] = loss(spec, {**parameters, name: stepped}, batch).imag / COMPLEX_STEP
    return gradient


def adapter_source(spec: GatedSpec, bugs: Sequence[Bug] = ()) -> str:
    """Text of an adapter file with `loss(parameters, batch)` and `gradients(parameters, batch)`; it needs numpy alone.

    Raises:
        LookupError: a bug needs a line that this variant of the cell does not have.
        IncompatibleEditsError: two bugs change the same fragment.
    """
    return plant(right_text(spec), bugs)


def fits(bugs: Sequence[Bug], spec: GatedSpec, parameters: Parameters) -> bool:
    """Whether one program of this variant can hold all of them, and their names are fair there."""
    if any(bug.cell != spec.cell for bug in bugs):
        return False
    try:
        adapter_source(spec, bugs)
    except (LookupError, IncompatibleEditsError):
        return False
    return all(has(need, spec, parameters["W_hy"].shape) for bug in bugs for need in bug.needs)


def shows(bug: Bug, spec: GatedSpec, parameters: Parameters, batch: Any) -> bool:
    """Whether the bug changes the gradient of some parameter; not where it makes it overflow."""
    if not fits([bug], spec, parameters):
        return False
    wrong = gradients(spec, parameters, batch, [bug])
    if not all(np.all(np.isfinite(value)) for value in wrong.values()):
        return False
    return max(relative_gaps(wrong, gradients(spec, parameters, batch)).values()) > VISIBLE


def equivalents(bug: Bug, spec: GatedSpec, parameters: Parameters, batch: Any) -> tuple[Bug, ...]:
    """The bug and all others that give the same gradient in this net, at this point and at another.

    What coincides depends on the sizes and the loss: with one sequence 1/B is no bug, and where the last step alone
    counts, an overwritten W_hy is a missing one.
    """
    rng = np.random.default_rng(0)
    redrawn = {name: rng.normal(0.0, np.std(theta) or 1.0, theta.shape) for name, theta in parameters.items()}
    points = [dict(parameters), redrawn]
    wanted = [gradients(spec, point, batch, [bug]) for point in points]

    def same(other: Bug) -> bool:
        found = (gradients(spec, point, batch, [other]) for point in points)
        return all(max(relative_gaps(*pair).values()) <= SAME for pair in zip(found, wanted, strict=True))

    return tuple(other for other in BUGS if fits([other], spec, parameters) and same(other))


def named(bug: Bug, kind: str, term: str, spec: GatedSpec, parameters: Parameters, batch: Any) -> bool:
    """Whether a finding of this kind and term is a fair name of the bug, alone in this net."""
    if bug.named_by(kind, term):
        return True
    return any(other.named_by(kind, term) for other in equivalents(bug, spec, parameters, batch))


@lru_cache(maxsize=4096)
def _program(spec: GatedSpec, bugs: tuple[Bug, ...]) -> ModuleType:
    program = ModuleType("_".join((spec.cell, *(bug.identifier for bug in bugs))))
    exec(compile(adapter_source(spec, bugs), program.__name__, "exec"), program.__dict__)
    return program
