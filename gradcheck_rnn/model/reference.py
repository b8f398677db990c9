"""Gradients of the described net by backpropagation through time, with faults at its taps or none.

`chain.deltas` follows the errors back; here one parameter's gradient is summed up from what that found.

Source: Werbos, Backpropagation Through Time (1990); Goodfellow, Bengio & Courville, Deep Learning (2016), sec. 10.2.2.
Shapes: T steps, B sequences, I inputs, H hidden units, O outputs; V visited steps of a backward loop.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, initial_name, state_of
from gradcheck_rnn.cells.structure import EMBEDDING
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.products import EMBEDDING_PRODUCT, READOUT, Product, product_named
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.chain import Deltas, Found, deltas, into_inputs, quantity
from gradcheck_rnn.model.forward import Trace, forward
from gradcheck_rnn.model.net import Net, Parameters
from gradcheck_rnn.model.output_error import output_error, output_part
from gradcheck_rnn.model.problem import Canonical, Problem, canonical
from gradcheck_rnn.model.scan import taken_operand
from gradcheck_rnn.model.sums import accumulate, constant, finished
from gradcheck_rnn.model.taps import WHOLE, Taps


def gradient(name: str, net: Net, found: Deltas, c: Canonical, trace: Trace, taps: Taps = WHOLE) -> Array:
    """Gradient of one parameter in row layout, what is done to it when it is finished aside."""
    if name in net.located:
        own, sweep = net.located[name]
        place = sweep.place
        for fault in taps.at_place(place).at(own):
            if fault.damage is Damage.ANOTHERS and net.shapes[own + fault.other] == net.shapes[name]:
                place = fault.other
        return _of_sweep(own, net, found.sweeps[place], taps.at_place(place))
    if name == INPUT_PARAMETER:
        dx = into_inputs(net, net.structure.levels[0], found.sweeps, taps)
        return dx if net.sizes.batch is not None else dx[:, 0]
    if name == EMBEDDING:
        return _of_embedding(net, found, c, taps)
    return _of_outputs(READOUT[name], net, found, c, trace, taps.at_place(""))


def _of_sweep(name: str, net: Net, found: Found, taps: Taps) -> Array:
    """Gradient of a parameter by its name within the sweep; `taps` are those of its place."""
    states = {initial_name(state): state for state in net.equations.states}
    if name in states:
        return _of_state(states[name], net, found, taps)
    product = product_named(net.equations, name)
    right, length = _right(product, net, found, taps), found.run.length
    left = None if product.left is None else _left(product, net, found, taps)[found.visits]
    if product.is_entrywise and left is not None:
        return accumulate(name, None, left * right, found.visits, length, taps)
    return accumulate(name, left, right, found.visits, length, taps)


def _left(product: Product, net: Net, found: Found, taps: Taps) -> Array:
    """Left operand of a product at every step, (T, B, n)."""
    name, run = product.left or "", found.run
    if any(taps.at(f"{factor} in {product.parameter}") for factor in product.left_factors):
        value: Array = np.ones(())
        for factor in product.left_factors:
            value = value * taken_operand(net.equations, found.parameters, run, taps, product.parameter, factor)
        return value
    tap = f"{name} in {product.parameter}"
    stack, first = _stack(name, found)
    if taps.at(tap):
        for fault in taps.at(tap):
            if fault.damage is Damage.OTHER:
                other = _stack(fault.other, found)
            elif fault.damage is Damage.ANOTHERS:
                other = _stack(name, replace(found, run=run.others[fault.other]))
            elif fault.damage is Damage.INITIAL_OF_ANOTHER:
                others, _ = _stack(name, replace(found, run=run.others[fault.other]))
                other = np.concatenate([others[:1], stack[1:]]), first
            else:
                continue
            stack, first = other if other[0].shape[-1] == stack.shape[-1] else (stack, first)
        return taps.taken(tap, stack, first, steps=run.length)
    return stack[first : first + run.length]


def _stack(operand: str, found: Found) -> tuple[Array, int]:
    """Rows over time that hold an operand, and the row of step 0."""
    run = found.run
    if operand == INPUT:
        return run.x, 0
    if operand.startswith("d") and (name := operand[1:]) in found.of:
        in_order_of_steps = np.zeros((run.length, *found.of[name].shape[1:]), found.of[name].dtype)
        in_order_of_steps[found.visits] = found.of[name]
        return in_order_of_steps, 0
    plain = operand.removesuffix("[t]")
    value = state_of(plain) or plain
    if value in run.states:
        return run.stack(plain)
    return np.concatenate([run.initial_like(value), run.values[value]]), int(value == plain)


def _right(product: Product, net: Net, found: Found, taps: Taps) -> Array:
    """Right operand of a product at the visited steps, (V, B, m)."""
    tap, name = f"{product.right} in {product.parameter}", product.right
    if not taps.at(tap):
        return found.of[name[1:]]
    for fault in taps.at(tap):
        if fault.damage is Damage.OTHER:
            name = fault.other
    return taps.taken(tap, quantity(name, net, found)[::-1])[::-1]  # taps count in the order of time


def _of_outputs(product: Product, net: Net, found: Deltas, c: Canonical, trace: Trace, taps: Taps) -> Array:
    """Gradient of a parameter of the output layer."""
    visits, right = found.output_visits, _error(product, net, found, c, trace, taps)
    left = None if product.left is None else _hidden(product, net, found, trace, taps)[visits]
    return accumulate(product.parameter, left, right, visits, len(trace.y), taps)


def _hidden(product: Product, net: Net, found: Deltas, trace: Trace, taps: Taps) -> Array:
    """States that outputs are read from at every step, (T, B, H), as the gradient of the output weights takes them."""
    top = net.structure.levels[-1]
    if len(top) == 1:
        return _left(product, net, found.sweeps[top[0].place], taps)
    tap, hidden = f"{product.left} in {product.parameter}", trace.hidden
    parts = dict(zip([sweep.place for sweep in top], np.split(hidden, len(top), axis=-1), strict=True))
    for fault in taps.at(tap):
        match fault.damage:
            case Damage.REVERSED:
                parts[fault.other] = parts[fault.other][::-1]
            case Damage.DROP:
                parts[fault.other] = np.zeros_like(parts[fault.other])
            case Damage.OTHER:
                parts = dict(zip(parts, list(parts.values())[::-1], strict=True))
            case _:
                continue
        hidden = np.concatenate(list(parts.values()), axis=-1)
    if any(fault.damage is Damage.REVERSED for fault in taps.at(tap)):
        return hidden
    with_initial = np.concatenate([np.zeros_like(hidden[:1]), hidden])
    return taps.taken(tap, with_initial, 1, steps=len(hidden))


def _error(product: Product, net: Net, found: Deltas, c: Canonical, trace: Trace, taps: Taps) -> Array:
    """Output errors at the visited steps, (V, B, O), as the gradient of the output layer takes them."""
    tap, value = f"{product.right} in {product.parameter}", found.dy
    if not taps.at(tap):
        return value
    for fault in taps.at(tap):
        if fault.damage is Damage.OTHER:
            part = Damage.NO_TARGET if fault.other == "prediction" else Damage.TARGET
            value = output_part(net, c, trace.y, part)[found.output_visits]
    return taps.taken(tap, value[::-1])[::-1]  # taps count in the order of time


def _of_embedding(net: Net, found: Deltas, c: Canonical, taps: Taps) -> Array:
    """Gradient of the table of an embedding: each token's row gets what its vectors get."""
    dx, visits = into_inputs(net, net.structure.levels[0], found.sweeps, taps), np.arange(len(c.x))[::-1]
    taps, product = taps.at_place(""), EMBEDDING_PRODUCT
    taken = taps.taken(f"{product.left} in {product.parameter}", c.given)
    right = taps.taken(f"{product.right} in {product.parameter}", dx)
    for fault in taps.at(EMBEDDING):
        if fault.damage in (Damage.KEEP_LAST_OF_ROW, Damage.KEEP_LAST_OF_STEP):
            taken = _last_of_each_row(taken, within_a_step=fault.damage is Damage.KEEP_LAST_OF_STEP)
    return accumulate(EMBEDDING, taken[visits], right[visits], visits, len(dx), taps)


