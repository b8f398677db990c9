"""One witness, set up for many hypotheses: the forward pass is run once, each hypothesis costs one backward loop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gradcheck_rnn.diagnose.witness import Witness, negligible, norm, residual
from gradcheck_rnn.faults.elman import PRODUCTS
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.taps import bound_fault, regulariser_fault
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.elman import Deltas, deltas, forward, gradient_of, gradient_of_state, output_gradient
from gradcheck_rnn.model.net import LEARNED_STATE
from gradcheck_rnn.model.problem import canonical
from gradcheck_rnn.model.sums import finished, named_constants
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
        problem = witness.problem
        self.net, self.c = problem.net, canonical(problem)
        self.trace = forward(self.net, self.c)
        self.returned = {name: self.net.orient(name, value) for name, value in witness.gradients.items()}
        self.parameters = {name: self.net.orient(name, value) for name, value in problem.parameters.items()}
        self.floor = negligible(self.returned)
        self._products = {product.parameter: product for product in PRODUCTS if product.parameter in self.returned}

    def hypothesis(self, faults: Sequence[Fault] = ()) -> Hypothesis:
        """Follow the chain under faults of it."""
        taps = Taps(faults)
        dy = output_gradient(self.net, self.c, self.trace.y, taps)
        found = deltas(self.net, self.c, self.trace, dy, taps)
        return Hypothesis(tuple(faults), found, {name: self._gradient(name, found, taps) for name in self.returned})

    def residual(self, name: str, predicted: Array, constant: float = 1.0) -> float:
        """Distance of the returned gradient to `constant` times a predicted one, as a share of the larger norm."""
        return residual(self.returned[name], constant * predicted, self.floor)

    def ratio(self, name: str, predicted: Array) -> float:
        """Constant that brings a predicted gradient closest to the returned one; 0 where there is none to find."""
        return _ratio(self.returned[name], predicted) if predicted.size >= ENTRIES_FOR_A_FIT else 0.0

    def damaged(
        self, name: str, under: Hypothesis, constant: float, faults: Sequence[Fault]
    ) -> Iterator[tuple[Fault, Array]]:
        """Each fault of one parameter, with the gradient that it makes of a hypothesis', constant aside.

        Factors, bounds and weights of regularisers are fitted; a factor that has a name comes under that name too.
        """
        gradient, parameter, sizes = under.gradients[name], self.parameters[name], self.net.sizes
        for fault in faults:
            if fault.damage not in FITTED:
                yield fault, self._gradient(name, under.found, Taps([*under.faults, fault]))
                continue
            for fitted in self._fitted(fault, self.returned[name] / constant, gradient, parameter):
                yield fitted, finished(name, gradient, parameter, Taps([fitted]), sizes)

    def damaged_twice(
        self, name: str, under: Hypothesis, constant: float, faults: Sequence[Fault]
    ) -> Iterator[tuple[tuple[Fault, Fault], Array]]:
        """Each pair of faults of one parameter: two at different taps or of different damage, the fitted one last."""
        parameter, sizes = self.parameters[name], self.net.sizes
        plain = [fault for fault in faults if fault.damage not in FITTED]
        for i, first in enumerate(plain):
            gradient = self._gradient(name, under.found, Taps([*under.faults, first]))
            for fault in faults:
                if fault.damage in FITTED:
                    for fitted in self._fitted(fault, self.returned[name] / constant, gradient, parameter):
                        yield (first, fitted), finished(name, gradient, parameter, Taps([fitted]), sizes)
            for second in plain[i + 1 :]:
                if second.taps != first.taps or second.damage is not first.damage:
                    yield (first, second), self._gradient(name, under.found, Taps([*under.faults, first, second]))

    def _gradient(self, name: str, found: Deltas, taps: Taps) -> Array:
        if name == LEARNED_STATE:
            return gradient_of_state(found, self.c, taps)
        return gradient_of(self.net, self._products[name], found, self.c, self.trace, taps)

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
            known = named_constants(self.net.sizes).items()
            for term in [term for term, value in known if abs(value / factor - 1) < NAMED]:
                yield replace(fault, says=f"d{names[0]} is multiplied by {term}", other=term)
            yield replace(fault, says=f"d{names[0]} is multiplied by {factor:.6g}", amount=factor)


def _largest(value: Array) -> float:
    return float(np.abs(value).max(initial=0.0))


def _ratio(value: Array, unit: Array) -> float:
    size = float((unit * unit).sum())
    return float((value * unit).sum()) / size if size > 0 else 0.0
