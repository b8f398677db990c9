"""Activations h = f(z) of the Elman cell, each beside its derivative, which is written in terms of h."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]  # real floating point; complex128 in the complex step


@dataclass(frozen=True)
class Activation:
    """f and f' of one activation; `slope(h)` takes the activated value h = f(z) of any shape."""

    forward: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    smooth: bool = True


def _sigmoid(z: Array) -> Array:
    # 1 / (1 + exp(-z)) overflows for z << 0, where it is exp(z) / (1 + exp(z)); z is complex in the complex step
    positive = z.real >= 0
    e = np.exp(np.where(positive, -z, z))
    return np.asarray(np.where(positive, 1.0, e) / (1 + e))


def _relu(z: Array) -> Array:
    return np.asarray(np.maximum(z, 0.0))


def _relu_slope(h: Array) -> Array:
    # h > 0 where and only where z > 0; at the kink itself the subgradient 0 is taken
    return np.asarray(h > 0, dtype=h.dtype)


ACTIVATIONS: Mapping[str, Activation] = {
    "tanh": Activation(forward=np.tanh, slope=lambda h: 1 - h * h),
    "relu": Activation(forward=_relu, slope=_relu_slope, smooth=False),
    "sigmoid": Activation(forward=_sigmoid, slope=lambda h: h * (1 - h)),
}
