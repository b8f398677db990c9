"""Central differences of the described loss, carried through the net instead of subtracted at its end.

Each entry is really moved by +d and by -d. What travels from step to step is the difference of the moved run to the
base run, so that nothing of the size of the loss is ever subtracted and d can be near 1e-9. No derivative enters: see
`differences`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.numeric.carried.base import Base
from gradcheck_rnn.numeric.carried.differences import Form
from gradcheck_rnn.numeric.carried.evaluation import Asked, Evaluation, StoppedEvaluationError
from gradcheck_rnn.numeric.carried.quotients import loss_changes
from gradcheck_rnn.numeric.carried.trials import Quotients, Trials, blocks_of
from gradcheck_rnn.numeric.entries import entries_of
from gradcheck_rnn.numeric.estimate import EPS, Estimate, Indices, Values
from gradcheck_rnn.numeric.interrupted import InterruptedDifferencesError
from gradcheck_rnn.numeric.progress import UNWATCHED, Watch
from gradcheck_rnn.numeric.spread import IN_TURN, Spread

# differences round like their own size, whatever d is, and truncation is O(d**2): at 1e-9 it is far below rounding and
# series end after a term or two. The smaller steps serve chaotic nets, whose higher derivatives are huge; the direct
# form rounds like 1 / d, so that it takes the step of the classic check
STEPS: Mapping[Form, tuple[float, ...]] = {"exact": (1e-9, 1e-11, 1e-13), "direct": (1e-5,)}
# the second step: no power of two, so that its rounding is independent of the first's
SECOND_STEP_RATIO = 3.0
# entries a parameter on which the second step is tried
SAMPLE = 200
# share of a tensor's largest entry at which a step is good enough
GOOD_ENOUGH = 1e-12
# eps of the tensor's largest entry that rounding alone may bring
ROUNDING = 16
# a moved relu that crosses its kink is moved less, by this factor, at most this often
KINK_SHRINK = 1e-3
KINK_ROUNDS = 4


def carried_gradient(
    problem: Problem,
    indices: Mapping[str, Indices],
    *,
    rng: np.random.Generator,
    step: float | None = None,
    form: Form = "exact",
    spread: Spread = IN_TURN,
    watch: Watch = UNWATCHED,
) -> dict[str, Estimate]:
    """Numeric derivatives of the described loss by the given entries of each parameter, with their errors.

    Args:
        problem: expansion point, float64.
        indices: entries by parameter, flat in C order, (K,) each.
        rng: chooses the sample of entries on which the error is measured.
        step: absolute step d > 0 in the units of the parameters; None chooses one by the measured error.
        form: how differences of activations are taken.
        spread: where blocks of runs are worked out.
        watch: told how many entries are finished, and how long all of them will take.
    Returns:
        Values, errors and kinks, (K,) each; the error is the largest change on the sample between d and 3 d.
    Raises:
        InterruptedDifferencesError: Ctrl-C was pressed.
    """
    evaluation, steps = Evaluation(Base(problem, form), spread), STEPS[form] if step is None else (step,)
    parameters = [
        _Parameter(evaluation, name, at, np.sort(rng.permutation(len(at))[:SAMPLE])) for name, at in indices.items()
    ]
    wide = [each.asked_of_sample(SECOND_STEP_RATIO * steps[0]) for each in parameters]
    try:
        # the sample first: should the user stop it, the error bars are there
        found = evaluation.of([*wide, *(each.asked(steps[0]) for each in parameters)], watch)
    except StoppedEvaluationError as stopped:
        raise InterruptedDifferencesError(_known(parameters, stopped.found)) from stopped
    estimates: dict[str, Estimate] = {}
    try:
        for each, at_step, at_wide in _paired(parameters, found):
            estimates[each.name] = each.estimate(steps, at_step, at_wide)
    except KeyboardInterrupt as stopped:
        raise InterruptedDifferencesError(_known(parameters, found) | estimates) from stopped
    return estimates


def _paired(
    parameters: Sequence["_Parameter"], found: Sequence[Quotients]
) -> Iterator[tuple["_Parameter", Quotients, Quotients]]:
    """Each parameter with its quotients at the step and, on its sample, at the wide one, which come first."""
    return zip(parameters, found[len(parameters) :], found[: len(parameters)], strict=True)


def _known(parameters: Sequence["_Parameter"], found: Sequence[Quotients]) -> dict[str, Estimate]:
    """What an interrupted differentiation knows: the entries whose block was done."""
    return {each.name: each.of_known(at_step, at_wide) for each, at_step, at_wide in _paired(parameters, found)}


def _rounding(central: Values) -> float:
    return ROUNDING * EPS * float(np.abs(central).max(initial=0.0))


@dataclass(frozen=True)
class _Parameter:
    """Entries of one parameter, (K,), and the places among them of the sample on which the error is measured."""

    evaluation: Evaluation
    name: str
    indices: Indices
    sample: Indices

    def asked(self, step: float) -> Asked:
        """Ask for all entries."""
        return Asked(self.name, self.indices, step)

    def asked_of_sample(self, step: float) -> Asked:
        """Ask for those of the sample."""
        return Asked(self.name, self.indices[self.sample], step)

    def of_known(self, at_step: Quotients, at_wide: Quotients) -> Estimate:
        """Derivatives by the entries that are known, the error from those of the sample that are."""
        both = at_step.known[self.sample] & at_wide.known & ~at_step.crossed[self.sample] & ~at_wide.crossed
        gap = np.abs(at_step.central[self.sample] - at_wide.central)[both]
        known = np.flatnonzero(at_step.known & ~at_step.crossed)
        central = at_step.central[known]
        error = max(float(gap.max(initial=0.0)), _rounding(central)) if gap.size else float("inf")
        return Estimate(self.indices[known], central, np.full(len(known), error), np.zeros(len(known)))

    def estimate(self, steps: tuple[float, ...], at_step: Quotients, at_wide: Quotients) -> Estimate:
        """Derivatives from the first of `steps` (on the sample from 3 times it, too), or from a better one."""
        step = steps[0]
        error = self._gap(step, at_step.picked(self.sample), at_wide)
        tried = [(error, step)]
        for finer in steps[1:]:
            if min(tried)[0] <= GOOD_ENOUGH * np.abs(at_step.central[self.sample]).max(initial=0.0):
                break
            tried.append((self._gap(finer, *self._of_sample(finer, SECOND_STEP_RATIO * finer)), finer))
        error, step = min(tried)
        if step != steps[0]:
            (at_step,) = self.evaluation.of([self.asked(step)])
        central, kink = self._around_kinks(at_step, step)
        return Estimate(self.indices, central, np.full(len(central), max(error, _rounding(central))), kink)

    def _of_sample(self, *steps: float) -> list[Quotients]:
        return self.evaluation.of([self.asked_of_sample(step) for step in steps])

    def _gap(self, step: float, at_step: Quotients, at_wide: Quotients) -> float:
        """Largest distance to a second step that crosses no kink: a wider one or, next to kinks, a narrower one.

        Where every entry crosses one, small steps leave nothing to truncate; of wide ones nothing is known.
        """
        gap, known = np.abs(at_step.central - at_wide.central), ~(at_step.crossed | at_wide.crossed)
        beside = ~at_step.crossed & ~known
        if beside.any():
            (narrow,) = self._of_sample(step / SECOND_STEP_RATIO)
            # D(h) - D(h/3) is 8/9 of the truncation at h
            gap = np.where(beside, np.abs(at_step.central - narrow.central) * 9 / 8, gap)
            known |= beside
        if not known.any():
            return 0.0 if step <= STEPS["exact"][0] or not len(self.sample) else float("inf")
        return float(gap[known].max())

    def _around_kinks(self, found: Quotients, step: float) -> tuple[Values, Values]:
        """Repeat entries whose runs crossed a kink with smaller steps; one that stays at it keeps both sides."""
        central, kink = found.central.copy(), np.zeros(len(self.indices))
        at = np.flatnonzero(found.crossed)
        for _ in range(KINK_ROUNDS):
            if not at.size:
                break
            step *= KINK_SHRINK
            (again,) = self.evaluation.of([Asked(self.name, self.indices[at], step)])
            central[at] = 0.5 * (again.forward + again.backward)
            kink[at] = np.where(again.crossed, 0.5 * np.abs(again.forward - again.backward), 0.0)
            at = at[again.crossed]
        return central, kink


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def step_derivatives(problem: Problem, name: str, indices: Indices) -> Values:
    """Numeric derivatives of each counted step's loss apart, (K, S), by the given entries of one parameter."""
    base, step = Base(problem), STEPS["exact"][0]
    every = np.arange(len(indices))
    trials = Trials(entries_of(problem.net, name, indices), np.full(len(indices), step), every)
    derivatives = np.zeros((len(indices), len(base.counted)))
    for block in blocks_of(base, [trials]):
        crossed = np.zeros(2 * len(block), dtype=bool)
        for s, change in loss_changes(base, block, crossed):
            derivatives[block.places[: len(change) // 2], s] += change[::2] - change[1::2]
    return derivatives * (problem.net.loss_weight / (2 * step))
