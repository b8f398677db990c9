"""An independent Elman net: one sequence after another, one step after another, column vectors and `W @ x`.

    z_t = W_xh x_t + W_hh h_{t-1} + b_h,   h_t = f(z_t),   y_t = W_hy h_t + b_y

Its gradients come twice: exact by the complex step, and by hand-written backpropagation through time in which one
mistake can be planted. Adapters import this file by its path, so it stands alone: numpy and the standard library.

Source: Elman, Finding Structure in Time (1990); Werbos, Backpropagation through time (1990); Squire and Trapp, Using
complex variables to estimate derivatives of real functions (1998).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray
Parameters = Mapping[str, Array]

# Squares of it vanish beside 1, and 1e-75 times it (T = 25 steps of gain 0.001) is still far from underflow.
COMPLEX_STEP = 1e-30

FAULTS = (
    "none",
    "missing_carry",  # dh_next is worked out and never added
    "untransposed_carry",  # dh_next = W_hh dz
    "missing_activation_derivative",  # dz = dh
    "wrong_activation_derivative",  # f'(f(z)) for f'(z); relu: f(z) for f'(z)
    "time_index",  # dW_hh is built from h_t, not from h_{t-1}
    "overwritten_accumulator:W_xh",  # = in place of +=
    "overwritten_accumulator:W_hh",
    "overwritten_accumulator:b_h",
    "overwritten_accumulator:W_hy",
    "overwritten_accumulator:b_y",
    "truncation:1",  # the error of step t reaches the uses at t, ..., t - k; any other k can be asked for too
    "truncation:2",
    "truncation:4",
    "factor_T",  # everything times the number of steps
    "sign",  # everything negated
    "missing_target",  # dy = softmax(y), or y_hat for mse
)


@dataclass(frozen=True)
class Spec:
    """What the equations leave open."""

    cell: str = "tanh"  # tanh | relu | sigmoid
    layout: str = "row"  # row: weights stored (in, out) | column: (out, in)
    biases: bool = True
    learned: bool = False  # the initial state is the parameter h0
    loss: str = "softmax_cross_entropy"  # softmax_cross_entropy | mse
    reduction: str = "sum"  # sum | mean
    steps: str = "all"  # all | last


class Sequence(NamedTuple):
    """One sequence of a batch: T inputs (I,), the initial state (H,), and the targets of the steps that count."""

    inputs: Array
    h0: Array
    targets: dict[int, Any]


def loss(spec: Spec, parameters: Parameters, batch: Any) -> Any:
    """The loss, a real number, or a complex one where a parameter is complex."""
    weights = _as_columns(spec, parameters)
    total = 0.0
    for sequence in _sequences(spec, parameters, batch):
        _, outputs = _forward(spec, weights, sequence)
        total = total + _loss(spec, outputs[list(sequence.targets)], np.array([*sequence.targets.values()]))
    return total * _share(spec, batch)


def complex_step_gradient(spec: Spec, parameters: Parameters, batch: Any) -> dict[str, Array]:
    """dL/dtheta = Im L(theta + i h) / h for each entry alone: no difference is taken, so only rounding remains."""
    gradient = {}
    for name, theta in parameters.items():
        gradient[name] = np.zeros(theta.shape)
        for index in np.ndindex(theta.shape):
            stepped = theta.astype(np.complex128)
            stepped[index] += 1j * COMPLEX_STEP
            gradient[name][index] = loss(spec, {**parameters, name: stepped}, batch).imag / COMPLEX_STEP
    return gradient


def gradients(spec: Spec, parameters: Parameters, batch: Any, fault: str | None = None) -> dict[str, Array]:
    """Backpropagation through time by hand, with the names and shapes of `parameters`, and one planted `fault`."""
    fault = fault or "none"
    kind, _, window = fault.partition(":")
    if fault not in FAULTS and kind != "truncation":
        raise ValueError(f"unknown fault `{fault}`, choose from {', '.join(FAULTS)}")
    weights = _as_columns(spec, parameters)
    total = {name: np.zeros(theta.shape) for name, theta in parameters.items()}
    for sequence in _sequences(spec, parameters, batch):
        if kind == "truncation":
            d = _truncated_backward(spec, weights, sequence, int(window))
        else:
            d = _backward(spec, weights, sequence, fault)
        for name in total:
            total[name] += d[name].T if _is_stored_transposed(spec, name) else d[name]
    factor = _share(spec, batch)
    if fault == "factor_T":
        factor = factor * len(batch.inputs)
    if fault == "sign":
        factor = -factor
    return {name: factor * value for name, value in total.items()}


def _backward(spec: Spec, weights: Parameters, sequence: Sequence, fault: str) -> dict[str, Array]:
    W_hh, W_hy = weights["W_hh"], weights["W_hy"]
    h, y = _forward(spec, weights, sequence)  # h[0] is the initial state: h[t + 1] follows step t
    d = {name: np.zeros(theta.shape) for name, theta in weights.items()}
    dh_next = np.zeros(len(W_hh))

    def so_far(name: str) -> Any:
        return 0.0 if fault == f"overwritten_accumulator:{name}" else d[name]

    for t in reversed(range(len(y))):
        dy = _output_error(spec, y[t], sequence.targets, t, drop_target=fault == "missing_target")
        d["W_hy"] = so_far("W_hy") + np.outer(dy, h[t + 1])
        d["b_y"] = so_far("b_y") + dy

        dh = W_hy.T @ dy if fault == "missing_carry" else W_hy.T @ dy + dh_next

        if fault == "missing_activation_derivative":
            dz = dh
        elif fault == "wrong_activation_derivative" and spec.cell == "relu":
            dz = h[t + 1] * dh
        elif fault == "wrong_activation_derivative":
            dz = _activation_derivative(spec, _activation(spec, h[t + 1])) * dh
        else:
            dz = _activation_derivative(spec, h[t + 1]) * dh

        h_previous = h[t + 1] if fault == "time_index" else h[t]
        d["W_hh"] = so_far("W_hh") + np.outer(dz, h_previous)
        d["W_xh"] = so_far("W_xh") + np.outer(dz, sequence.inputs[t])
        d["b_h"] = so_far("b_h") + dz

        dh_next = W_hh @ dz if fault == "untransposed_carry" else W_hh.T @ dz
    d["h0"] = dh_next
    return d


def _truncated_backward(spec: Spec, weights: Parameters, sequence: Sequence, window: int) -> dict[str, Array]:
    W_hh, W_hy = weights["W_hh"], weights["W_hy"]
    h, y = _forward(spec, weights, sequence)
    d = {name: np.zeros(theta.shape) for name, theta in weights.items()}
    d["h0"] = np.zeros(len(W_hh))
    for t in reversed(range(len(y))):
        dy = _output_error(spec, y[t], sequence.targets, t)
        d["W_hy"] += np.outer(dy, h[t + 1])
        d["b_y"] += dy
        dh = W_hy.T @ dy
        earliest = max(0, t - window)
        for use in range(t, earliest - 1, -1):
            dz = _activation_derivative(spec, h[use + 1]) * dh
            d["W_hh"] += np.outer(dz, h[use])
            d["W_xh"] += np.outer(dz, sequence.inputs[use])
            d["b_h"] += dz
            dh = W_hh.T @ dz
        if earliest == 0:
            d["h0"] += dh  # the initial state is used at step 0, as W_hh is
    return d


def _forward(spec: Spec, weights: Parameters, sequence: Sequence) -> tuple[list[Array], Array]:
    """The states from the initial one on, and the outputs (T, O)."""
    h = [sequence.h0]
    for driven in sequence.inputs @ weights["W_xh"].T + weights["b_h"]:
        h.append(_activation(spec, driven + weights["W_hh"] @ h[-1]))
    return h, np.array(h[1:]) @ weights["W_hy"].T + weights["b_y"]


def _activation(spec: Spec, z: Array) -> Array:
    if spec.cell == "tanh":
        return np.tanh(z)
    if spec.cell == "sigmoid":
        return (1.0 + np.tanh(z / 2.0)) / 2.0  # 1 / (1 + exp(-z)) that cannot overflow
    if spec.cell == "relu":
        return np.where(z.real > 0.0, z, 0.0)  # a complex step leaves the piece that the real part chose
    raise ValueError(f"unknown cell `{spec.cell}`")


def _activation_derivative(spec: Spec, h: Array) -> Array:
    """f'(z) from h = f(z)."""
    if spec.cell == "tanh":
        return 1.0 - h**2
    if spec.cell == "sigmoid":
        return h * (1.0 - h)
    return np.where(h > 0.0, 1.0, 0.0)