def _last_of_each_row(one_hot: Array, *, within_a_step: bool) -> Array:
    """Of the places (T, B) that take one row, only that which assigns it last: the first step's last sequence."""
    kept = one_hot.copy()
    for t in range(len(kept)):
        for b in range(kept.shape[1]):
            later = one_hot[t, b + 1 :].any(axis=0)
            if not within_a_step:
                later = later | one_hot[:t].any(axis=(0, 1))
            kept[t, b] *= ~later.astype(bool)
    return kept


def _of_state(state: str, net: Net, found: Found, taps: Taps) -> Array:
    """Gradient of a learned initial state, (H,), or of each sequence's own, (B, H): what the carry brings to it."""
    value = found.initial[state]
    for fault in taps.at(initial_name(state)):
        if fault.damage in (Damage.OTHER, Damage.UNTRANSPOSE):
            delta, _, weight = fault.other.partition(" through ")
            value = found.of[delta[1:]][-1]
            W = found.parameters[weight] if weight else np.eye(value.shape[-1])
            value = value @ (W if fault.damage is Damage.UNTRANSPOSE else W.T)
    return value if net.own_states and net.sizes.batch is not None else np.asarray(value.sum(axis=0))


def backward(net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps = WHOLE) -> dict[str, Array]:
    """Gradients of sum(dy * y) in row layout; `dy` (T, B, O) is zero at steps that do not count."""
    found = deltas(net, c, trace, dy, taps)
    return {name: gradient(name, net, found, c, trace, taps) for name in net.shapes}


def output_gradient(net: Net, c: Canonical, y: Array, taps: Taps = WHOLE) -> Array:
    """Gradient of the loss with respect to the outputs y of all steps, (T, B, O)."""
    return output_error(net, c, y, taps, "output error")


@np.errstate(all="ignore")
def reference_gradients(problem: Problem, faults: Sequence[Fault] = ()) -> dict[str, Array]:
    """BPTT gradients of the described loss, by name, in the shapes of the problem's parameters.

    With `faults`, the gradients that a backward pass with these faults gives.
    """
    net, c, taps = problem.net, canonical(problem), Taps(faults)
    trace = forward(net, c)
    rows = own_layout(problem, backward(net, c, trace, output_gradient(net, c, trace.y, taps), taps))
    each = {name: finish(name, net, value, problem.parameters[name], taps) for name, value in rows.items()}
    factor = constant(taps, net.sizes, each)
    return each if factor == 1 else {name: factor * value for name, value in each.items()}


def finish(name: str, net: Net, value: Array, parameter: Array, taps: Taps) -> Array:
    """Do to a finished gradient what faults do to it; `value` and `parameter` are in one layout."""
    own, place = net.within_sweep(name)
    return finished(own, value, parameter, taps.at_place(place), net.sizes)


def own_layout(problem: Problem, rows: Parameters) -> dict[str, Array]:
    """Turn gradients from row layout to the net's own, for the parameters that it has."""
    return {name: np.ascontiguousarray(problem.net.orient(name, rows[name])) for name in problem.parameters}
