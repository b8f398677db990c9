"""A recurrent cell run over a sequence, and the chain of its derivatives followed back: one is the mirror of the other.

The forward pass evaluates the cell's equations step by step. The backward pass takes them in reverse: each equation
hands its own delta, the gradient of the loss with respect to its value, on to the values that it was computed from.
Every factor and every term on that way goes through a named tap, where a fault can be put:

    dv          the delta of the value v, as it is finished          v'            an activation's derivative at v
    du in dv    the term of dv that comes from u                     a in dv       the factor a that du is multiplied by
    W in dv     the weight in that term                              ds_next       the carry into the state s
    ds_next made the carry as the step hands it on

Source: Werbos, Backpropagation Through Time (1990); Goodfellow, Bengio & Courville, Deep Learning (2016), sec. 10.2.2.
Shapes: T steps, B sequences, n entries of a value; V visited steps; deltas may have further axes before B.
"""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np

from gradcheck_rnn.cells.equation import (
    INPUT,
    Activated,
    Affine,
    Cell,
    Edge,
    Equation,
    delta_of,
    lone_term,
    previous,
    state_of,
)
from gradcheck_rnn.faults.fault import Damage
from gradcheck_rnn.faults.taps import WHERE_MADE
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.taps import WHOLE, Rows, Taps

Values = Mapping[str, Array]
# how a fault names one minus a gate
COMPLEMENT = "1-"


@dataclass(frozen=True)
class Trace:
    """Values of one forward pass: of each equation (T, B, n), of each state from the initial one on (T + 1, B, n).

    `others` are those of other sweeps of the same cell, by their places, for faults that take them.
    """

    values: Values
    states: Values
    others: Mapping[str, "Trace"] = field(default_factory=dict, kw_only=True)

    def stack(self, operand: str) -> tuple[Array, int]:
        """Rows over time that hold an operand, and the row of step 0: a state's rows begin before it."""
        if (state := state_of(operand)) is not None:
            return self.states[state], 0
        return (self.states[operand], 1) if operand in self.states else (self.values[operand], 0)

    def at_steps(self, operand: str) -> Array:
        """Values of an operand at the steps, (T, B, n)."""
        stack, first = self.stack(operand)
        return stack[first : first + self.length]

    def initial_like(self, value: str) -> Array:
        """Row that stands before the first step in a list of a value that is no state, (1, B, n)."""
        output = next(iter(self.states.values()))
        return output[:1] if output.shape[-1] == self.values[value].shape[-1] else np.zeros_like(self.values[value][:1])

    @property
    def length(self) -> int:
        """Number of steps."""
        return len(next(iter(self.states.values()))) - 1


def run(cell: Cell, parameters: Values, from_input: Values, initial: Values) -> Trace:
    """Run a cell over a sequence.

    Args:
        cell: its equations.
        parameters: weights (m, n), biases and vectors (n,) by name; a bias that is missing is zero.
        from_input: what each affine equation gains from the inputs and its bias at all steps, (T, B, n).
        initial: initial states (B, n).
    """
    length = len(next(iter(from_input.values())))
    states = {state: np.empty((length + 1, *initial[state].shape), initial[state].dtype) for state in cell.states}
    kept: dict[str, list[Array]] = {equation.name: [] for equation in cell.equations}
    for state in cell.states:
        states[state][0] = initial[state]
    for t in range(length):
        at = {previous(state): states[state][t] for state in cell.states}
        for equation in cell.equations:
            value = evaluated(equation, at, parameters)
            at[equation.name] = value + from_input[equation.name][t] if isinstance(equation, Affine) else value
            kept[equation.name].append(at[equation.name])
        for state in cell.states:
            states[state][t + 1] = at[state]
    return Trace({name: np.array(values) for name, values in kept.items()}, states)


def evaluated(equation: Equation, at: Values, parameters: Values) -> Array:
    """Evaluate an equation from the values `at` this step; an affine one without its input's term and its bias."""
    match equation:
        case Affine():
            terms = [at[term.operand] @ parameters[term.weight] for term in equation.terms if term.operand != INPUT]
            return terms[0] if len(terms) == 1 else np.asarray(sum(terms, np.zeros(())))
        case Activated():
            return ACTIVATIONS[equation.function].forward(at[equation.of])
    total: Array = np.zeros(())
    for product in equation.products:
        value: Array = np.asarray(product.coefficient)
        for factor in product.factors:
            value = value * (at[factor] if factor in at else parameters[factor])
        total = total + value
    return total


@dataclass(frozen=True)
class Deltas:
    """What the backward loop finds at the steps that it visits, in that order.

    `of` are the deltas of the values, `carried` the carries that reached the steps, by state, (V, B, n) each; `initial`
    (B, n) are the carries that leave the loop, the gradients of the initial states.
    """

    visits: Rows
    of: Values
    carried: Values
    initial: Values


