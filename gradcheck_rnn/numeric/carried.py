"""Central differences of the described loss, carried through the net instead of subtracted at its end.

Each entry is really moved by +d and by -d. What travels from step to step is D_t = h'_t - h_t, the difference of the
moved run to the base run, so that nothing of the size of the loss is ever subtracted and d can be near 1e-7.
No derivative enters: see `differences`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.cells.equation import INPUT, OUTPUT_WEIGHT, Activated, Affine, Equation, previous
from gradcheck_rnn.cells.structure import Sweep
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.forward import Run, Trace, forward, in_order
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Canonical, Problem, canonical
from gradcheck_rnn.numeric.differences import ACTIVATION_DIFFERENCES, LOSS_DIFFERENCES, crosses_kink
from gradcheck_rnn.numeric.entries import Entries, block_length, entries_of
from gradcheck_rnn.numeric.estimate import EPS, Estimate, Indices, Values

# truncation is O(d**2), below rounding at 1e-7; the smaller ones serve chaotic nets, whose higher derivatives are huge
STEPS = (1e-7, 1e-9, 1e-11)
# the difference of a value at each step, None for none
Changes = Iterable[Array | None]
# the second step: no power of two, so that its rounding is independent of the first's
SECOND_STEP_RATIO = 3.0
# entries a parameter on which the second step is tried
SAMPLE = 256
# share of a tensor's largest entry at which a step is good enough
GOOD_ENOUGH = 1e-12
# a moved relu that crosses its kink is moved less, by this factor, at most this often
KINK_SHRINK = 1e-3
KINK_ROUNDS = 4


@dataclass(frozen=True)
class Base:
    """The base run, which all moved runs share."""

    net: Net
    c: Canonical
    trace: Trace


@dataclass(frozen=True)
class Quotients:
    """Difference quotients of K entries: central, the two one-sided ones, and whether a kink was crossed."""

    central: Values
    forward: Values
    backward: Values
    crossed: npt.NDArray[np.bool_]


def carried_gradient(
    problem: Problem,
    name: str,
    indices: Indices,
    *,
    rng: np.random.Generator,
    step: float | None = None,
    advance: Callable[[int], None] = lambda _entries: None,
) -> Estimate:
    """Numeric derivatives of the described loss by the given entries of one parameter, with their errors.

    Args:
        problem: expansion point, float64.
        name: which parameter.
        indices: which of its entries, flat in C order, shape (K,).
        rng: chooses the sample of entries on which the error is measured.
        step: absolute step d > 0 in the units of the parameter; None chooses one by the measured error.
        advance: told how many more entries are finished, block by block.
    Returns:
        Values, errors and kinks, (K,) each; the error is the largest change on the sample between d and 3 d.
    """
    net = problem.net
    base = Base(net, c := canonical(problem), forward(net, c))
    entries = entries_of(net, name, indices)
    sample = np.sort(rng.permutation(len(entries))[:SAMPLE])
    chosen, error = _choose_step(base, entries.picked(sample), [step] if step else STEPS)
    quotients = _quotients(base, entries, chosen, advance)
    central, kink = _around_kinks(base, entries, quotients, chosen)
    floor = 2 * EPS * float(np.abs(central).max(initial=0.0))
    return Estimate(indices, central, np.full(len(entries), max(error, floor)), kink)


@np.errstate(all="ignore")
def step_derivatives(problem: Problem, name: str, indices: Indices) -> Values:
    """Numeric derivatives of each counted step's loss apart, (K, S), by the given entries of one parameter."""
    net = problem.net
    base = Base(net, c := canonical(problem), forward(net, c))
    entries, step = entries_of(net, name, indices), STEPS[0]
    up, down = (_loss_changes(base, entries, offset)[0] for offset in (step, -step))
    return np.asarray(((up - down) / (2 * step)).sum(axis=2) * net.loss_weight)


