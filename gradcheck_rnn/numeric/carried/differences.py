"""Exact finite differences: f(z + u) - f(z) from u itself, without subtracting two nearly equal values.

Nothing here is a derivative or an approximation: each is an identity that holds for every u. Beside them stands the
direct form, which does subtract, as a cross-check.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gradcheck_rnn.model.activations import ACTIVATIONS, Array

# below this magnitude the Laurent series of coth(u) and of 1 / (e**u - 1), cut off after the term in u, are exact: the
# next term is u**3 / 45 or less beside 1 / u. Below the second the term in u goes, too: it is u / 3 or less
SMALL = 1e-4
TINY = 1e-8


@dataclass(frozen=True)
class Activated:
    """Base values of an activation: z, f(z), and the `span` and `offset` of its addition theorem; one shape.

    The theorem is f(z + u) - f(z) = span / (g(u) + offset), with g(u) = coth(u) for tanh and 1 / (e**u - 1) + 1/2 for
    the sigmoid.
    """

    z: Array
    f: Array
    span: Array
    offset: Array


# writes f(z + u) - f(z) to `out`, which may be u itself; the last argument is overwritten, too
ActivationDifference = Callable[[Activated, Array, Array, Array], None]


def activated(function: str, z: Array) -> Activated:
    """Base values of an activation at z of any shape."""
    f = ACTIVATIONS[function].forward(z)
    # 1 - tanh(z)**2 = 4 e / (1 + e)**2 with e = exp(-2 |z|), s(z) s(-z) = e / (1 + e)**2 with e = exp(-|z|): these
    # keep their digits for saturated units
    match function:
        case "tanh":
            e = np.exp(-2 * np.abs(z))
            return Activated(z, f, 4 * e / (1 + e) ** 2, f)
        case "sigmoid":
            e = np.exp(-np.abs(z))
            return Activated(z, f, e / (1 + e) ** 2, f - 0.5)
    return Activated(z, f, np.zeros_like(z), np.zeros_like(z))


def _tanh_difference(base: Activated, u: Array, out: Array, scratch: Array) -> None:
    # tanh(z + u) - tanh(z) = (1 - tanh(z)**2) / (coth(u) + tanh(z)), coth(u) = 1/u + u/3 - u**3/45 + ...
    if (reach := largest(u)) < SMALL:
        _by_series(base, 1 / 3, u, out, None if reach < TINY else scratch)
    else:
        _by_growth(base, base.f, np.tanh(u, out=out), scratch)


def _sigmoid_difference(base: Activated, u: Array, out: Array, scratch: Array) -> None:
    # s(z + u) - s(z) = s(z) s(-z) / (1 / (e**u - 1) + s(z)), 1 / (e**u - 1) = 1/u - 1/2 + u/12 - u**3/720 + ...
    if (reach := largest(u)) < SMALL:
        _by_series(base, 1 / 12, u, out, None if reach < TINY else scratch)
    else:
        _by_growth(base, base.f, np.expm1(u, out=out), scratch)


def largest(u: Array) -> float:
    """Largest magnitude, 0 of no values; nan where one of them is."""
    return max(float(u.max()), -float(u.min())) if u.size else 0.0


def _by_series(base: Activated, slope: float, u: Array, out: Array, scratch: Array | None) -> None:
    """Span / (1/u + slope u + offset): few passes over the runs for the two that tanh or expm1 alone would cost.

    Without `scratch` the term in u is left out.
    """
    if scratch is not None:
        np.multiply(u, slope, out=scratch)
    np.divide(1.0, u, out=out)  # inf where nothing moves, and 0 in the end
    if scratch is not None:
        out += scratch
    out += base.offset
    np.divide(base.span, out, out=out)


def _by_growth(base: Activated, f: Array, growth: Array, scratch: Array) -> None:
    """Span growth / (1 + f growth), where growth is tanh(u) or e**u - 1."""
    np.multiply(growth, f, out=scratch)
    scratch += 1
    growth *= base.span
    growth /= scratch


def _relu_difference(base: Activated, u: Array, out: Array, _scratch: Array) -> None:
    stays = np.where(base.z > 0, u, 0.0)
    crosses = np.where(base.z > 0, -base.z, base.z + u)
    out[...] = np.where(crosses_kink(base.z, u), crosses, stays)


ACTIVATION_DIFFERENCES: Mapping[str, ActivationDifference] = {
    "tanh": _tanh_difference,
    "relu": _relu_difference,
    "sigmoid": _sigmoid_difference,
}


def _subtracted(function: str) -> ActivationDifference:
    forward = ACTIVATIONS[function].forward

    def difference(base: Activated, u: Array, out: Array, scratch: Array) -> None:
        np.subtract(forward(np.add(base.z, u, out=scratch)), base.f, out=out)

    return difference


DIRECT_DIFFERENCES: Mapping[str, ActivationDifference] = {name: _subtracted(name) for name in ACTIVATIONS}

Form = Literal["exact", "direct"]
DIFFERENCES: Mapping[Form, Mapping[str, ActivationDifference]] = {
    "exact": ACTIVATION_DIFFERENCES,
    "direct": DIRECT_DIFFERENCES,
}


def crosses_kink(z: Array, u: Array) -> Array:
    """Where relu's pre-activation changes sign on the way from z to z + u."""
    return np.asarray((z > 0) != (z + u > 0))
