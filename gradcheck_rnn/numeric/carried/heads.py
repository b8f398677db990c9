"""Change of the loss of a step, from the difference of the states that its outputs are read from.

Every one is an identity that holds for any difference: nothing is linearised, and no two nearly equal losses are
subtracted. Shapes: S counted steps, B sequences, H states, O outputs, K runs.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.losses import Targets, log_softmax
from gradcheck_rnn.numeric.carried.differences import largest
from gradcheck_rnn.numeric.estimate import Indices

# below these magnitudes three terms of the series of expm1, or two, give every digit: the next one is v**4 / 24, or
# v**3 / 6, beside v
SMALL = 1e-5
TINY = 1e-8
# outputs that are worked out together: with a block's runs they stay in the second-level cache
TILE = 128


class Head(Protocol):
    """The output layer and the loss, for one base run."""

    def change(self, s: int, b: int, D: Array, scratch: Array) -> Array:
        """Change of the loss of counted step s of sequence b, (K,), from the difference of its states, (H, K).

        `scratch` has room for two times (TILE, K) values.
        """

    def change_by_output(self, output: Indices, v: Array) -> Array:
        """Change of the loss of every counted step when one output alone moves by v (S, B, K); `output` is (K,)."""


class SoftmaxHead:
    """Softmax cross-entropy, E = log sum exp(y - y_target).

    Hence E(y + v) - E(y) = log1p(sum p expm1(v - v_target)): measured against the target, the target's own term is
    exactly 0, also where p_target is nearly 1.
    """

    def __init__(self, weight: Array, y: Array, targets: Targets) -> None:
        self.weight, self.targets = _rows(weight), targets
        # no output moves by more than this against another one where no state moves by more than 1
        self.gain = 2 * float(np.abs(self.weight).sum(axis=1).max())
        self.p = np.exp(log_softmax(y))
        others = self.p.copy()
        np.put_along_axis(others, self.targets[..., None], 0.0, axis=-1)
        self.p_others = others.sum(axis=-1)

    def change(self, s: int, b: int, D: Array, scratch: Array) -> Array:
        """Change of the loss of a step, (K,)."""
        target = self.weight[self.targets[s, b]]
        total = np.zeros(D.shape[-1])
        at_most = self.gain * largest(D)
        for start in range(0, len(self.weight), TILE):
            against_target = self.weight[start : start + TILE] - target
            v, power = scratch[:, : len(against_target), : D.shape[-1]]
            np.matmul(against_target, D, out=v)
            p = self.p[s, b, start : start + TILE]
            if (reach := at_most if at_most < TINY else largest(v)) < SMALL:
                total += _weighted_small_growth(p, v, power, is_tiny=reach < TINY)
            else:
                total += p @ np.expm1(v, out=v)
        return np.log1p(total, out=total)

    def change_by_output(self, output: Indices, v: Array) -> Array:
        """Change of the loss of every step, (S, B, K): of the target's output, all others move against it."""
        is_target = self.targets[..., None] == output
        share = np.where(is_target, self.p_others[..., None], self.p[:, :, output])
        return np.asarray(np.log1p(share * np.expm1(np.where(is_target, -v, v))))


def _weighted_small_growth(p: Array, v: Array, power: Array, *, is_tiny: bool) -> Array:
    """P expm1(v), (K,), of weights p (n,) and small v (n, K); `power` is overwritten."""
    total = p @ v
    total += (1 / 2) * (p @ np.multiply(v, v, out=power))
    if is_tiny:
        return np.asarray(total)
    power *= v
    total += (1 / 6) * (p @ power)
    return np.asarray(total)


class SquaredErrorHead:
    """1/2 (e + v)**2 - 1/2 e**2 = v (e + v / 2), e = y - target."""

    def __init__(self, weight: Array, y: Array, targets: Targets) -> None:
        self.weight, self.error = _rows(weight), y - targets

    def change(self, s: int, b: int, D: Array, scratch: Array) -> Array:
        """Change of the loss of a step, (K,)."""
        total = np.zeros(D.shape[-1])
        for start in range(0, len(self.weight), TILE):
            rows = self.weight[start : start + TILE]
            v = np.matmul(rows, D, out=scratch[0, : len(rows), : D.shape[-1]])
            total += self.error[s, b, start : start + TILE] @ v + 0.5 * np.einsum("ok,ok->k", v, v)
        return total

    def change_by_output(self, output: Indices, v: Array) -> Array:
        """Change of the loss of every step, (S, B, K)."""
        return np.asarray(v * (self.error[:, :, output] + 0.5 * v))


class ProjectionHead:
    """<y, target>, which is linear."""

    def __init__(self, weight: Array, y: Array, targets: Targets) -> None:
        self.weight, self.targets = _rows(weight), np.broadcast_to(targets, y.shape)

    def change(self, s: int, b: int, D: Array, scratch: Array) -> Array:
        """Change of the loss of a step, (K,)."""
        total = np.zeros(D.shape[-1])
        for start in range(0, len(self.weight), TILE):
            rows = self.weight[start : start + TILE]
            v = np.matmul(rows, D, out=scratch[0, : len(rows), : D.shape[-1]])
            total += self.targets[s, b, start : start + TILE] @ v
        return total

    def change_by_output(self, output: Indices, v: Array) -> Array:
        """Change of the loss of every step, (S, B, K)."""
        return np.asarray(v * self.targets[:, :, output])


def _rows(weight: Array) -> Array:
    """The output layer, (H, O), with a row for each output, (O, H)."""
    return np.ascontiguousarray(weight.T)


# a head from the output layer (H, O), the counted steps' outputs (S, B, O), and targets
HEADS: Mapping[str, Callable[[Array, Array, Targets], Head]] = {
    "softmax_cross_entropy": SoftmaxHead,
    "mse": SquaredErrorHead,
    "projection": ProjectionHead,
}
