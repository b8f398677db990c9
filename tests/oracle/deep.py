"""Deep nets, right and with planted bugs: stacks, two directions, embeddings, projections, gradients of the inputs.

It judges the package by, so it imports nothing from it. Everything that somebody may have written is in the text:
`adapter_source` gives it, and `loss` and `gradients` here run it.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from .broken import relative_gaps
from .broken_bug import IncompatibleEditsError, edited
from .deep_bug import NET, DeepBug
from .deep_bugs import bugs_of, everywhere_of, part_text
from .deep_case import SHAPES, random_case
from .deep_cell import at_place
from .deep_net import head_text
from .deep_spec import DeepSpec
from .gated_bug import Way, fitting_way
from .gated_case import GatedBatch

__all__ = [
    "SHAPES",
    "DeepBug",
    "DeepSpec",
    "GatedBatch",
    "adapter_source",
    "bugs_of",
    "complex_step_gradients",
    "equivalents",
    "everywhere_of",
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

VISIBLE = 1e-6  # relative to the largest entry of the right gradient of one parameter
SAME = 1e-9  # two gradients that agree so well at two points are taken for the same formula
COMPLEX_STEP = 1e-30  # its square vanishes beside 1, and no chain here makes it underflow


def loss(spec: DeepSpec, parameters: Parameters, batch: Any) -> Any:
    """The loss, a real number, or a complex one where a parameter is complex."""
    return _program(spec, ()).loss(dict(parameters), batch)


def gradients(spec: DeepSpec, parameters: Parameters, batch: Any, bugs: Sequence[DeepBug] = ()) -> Gradient:
    """Gradient of the loss, with the names and shapes of `parameters`, right but for the planted bugs.

    Raises:
        LookupError: a bug needs a line that this net does not have.
        IncompatibleEditsError: two bugs change the same fragment.
    """
    with np.errstate(all="ignore"):  # some bugs make the chain explode
        wrong: Gradient = _program(spec, tuple(bugs)).gradients(dict(parameters), batch)
    return wrong


def complex_step_gradients(spec: DeepSpec, parameters: Parameters, batch: Any) -> Gradient:
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


def adapter_source(spec: DeepSpec, bugs: Sequence[DeepBug] = ()) -> str:
    """Text of an adapter file with `loss(parameters, batch)` and `gradients(parameters, batch)`; it needs numpy alone.

    Raises:
        LookupError: a bug needs a line that this net does not have.
        IncompatibleEditsError: two bugs change the same fragment.
    """
    cells = [at_place(_planted(spec, place, bugs), place) for place in spec.places]
    return head_text(spec) + "\n\n".join([*cells, _planted(spec, NET, bugs)])


def _planted(spec: DeepSpec, part: str, bugs: Sequence[DeepBug]) -> str:
    text = part_text(spec, part)
    return edited(text, [edit for bug in bugs for edit in _edits(bug, part, text)])


def _edits(bug: DeepBug, part: str, text: str) -> Way:
    if part in bug.parts:
        return fitting_way(text, bug.bug)
    return bug.elsewhere[1] if bug.elsewhere and bug.elsewhere[0] == part else ()


def fits(bugs: Sequence[DeepBug], spec: DeepSpec, parameters: Parameters) -> bool:
    """Whether one program of this net can hold all of them, and their names are fair there."""
    try:
        adapter_source(spec, bugs)
    except (LookupError, IncompatibleEditsError):
        return False
    return all(_has(need, place, spec, parameters) for bug in bugs for need in bug.bug.needs for place in bug.parts)


def _has(need: str, part: str, spec: DeepSpec, parameters: Parameters) -> bool:
    """Whether the net has what a bug needs beside the text."""
    if need in ("all steps", "last step"):
        return spec.steps == need.partition(" ")[0]
    squares = {"O = H": "W_hy", "I = H": f"W_x{spec.gates[0]}{part}", "lowest I = H": f"W_x{spec.gates[0]}_1"}
    return len(set(parameters[squares[need]].shape)) == 1


def shows(bug: DeepBug, spec: DeepSpec, parameters: Parameters, batch: Any) -> bool:
    """Whether the bug changes the gradient of some parameter; not where it makes it overflow."""
    if not fits([bug], spec, parameters):
        return False
    wrong = gradients(spec, parameters, batch, [bug])
    if not all(np.all(np.isfinite(value)) for value in wrong.values()):
        return False
    return max(relative_gaps(wrong, gradients(spec, parameters, batch)).values()) > VISIBLE


def equivalents(bug: DeepBug, spec: DeepSpec, parameters: Parameters, batch: Any) -> tuple[DeepBug, ...]:
    """The bug and all others that give the same gradient in this net, at this point and at another."""
    rng = np.random.default_rng(0)
    redrawn = {name: rng.normal(0.0, np.std(theta) or 1.0, theta.shape) for name, theta in parameters.items()}
    points = [dict(parameters), redrawn]
    wanted = [gradients(spec, point, batch, [bug]) for point in points]

    def same(other: DeepBug) -> bool:
        found = (gradients(spec, point, batch, [other]) for point in points)
        return all(max(relative_gaps(*pair).values()) <= SAME for pair in zip(found, wanted, strict=True))

    return tuple(other for other in bugs_of(spec) if fits([other], spec, parameters) and same(other))


def named(bug: DeepBug, kind: str, term: str, spec: DeepSpec, parameters: Parameters, batch: Any) -> bool:
    """Whether a finding of this kind and term is a fair name of the bug, alone in this net."""
    if bug.named_by(kind, term):
        return True
    return any(other.named_by(kind, term) for other in equivalents(bug, spec, parameters, batch))


@lru_cache(maxsize=4096)
def _program(spec: DeepSpec, bugs: tuple[DeepBug, ...]) -> ModuleType:
    program = ModuleType("_".join((spec.cell, *(bug.identifier for bug in bugs))))
    exec(compile(adapter_source(spec, bugs), program.__name__, "exec"), program.__dict__)
    return program