def _loss(spec: Spec, y: Array, targets: Array) -> Any:
    """The summed loss of outputs (n, O)."""
    if spec.loss == "mse":
        return 0.5 * np.sum((y - targets) ** 2)
    shift = np.max(y.real, axis=1)
    return np.sum(shift + np.log(np.sum(np.exp(y.T - shift), axis=0)) - y[np.arange(len(y)), targets])


def _output_error(spec: Spec, y: Array, targets: dict[int, Any], t: int, *, drop_target: bool = False) -> Array:
    """dy_t: zero where step t does not count."""
    if t not in targets:
        return np.zeros(len(y))
    if spec.loss == "mse":
        return y if drop_target else y - targets[t]
    p = np.exp(y - np.max(y))
    p = p / np.sum(p)
    return p if drop_target else p - np.eye(len(y))[targets[t]]


def _share(spec: Spec, batch: Any) -> float:
    """What one step of one sequence counts for."""
    if spec.reduction == "sum":
        return 1.0
    sequences = batch.inputs.shape[1] if batch.inputs.ndim == 3 else 1
    steps = len(batch.inputs) if spec.steps == "all" else 1
    return 1.0 / (sequences * steps)


def _sequences(spec: Spec, parameters: Parameters, batch: Any) -> Iterator[Sequence]:
    h0 = np.asarray(parameters["h0"] if spec.learned else batch.initial_state["h"])
    if batch.inputs.ndim == 2:
        yield _sequence(spec, batch.inputs, h0, batch.targets)
        return
    for b in range(batch.inputs.shape[1]):
        targets = batch.targets[:, b] if spec.steps == "all" else batch.targets[b]
        yield _sequence(spec, batch.inputs[:, b], h0[b] if h0.ndim == 2 else h0, targets)


def _sequence(spec: Spec, inputs: Array, h0: Array, targets: Any) -> Sequence:
    if spec.steps == "all":
        return Sequence(inputs, h0, dict(enumerate(targets)))
    return Sequence(inputs, h0, {len(inputs) - 1: targets})


def _as_columns(spec: Spec, parameters: Parameters) -> dict[str, Array]:
    """The weights as (out, in), and the biases, zeros where the net has none."""
    names = ("W_xh", "W_hh", "W_hy")
    weights = {name: parameters[name].T if _is_stored_transposed(spec, name) else parameters[name] for name in names}
    for bias, weight in (("b_h", "W_hh"), ("b_y", "W_hy")):
        weights[bias] = parameters[bias] if spec.biases else np.zeros(len(weights[weight]))
    return weights


def _is_stored_transposed(spec: Spec, name: str) -> bool:
    return spec.layout == "row" and name.startswith("W_")
