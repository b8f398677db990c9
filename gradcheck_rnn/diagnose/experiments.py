"""Experiments that need no reference: does a simple change of the returned gradient make it agree with the numeric one?

Each is judged as the check itself judges, error bars and all, so that it proves as much as a passing row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradcheck_rnn.compare import compare_gradients
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import NumericGradient
from gradcheck_rnn.numeric.screen.parameter import Screened

# relative distance of two constants that are one
SAME_CONSTANT = 1e-5


@dataclass(frozen=True)
class Experiment:
    """One line of the elimination table; `findings` are the faults that it speaks for, none where it rules them out."""

    question: str
    answer: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Numbers:
    """Gradients of one point under the user's names: returned, numeric, rounding allowed, and the parameters.

    `wrong` are the parameters that fail; `constants` are known numbers that gradients are off by, by name. Of a
    parameter that was `screened`, `numeric` holds a few entries.
    """

    returned: Mapping[str, Array]
    numeric: NumericGradient
    rounding: Mapping[str, float]
    parameters: Mapping[str, Array]
    wrong: tuple[str, ...]
    constants: Mapping[str, float]
    tolerance: float
    screened: Mapping[str, Screened] = field(default_factory=dict)

    def agrees(self, name: str, gradient: Array) -> bool:
        """Whether a changed gradient of one parameter passes."""
        shapes = {name: self.parameters[name].shape}
        judged = compare_gradients(
            {name: gradient},
            {name: self.numeric[name]},
            shapes,
            tolerance=self.tolerance,
            rounding={name: self.rounding[name]},
            screened=self.screened,
        )
        return judged[name].verdict == "pass"

    def pair(self, name: str) -> tuple[Array, Array]:
        """Returned and numeric values at the entries that were differenced."""
        estimate = self.numeric[name]
        return self.returned[name].reshape(-1)[estimate.indices], estimate.value


def on_numbers(numbers: Numbers) -> list[Experiment]:
    """Try every change of the returned gradients on its own."""
    constant = _one_constant(numbers)
    if constant.findings:
        return [constant]
    return [constant, *(_each(numbers, question, change) for question, change in CHANGES.items())]


def _one_constant(numbers: Numbers) -> Experiment:
    question = "one constant on everything?"
    pairs = [numbers.pair(name) for name in numbers.numeric]
    size = sum(float((numeric**2).sum()) for _, numeric in pairs)
    constant = sum(float((returned * numeric).sum()) for returned, numeric in pairs) / size if size else 0.0
    alike = constant != 0 and all(numbers.agrees(name, numbers.returned[name] / constant) for name in numbers.numeric)
    if not alike or abs(constant - 1) < SAME_CONSTANT:
        return Experiment(question, "no")
    finding = _constant_finding(numbers, constant, "every gradient", numbers.wrong)
    return Experiment(question, f"yes, {constant:.6g}", (finding,))


def _constant_finding(numbers: Numbers, constant: float, what: str, names: tuple[str, ...]) -> Finding:
    term = "all" if what == "every gradient" else names[0]
    if abs(constant + 1) < SAME_CONSTANT:
        return likely("sign-flip", term, f"{what} has the wrong sign", "negate it", names)
    known = [name for name, value in numbers.constants.items() if abs(value / constant - 1) < SAME_CONSTANT]
    called = known[0] if known else f"{constant:.6g}"
    message = f"{what} is {called} times what it should be"
    help_text = f"multiply by {called[2:]}" if called.startswith("1/") else f"divide by {called}"
    return likely("scaled-gradient", called if term == "all" else term, message, help_text, names)


def _own_constant(numbers: Numbers, name: str) -> Finding | None:
    returned, numeric = numbers.pair(name)
    size = float((numeric**2).sum())
    constant = float((returned * numeric).sum()) / size if size and len(numeric) > 1 else 0.0
    if constant == 0 or not numbers.agrees(name, numbers.returned[name] / constant):
        return None
    return _constant_finding(numbers, constant, f"the gradient of {name}", (name,))


def _transposed(numbers: Numbers, name: str) -> Finding | None:
    value = numbers.returned[name]
    if value.ndim != 2 or value.shape[0] != value.shape[1] or not numbers.agrees(name, value.T):
        return None
    help_text = "swap the operands of its outer product"
    return likely("transposed-gradient", name, f"the gradient of {name} is transposed", help_text, (name,))


def _zero(numbers: Numbers, name: str) -> Finding | None:
    if numbers.returned[name].any():
        return None
    help_text = "nothing is ever added to its accumulator, or it is not the one that is returned"
    return likely("missing-gradient", name, f"the gradient of {name} stays zero", help_text, (name,))


def _bounded(numbers: Numbers, name: str) -> Finding | None:
    value = numbers.returned[name]
    bound = float(np.abs(value).max(initial=0.0))
    estimate = numbers.numeric[name]
    whole = value.reshape(-1).copy()
    beyond = (np.abs(whole[estimate.indices]) == bound) & (np.abs(estimate.value) > bound)
    whole[estimate.indices[beyond]] = estimate.value[beyond]
    if bound == 0 or not beyond.any() or not numbers.agrees(name, whole.reshape(value.shape)):
        return None
    message = f"the gradient of {name} is clipped at {bound:.6g}"
    return likely("clipped-gradient", name, message, "clip where the parameters are updated", (name,))


def _regularised(numbers: Numbers, name: str) -> Finding | None:
    returned, numeric = numbers.pair(name)
    theta = numbers.parameters[name].reshape(-1)[numbers.numeric[name].indices]
    size = float((theta**2).sum())
    weight = float(((returned - numeric) * theta).sum()) / size if size and len(theta) > 1 else 0.0
    if weight == 0 or not numbers.agrees(name, numbers.returned[name] - weight * numbers.parameters[name]):
        return None
    side = "gradient" if weight > 0 else "loss"
    message = f"the gap of {name} is {weight:.6g} times {name} itself: a regulariser is in the {side} only"
    return likely("regulariser-mismatch", name, message, "put it into both, or into neither", (name,))


CHANGES: dict[str, Callable[[Numbers, str], Finding | None]] = {
    "zero?": _zero,
    "a constant of its own?": _own_constant,
    "transposed?": _transposed,
    "clipped as it is returned?": _bounded,
    "off by a multiple of the parameter?": _regularised,
}


def _each(numbers: Numbers, question: str, change: Callable[[Numbers, str], Finding | None]) -> Experiment:
    """Ask of every wrong parameter; one may be wrong at another point only."""
    wrong = [name for name in numbers.wrong if not numbers.agrees(name, numbers.returned[name])]
    found = tuple(finding for name in wrong if (finding := change(numbers, name)) is not None)
    answer = ", ".join(finding.parameters[0] for finding in found)
    return Experiment(question, f"yes: {answer}" if found else "no", found)


def likely(kind: str, term: str, message: str, help_text: str, names: Sequence[str]) -> Finding:
    """What an experiment tells of some parameters."""
    return Finding(kind, term, message, help=help_text, certainty="likely", parameters=tuple(names))
