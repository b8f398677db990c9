"""An Elman net's backward pass in which every known fault can be planted, alone and in pairs.

The right program is the text of `broken_net.py`, and a fault is what it is in life: a few edits of that text. Two
faults are the edits of both. It judges the package by, so it imports nothing from it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from . import broken_net
from .broken_bug import Bug, IncompatibleEditsError, Name, edited
from .broken_net import Array
from .broken_output import OUTPUT_BUGS
from .broken_parameter import PARAMETER_BUGS
from .broken_stream import STREAM_BUGS, truncated_to
from .broken_unnamed import UNNAMED
from .elman import Spec
from .problems import BIAS_AND_STATE_STD

BUGS: tuple[Bug, ...] = STREAM_BUGS + OUTPUT_BUGS + PARAMETER_BUGS
BY_IDENTIFIER = {bug.identifier: bug for bug in (*BUGS, *UNNAMED)}

__all__ = [
    "BUGS",
    "BY_IDENTIFIER",
    "UNNAMED",
    "Bug",
    "IncompatibleEditsError",
    "both_show",
    "compatible",
    "equivalent_names",
    "fits",
    "gradients",
    "named",
    "relative_gaps",
    "shows",
    "source",
    "truncated_to",
]

VISIBLE = 1e-6  # relative to the largest entry of the right gradient of one parameter
NEGLIGIBLE = 1e-10  # a tensor that small beside the whole gradient is judged on that scale
SAME = 1e-9  # two gradients that agree so well at two points are taken for the same formula
RIGHT_SOURCE = Path(broken_net.__file__).read_text(encoding="utf-8")

Parameters = Mapping[str, Array]
Gradient = dict[str, Array]


def source(faults: Sequence[Bug] = ()) -> str:
    """Text of the program with the faults in it.

    Raises:
        IncompatibleEditsError: two of them change the same fragment.
    """
    return edited(RIGHT_SOURCE, [edit for fault in faults for edit in fault.edits])


def gradients(spec: Spec, parameters: Parameters, batch: Any, faults: Sequence[Bug] = ()) -> Gradient:
    """Gradient of the loss, with the names and shapes of `parameters`, right but for the planted faults.

    Raises:
        IncompatibleEditsError: two of the faults change the same fragment.
    """
    with np.errstate(all="ignore"):  # some faults make the chain explode
        wrong: Gradient = _program(tuple(faults))(spec, dict(parameters), batch)
    return wrong


@lru_cache(maxsize=4096)
def _program(faults: tuple[Bug, ...]) -> Callable[..., Gradient]:
    program = ModuleType("_".join(("program", *(fault.identifier for fault in faults))))
    exec(compile(source(faults), program.__name__, "exec"), program.__dict__)
    planted: Callable[..., Gradient] = program.gradients
    return planted


def compatible(faults: Sequence[Bug]) -> bool:
    """Whether one program can hold all of them."""
    try:
        source(faults)
    except IncompatibleEditsError:
        return False
    return True


def fits(faults: Sequence[Bug], spec: Spec, parameters: Parameters) -> bool:
    """Whether the net has what each of the faults needs for its code to run and its name to be fair."""
    U, W, V, *_ = broken_net.columns(spec, dict(parameters))
    has = {
        "softmax": spec.loss == "softmax_cross_entropy",
        "all steps": spec.steps == "all",
        "last step": spec.steps == "last",
        "mse": spec.loss == "mse",
        "relu": spec.cell == "relu",
        "tanh": spec.cell == "tanh",
        "I = H": U.shape[1] == len(W),
        "O = H": len(V) == len(W),
    }
    return all(has[need] for fault in faults for need in fault.needs)


def shows(faults: Bug | Sequence[Bug], spec: Spec, parameters: Parameters, batch: Any) -> bool:
    """Whether the planted faults change the gradient of some parameter; not where they make it overflow."""
    planted = (faults,) if isinstance(faults, Bug) else tuple(faults)
    if not compatible(planted) or not fits(planted, spec, parameters):
        return False
    wrong = gradients(spec, parameters, batch, planted)
    return _finite(wrong) and _differ(wrong, gradients(spec, parameters, batch))


def both_show(faults: Sequence[Bug], spec: Spec, parameters: Parameters, batch: Any) -> bool:
    """Whether the faults together show, and none of them can be left out unnoticed."""
    if not shows(faults, spec, parameters, batch):
        return False
    together = gradients(spec, parameters, batch, faults)
    fewer = [[fault for fault in faults if fault is not left_out] for left_out in faults]
    return all(_differ(together, gradients(spec, parameters, batch, rest)) for rest in fewer)


def named(fault: Bug, name: Name, spec: Spec, parameters: Parameters, batch: Any) -> bool:
    """Whether a finding of this kind and term is a fair name of the fault, alone in this net."""
    return fault.accepts(*name, spec) or name in equivalent_names(fault, spec, parameters, batch)


def equivalent_names(fault: Bug, spec: Spec, parameters: Parameters, batch: Any) -> frozenset[Name]:
    """Names of the fault and of all that give the same gradient in this net, at this point and at another.

    What coincides depends on the sizes: with two steps `T` is `2`, and a window of one step truncates nothing.
    """
    points = [parameters, _redrawn(spec, parameters, np.random.default_rng(0))]
    wanted = [gradients(spec, point, batch, [fault]) for point in points]
    found = set(fault.names(spec))
    for other in {*BUGS, *(truncated_to(window) for window in range(1, len(batch.inputs) - 1))}:
        if fits([other], spec, parameters) and all(
            not _differ(gradients(spec, point, batch, [other]), wrong, threshold=SAME)
            for point, wrong in zip(points, wanted, strict=True)
        ):
            found |= other.names(spec)
    return frozenset(found)


def _redrawn(spec: Spec, parameters: Parameters, rng: np.random.Generator) -> Gradient:
    """Other values in the same shapes: weights of gain 1, biases and a learned state of some size."""

    def std(name: str, shape: tuple[int, ...]) -> float:
        fan_in = shape[0 if spec.layout == "row" else -1]
        return BIAS_AND_STATE_STD if len(shape) == 1 else float(fan_in**-0.5)

    return {name: rng.normal(0.0, std(name, theta.shape), theta.shape) for name, theta in parameters.items()}


def _finite(gradient: Gradient) -> bool:
    return all(np.all(np.isfinite(value)) for value in gradient.values())


def _differ(wrong: Gradient, right: Gradient, *, threshold: float = VISIBLE) -> bool:
    return not all(gap <= threshold for gap in relative_gaps(wrong, right).values())  # a gap of nan differs


@np.errstate(all="ignore")  # an overflow on both sides leaves nan
def relative_gaps(wrong: Gradient, right: Gradient) -> dict[str, float]:
    """Largest difference in each tensor over the largest entry of the right one, infinite where that is zero."""
    floor = NEGLIGIBLE * max(float(np.max(np.abs(value))) for value in right.values())
    gaps = {}
    for name, value in right.items():
        gap = float(np.max(np.abs(wrong[name] - value)))
        scale = max(float(np.max(np.abs(value))), floor)
        gaps[name] = gap / scale if scale else float(np.where(gap > 0.0, np.inf, 0.0))
    return gaps
