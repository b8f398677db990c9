"""One witness, set up for many hypotheses: the forward pass is run once, each hypothesis costs one backward loop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.diagnose.witness import Witness, negligible, norm, residual, share
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import bound_fault, regulariser_fault, scaling_fault
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.chain import Deltas, deltas
from gradcheck_rnn.model.forward import forward
from gradcheck_rnn.model.problem import canonical
from gradcheck_rnn.model.reference import finish, gradient, output_gradient, reference_gradients
from gradcheck_rnn.model.sums import named_constants
from gradcheck_rnn.model.taps import Taps

# entries that a parameter must have for a constant on everything to be read off it
ENTRIES_FOR_A_FIT = 2
# relative distance of a fitted factor to the number that a name stands for
NAMED = 1e-6
FITTED = (Damage.SCALE, Damage.BOUND, Damage.BOUND_NORM, Damage.REGULARISE)


@dataclass(frozen=True)
class Hypothesis:
    """What a chain with some faults predicts: its deltas, and from these each parameter's gradient in row layout."""

    faults: tuple[Fault, ...]
    found: Deltas
    gradients: dict[str, Array]


class Scene:
    """A witness in row layout, with everything that does not depend on the hypothesis.

    `returned` are the gradients under test; what a hypothesis predicts is held against them after one constant on all
    of them has been divided out.
    """

    def __init__(self, witness: Witness) -> None:
        self.problem = problem = witness.problem
        self.net, self.c = problem.net, canonical(problem)
        self.trace = forward(self.net, self.c)
        self.returned = {name: self.net.orient(name, value) for name, value in witness.gradients.items()}
        self.parameters = {name: self.net.orient(name, value) for name, value in problem.parameters.items()}
        self.floor = negligible(self.returned)
        self._norms = {name: max(norm(value), self.floor) for name, value in self.returned.items()}
        self._largest = {name: _largest(value) for name, value in self.returned.items()}
        self._unclipped = {name: _below_the_largest(value) for name, value in self.returned.items()}

    def hypothesis(self, faults: Sequence[Fault] = ()) -> Hypothesis:
        """Follow the chain under faults of it; a sweep that they do not touch is that of the right chain."""
        taps, right = Taps(faults), self.right if faults else None
        dy = output_gradient(self.net, self.c, self.trace.y, taps)
        found = deltas(self.net, self.c, self.trace, dy, taps, right=right.found if right else None)
        kept = {name: right.gradients[name] for name in self._untouched(found, right)} if right else {}
        gradients = {name: kept[name] if name in kept else self._gradient(name, found, taps) for name in self.returned}
        return Hypothesis(tuple(faults), found, gradients)

    def _untouched(self, found: Deltas, right: Hypothesis) -> list[str]:
        """Parameters of the sweeps that are as in the right chain."""
        places = [place for place, each in found.sweeps.items() if each is right.found.sweeps[place]]
        located = self.net.located
        return [name for name in self.returned if name in located and located[name][1].place in places]

    def with_fault(self, fault: Fault) -> dict[str, Array]:
        """What a backward pass with a fault returns where that may differ, in the net's own layout."""
        if fault.taps == ("all",) or (fault.parameter is None and fault.damage in FITTED):
            return reference_gradients(self.problem, [fault])
        names, taps = list(self.returned), Taps([fault])
        if fault.parameter is None:
            rows = self.hypothesis([fault]).gradients
        else:
            names = [fault.parameter]
            rows = {fault.parameter: self._gradient(fault.parameter, self.right.found, taps)}
        done = {name: self._finished(name, rows[name], fault) for name in names}
        return {name: np.ascontiguousarray(self.net.orient(name, value)) for name, value in done.items()}

    @cached_property
    def right(self) -> Hypothesis:
        """The chain without faults."""
        return self.hypothesis()

    def residual(self, name: str, predicted: Array, constant: float = 1.0) -> float:
        """Distance of the returned gradient to `constant` times a predicted one, as a share of the larger norm."""
        other = constant * predicted
        return share(self.returned[name] - other, max(self._norms[name], norm(other)))

    def ratio(self, name: str, predicted: Array) -> float:
        """Constant that brings a predicted gradient closest to the returned one; 0 where there is none to find."""
        return _ratio(self.returned[name], predicted) if predicted.size >= ENTRIES_FOR_A_FIT else 0.0

    def constants(self, name: str, predicted: Array, same: float) -> list[float]:
        """Constants, not 0, that make a predicted gradient the returned one, in all entries or in those not clipped."""
        ratio = self.ratio(name, predicted)
        if ratio != 0 and self.residual(name, predicted, ratio) < same:
            return [ratio]
        unclipped = self._unclipped[name]
        one, other = self.returned[name][unclipped], predicted[unclipped]
        ratio = _ratio(one, other) if len(one) >= ENTRIES_FOR_A_FIT else 0.0
        return [ratio] if ratio != 0 and residual(one, ratio * other, self.floor) < same else []

    def may_become(self, name: str, predicted: Array, same: float) -> bool:
        """Whether a predicted gradient is the returned one but for what is done to it when it is finished."""
        returned, bound, parameter = self.returned[name], self._largest[name], self.parameters[name]
        if returned.size < ENTRIES_FOR_A_FIT or bound == 0 or self.constants(name, predicted, same):
            return True  # one entry is any other's multiple, and zero is that of everything
        if bound < _largest(predicted) and self.residual(name, np.clip(predicted, -bound, bound)) < same:
            return True
        return self.residual(name, predicted + _ratio(returned - predicted, parameter) * parameter) < same

    def damaged(
        self, name: str, under: Hypothesis, constant: float, faults: Sequence[Fault]
    ) -> Iterator[tuple[Fault, Array]]:
        """Each fault of one parameter, with the gradient that it makes of a hypothesis', constant aside.

        Factors, bounds and weights of regularisers are fitted; a factor that has a name comes under that name too.
        """
        value, parameter = under.gradients[name], self.parameters[name]
        for fault in faults:
            if fault.damage not in FITTED:
                yield fault, self._gradient(name, under.found, Taps([*under.faults, fault]))
                continue
            for fitted in self._fitted(fault, self.returned[name] / constant, value, parameter):
                yield fitted, self._finished(name, value, fitted)

    def damaged_twice(
        self, name: str, under: Hypothesis, constant: float, faults: Sequence[Fault]
    ) -> Iterator[tuple[tuple[Fault, Fault], Array]]:
        """Each pair of faults of one parameter: two at different taps or of different damage, the fitted one last."""
        parameter = self.parameters[name]
        plain = [fault for fault in faults if fault.damage not in FITTED]
        for i, first in enumerate(plain):
            once = self._gradient(name, under.found, Taps([*under.faults, first]))
            for fault in faults:
                if fault.damage in FITTED:
                    for fitted in self._fitted(fault, self.returned[name] / constant, once, parameter):
                        yield (first, fitted), self._finished(name, once, fitted)
            for second in plain[i + 1 :]:
                if second.taps != first.taps or second.damage is not first.damage:
                    yield (first, second), self._gradient(name, under.found, Taps([*under.faults, first, second]))
        yield from self._scaled_and_regularised(name, under.gradients[name], constant)
        yield from self._scaled_and_clipped(name, under.gradients[name], constant)

    def _scaled_and_regularised(
        self, name: str, gradient: Array, constant: float
    ) -> Iterator[tuple[tuple[Fault, Fault], Array]]:
        parameter = self.parameters[name]
        both = np.stack([gradient.reshape(-1), parameter.reshape(-1)], axis=1)
        if not np.isfinite(both).all() or len(both) <= both.shape[1]:
            return
        (factor, weight), *_ = np.linalg.lstsq(both, self.returned[name].reshape(-1) / constant)
        if factor != 0 and weight != 0:
            scaled, faults = factor * gradient, self._scalings(name, factor)
            regularised = regulariser_fault((name,), weight)
            for fault in faults:
                yield (fault, regularised), scaled + weight * parameter

    def _scaled_and_clipped(
        self, name: str, gradient: Array, constant: float
    ) -> Iterator[tuple[tuple[Fault, Fault], Array]]:
        returned = self.returned[name] / constant
        bound = _largest(returned)
        unclipped = _below_the_largest(returned)
        factor = _ratio(returned[unclipped], gradient[unclipped])
        if factor != 0 and unclipped.sum() >= ENTRIES_FOR_A_FIT:
            for scaled in self._scalings(name, factor):
                yield (scaled, bound_fault((name,), bound, Damage.BOUND)), np.clip(factor * gradient, -bound, bound)

    def _gradient(self, name: str, found: Deltas, taps: Taps) -> Array:
        return gradient(name, self.net, found, self.c, self.trace, taps)

    def _finished(self, name: str, value: Array, fault: Fault) -> Array:
        return finish(name, self.net, value, self.parameters[name], Taps([fault]))

    def _fitted(self, fault: Fault, returned: Array, gradient: Array, parameter: Array) -> Iterator[Fault]:
        """The fault with the amounts that fit best, none where none does."""
        names = (fault.parameter or "",)
        if fault.damage in (Damage.BOUND, Damage.BOUND_NORM):
            size = norm if fault.damage is Damage.BOUND_NORM else _largest
            if 0 < (bound := size(returned)) < size(gradient):
                yield bound_fault(names, bound, fault.damage)
        elif fault.damage is Damage.REGULARISE:
            if (weight := _ratio(returned - gradient, parameter)) != 0:
                yield regulariser_fault(names, weight)
        elif fault.kind != "scaled-gradient":
            yield fault
        elif (factor := _ratio(returned, gradient)) not in (0.0, 1.0, -1.0):
            yield from self._scalings(names[0], factor)

    def _scalings(self, name: str, factor: float) -> Iterator[Fault]:
        """Faults that multiply one gradient by a factor, under each name that it may have."""
        known = named_constants(self.net.sizes).items()
        for term in [term for term, value in known if abs(value / factor - 1) < NAMED]:
            yield scaling_fault(name, term)
        yield scaling_fault(name, factor)


def _below_the_largest(value: Array) -> npt.NDArray[np.bool_]:
    """Entries that have not reached the bound, if there is one."""
    return np.asarray(np.abs(value) < (1 - NAMED) * _largest(value))


def _largest(value: Array) -> float:
    return float(np.abs(value).max(initial=0.0))


def _ratio(value: Array, unit: Array) -> float:
    flat = unit.reshape(-1)
    size = float(flat.dot(flat))
    return float(value.reshape(-1).dot(flat)) / size if size > 0 else 0.0
