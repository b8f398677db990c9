"""Gradients of single parameters: sums over the visited steps, and what is done to them at the end."""

from collections.abc import Callable, Mapping

import numpy as np

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.model.taps import Rows, Taps


def accumulate(name: str, left: Array | None, right: Array, visits: Rows, length: int, taps: Taps) -> Array:
    """Sum a product over visits and batch.

    Args:
        name: parameter, which is its tap too.
        left: (V, B, n), None for a bias.
        right: (V, B, m).
        visits: step of each visit, (V,).
        length: number of steps T.
        taps: where faults may be.
    Returns:
        sum_vb left[v, b] right[v, b]', (n, m); for a bias sum_vb right[v, b], (m,).
    """
    faults = taps.at(name)
    for fault in faults:
        if fault.damage is Damage.LAST_SEQUENCE:
            left, right = None if left is None else left[:, -1:], right[:, -1:]
    if (weights := counted(name, visits, length, taps)) is not None:
        right = right * weights[:, None, None]
    if left is None:
        return np.asarray(right.sum(axis=(0, 1)))
    total = left.reshape(-1, left.shape[-1]).T @ right.reshape(-1, right.shape[-1])
    if total.shape[0] == total.shape[1] and any(fault.damage is Damage.TRANSPOSE for fault in faults):
        return total.T
    return total


def counted(name: str, visits: Rows, length: int, taps: Taps) -> Array | None:
    """What each visit counts in a gradient, (V,); None where each counts once."""
    total = None
    for fault in taps.at(name):
        if (weights := _weights(fault.damage, visits, length)) is not None:
            total = weights if total is None else total * weights
    return total


def _weights(damage: Damage, visits: Rows, length: int) -> Array | None:
    """What each visit counts, None for once."""
    at = np.arange(len(visits))
    match damage:
        case Damage.KEEP_LAST_VISITED:
            return np.asarray(at == len(visits) - 1, dtype=float)
        case Damage.KEEP_FIRST_VISITED:
            return np.asarray(at == 0, dtype=float)
        case Damage.SKIP_FIRST:
            return np.asarray(visits != 0, dtype=float)
        case Damage.SKIP_LAST:
            return np.asarray(visits != length - 1, dtype=float)
        case Damage.ADD_ITSELF:
            return np.asarray(2.0 ** at[::-1])
    return None


def finished(name: str, gradient: Array, parameter: Array, taps: Taps, sizes: Sizes) -> Array:
    """Return the gradient as it leaves the backward pass."""
    for fault in taps.at(name):
        match fault.damage:
            case Damage.SCALE:
                gradient = _factor(fault, sizes) * gradient
            case Damage.BOUND:
                gradient = np.clip(gradient, -fault.amount, fault.amount)
            case Damage.BOUND_NORM:
                gradient = _share_within(fault.amount, float(np.linalg.norm(gradient))) * gradient
            case Damage.REGULARISE:
                gradient = gradient + fault.amount * parameter
    return gradient


def constant(taps: Taps, sizes: Sizes, gradients: Mapping[str, Array]) -> float:
    """Return the constant that all gradients are multiplied by."""
    factor = 1.0
    for fault in taps.at("all"):
        if fault.damage is Damage.BOUND_NORM:
            factor *= _share_within(fault.amount, float(np.sqrt(sum(float((g * g).sum()) for g in gradients.values()))))
        else:
            factor *= _factor(fault, sizes)
    return factor


def _factor(fault: Fault, sizes: Sizes) -> float:
    return named_constants(sizes)[fault.other] if fault.other else fault.amount


def _share_within(bound: float, norm: float) -> float:
    return min(1.0, bound / norm) if norm > 0 else 1.0


# constants that gradients are off by, by name: usually the loss is averaged and the gradient summed, or the reverse
CONSTANTS: dict[str, Callable[[Sizes], float]] = {
    "T": lambda sizes: float(sizes.length),
    "1/T": lambda sizes: 1.0 / sizes.length,
    "O": lambda sizes: float(sizes.output_size),
    "1/O": lambda sizes: 1.0 / sizes.output_size,
    "2": lambda _: 2.0,
    "1/2": lambda _: 0.5,
}
# the same of batches
BATCH_CONSTANTS: dict[str, Callable[[Sizes], float]] = {
    "B": lambda sizes: float(sizes.batch or 1),
    "1/B": lambda sizes: 1.0 / (sizes.batch or 1),
    "T*B": lambda sizes: float(sizes.length * (sizes.batch or 1)),
    "1/(T*B)": lambda sizes: 1.0 / (sizes.length * (sizes.batch or 1)),
}


def named_constants(sizes: Sizes) -> dict[str, float]:
    """Return the constants that have a name at these sizes."""
    named = CONSTANTS if sizes.batch is None else {**CONSTANTS, **BATCH_CONSTANTS}
    return {name: value(sizes) for name, value in named.items()}
