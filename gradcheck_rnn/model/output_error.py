"""The gradient of the loss with respect to the outputs, right and with the faults that it is known to have."""

from collections.abc import Callable

import numpy as np

from gradcheck_rnn.faults.fault import Damage
from gradcheck_rnn.model import sums
from gradcheck_rnn.model.activations import ACTIVATIONS, Array
from gradcheck_rnn.model.losses import LOSSES, Targets, log_softmax
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.model.problem import Canonical
from gradcheck_rnn.model.taps import Taps


def output_error(net: Net, c: Canonical, y: Array, taps: Taps, tap: str, right: Array | None = None) -> Array:
    """Return dy (T, B, O), zero at steps that do not count; `right` is what it is where there is no fault."""
    faults = taps.at(tap)
    if right is not None and not any(fault.damage is Damage.EVERY_STEP for fault in faults):
        return right
    counted, targets = net.counted_steps, c.targets
    dy = np.zeros_like(y)
    if any(fault.damage is Damage.EVERY_STEP for fault in faults):
        counted, targets = slice(None), np.repeat(targets, len(y), axis=0)
    dy[counted] = LOSSES[net.loss.kind].gradient(y[counted], targets)
    dy = taps.taken(tap, dy) if net.loss.kind == "projection" else dy
    if (kept := sums.counted(tap, np.arange(len(dy))[::-1], len(dy), taps)) is not None:
        dy = dy * kept[::-1, None, None]
    for fault in faults:
        if fault.damage in ERRORS:
            dy[counted] = ERRORS[fault.damage](net.loss.kind, y[counted], targets, dy[counted])
        elif fault.damage is Damage.SPURIOUS_SLOPE:
            dy[counted] *= ACTIVATIONS[fault.other.rstrip("'")].slope(_prediction(net.loss.kind, y[counted]))
    return np.asarray(dy * np.asarray(net.loss_weight, y.dtype))


def output_part(net: Net, c: Canonical, y: Array, damage: Damage) -> Array:
    """Return the prediction or the target alone in the place of dy, (T, B, O), zero at steps that do not count."""
    part = np.zeros_like(y)
    counted = net.counted_steps
    part[counted] = ERRORS[damage](net.loss.kind, y[counted], c.targets, part[counted])
    return np.asarray(part * np.asarray(net.loss_weight, y.dtype))


def _prediction(kind: str, y: Array) -> Array:
    return np.exp(log_softmax(y)) if kind == "softmax_cross_entropy" else y


def _wanted(kind: str, y: Array, targets: Targets) -> Array:
    """Targets in the form of predictions."""
    return np.eye(y.shape[-1], dtype=y.dtype)[targets] if kind == "softmax_cross_entropy" else targets


def _with_target_added(kind: str, y: Array, targets: Targets, dy: Array) -> Array:
    return _prediction(kind, y) + _wanted(kind, y, targets)


def _diagonal(kind: str, y: Array, targets: Targets, dy: Array) -> Array:
    return np.asarray(-_wanted(kind, y, targets) * (1 - _prediction(kind, y)))


def _unfinished(kind: str, y: Array, targets: Targets, dy: Array) -> Array:
    return -_wanted(kind, y, targets) / _prediction(kind, y)


def _twice(kind: str, y: Array, targets: Targets, dy: Array) -> Array:
    p = _prediction(kind, y)
    return np.asarray(p * (dy - (p * dy).sum(axis=-1, keepdims=True)))


ERRORS: dict[Damage, Callable[[str, Array, Targets, Array], Array]] = {
    Damage.NO_TARGET: lambda kind, y, targets, dy: _prediction(kind, y),
    Damage.TARGET: lambda kind, y, targets, dy: _wanted(kind, y, targets),
    Damage.TARGET_ADDED: _with_target_added,
    Damage.DIAGONAL: _diagonal,
    Damage.UNFINISHED: _unfinished,
    Damage.TWICE: _twice,
    Damage.ONES: lambda kind, y, targets, dy: np.ones_like(y),
}