def _choose_step(base: Base, sample: Entries, steps: list[float] | tuple[float, ...]) -> tuple[float, float]:
    """The first step whose error on the sample is good enough, else the best; with that error."""
    tried = []
    for step in steps:
        at_step = _quotients(base, sample, step)
        gap = _gap_to_second_step(base, sample, at_step, step)
        tried.append((gap, step))
        if gap <= GOOD_ENOUGH * np.abs(at_step.central).max(initial=0.0):
            break
    error, step = min(tried)
    return step, error


def _gap_to_second_step(base: Base, sample: Entries, at_step: Quotients, step: float) -> float:
    """Largest distance to a second step that crosses no kink: a wider one or, next to kinks, a narrower one.

    Where every entry crosses one, small steps leave nothing to truncate; of wide ones nothing is known.
    """
    wide = _quotients(base, sample, SECOND_STEP_RATIO * step)
    gap, known = np.abs(at_step.central - wide.central), ~(at_step.crossed | wide.crossed)
    if (~at_step.crossed & ~known).any():
        narrow = _quotients(base, sample, step / SECOND_STEP_RATIO)
        # D(h) - D(h/3) is 8/9 of the truncation at h
        beside = ~at_step.crossed & ~known
        gap = np.where(beside, np.abs(at_step.central - narrow.central) * 9 / 8, gap)
        known |= beside
    if not known.any():
        return 0.0 if step <= STEPS[0] or not len(sample) else float("inf")
    return float(gap[known].max())


def _around_kinks(base: Base, entries: Entries, quotients: Quotients, step: float) -> tuple[Values, Values]:
    """Repeat entries whose runs crossed a kink of relu with smaller steps; one that stays at it keeps both sides."""
    central, crossed = quotients.central.copy(), quotients.crossed
    kink = np.zeros_like(central)
    at = np.flatnonzero(crossed)
    for _ in range(KINK_ROUNDS):
        if not at.size:
            break
        step *= KINK_SHRINK
        again = _quotients(base, entries.picked(at), step)
        central[at] = 0.5 * (again.forward + again.backward)
        kink[at] = np.where(again.crossed, 0.5 * np.abs(again.forward - again.backward), 0.0)
        at = at[again.crossed]
    return central, kink