@dataclass(frozen=True)
class _Way:
    """An edge made ready: `matrix`, the transposed weight, or the `factor` (T, B, n) that a delta is multiplied by.

    `into` is the value that it leads to or, if it `is_carry`, the state; `tap` is empty where nothing is damaged in the
    term, `is_clean` tells whether its weight is undamaged.
    """

    edge: Edge
    into: str
    is_carry: bool
    tap: str
    matrix: Array
    factor: Array
    is_clean: bool


@dataclass(frozen=True)
class _Stage:
    """One equation in the backward loop; `tap` is empty where its delta is undamaged."""

    equation: Equation
    tap: str
    ways: tuple[_Way, ...]


class _Visit(NamedTuple):
    """The `v`-th visit of the backward loop, at step `t`, and what was found up to it: `of` and `carried` of `Deltas`.

    `visits` are the steps of all visits.
    """

    v: int
    t: int
    visits: Rows
    of: dict[str, Array]
    carried: dict[str, Array]


class Backward:
    """The backward loop of one cell, for one forward pass: without faults, or `under` a set of them."""

    def __init__(self, cell: Cell, parameters: Values, trace: Trace) -> None:
        self.cell, self.parameters, self.trace, self.taps = cell, parameters, trace, WHOLE
        self._stages = [
            _Stage(each, "", tuple(self._way(each, edge) for edge in cell.edges if edge.source == each.name))
            for each in reversed(cell.equations)
        ]

    def under(self, taps: Taps) -> "Backward":
        """The same loop with faults in it; the ways that they do not touch are made ready already."""
        loop = copy(self)
        loop.taps = taps
        loop._stages = [loop._damaged(stage) for stage in self._stages]
        return loop

    def follow(self, errors: Array) -> Deltas:
        """Follow errors back through time.

        Args:
            errors: the gradient of the loss with respect to the output at each step, as far as it comes from that
                step's own error, (T, ..., B, n).
        """
        taps, length = self.taps, len(errors)
        visits = taps.visits("loop", length)
        of = {stage.equation.name: self._zeros(stage.equation.name, errors, len(visits)) for stage in self._stages}
        carried = {state: self._zeros(state, errors, len(visits)) for state in self.cell.states}
        carry = {state: self._zeros(state, errors) for state in self.cell.states}
        names = {state: delta_of(previous(state)) for state in self.cell.states}
        is_cut = bool(taps.at("chain"))
        for v, t in enumerate(visits.tolist()):
            if is_cut and v and taps.is_cut(visits[v - 1], t, length, where=""):
                carry = {state: np.zeros_like(value) for state, value in carry.items()}
            into: dict[str, Array] = {}
            for state, value in carry.items():
                carried[state][v] = value
                into[state] = taps.term(names[state], value, is_first=v == 0)
            for state, value in carry.items():
                self._put_elsewhere(into, names[state], value)
            self._put_elsewhere(into, "dy", errors[t])
            into[self.cell.output] = taps.term("dy", errors[t], is_first=v == 0) + into[self.cell.output]
            made = self._step(_Visit(v, t, visits, of, carried), into)
            ends = is_cut and taps.is_cut(t, t - 1, length, where=WHERE_MADE)
            for state, before in carry.items():
                value = taps.carry(names[state], made.get(state, np.zeros_like(before)), before)
                carry[state] = np.zeros_like(before) if ends else value
        return Deltas(visits, of, carried, carry)

    def _zeros(self, value: str, errors: Array, *leading: int) -> Array:
        width = self.trace.at_steps(value).shape[-1]
        return np.zeros((*leading, *errors.shape[1:-1], width), errors.dtype)

    def _put_elsewhere(self, into: dict[str, Array], tap: str, carry: Array) -> None:
        """Add a carry, or the step's own error, to the deltas that faults bring it to."""
        for fault in self.taps.at(tap):
            if fault.damage in (Damage.ELSEWHERE, Damage.ALSO_ELSEWHERE):
                into[fault.other] = into[fault.other] + carry if fault.other in into else carry

    def _step(self, at: _Visit, into: dict[str, Array]) -> dict[str, Array]:
        """Hand the deltas of one step on; `into` holds what reached the states. Returns the carries by state."""
        made: dict[str, Array] = {}
        for stage in self._stages:
            name = stage.equation.name
            if name not in into:
                continue
            delta = into[name]
            if stage.tap:
                delta = self.taps.delta(stage.tap, delta)
            at.of[name][at.v] = delta
            for way in stage.ways:
                value = self._along(way, delta, at)
                receiver = made if way.is_carry else into
                receiver[way.into] = receiver[way.into] + value if way.into in receiver else value
        return made

    def _along(self, way: _Way, delta: Array, at: _Visit) -> Array:
        """What a delta brings to the value at the other end of an edge."""
        if way.tap:
            delta = self.taps.operand(way.tap, delta, partial(self._other, at))
            delta = self.taps.term(way.tap, delta, is_first=False)
        if not way.edge.weight:
            return np.asarray(delta * way.factor[at.t])
        return delta @ (way.matrix if way.is_clean else self._damaged_weight(way.edge, at).T)

    def _other(self, at: _Visit, name: str) -> Array:
        """A delta, a carry or, as da_n*r, a delta times a value, that may be taken for another."""
        delta, _, factor = name.partition("*")
        if delta.endswith("_next"):
            return np.asarray(at.carried[delta[1:].removesuffix("_next")][at.v])
        value = np.asarray(at.of[delta[1:]][at.v])
        return np.asarray(value * self.trace.at_steps(factor)[at.t]) if factor else value

    def _damaged(self, stage: _Stage) -> _Stage:
        """A stage without faults as it is with them."""
        equation, taps, tap = stage.equation, self.taps, delta_of(stage.equation.name)
        ways = tuple(
            self._way(equation, way.edge) if taps.touch(way.edge.target, slope=f"{equation.name}'") else way
            for way in stage.ways
        )
        return _Stage(equation, tap if taps.at(tap) else "", ways)

    def _way(self, equation: Equation, edge: Edge) -> _Way:
        term, state = f"{delta_of(edge.source)} in {edge.target}", state_of(edge.operand)
        return _Way(
            edge=edge,
            into=state or edge.operand,
            is_carry=state is not None,
            tap=term if self.taps.at(term) else "",
            matrix=self.parameters[edge.weight].T if edge.weight else np.zeros(0),
            factor=self._factor(equation, edge),
            is_clean=not self.taps.at(f"{edge.weight} in {edge.target}"),
        )

    def _damaged_weight(self, edge: Edge, at: _Visit) -> Array:
        left, deltas = self.trace.at_steps(edge.operand), at.of[edge.source]

        def gradient_so_far(with_this_step: int) -> Array:
            count = at.v + with_this_step
            return np.tensordot(left[at.visits[:count]], deltas[:count], axes=([0, 1], [0, 1]))

        so_far = gradient_so_far if deltas.ndim == left.ndim else None
        tap = f"{edge.weight} in {edge.target}"
        return self.taps.weight(tap, self.parameters[edge.weight], so_far, self.parameters)

    def _factor(self, equation: Equation, edge: Edge) -> Array:
        """What a delta is multiplied by on an edge at each step, (T, B, n); of a weight nothing."""
        if edge.weight:
            return np.zeros(0)
        if isinstance(equation, Activated):
            return self._slopes(equation)
        value: Array = np.full((self.trace.length, 1, 1), edge.coefficient)
        for factor in edge.factors:
            value = value * taken_operand(self.cell, self.parameters, self.trace, self.taps, edge.target, factor)
        return value

    def _slopes(self, equation: Activated) -> Array:
        """Derivative of an activation at each step, (T, B, n)."""
        tap, trace = f"{equation.name}'", self.trace
        for fault in self.taps.at(tap):
            trace = trace.others[fault.other] if fault.damage is Damage.ANOTHERS else trace
        h, z = trace.at_steps(equation.name), trace.at_steps(equation.of)
        slopes = self.taps.slopes(tap, equation.function, h, z)
        if not self.taps.at(tap):
            return slopes
        initial = self._initial_slope(equation)
        if initial is None:
            return self.taps.taken(tap, slopes)
        return self.taps.taken(tap, np.concatenate([initial, slopes]), offset=1, steps=len(slopes))

    def _initial_slope(self, equation: Activated) -> Array | None:
        """The derivative before the first step, where what it is computed from is a state."""
        slope = ACTIVATIONS[equation.function].slope
        if equation.name in self.trace.states:
            return slope(self.trace.states[equation.name][:1])
        initial = initial_value(equation, self.trace)
        return None if initial is None else slope(initial)


