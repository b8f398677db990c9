"""The Elman net: forward pass and backpropagation through time, the second the mirror of the first.

Every factor of the backward pass goes through a named tap, where a fault can be put. The backward pass has two parts:
`deltas` follows the chain back through time, `accumulate` sums one parameter's gradient up from what that found.

Source: Elman, Finding Structure in Time (1990); Goodfellow, Bengio & Courville, Deep Learning (2016), sec. 10.2.2.
Shapes: T steps, B sequences, I inputs, H hidden units, O outputs, S steps whose outputs enter the loss; V visited steps
of the backward loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.faults.elman import PRODUCTS
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.taps import WHERE_MADE, Product
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.model.net import LEARNED_STATE, Net, Parameters
from gradcheck_rnn.model.output_error import output_error, output_part
from gradcheck_rnn.model.problem import Canonical, Problem, canonical
from gradcheck_rnn.model.sums import accumulate, constant, finished
from gradcheck_rnn.model.taps import WHOLE, Rows, Taps
from gradcheck_rnn.model.windows import kept_by_source, sources


@dataclass(frozen=True)
class Trace:
    """Values of one forward pass: pre-activations z (T, B, H), states (T + 1, B, H) from h0 on, outputs y (T, B, O)."""

    z: Array
    states: Array
    y: Array

    @property
    def h(self) -> Array:
        """State after each step, (T, B, H)."""
        return self.states[1:]

    @property
    def h_prev(self) -> Array:
        """State before each step, (T, B, H)."""
        return self.states[:-1]


@dataclass(frozen=True)
class Deltas:
    """What the backward loop finds at the steps that it visits, in that order.

    `dh`, `dz`, `dh_next` (V, B, H) are the gradient of the loss with respect to the state and the pre-activation of a
    step, and the carry that reached it; `own_dz` is dz without the carry; `dy` (V', B, O) are the output errors at
    the `output_visits`; `dh0` (B, H) is the carry that leaves the first step.
    """

    visits: Rows
    output_visits: Rows
    dy: Array
    dh: Array
    dz: Array
    own_dz: Array
    dh_next: Array
    dh0: Array


def forward(net: Net, c: Canonical) -> Trace:
    """Run the net over its inputs."""
    f = ACTIVATIONS[net.cell].forward
    z = (c.x @ c.W_xh if c.tokens is None else c.W_xh[c.tokens]) + c.b_h
    states = np.empty((len(z) + 1, *z.shape[1:]), dtype=z.dtype)
    states[0] = c.h0
    for t in range(len(z)):
        z[t] += states[t] @ c.W_hh
        states[t + 1] = f(z[t])
    y = states[1:] @ c.W_hy + c.b_y
    return Trace(z=z, states=states, y=y)


def deltas(net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps = WHOLE) -> Deltas:
    """Follow the chain of sum(dy * y) back through time; `dy` (T, B, O) is zero at steps that do not count.

    Source: Werbos, Backpropagation Through Time (1990); Deep Learning, eqs. 10.17 to 10.28.
    """
    into_chain = taps.taken("dy in dh", output_error(net, c, trace.y, taps, "dy in dh", dy))
    if windows := [fault for fault in taps.at("chain") if fault.damage is Damage.WINDOW]:
        resolved = _chain(net, c, trace, sources(into_chain), taps)
        visits, first = resolved[0], np.zeros(1, dtype=int)
        dh, dz, own_dz, dh_next = (kept_by_source(each, visits, windows, len(dy)) for each in resolved[1:-1])
        dh0 = kept_by_source(resolved[-1], first, windows, len(dy), of_initial_state=True)
    else:
        visits, dh, dz, own_dz, dh_next, dh0 = _chain(net, c, trace, into_chain, taps)
    output_visits = taps.visits("output loop", len(dy))
    return Deltas(visits, output_visits, dy[output_visits], dh, dz, own_dz, dh_next, dh0[0])


def _chain(
    net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps
) -> tuple[Rows, Array, Array, Array, Array, Array]:
    """The loop itself, for dy (T, ..., B, O): visits, dh, dz, own_dz, dh_next (V, ..., B, H), dh0 (1, ..., B, H)."""
    slopes = _slopes(net, trace, taps)
    visits = taps.visits("loop", len(dy))
    shape = (len(visits), *dy.shape[1:-1], len(c.W_hh))
    dh, dz, own_dz, carried = (np.zeros(shape, dtype=dy.dtype) for _ in range(4))
    dh_next = carried[0] if len(visits) else np.zeros(shape[1:], dtype=dy.dtype)
    for v, t in enumerate(visits):
        if v and taps.is_cut(visits[v - 1], t, len(dy), where=""):
            dh_next = np.zeros_like(dh_next)
        carried[v] = dh_next
        dh_from_y = taps.term("dy", dy[t] @ taps.weight("W_hy in dh", c.W_hy).T, is_first=v == 0)
        dh[v] = taps.delta("dh", dh_from_y + taps.term("dh_next", dh_next, is_first=v == 0))
        dz[v] = taps.delta("dz", dh[v] * slopes[t] + taps.after_slope("dh_next", dh_next))
        own_dz[v] = dh_from_y * slopes[t]

        def gradient_so_far(with_this_step: int, before: int = v) -> Array:
            seen = before + with_this_step
            return np.tensordot(trace.h_prev[visits[:seen]], dz[:seen], axes=([0, 1], [0, 1]))

        to_previous = taps.operand("dz in dh_next", dz[v], dh=dh[v])
        so_far = gradient_so_far if dz.ndim == 3 else None
        W_hh = taps.weight("W_hh in dh_next", c.W_hh, so_far, W_xh=c.W_xh)
        dh_next = taps.carry("dh_next", to_previous @ W_hh.T, dh_next)
        if taps.is_cut(t, t - 1, len(dy), where=WHERE_MADE):
            dh_next = np.zeros_like(dh_next)
    return visits, dh, dz, own_dz, carried, dh_next[None]


def _slopes(net: Net, trace: Trace, taps: Taps) -> Array:
    """Derivative f' at each step, (T, B, H)."""
    slopes = taps.slopes("f'", net.cell, trace.h, trace.z)
    if not taps.at("f'"):
        return slopes
    initial = ACTIVATIONS[net.cell].slope(trace.states[:1])
    return taps.taken("f'", np.concatenate([initial, slopes]), offset=1, steps=len(slopes))


def backward(net: Net, c: Canonical, trace: Trace, dy: Array, taps: Taps = WHOLE) -> dict[str, Array]:
    """Gradients of sum(dy * y) in row layout; `dy` (T, B, O) is zero at steps that do not count."""
    found = deltas(net, c, trace, dy, taps)
    gradients = {product.parameter: gradient_of(net, product, found, c, trace, taps) for product in PRODUCTS}
    return {**gradients, LEARNED_STATE: gradient_of_state(found, c, taps)}


def gradient_of(net: Net, product: Product, found: Deltas, c: Canonical, trace: Trace, taps: Taps = WHOLE) -> Array:
    """Gradient of one parameter: the sum of its product over the visited steps."""
    of_output = product.right == "dy"
    visits = found.output_visits if of_output else found.visits
    right = _right(net, f"{product.right} in {product.parameter}", product.right, found, c, trace, taps)
    left = None if product.left is None else _left(product, c, trace, found, taps)[visits]
    return accumulate(product.parameter, left, right, visits, len(trace.z), taps)


def _left(product: Product, c: Canonical, trace: Trace, found: Deltas, taps: Taps) -> Array:
    """Left operand of a product at every step, (T, B, n)."""
    name = product.left or ""
    tap = f"{name} in {product.parameter}"
    if not taps.at(tap):
        return {"x[t]": c.x, "h[t-1]": trace.h_prev, "h[t]": trace.h}[name]
    preactivations = np.concatenate([trace.states[:1], trace.z])
    dz = np.zeros_like(trace.z)
    dz[found.visits] = found.dz
    stacks = {
        "x[t]": (c.x, 0),
        "h[t-1]": (trace.states, 0),
        "h[t]": (trace.states, 1),
        "z": (preactivations, 1),
        "z[t-1]": (preactivations, 0),
        "dz": (dz, 0),
    }
    for fault in taps.at(tap):
        if fault.damage is Damage.OTHER and stacks[fault.other][0].shape[-1] == stacks[name][0].shape[-1]:
            name = fault.other
    stack, offset = stacks[name]
    return taps.taken(tap, stack, offset, steps=len(trace.z))


def _right(net: Net, tap: str, name: str, found: Deltas, c: Canonical, trace: Trace, taps: Taps) -> Array:
    """Right operand of a product at the visited steps, (V, B, m)."""
    if not taps.at(tap):
        return {"dy": found.dy, "dz": found.dz}[name]
    values = {
        "dy": found.dy,
        "dz": found.dz,
        "dh": found.dh,
        "own dz": found.own_dz,
        "dh_next": found.dh_next,
        "h[t]": trace.h[found.visits],
        "h[t-1]": trace.h_prev[found.visits],
        "z": trace.z[found.visits],
        "f'": ACTIVATIONS[net.cell].slope(trace.h)[found.visits],
        "prediction": output_part(net, c, trace.y, Damage.NO_TARGET)[found.output_visits],
        "target": output_part(net, c, trace.y, Damage.TARGET)[found.output_visits],
    }
    for fault in taps.at(tap):
        if fault.damage is Damage.OTHER:
            name = fault.other
    return taps.taken(tap, values[name][::-1])[::-1]  # taps count in the order of time


def gradient_of_state(found: Deltas, c: Canonical, taps: Taps = WHOLE) -> Array:
    """Gradient of the learned initial state, (H,): what the carry brings to it."""
    value = found.dh0
    for fault in taps.at(LEARNED_STATE):
        if fault.damage is Damage.OTHER:
            value = {"dh": found.dh[-1], "dz": found.dz[-1], "dh through W_hh": found.dh[-1] @ c.W_hh.T}[fault.other]
        elif fault.damage is Damage.UNTRANSPOSE:
            value = found.dz[-1] @ c.W_hh
    return np.asarray(value.sum(axis=0))


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
