"""A right backward pass of an Elman net, and the text in which `broken.py` plants faults, fragment by fragment.

    a_t = U x_t + W s_{t-1} + b,   s_t = f(a_t),   o_t = V s_t + c,   p_t = softmax(o_t), or o_t for mse

Written from the equations in column vectors, one sequence at a time. `ds[t]` and `da[t]` are (H, T): column j is what
the output error of step j alone contributes, and `total` adds the columns up. The file stands alone (numpy and the
standard library), so that an adapter can carry it, with its faults, into another process.

Source: Werbos, Backpropagation through time (1990).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Run:
    """One sequence, a list entry a step; `s` ends with the initial state, so that s[t - 1] is right at t = 0 too."""

    def __init__(self, spec: Any, weights: tuple[Array, ...], x: Array, start: Array, y: list[Array]):
        U, W, V, b, c = weights
        T, H = len(x), len(W)
        self.x, self.y = list(x), y
        self.a: list[Array] = []
        self.s: list[Array] = []
        self.o: list[Array] = []
        state = start
        for t in range(T):
            self.a.append(U @ x[t] + W @ state + b)
            state = activation(spec.cell, self.a[t])
            self.s.append(state)
            self.o.append(V @ state + c)
        self.s.append(start)
        self.p = [softmax(o) for o in self.o] if spec.loss == "softmax_cross_entropy" else self.o
        self.dy = [np.zeros_like(c) for _ in range(T)]  # as if every step counted
        self.e = [np.zeros_like(c) for _ in range(T)]  # zero at steps that do not count
        self.ds = [np.zeros((H, T)) for _ in range(T)]
        self.da = [np.zeros((H, T)) for _ in range(T)]
        self.carry = np.zeros((H, T))


def gradients(spec: Any, parameters: dict[str, Array], batch: Any) -> dict[str, Array]:
    """Gradient of the loss, with the names and shapes of `parameters`."""
    U, W, V, b, c = columns(spec, parameters)
    dU, dW, dV, db, dc = (np.zeros_like(theta) for theta in (U, W, V, b, c))
    runs = forward(spec, parameters, batch)
    T, B = len(batch.inputs), len(runs)
    share, counted = weight_of_a_step(spec, T, B), counted_steps(spec, T)

    for run in runs:
        for t in range(T):
            p, y = run.p[t], run.y[t]
            error = p - y
            run.dy[t] = share * error
            run.e[t] = run.dy[t] if t in counted else 0.0 * run.dy[t]

    steps = list(reversed(range(T)))
    output_steps = list(steps)
    for t in steps:
        for run in runs:
            own = V.T @ run.e[t]
            run.ds[t] = run.carry.copy()
            run.ds[t][:, t] += own
            slope = derivative(spec.cell, run.s[t])
            run.da[t] = slope[:, None] * run.ds[t]
        for run in runs:  # what step t passes on
            run.carry = W.T @ run.da[t]
    dh0: Array = np.sum([total(run.carry) for run in runs], axis=0)

    for t in output_steps:
        dV_t = sum(np.outer(run.e[t], run.s[t]) for run in runs)
        dc_t = sum(run.e[t] for run in runs)
        dV = dV + dV_t
        dc = dc + dc_t
    for t in steps:
        dU_t = sum(np.outer(total(run.da[t]), run.x[t]) for run in runs)
        dW_t = sum(np.outer(total(run.da[t]), run.s[t - 1]) for run in runs)
        db_t = sum(total(run.da[t]) for run in runs)
        dU = dU + dU_t
        dW = dW + dW_t
        db = db + db_t
    d = {"W_xh": dU, "W_hh": dW, "b_h": db, "W_hy": dV, "b_y": dc, "h0": dh0}
    return {name: d[name].T if stored_transposed(spec, name) else d[name] for name in parameters}


def loss(spec: Any, parameters: dict[str, Array], batch: Any) -> float:
    """The loss whose gradient is coded above."""
    runs = forward(spec, parameters, batch)
    T = len(batch.inputs)
    sums = [step_loss(spec, run.o[t], run.y[t]) for run in runs for t in counted_steps(spec, T)]
    return weight_of_a_step(spec, T, len(runs)) * float(np.sum(sums))


def forward(spec: Any, parameters: dict[str, Array], batch: Any) -> list[Run]:
    """Every sequence of the batch, or the only one, run through the net."""
    x, start = batch.inputs, parameters["h0"] if spec.learned else batch.initial_state["h"]
    y = one_hot(batch.targets, output_size(spec, parameters)) if spec.loss != "mse" else batch.targets
    if x.ndim == 2:  # no batch axis: make one
        x, y = x[:, None], y[:, None] if spec.steps == "all" else y[None]
    if spec.steps == "last":
        y = np.broadcast_to(y, (len(x), *y.shape))
    starts = np.broadcast_to(start, (x.shape[1], start.shape[-1]))
    weights = columns(spec, parameters)
    return [Run(spec, weights, x[:, n], starts[n], list(y[:, n])) for n in range(x.shape[1])]


def columns(spec: Any, parameters: dict[str, Array]) -> tuple[Array, ...]:
    """U, W, V as (out, in), then b and c, zeros where the net has none."""
    names = ("W_xh", "W_hh", "W_hy")
    U, W, V = (parameters[name].T if stored_transposed(spec, name) else parameters[name] for name in names)
    b = parameters["b_h"] if spec.biases else np.zeros(len(W))
    c = parameters["b_y"] if spec.biases else np.zeros(len(V))
    return U, W, V, b, c


def stored_transposed(spec: Any, name: str) -> bool:
    """Whether the parameter is a weight that its owner keeps as (in, out)."""
    return bool(spec.layout == "row" and name.startswith("W_"))


def output_size(spec: Any, parameters: dict[str, Array]) -> int:
    """O, from the output weight."""
    return len(columns(spec, parameters)[2])


def counted_steps(spec: Any, T: int) -> range:
    """Steps whose outputs enter the loss."""
    return range(T) if spec.steps == "all" else range(T - 1, T)


def weight_of_a_step(spec: Any, T: int, B: int) -> float:
    """What one step of one sequence counts for."""
    return 1.0 if spec.reduction == "sum" else 1.0 / (B * len(counted_steps(spec, T)))


def one_hot(targets: Any, classes: int) -> Array:
    """Class numbers of any shape (*S,) as vectors, shape (*S, classes)."""
    vectors: Array = np.eye(classes)[targets]
    return vectors


def step_loss(spec: Any, o: Array, y: Array) -> float:
    """Loss of one output, shape (O,), whose target is the vector y."""
    if spec.loss == "mse":
        return float(0.5 * np.sum((o - y) ** 2))
    return float(-y @ np.log(softmax(o)))


def softmax(o: Array) -> Array:
    """Probabilities, shape (O,), that cannot overflow."""
    odds: Array = np.exp(o - np.max(o))
    return odds / np.sum(odds)


def total(parts: Array) -> Array:
    """What all output errors contribute together: (H, T) to (H,)."""
    summed: Array = np.sum(parts, axis=1)
    return summed


def activation(cell: str, a: Array) -> Array:
    """f(a)."""
    if cell == "relu":
        return np.maximum(a, 0.0)
    return np.tanh(a) if cell == "tanh" else 0.5 * (1.0 + np.tanh(0.5 * a))


def derivative(cell: str, s: Array) -> Array:
    """f'(a), from s = f(a)."""
    if cell == "relu":
        return np.where(s > 0.0, 1.0, 0.0)
    return (1.0 - s) * (1.0 + s) if cell == "tanh" else s * (1.0 - s)