def initial_value(equation: Equation | None, trace: Trace) -> Array | None:
    """A value as it is before the first step, (1, B, n), where it is an activation of a state."""
    if isinstance(equation, Activated) and equation.of in trace.states:
        return ACTIVATIONS[equation.function].forward(trace.states[equation.of][:1])
    return None


def taken_operand(cell: Cell, parameters: Values, trace: Trace, taps: Taps, where: str, operand: str) -> Array:
    """A factor of a product at each step, (T, B, n), as it is taken `where` a fault may be; a parameter as it is."""
    tap = f"{operand} in {where}"
    made_of = lone_term(cell, operand)
    if made_of is not None and taps.at(f"{made_of.operand} in {tap}"):
        made = taken_operand(cell, parameters, trace, taps, tap, made_of.operand)
        return np.asarray(made @ parameters[made_of.weight])
    for fault in taps.at(tap):
        if fault.damage is Damage.DROP:
            return np.ones_like(taken_operand(cell, parameters, trace, WHOLE, where, operand))
        if fault.damage is Damage.OTHER:
            operand = fault.other
    if operand in parameters:
        return parameters[operand]
    if operand.startswith(COMPLEMENT):
        return 1 - trace.at_steps(operand.removeprefix(COMPLEMENT))
    stack, first = trace.stack(operand)
    if taps.at(tap) and operand not in trace.states and state_of(operand) is None:
        initial = initial_value(cell.named(operand), trace)
        if initial is not None:
            stack, first = np.concatenate([initial, stack]), 1
    return taps.taken(tap, stack, first, steps=trace.length)
