"""The Elman net: forward pass and backpropagation through time, the second the mirror of the first.

Source: Elman, Finding Structure in Time (1990); Goodfellow, Bengio & Courville, Deep Learning (2016), sec. 10.2.2.
Shapes: T steps, B sequences, I inputs, H hidden units, O outputs, S steps whose outputs enter the loss.
"""

from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.losses import LOSSES
from gradcheck_rnn.model.net import LEARNED_STATE, Net, Parameters
from gradcheck_rnn.model.problem import Canonical, Problem, canonical


@dataclass(frozen=True)
class Trace:
    """Values of one forward pass: z, h and h_prev (the state before each step) are (T, B, H), outputs y (T, B, O)."""

    z: Array
    h: Array
    h_prev: Array
    y: Array


def forward(net: Net, c: Canonical) -> Trace:
    """Run the net over its inputs."""
    f = ACTIVATIONS[net.cell].forward
    z = (c.x @ c.W_xh if c.tokens is None else c.W_xh[c.tokens]) + c.b_h
    h = np.empty_like(z)
    h_prev = c.h0
    for t in range(len(z)):
        z[t] += h_prev @ c.W_hh
        h[t] = f(z[t])
        h_prev = h[t]
    y = h @ c.W_hy + c.b_y
    return Trace(z=z, h=h, h_prev=np.concatenate([c.h0[None], h[:-1]]), y=y)


def backward(net: Net, c: Canonical, trace: Trace, dy: Array) -> dict[str, Array]:
    """Gradients of sum(dy * y) in row layout; `dy` (T, B, O) is zero at steps that do not count.

    Source: Werbos, Backpropagation Through Time (1990); Deep Learning, eqs. 10.17 to 10.28.
    """
    slope = ACTIVATIONS[net.cell].slope
    dW_xh, dW_hh, db_h = np.zeros_like(c.W_xh), np.zeros_like(c.W_hh), np.zeros_like(c.b_h)
    dW_hy, db_y = np.zeros_like(c.W_hy), np.zeros_like(c.b_y)
    dh_next = np.zeros_like(trace.h[0])
    for t in reversed(range(len(dy))):
        db_y += dy[t].sum(axis=0)
        dW_hy += trace.h[t].T @ dy[t]
        dh = dy[t] @ c.W_hy.T + dh_next
        dz = dh * slope(trace.h[t])
        db_h += dz.sum(axis=0)
        dW_hh += trace.h_prev[t].T @ dz
        if c.tokens is None:
            dW_xh += c.x[t].T @ dz
        else:
            np.add.at(dW_xh, c.tokens[t], dz)  # the same for one-hot rows
        dh_next = dz @ c.W_hh.T
    gradients = {"W_xh": dW_xh, "W_hh": dW_hh, "b_h": db_h, "W_hy": dW_hy, "b_y": db_y}
    return {**gradients, LEARNED_STATE: dh_next.sum(axis=0)}


def output_gradient(net: Net, c: Canonical, y: Array) -> Array:
    """Gradient of the loss with respect to the outputs y of all steps, (T, B, O)."""
    dy = np.zeros_like(y)
    counted = net.counted_steps
    dy[counted] = LOSSES[net.loss.kind].gradient(y[counted], c.targets) * np.asarray(net.loss_weight, y.dtype)
    return dy


@np.errstate(all="ignore")  # what overflows becomes inf or nan, which no verdict passes
def described_loss(problem: Problem) -> float:
    """Loss of the described net at the problem's parameters."""
    net, c = problem.net, canonical(problem)
    y = forward(net, c).y[net.counted_steps]
    return float(LOSSES[net.loss.kind].value(y, c.targets).sum() * net.loss_weight)


@np.errstate(all="ignore")
def reference_gradients(problem: Problem) -> dict[str, Array]:
    """BPTT gradients of the described loss, by name, in the shapes of the problem's parameters."""
    net, c = problem.net, canonical(problem)
    trace = forward(net, c)
    return own_layout(problem, backward(net, c, trace, output_gradient(net, c, trace.y)))


def own_layout(problem: Problem, rows: Parameters) -> dict[str, Array]:
    """Turn gradients from row layout to the net's own, for the parameters that it has."""
    return {name: np.ascontiguousarray(problem.net.orient(name, rows[name])) for name in problem.parameters}
