"""The described net: forward pass and backpropagation through time, with faults at its taps or none.

The backward pass has two parts: `deltas` follows the chain back through time, `gradient_of` sums one parameter's
gradient up from what that found.

Source: Werbos, Backpropagation Through Time (1990); Goodfellow, Bengio & Courville, Deep Learning (2016), sec. 10.2.2.
Shapes: T steps, B sequences, I inputs, H hidden units, O outputs, S steps whose outputs enter the loss; V visited steps
of the backward loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT, initial_name, state_of
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.products import Product, products_of
from gradcheck_rnn.model import scan
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.model.net import Net, Parameters
from gradcheck_rnn.model.output_error import output_error, output_part
from gradcheck_rnn.model.problem import Canonical, Problem, canonical
from gradcheck_rnn.model.scan import Backward, taken_operand
from gradcheck_rnn.model.sums import accumulate, constant, counted, finished
from gradcheck_rnn.model.taps import WHOLE, Rows, Taps
from gradcheck_rnn.model.windows import kept_by_source, sources


@dataclass(frozen=True)
class Trace(scan.Trace):
    """Values of one forward pass, with the outputs y (T, B, O)."""

    y: Array


@dataclass(frozen=True)
class Deltas(scan.Deltas):
    """What the backward pass finds; `dy` (V', B, O) are the output errors at the `output_visits`.

    `own` are the deltas of the values without any carry, which a fault may take in their place.
    """

    output_visits: Rows
    dy: Array
    own: partial[scan.Deltas]
    _own: list[scan.Deltas] = field(default_factory=list)

    def own_of(self, value: str) -> Array:
        """Delta of a value without any carry, (V, B, n)."""
        if not self._own:
            self._own.append(self.own())
        return self._own[0].of[value]


def forward(net: Net, c: Canonical) -> Trace:
    """Run the net over its inputs."""
    run = scan.run(net.equations, c.parameters, from_input(net, c), c.initial)
    y = run.at_steps(net.equations.output) @ c.parameters[OUTPUT_WEIGHT] + c.parameters[OUTPUT_BIAS]
    return Trace(run.values, run.states, y)


def from_input(net: Net, c: Canonical) -> dict[str, Array]:
    """What each affine equation gains from the inputs and its bias, (T, B, H)."""
    gained = {}
    for each in net.equations.affine:
        value = np.zeros((*c.x.shape[:2], net.sizes.hidden_size), c.x.dtype)
        for term in each.terms:
            if term.operand == INPUT:
                value = value + c.input_term(c.parameters[term.weight])
        gained[each.name] = value + c.parameters[each.bias] if each.bias else value
    return gained


def deltas(net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps = WHOLE) -> Deltas:
    """Follow the chain of sum(dy * y) back through time; `dy` (T, B, O) is zero at steps that do not count."""
    into_chain = taps.taken("dy in dh", output_error(net, c, trace.y, taps, "dy in dh", dy))
    found = _chain(net, c, trace, into_chain, taps)
    output_visits = taps.visits("output loop", len(dy))

    def without_carries() -> scan.Deltas:
        return _chain(net, c, trace, into_chain, taps.without_carries(net.equations.states))

    return Deltas(
        found.visits, found.of, found.carried, found.initial, output_visits, dy[output_visits], partial(without_carries)
    )


def _chain(net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps) -> scan.Deltas:
    loop = Backward(net.equations, c.parameters, trace, taps)
    windows = [fault for fault in taps.at("chain") if fault.damage is Damage.WINDOW]
    if not windows:
        return loop.follow(_into_state(c, dy, taps))
    apart = loop.follow(_into_state(c, sources(dy), taps))
    first = np.zeros(1, dtype=int)
    return scan.Deltas(
        apart.visits,
        {name: kept_by_source(value, apart.visits, windows, len(dy)) for name, value in apart.of.items()},
        {name: kept_by_source(value, apart.visits, windows, len(dy)) for name, value in apart.carried.items()},
        {
            name: kept_by_source(value[None], first, windows, len(dy), of_initial_state=True)[0]
            for name, value in apart.initial.items()
        },
    )


def _into_state(c: Canonical, dy: Array, taps: Taps) -> Array:
    """What the output errors bring to the state that the outputs are read from, (T, ..., B, H)."""
    W_hy = c.parameters[OUTPUT_WEIGHT]
    return np.asarray(dy @ taps.weight(f"{OUTPUT_WEIGHT} in dh", W_hy, None, c.parameters).T)


def backward(net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps = WHOLE) -> dict[str, Array]:
    """Gradients of sum(dy * y) in row layout; `dy` (T, B, O) is zero at steps that do not count."""
    found, cell = deltas(net, c, trace, dy, taps), net.equations
    products = {each.parameter: gradient_of(each, net, found, c, trace, taps) for each in products_of(cell)}
    states = {initial_name(state): gradient_of_state(state, net, found, c, taps) for state in cell.states}
    inputs = {INPUT_PARAMETER: gradient_of_inputs(net, found, c, trace, taps)} if net.input_gradient else {}
    return products | states | inputs


def gradient_of(product: Product, net: Net, found: Deltas, c: Canonical, trace: Trace, taps: Taps = WHOLE) -> Array:
    """Gradient of one parameter: the sum of its product over the visited steps."""
    visits = found.output_visits if product.right == "dy" else found.visits
    right = _right(product, net, found, c, trace, taps)
    left = None if product.left is None else _left(product, net, c, trace, found, taps)[visits]
    if product.is_entrywise and left is not None:
        return accumulate(product.parameter, None, left * right, visits, trace.length, taps)
    return accumulate(product.parameter, left, right, visits, trace.length, taps)


def _left(product: Product, net: Net, c: Canonical, trace: Trace, found: Deltas, taps: Taps) -> Array:
    """Left operand of a product at every step, (T, B, n)."""
    name = product.left or ""
    if any(taps.at(f"{factor} in {product.parameter}") for factor in product.left_factors):
        value: Array = np.ones(())
        for factor in product.left_factors:
            value = value * taken_operand(net.equations, c.parameters, trace, taps, product.parameter, factor)
        return value
    tap = f"{name} in {product.parameter}"
    stack, first = _stack(name, c, trace, found)
    if taps.at(tap):
        for fault in taps.at(tap):
            if fault.damage is Damage.OTHER:
                other = _stack(fault.other, c, trace, found)
                stack, first = other if other[0].shape[-1] == stack.shape[-1] else (stack, first)
        return taps.taken(tap, stack, first, steps=trace.length)
    return stack[first : first + trace.length]


def _stack(operand: str, c: Canonical, trace: Trace, found: Deltas) -> tuple[Array, int]:
    """Rows over time that hold an operand, and the row of step 0."""
    if operand == INPUT:
        return c.x, 0
    if operand.startswith("d") and (name := operand[1:]) in found.of:
        in_order = np.zeros((trace.length, *found.of[name].shape[1:]), found.of[name].dtype)
        in_order[found.visits] = found.of[name]
        return in_order, 0
    plain = operand.removesuffix("[t]")
    value = state_of(plain) or plain
    if value in trace.states:
        return trace.stack(plain)
    return np.concatenate([trace.initial_like(value), trace.values[value]]), int(value == plain)


def _right(product: Product, net: Net, found: Deltas, c: Canonical, trace: Trace, taps: Taps) -> Array:
    """Right operand of a product at the visited steps, (V, B, m)."""
    tap, name = f"{product.right} in {product.parameter}", product.right
    if not taps.at(tap):
        return found.dy if name == "dy" else found.of[name[1:]]
    for fault in taps.at(tap):
        if fault.damage is Damage.OTHER:
            name = fault.other
    return taps.taken(tap, _instead(name, net, found, c, trace)[::-1])[::-1]  # taps count in the order of time


def _instead(name: str, net: Net, found: Deltas, c: Canonical, trace: Trace) -> Array:
    """A quantity that may be taken for a delta, at the visited steps, (V, B, m)."""
    if name in ("prediction", "target"):
        damage = Damage.NO_TARGET if name == "prediction" else Damage.TARGET
        return output_part(net, c, trace.y, damage)[found.output_visits]
    if name == "dy":
        return found.dy
    if name.startswith("own d"):
        return found.own_of(name.removeprefix("own d"))
    if "*" in name:
        delta, _, factor = name.partition("*")
        return np.asarray(found.of[delta[1:]] * trace.at_steps(factor)[found.visits])
    if name.endswith("_next"):
        return found.carried[name[1:].removesuffix("_next")]
    if name.endswith("'"):
        value = name.removesuffix("'")
        function = next(each.function for each in net.equations.activated if each.name == value)
        return ACTIVATIONS[function].slope(trace.at_steps(value))[found.visits]
    if name.startswith("d") and name[1:] in found.of:
        return found.of[name[1:]]
    return trace.at_steps(name.removesuffix("[t]"))[found.visits]


def gradient_of_inputs(net: Net, found: Deltas, c: Canonical, trace: Trace, taps: Taps = WHOLE) -> Array:
    """Gradient of the inputs, (T, B, I) or (T, I): what the delta of each equation that takes them brings back."""
    total = np.zeros_like(c.x)
    for equation in net.equations.affine:
        for term in equation.terms:
            if term.operand == INPUT:
                delta = _delta_into_inputs(f"d{equation.name}", net, found, c, trace, taps)
                W = taps.weight(f"{term.weight} in d{INPUT_PARAMETER}", c.parameters[term.weight], None, c.parameters)
                total += delta @ W.T
    if (kept := counted(INPUT_PARAMETER, found.visits, trace.length, taps)) is not None:
        total[found.visits] *= kept[:, None, None]
    return total if net.sizes.batch is not None else total[:, 0]


def _delta_into_inputs(name: str, net: Net, found: Deltas, c: Canonical, trace: Trace, taps: Taps) -> Array:
    """A delta in the order of time, as it is taken for the gradient of the inputs, (T, B, n)."""
    tap, value = f"{name} in d{INPUT_PARAMETER}", found.of[name[1:]]
    value = taps.operand(tap, value, lambda other: _instead(other, net, found, c, trace))
    in_order = np.zeros((trace.length, *value.shape[1:]), value.dtype)
    in_order[found.visits] = taps.term(tap, value, is_first=False)
    return taps.taken(tap, in_order)


def gradient_of_state(state: str, net: Net, found: Deltas, c: Canonical, taps: Taps = WHOLE) -> Array:
    """Gradient of a learned initial state, (H,), or of each sequence's own, (B, H): what the carry brings to it."""
    value = found.initial[state]
    for fault in taps.at(initial_name(state)):
        if fault.damage is Damage.OTHER:
            value = _instead_of_carry(fault.other, found, c)
        elif fault.damage is Damage.UNTRANSPOSE:
            value = found.of["z"][-1] @ c.parameters["W_hh"]
    return value if net.own_states and net.sizes.batch is not None else np.asarray(value.sum(axis=0))


def _instead_of_carry(other: str, found: Deltas, c: Canonical) -> Array:
    delta, _, weight = other.partition(" through ")
    value = found.of[delta[1:]][-1]
    return np.asarray(value @ c.parameters[weight].T) if weight else value


def output_gradient(net: Net, c: Canonical, y: Array, taps: Taps = WHOLE) -> Array:
    """Gradient of the loss with respect to the outputs y of all steps, (T, B, O)."""
    return output_error(net, c, y, taps, "output error")


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def described_loss(problem: Problem) -> float:
    """Loss of the described net at the problem's parameters."""
    net, c = problem.net, canonical(problem)
    y = forward(net, c).y[net.counted_steps]
    return float(LOSSES[net.loss.kind].value(y, c.targets).sum() * net.loss_weight)


@np.errstate(all="ignore")
def reference_gradients(problem: Problem, faults: Sequence[Fault] = ()) -> dict[str, Array]:
    """BPTT gradients of the described loss, by name, in the shapes of the problem's parameters.

    With `faults`, the gradients that a backward pass with these faults gives.
    """
    net, c, taps = problem.net, canonical(problem), Taps(faults)
    trace = forward(net, c)
    rows = own_layout(problem, backward(net, c, trace, output_gradient(net, c, trace.y, taps), taps))
    each = {name: finished(name, value, problem.parameters[name], taps, net.sizes) for name, value in rows.items()}
    factor = constant(taps, net.sizes, each)
    return each if factor == 1 else {name: factor * value for name, value in each.items()}


def own_layout(problem: Problem, rows: Parameters) -> dict[str, Array]:
    """Turn gradients from row layout to the net's own, for the parameters that it has."""
    return {name: np.ascontiguousarray(problem.net.orient(name, rows[name])) for name in problem.parameters}
