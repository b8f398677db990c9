"""Gradients that are clipped as they are returned: no fault where the configured point does not reach the bound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.numeric.estimate import NumericGradient
from gradcheck_rnn.pipeline.measurement import Measurement

# how a probe is shrunk until a bound is no longer reached: share of its steps' number, factor on its parameters
SHRINKINGS = ((9, 0.5), (9, 0.25), (5, 0.25), (3, 0.25), (3, 0.0625))
# relative distance to the numeric gradient up to which entries below the bound agree
AGREES = 1e-5
# entries at the bound that two parameters' largest entries share by no chance
SAME_BOUND = 1e-12


@dataclass(frozen=True)
class Bound:
    """What returned gradients are clipped at: each entry, or the norm of all of them."""

    value: float
    of_norm: bool

    @property
    def words(self) -> str:
        """Say what is bounded."""
        return f"a norm of {self.value:.6g}" if self.of_norm else f"+-{self.value:.6g}"

    def is_reached_by(self, numeric: NumericGradient) -> bool:
        """Whether right gradients would be clipped."""
        every = np.concatenate([each.value for each in numeric.values()])
        size = np.linalg.norm(every) if self.of_norm else np.abs(every).max(initial=0.0)
        return bool(size >= self.value * (1 - AGREES))


def shared_bound(gradients: Sequence[Mapping[str, Array | None]]) -> Bound | None:
    """Find what returned gradients share that are clipped, whatever else is wrong with them: their norm, or an entry.

    Args:
        gradients: those of several points, at which they would be large.
    Returns:
        the bound; None if nothing is shared, or where one is not finite. Entries may be equal by chance, too.
    """
    every = [
        np.concatenate([np.zeros(1), *(each.reshape(-1) for each in one.values() if each is not None)])
        for one in gradients
    ]
    norms, entries = np.array([np.linalg.norm(each) for each in every]), np.abs(np.concatenate(every))
    for sizes, of_norm in ((norms, True), (entries, False)):
        largest = float(sizes.max())
        if np.isfinite(largest) and largest > 0 and (sizes >= largest * (1 - SAME_BOUND)).sum() > 1:
            return Bound(largest, of_norm=of_norm)
    return None


def returned_bound(measured: Measurement) -> Bound | None:
    """Find the bound that alone explains how the returned gradients differ from the numeric ones; None if none does."""
    pairs = [
        (value.reshape(-1)[estimate.indices], estimate.value)
        for name, estimate in measured.numeric.items()
        if (value := measured.analytic[name]) is not None and len(estimate.indices)
    ]
    if len(pairs) < len(measured.numeric) or not all(np.isfinite(one).all() for pair in pairs for one in pair):
        return None
    analytic, numeric = (np.concatenate(side) for side in zip(*pairs, strict=True))
    return _bound_of_entries(analytic, numeric) or _bound_of_norm(analytic, numeric)


def _bound_of_entries(analytic: Array, numeric: Array) -> Bound | None:
    bound = float(np.abs(analytic).max(initial=0.0))
    beyond = np.abs(numeric) > bound * (1 + AGREES)
    if bound == 0 or not beyond.any():
        return None
    return Bound(bound, of_norm=False) if _agree(analytic, np.clip(numeric, -bound, bound)) else None


def _bound_of_norm(analytic: Array, numeric: Array) -> Bound | None:
    size = float((numeric * numeric).sum())
    share = float((analytic * numeric).sum()) / size if size > 0 else 0.0
    if not 0 < share < 1 - AGREES or not _agree(analytic, share * numeric):
        return None
    return Bound(float(np.linalg.norm(analytic)), of_norm=True)


def _agree(one: Array, other: Array) -> bool:
    scale = max(float(np.abs(one).max()), float(np.abs(other).max()))
    return bool((np.abs(one - other) <= AGREES * scale).all())
