"""Which known faults explain the gradients that were returned, to rounding, at every draw?

A hypothesis is one constant on everything, faults of the chain, and at most one fault of each parameter alone. The
constant and the parameters' own faults are read off the numbers, so only the chain's faults have to be tried: one by
one, then in pairs. What explains the first draw must explain the others too; the fewest faults win.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import combinations, product

import numpy as np

from gradcheck_rnn.diagnose.clips import fitted_clips
from gradcheck_rnn.diagnose.merging import combinations_of, merged
from gradcheck_rnn.diagnose.reach import collide, may_explain
from gradcheck_rnn.diagnose.scene import Hypothesis, Scene
from gradcheck_rnn.diagnose.witness import SAME, Gradients, Witness, largest_residual, norm, quiet, residual
from gradcheck_rnn.faults.elman import named_constant
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import norm_bound_fault
from gradcheck_rnn.faults.library import chain_faults, own_faults
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.model.sums import named_constants

# an explanation by more faults than this does not stop the search for a pair in the chain
FEW = 2
# candidates that are held against the further draws, best first
MOST_TRIED = 100
# digits in which the gradients of two chains must agree to be paired as one
COINCIDE = 9
# chains that are paired with each other, the nearest ones: their number squared is the cost
MOST_PAIRED = 128
# chains that are tried with a clip in them
MOST_CHAINS = 3
# faults that come nearest at the first draw, among which the runner-up over all draws is looked for
NEAREST = 8


OwnFaults = Callable[[str, Hypothesis, float], list[tuple[Fault, ...]]]
Ask = Callable[[Problem], Gradients]


@dataclass(frozen=True)
class RunnerUp:
    """The fault that comes nearest without being the answer, and how far off it stays."""

    fault: Fault
    residual: float


@dataclass(frozen=True)
class Explanation:
    """Faults that together give the returned gradients of the parameters `explained`, and of no others.

    `residual` is the largest relative distance that is left, over all `draws` and these parameters; `equivalent` are
    names of faults that give the same gradients at every draw.
    """

    faults: tuple[Fault, ...]
    residual: float
    draws: int
    explained: tuple[str, ...]
    unexplained: tuple[str, ...]
    equivalent: tuple[str, ...]
    runner_up: RunnerUp | None


@dataclass(frozen=True)
class _Candidate:
    """Faults, the parameters that they explain at the first draw, and the place in the order of names."""

    faults: tuple[Fault, ...]
    explained: tuple[str, ...]
    order: int


@np.errstate(all="ignore")  # a fault may make the chain explode; what is not finite explains nothing
def explain_gradients(
    witnesses: Sequence[Witness], *, same: float = SAME, ask: Ask | None = None, pairs: bool = True
) -> Explanation | None:
    """Find the fewest known faults that explain the gradients of all witnesses.

    Args:
        witnesses: one draw or, to separate faults that coincide, more; of one net, lengths may differ.
        same: residual below which two gradients are one.
        ask: gives the gradients under test at other problems of the first witness' sizes, if it can be asked: at one
            whose errors are too small to be clipped, where nothing else explains the others.
        pairs: whether two faults of the chain at once are tried where no single one is enough: that takes the longest.
    Returns:
        None where the gradients are right, and where no known fault explains any that is wrong.
    """
    search = _Search(witnesses, same, ask)
    return search.run(pairs=pairs) if search.wrong else None


def _wrong_at(witness: Witness, same: float) -> set[str]:
    """Parameters whose gradients are wrong at a draw."""
    residuals = witness.residuals(reference_gradients(witness.problem))
    return {name for name, gap in residuals.items() if gap >= same}


def _is_of_chain(fault: Fault) -> bool:
    return fault.parameter is None and fault.taps != ("all",)


def _is_value_of(fault: Fault, named: Iterable[Fault]) -> bool:
    """Whether a fault is the number, such as 0.5, that a constant among the others, such as 1/2, has as its value."""
    if fault.damage is not Damage.SCALE or fault.other:
        return False
    return any(each.damage is Damage.SCALE and each.other and each.taps == fault.taps for each in named)


class _Search:
    """The search at one set of draws.

    `wrong` are the parameters whose gradients are wrong at some draw, the first of the `witnesses` is the one at which
    the most are: it decides what is tried. `chain` are the faults of the chain that one may be, `tried` the hypotheses
    of those that were, None where such a fault changes nothing.
    """

    def __init__(self, witnesses: Sequence[Witness], same: float, ask: Ask | None = None) -> None:
        wrong_at = [_wrong_at(each, same) for each in witnesses]
        first = max(range(len(witnesses)), key=lambda i: len(wrong_at[i]))
        self.witnesses = [witnesses[first], *witnesses[:first], *witnesses[first + 1 :]]
        self.wrong = set[str]().union(*wrong_at)
        self.same, self.ask, self.asked = same, ask, witnesses[0].problem
        self.scene = Scene(self.witnesses[0])
        self.names = tuple(self.scene.returned)
        self.local = own_faults(self.scene.net.structure)
        self.tried: dict[Fault, Hypothesis | None] = {}

    @cached_property
    def chain(self) -> tuple[Fault, ...]:
        net = self.scene.net
        return chain_faults(net.structure, loss=net.loss.kind, steps=net.loss.steps, length=net.sizes.length)

    def _under(self, fault: Fault) -> Hypothesis | None:
        """The chain with one fault; None where it changes nothing."""
        if fault not in self.tried:
            hypothesis = self.scene.hypothesis([fault])
            self.tried[fault] = hypothesis if self._changes(hypothesis) else None
        return self.tried[fault]

    def run(self, *, pairs: bool) -> Explanation | None:
        singles = list(self.singles())
        best = self._complete(singles)
        for more in (self._twice_in_each, partial(self._clips, scaled=False), partial(self._clips, scaled=True)):
            if best is None:
                singles += more()
                best = self._complete(singles)
        if best is None or len(best.faults) > FEW:
            paired = list(self._pairs()) if pairs else []
            both = [each for each in (best, self._complete(paired)) if each is not None]
            best = min(both, key=lambda each: len(each.faults), default=None) or self._partial([*singles, *paired])
        return best

    def _changes(self, hypothesis: Hypothesis) -> bool:
        pairs = ((hypothesis.gradients[name], self.scene.right.gradients[name]) for name in self.names)
        return any(residual(one, other, self.scene.floor) >= self.same for one, other in pairs)

    def singles(self) -> Iterator[_Candidate]:
        """Explanations with at most one fault of the chain."""
        alone = list(self._explanations(self.scene.right, 0))
        yield from alone
        found = self._complete(alone)
        is_one = found is not None and len(found.faults) == 1
        to_explain = [name for name in self.wrong if not self._fits(name, self.scene.right)] or self.wrong
        for order, fault in enumerate(self.chain, start=1):
            hypothesis = self._under(fault) if may_explain(fault, self.scene.net, to_explain) else None
            if hypothesis is None:
                continue
            # beside one fault that explains everything, a chain that leaves anything to another fault is no answer
            if max(self._residuals(hypothesis)) < self.same if is_one else self._fits_any(to_explain, hypothesis):
                yield from self._explanations(hypothesis, order)

    def _pairs(self) -> Iterator[_Candidate]:
        """Explanations with two faults of the chain at different taps, where these explain more than each alone."""
        classes = self._classes()
        alone = [self._agreeing(each[0]) for each in classes]
        for order, (i, j) in enumerate(combinations(range(len(classes)), 2), start=len(self.chain) + 1):
            faults = (*classes[i][0].faults, *classes[j][0].faults)
            if collide(*faults):
                continue
            hypothesis = self.scene.hypothesis(faults)
            if len(self._agreeing(hypothesis)) > max(len(alone[i]), len(alone[j])):
                for found in self._explanations(hypothesis, order):
                    for one, other in product(classes[i], classes[j]):
                        instead = dict(zip(faults, (*one.faults, *other.faults), strict=True))
                        yield replace(found, faults=tuple(instead.get(fault, fault) for fault in found.faults))

    def _clips(self, *, scaled: bool) -> Iterator[_Candidate]:
        """Explanations with something clipped inside the recurrence; `scaled` up to a constant."""
        for order, chain in enumerate(self._unclipped, start=len(self.chain) + 1):
            for clip in fitted_clips(self.scene, chain, same=self.same, scaled=scaled):
                yield from self._explanations(self.scene.hypothesis([*chain, clip]), order)

    @cached_property
    def _unclipped(self) -> list[tuple[Fault, ...]]:
        """What the chain may be apart from a clip: what explains the draw at which nothing is clipped."""
        if self.ask is None:
            return [()]
        problem = quiet(self.asked)
        search = _Search([Witness(problem, self.ask(problem))], self.same)
        if not search.wrong:
            return [()]
        complete = [each.faults for each in search.singles() if len(each.explained) == len(search.names)]
        fewest = min(map(len, complete), default=0)
        chains = [tuple(fault for fault in each if _is_of_chain(fault)) for each in complete if len(each) == fewest]
        return list(dict.fromkeys(chains))[:MOST_CHAINS]

    def _classes(self) -> list[list[Hypothesis]]:
        """Chains, those that coincide at the first draw together: of these only the first has to be paired."""
        classes: dict[bytes, list[Hypothesis]] = {}
        for each in filter(None, map(self._under, self.chain)):
            parts = [each.gradients[name] for name in self.names]
            largest = max(float(np.abs(part).max(initial=0.0)) for part in parts)
            digits = np.round(np.concatenate([part.reshape(-1) for part in parts]) / (largest or 1.0), COINCIDE)
            classes.setdefault((digits + 0.0).tobytes(), []).append(each)
        every = list(classes.values())
        nearest = sorted(range(len(every)), key=lambda i: self._distance(every[i][0]))[:MOST_PAIRED]
        return [every[i] for i in sorted(nearest)]

    def _distance(self, hypothesis: Hypothesis) -> tuple[int, float]:
        """How far a chain is from explaining what is wrong: parameters that it leaves, then the nearest of them."""
        residuals = [self.scene.residual(name, hypothesis.gradients[name]) for name in self.wrong if name in self.names]
        return sum(gap >= self.same for gap in residuals), min(residuals, default=0.0)

    def _agreeing(self, hypothesis: Hypothesis) -> set[str]:
        """Wrong parameters that a chain explains, up to a constant."""
        return {name for name in self.wrong if self._agrees(name, hypothesis.gradients[name])}

    def _agrees(self, name: str, predicted: Array) -> bool:
        constant = self.scene.ratio(name, predicted) or 1.0
        return self.scene.residual(name, predicted, constant) < self.same

    def _explanations(
        self, hypothesis: Hypothesis, order: int, own_faults: OwnFaults | None = None
    ) -> Iterator[_Candidate]:
        """Explanations by a chain, completed by a constant and by faults of single parameters."""
        own_faults = own_faults or self._own_faults
        for constant in self._constants(hypothesis):
            explained: list[str] = []
            own: list[list[tuple[Fault, ...]]] = []
            for name in self.names:
                if self.scene.residual(name, hypothesis.gradients[name], constant) < self.same:
                    explained.append(name)
                elif found := own_faults(name, hypothesis, constant):
                    explained.append(name)
                    own.append(found)
            for each in combinations_of(own):
                for together, everywhere in product(merged(each, self.names), self._named(constant)):
                    yield _Candidate((*everywhere, *hypothesis.faults, *together), tuple(explained), order)

    def _fits_any(self, names: Iterable[str], hypothesis: Hypothesis) -> bool:
        return any(self._fits(name, hypothesis) for name in names)

    def _fits(self, name: str, hypothesis: Hypothesis) -> bool:
        """Whether a chain explains a wrong parameter, but for what may be done to the finished gradient."""
        return name in self.names and self.scene.may_become(name, hypothesis.gradients[name], self.same)

    def _twice_in_each(self) -> Iterator[_Candidate]:
        """Explanations in which the chain is right and parameters have up to two faults of their own."""
        return self._explanations(self.scene.right, 0, self._two_own_faults)

    def _constants(self, hypothesis: Hypothesis) -> list[float]:
        """1, and each constant that makes some parameter agree."""
        constants = [1.0]
        for name in self.names:
            for ratio in self.scene.constants(name, hypothesis.gradients[name], self.same):
                if all(abs(ratio / known - 1) >= self.same for known in constants):
                    constants.append(ratio)
        return constants

    def _own_faults(self, name: str, hypothesis: Hypothesis, constant: float) -> list[tuple[Fault, ...]]:
        """Faults of one parameter alone that explain it; some that coincide here differ at another draw."""
        damaged = self.scene.damaged(name, hypothesis, constant, self.local[name])
        return [(fault,) for fault, predicted in damaged if self.scene.residual(name, predicted, constant) < self.same]

    def _two_own_faults(self, name: str, hypothesis: Hypothesis, constant: float) -> list[tuple[Fault, ...]]:
        """The same, and two at once: one may explain a parameter of one entry at this draw alone."""
        one = self._own_faults(name, hypothesis, constant)
        if one and self.scene.returned[name].size > 1:
            return one
        damaged = self.scene.damaged_twice(name, hypothesis, constant, self.local[name])
        both = [faults for faults, predicted in damaged if self.scene.residual(name, predicted, constant) < self.same]
        return [*one, *both]

    def _named(self, constant: float) -> list[tuple[Fault, ...]]:
        """The constant as a fault, under each name that it may have."""
        if abs(constant - 1) < self.same:
            return [()]
        if abs(constant + 1) < self.same:
            return [(named_constant(-1.0),)]
        sizes = self.witnesses[0].problem.net.sizes
        known = named_constants(sizes)
        names = [name for name, value in known.items() if abs(value / constant - 1) < self.same]
        faults = [*map(named_constant, names), named_constant(constant)]
        both = [
            (named_constant(one), named_constant(other))
            for (one, value), (other, second) in combinations(known.items(), 2)
            if abs(value * second / constant - 1) < self.same
        ]
        if 0 < constant < 1:
            whole = float(np.linalg.norm([norm(value) for value in self.scene.returned.values()]))
            faults.append(norm_bound_fault(whole))
        return [*((fault,) for fault in faults), *both]

    def _complete(self, candidates: Iterable[_Candidate]) -> Explanation | None:
        """The cheapest candidate that explains every parameter at every draw, with its equivalents."""
        complete = [each for each in candidates if len(each.explained) == len(self.names)]
        holding: list[_Candidate] = []
        for each in sorted(complete, key=lambda each: (len(each.faults), each.order))[:MOST_TRIED]:
            if holding and len(each.faults) > len(holding[0].faults):
                break
            if largest_residual(self.witnesses, each.faults) < self.same:
                holding.append(each)
        return self._explanation(holding[0], holding[1:]) if holding else None

    def _partial(self, candidates: Iterable[_Candidate]) -> Explanation | None:
        """What explains the most of what is wrong, where nothing explains all of it."""

        def gain(each: _Candidate) -> int:
            right = set(self.names) - self.wrong
            return len(set(each.explained) & self.wrong) - len(right - set(each.explained))

        useful = [each for each in candidates if each.faults and gain(each) > 0]
        for each in sorted(useful, key=lambda each: (-gain(each), len(each.faults), each.order))[:MOST_TRIED]:
            if largest_residual(self.witnesses, each.faults, each.explained) < self.same:
                return self._explanation(each, [])
        return None

    def _explanation(self, best: _Candidate, equal: Sequence[_Candidate]) -> Explanation:
        names = {fault.name for fault in best.faults}
        others = (fault for each in equal for fault in each.faults if not _is_value_of(fault, best.faults))
        equivalent = dict.fromkeys(fault.name for fault in others if fault.name not in names)
        return Explanation(
            faults=best.faults,
            residual=largest_residual(self.witnesses, best.faults, best.explained),
            draws=len(self.witnesses),
            explained=best.explained,
            unexplained=tuple(name for name in self.names if name not in best.explained),
            equivalent=tuple(equivalent),
            runner_up=self._runner_up(names | equivalent.keys()),
        )

    def _runner_up(self, excluded: set[str]) -> RunnerUp | None:
        tried = filter(None, self.tried.values())
        others = [each for each in tried if each.faults[0].name not in excluded]
        nearest = sorted(others, key=lambda each: max(self._residuals(each)))[:NEAREST]
        ranked = [RunnerUp(each.faults[0], largest_residual(self.witnesses, each.faults)) for each in nearest]
        return min(ranked, key=lambda each: each.residual, default=None)

    def _residuals(self, hypothesis: Hypothesis) -> list[float]:
        return [self.scene.residual(name, hypothesis.gradients[name]) for name in self.names]
