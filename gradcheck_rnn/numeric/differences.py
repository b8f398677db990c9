"""Exact finite differences: f(z + u) - f(z) from u itself, without subtracting two nearly equal values.

Nothing here is a derivative or an approximation: each is an identity that holds for every u.
"""

from collections.abc import Callable, Mapping

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.losses import Targets, log_softmax

ActivationDifference = Callable[[Array, Array], Array]
LossDifference = Callable[[Array, Array, Targets], Array]


def _tanh_difference(z: Array, u: Array) -> Array:
    # addition theorem: tanh(z + u) - tanh(z) = tanh(u) (1 - tanh(z)**2) / (1 + tanh(z) tanh(u)),
    # with 1 - tanh(z)**2 = 4 e / (1 + e)**2, e = exp(-2 |z|), which keeps its digits for saturated units
    e = np.exp(-2 * np.abs(z))
    tanh_u = np.tanh(u)
    return np.asarray(tanh_u * (4 * e / (1 + e) ** 2) / (1 + np.tanh(z) * tanh_u))


def _sigmoid_difference(z: Array, u: Array) -> Array:
    # s(z + u) - s(z) = s(z) s(-z) (e**u - 1) / (1 + s(z) (e**u - 1))
    # with s(z) s(-z) = e / (1 + e)**2, e = exp(-|z|), which keeps its digits for saturated units
    e = np.exp(-np.abs(z))
    s, growth = np.where(z >= 0, 1.0, e) / (1 + e), np.expm1(u)
    return np.asarray(e / (1 + e) ** 2 * growth / (1 + s * growth))


def _relu_difference(z: Array, u: Array) -> Array:
    stays = np.where(z > 0, u, 0.0)
    crosses = np.where(z > 0, -z, z + u)
    return np.where((z > 0) == (z + u > 0), stays, crosses)


ACTIVATION_DIFFERENCES: Mapping[str, ActivationDifference] = {
    "tanh": _tanh_difference,
    "relu": _relu_difference,
    "sigmoid": _sigmoid_difference,
}


def crosses_kink(z: Array, u: Array) -> Array:
    """Where relu's pre-activation changes sign on the way from z to z + u."""
    return np.asarray((z > 0) != (z + u > 0))


def _softmax_cross_entropy_difference(y: Array, dy: Array, targets: Targets) -> Array:
    # E = log sum exp(y - y_target), hence E(y + dy) - E(y) = log1p(sum_k p_k expm1(dy_k - dy_target));
    # measured against the target, the target's own term is exactly 0, also where p_target is nearly 1
    p = np.exp(log_softmax(y))
    relative = dy - np.take_along_axis(dy, np.broadcast_to(targets[..., None], (*dy.shape[:-1], 1)), axis=-1)
    return np.asarray(np.log1p((p * np.expm1(relative)).sum(axis=-1)))


def _squared_error_difference(y: Array, dy: Array, targets: Targets) -> Array:
    # 1/2 (e + dy)**2 - 1/2 e**2 = dy (e + dy / 2), e = y - target
    return np.asarray((dy * (y - targets + 0.5 * dy)).sum(axis=-1))


def _projection_difference(_y: Array, dy: Array, targets: Targets) -> Array:
    return np.asarray((dy * targets).sum(axis=-1))


LOSS_DIFFERENCES: Mapping[str, LossDifference] = {
    "softmax_cross_entropy": _softmax_cross_entropy_difference,
    "mse": _squared_error_difference,
    "projection": _projection_difference,
}