def _quotients(
    base: Base, entries: Entries, step: float, advance: Callable[[int], None] = lambda _entries: None
) -> Quotients:
    """Difference quotients of all entries, block by block."""
    weight, length = base.net.loss_weight, block_length(base.net)
    central, one_sided, crossed = [], [], []
    for start in range(0, len(entries), length):
        block = entries.picked(np.arange(start, min(start + length, len(entries))))
        up, up_crossed = _loss_changes(base, block, step)
        down, down_crossed = _loss_changes(base, block, -step)
        # the two runs are subtracted step by step and then summed
        central.append(((up - down) / (2 * step)).sum(axis=(1, 2)) * weight)
        one_sided.append((up.sum(axis=(1, 2)) * weight / step, -down.sum(axis=(1, 2)) * weight / step))
        crossed.append(up_crossed | down_crossed)
        advance(len(block))
    if not central:
        return Quotients(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    above, below = (np.concatenate(side) for side in zip(*one_sided, strict=True))
    return Quotients(np.concatenate(central), above, below, np.concatenate(crossed))


def _loss_changes(base: Base, entries: Entries, offset: float) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Change of each counted step's loss, (K, S, B), when each entry moves by `offset`; and who crossed a kink."""
    net, c, trace = base.net, base.c, base.trace
    T, B = c.x.shape[:2]
    counted = range(T)[net.counted_steps]
    changes = np.zeros((len(entries), len(counted), B))
    crossed = np.zeros(len(entries), dtype=bool)
    moved: Changes = (entries.change_of_inputs(c, t, offset) for t in range(T))
    for level in net.structure.levels:
        moved = _through_layer(base, level, moved, entries, offset, crossed)
    for t, change in enumerate(moved):
        if t in counted:
            h = trace.hidden[t]
            change = np.zeros((len(entries), *h.shape)) if change is None else change
            v = change @ c.parameters[OUTPUT_WEIGHT]
            entries.add_to_output(v, h + change, offset)
            s = t - counted.start
            changes[:, s] = LOSS_DIFFERENCES[net.loss.kind](trace.y[t], v, c.targets[s])
    return changes, crossed


def _through_layer(
    base: Base, level: Sequence[Sweep], inputs: Changes, entries: Entries, offset: float, crossed: Array
) -> Changes:
    """Differences of a layer's states at each step, (K, B, H), from those of its inputs; None for none.

    What runs one way hands each step on at once; two directions have to be over first.
    """
    if len(level) == 1:
        return _through_sweep(base, level[0], inputs, entries, offset, crossed)
    given, parts = list(inputs), []
    for sweep in level:
        swept = list(_through_sweep(base, sweep, in_order(sweep, given), entries, offset, crossed))
        none = np.zeros((len(entries), *base.trace.hidden.shape[1:2], base.net.sizes.hidden_size))
        parts.append([none if change is None else change for change in in_order(sweep, swept)])
    return (np.concatenate(both, axis=-1) for both in zip(*parts, strict=True))


def _through_sweep(
    base: Base, sweep: Sweep, inputs: Changes, entries: Entries, offset: float, crossed: Array
) -> Iterator[Array | None]:
    cell, run = base.net.equations, base.trace.runs[sweep.place]
    own, parameters = entries.of(sweep), base.c.parameters_of(cell, sweep)
    if not entries.reach(sweep):
        yield from (None for _ in inputs)
        return
    D: dict[str, Array] = {}
    for state, value in base.c.initial_of(cell, sweep).items():
        D[previous(state)] = np.zeros((len(entries), *value.shape))
        own.add_to_state(state, D[previous(state)], offset)
    for t, change in enumerate(inputs):
        D.pop(INPUT, None)
        D |= {} if change is None else {INPUT: change}
        for equation in cell.equations:
            D[equation.name] = _difference(run, parameters, equation, D, t, own, offset)
            if isinstance(equation, Activated) and not ACTIVATIONS[equation.function].smooth:
                crossed |= crosses_kink(run.values[equation.of][t], D[equation.of]).any(axis=(1, 2))
        D |= {previous(state): D[state] for state in cell.states}
        yield D[cell.output]


def _difference(
    run: Run,
    parameters: Mapping[str, Array],
    equation: Equation,
    D: Mapping[str, Array],
    t: int,
    entries: Entries,
    offset: float,
) -> Array:
    """Difference of a value of step t to the base run, (K, B, n), from those of its operands."""
    match equation:
        case Affine():
            terms = [D[term.operand] @ parameters[term.weight] for term in equation.terms if term.operand in D]
            shape = (len(entries), *run.values[equation.name].shape[1:])
            value: Array = terms[0] if len(terms) == 1 else np.asarray(sum(terms, np.zeros(shape)))

            def moved_operand(operand: str) -> Array:
                return np.asarray(run.x[t] if operand == INPUT else run.at_steps(operand)[t] + D[operand])

            entries.add_to_affine(equation, value, moved_operand, offset)
            return value
        case Activated():
            return ACTIVATION_DIFFERENCES[equation.function](run.at_steps(equation.of)[t], D[equation.of])
    total: Array = np.zeros(())
    for product in equation.products:
        value, difference = np.asarray(product.coefficient), np.zeros(())
        for factor in product.factors:
            # (a + da)(b + db) - a b = da b + a db + da db
            if factor in parameters:
                own = parameters[factor]
                moved = entries.add_to_vector(factor, np.zeros_like(own), offset)
            else:
                own, moved = run.at_steps(factor)[t], D[factor]
            difference = difference * own + value * moved + difference * moved
            value = value * own
        total = total + difference
    return np.asarray(total)
