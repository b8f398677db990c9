"""The bound of a clip, which is in no catalogue: the one that fits best, to the last digits."""

from collections.abc import Callable

import numpy as np

# bounds that are tried first, evenly in their logarithm: gradients at a probe lie well between the ends
COARSE = tuple(float(bound) for bound in np.geomspace(1e-3, 10.0, 100))
# valleys between coarse bounds that are looked into: which entries are clipped changes with the bound
VALLEYS = 4
# a valley whose depth is no longer falling by this factor after a few rounds is not the one
ROUNDS = 75
EARLY_ROUNDS = 25
# gap that a promising valley has reached by then, beside the best coarse one
PROMISING = 1e-2
GOLDEN = (5**0.5 - 1) / 2


def best_bound(gap: Callable[[float], float]) -> float:
    """Minimise a gap over bounds: golden section in the deepest valleys of a coarse search.

    Source: Kiefer, Sequential Minimax Search for a Maximum (1953).
    """
    gaps = [gap(bound) for bound in COARSE]
    best, least = COARSE[int(np.argmin(gaps))], min(gaps)
    inner = range(1, len(COARSE) - 1)
    valleys = sorted((i for i in inner if gaps[i] <= min(gaps[i - 1], gaps[i + 1])), key=lambda i: gaps[i])
    for i in valleys[:VALLEYS]:
        for low, high in ((COARSE[i - 1], COARSE[i]), (COARSE[i], COARSE[i + 1])):
            bound, found = _descend(gap, low, high, promising=PROMISING * least)
            if found < least:
                best, least = bound, found
    return best


def _descend(gap: Callable[[float], float], low: float, high: float, *, promising: float) -> tuple[float, float]:
    """Golden section in one interval, given up early where it leads nowhere."""
    inner, outer = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_inner, at_outer = gap(inner), gap(outer)
    for done in range(ROUNDS):
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - GOLDEN * (high - low)
            at_inner = gap(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + GOLDEN * (high - low)
            at_outer = gap(outer)
        if done == EARLY_ROUNDS and min(at_inner, at_outer) > promising:
            break
    return (inner, at_inner) if at_inner <= at_outer else (outer, at_outer)
