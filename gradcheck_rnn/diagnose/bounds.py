"""The bound of a clip, which is in no catalogue: the one that fits best, to the last digits."""

from collections.abc import Callable

import numpy as np

# bounds that are tried first, evenly in their logarithm: gradients at a probe lie well between the ends
COARSE = tuple(float(bound) for bound in np.geomspace(1e-3, 30.0, 40))
# halvings of the interval around the best: enough for the last digits of a float64
ROUNDS = 90
GOLDEN = (5**0.5 - 1) / 2


def best_bound(gap: Callable[[float], float]) -> float:
    """Minimise a gap over bounds, by golden section around the best of a coarse search.

    Source: Kiefer, Sequential Minimax Search for a Maximum (1953).
    """
    gaps = [gap(bound) for bound in COARSE]
    at = int(np.argmin(gaps))
    low, high = (COARSE[i] for i in (max(at - 1, 0), min(at + 1, len(COARSE) - 1)))
    inner, outer = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_inner, at_outer = gap(inner), gap(outer)
    for _ in range(ROUNDS):
        if at_inner <= at_outer:
            high, outer, at_outer = outer, inner, at_inner
            inner = high - GOLDEN * (high - low)
            at_inner = gap(inner)
        else:
            low, inner, at_inner = inner, outer, at_outer
            outer = low + GOLDEN * (high - low)
            at_outer = gap(outer)
    return inner if at_inner <= at_outer else outer
