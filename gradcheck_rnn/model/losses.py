"""Losses of the outputs y, each with its value per step beside its gradient with respect to y.

S steps count (all T, or only the last), B sequences, O outputs. Targets are (S, B) class indices for the softmax
cross-entropy and (S, B, O) values for the squared error and the projection, <y, target>, whose upstream gradient the
target is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.model.activations import Array

Targets = npt.NDArray[Any]  # class indices or values: the loss at hand knows which


@dataclass(frozen=True)
class OutputLoss:
    """Loss of each step, (S, B, O) x targets -> (S, B), and its gradient dy, (S, B, O)."""

    value: Callable[[Array, Targets], Array]
    gradient: Callable[[Array, Targets], Array]


def log_softmax(y: Array) -> Array:
    """Logarithm of the softmax over the last axis, shape of `y`; shifted by the largest logit so that none overflows.

    Source: Higham, Blanchard & Higham, Accurately computing the log-sum-exp and softmax functions (2021), sec. 2.
    """
    shifted = y - y.max(axis=-1, keepdims=True)
    normaliser = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return np.asarray(shifted - normaliser)


def _softmax_cross_entropy(y: Array, targets: Targets) -> Array:
    return np.asarray(-np.take_along_axis(log_softmax(y), targets[..., None], axis=-1)[..., 0])


def _softmax_cross_entropy_gradient(y: Array, targets: Targets) -> Array:
    # dy = p - onehot(target)
    dy = np.exp(log_softmax(y))
    np.put_along_axis(dy, targets[..., None], np.take_along_axis(dy, targets[..., None], axis=-1) - 1, axis=-1)
    return dy


def _squared_error(y: Array, targets: Targets) -> Array:
    return np.asarray(0.5 * ((y - targets) ** 2).sum(axis=-1))


def _squared_error_gradient(y: Array, targets: Targets) -> Array:
    return np.asarray(y - targets)


def _projection(y: Array, targets: Targets) -> Array:
    return np.asarray((y * targets).sum(axis=-1))


def _projection_gradient(y: Array, targets: Targets) -> Array:
    return np.asarray(np.broadcast_to(targets, y.shape).astype(y.dtype))


LOSSES: Mapping[str, OutputLoss] = {
    "softmax_cross_entropy": OutputLoss(_softmax_cross_entropy, _softmax_cross_entropy_gradient),
    "mse": OutputLoss(_squared_error, _squared_error_gradient),
    "projection": OutputLoss(_projection, _projection_gradient),
}
