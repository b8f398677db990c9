"""Which convention the user's code has, where neither the configuration nor a loss says so: its gradients decide.

Those of the output layer depend on the states alone, not on the chain back through time: they tell one forward pass
from another even where the backward pass is wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.analytic.forward import SAME_IN_FLOAT32
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import Roles
from gradcheck_rnn.cells.equation import OUTPUT_BIAS, OUTPUT_WEIGHT
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.pipeline.user.role_inference import readings

# relative deviation of two gradients that are one function in float64, with the rounding of long sums
SAME_GRADIENT = 1e-9
# what a parameter's gradient counts for: equal ones more than those that are equal up to one constant
EQUAL, PROPORTIONAL = 2, 1

Gradients = Mapping[str, Array | None]


@dataclass(frozen=True)
class Candidate:
    """A described net that the user's parameters fit, with the keys of the YAML that make it of the configured one."""

    keys: tuple[str, ...]
    net: Net
    roles: Roles


@dataclass(frozen=True, order=True)
class Agreement:
    """How far the user's gradients are those of a candidate: the output layer's count first, then all."""

    outputs: int
    every: int


@dataclass(frozen=True)
class Convention:
    """The candidate that agrees best, the first of those that do equally; `tied` are these, itself among them."""

    best: Candidate
    tied: tuple[Candidate, ...]
    agrees: bool
    is_whole: bool

    @property
    def is_told(self) -> bool:
        """Whether the gradients tell this candidate from the others, or leave nothing that one could tell."""
        return self.is_whole or (self.agrees and len(self.tied) == 1)


def convention_by_gradients(
    candidates: Sequence[Candidate], points: Sequence[Point], gradients: Sequence[Gradients]
) -> Convention:
    """Compare the user's gradients at some draws with those of each candidate, the configured one first.

    To float32 where no candidate agrees to float64.
    """
    gaps = [_compared(each, points, gradients) for each in candidates]
    found = _best(candidates, gaps, SAME_GRADIENT)
    return found if found.agrees else _best(candidates, gaps, SAME_IN_FLOAT32)


@dataclass(frozen=True)
class _Gap:
    """Deviation of one parameter's gradient as a share of its largest entry, as it is and up to one constant."""

    name: str
    plain: float
    scaled: float

    def counts(self, near: float) -> int:
        if self.plain <= near:
            return EQUAL
        return PROPORTIONAL if self.scaled <= near else 0


def _best(candidates: Sequence[Candidate], gaps: Sequence[Sequence[Sequence[_Gap]]], near: float) -> Convention:
    agreements = [max(_agreement(reading, near) for reading in each) for each in gaps]
    best = max(agreements)
    tied = [each for each, agreement in zip(candidates, agreements, strict=True) if agreement == best]
    whole = EQUAL * len(gaps[agreements.index(best)][0])
    return Convention(tied[0], tuple(tied), agrees=best.every > 0, is_whole=best.every == whole)


def _agreement(gaps: Sequence[_Gap], near: float) -> Agreement:
    outputs = sum(gap.counts(near) for gap in gaps if gap.name in (OUTPUT_WEIGHT, OUTPUT_BIAS))
    return Agreement(outputs, sum(gap.counts(near) for gap in gaps))


def _compared(candidate: Candidate, points: Sequence[Point], gradients: Sequence[Gradients]) -> list[list[_Gap]]:
    """Gaps at all draws, with the initial state that the batch has, and from zeros, which some code starts from."""
    return [
        [gap for at, own in zip(each, gradients, strict=True) for gap in _gaps(candidate, at, own)]
        for each in readings(candidate.net, points)
    ]


def _gaps(candidate: Candidate, point: Point, own: Gradients) -> list[_Gap]:
    net, roles = candidate.net, candidate.roles
    described = reference_gradients(roles.problem(net, point).in_double_precision())
    return [
        _Gap(role, np.inf, np.inf) if value is None else _gap(role, roles.read(name, role, net, value), described[role])
        for role in net.shapes
        for name in roles.names(role)[:1]
        for value in [own[name]]
    ]


@np.errstate(all="ignore")  # what is not finite agrees with nothing
def _gap(name: str, own: Array, described: Array) -> _Gap:
    largest, square = float(np.abs(own).max()), float(np.vdot(described, described))
    if not np.isfinite(own).all() or not largest or not square:
        return _Gap(name, np.inf, np.inf)
    factor = float(np.vdot(described, own)) / square
    plain, scaled = (float(np.abs(own - c * described).max()) / largest for c in (1.0, factor))
    return _Gap(name, plain, scaled)
