"""The sample net under names of its own, as most code has them."""

from typing import Any

import numpy as np
import sample_net  # type: ignore[import-not-found]  # it stands beside this file, whose folder comes first on sys.path

NAMES = {"U": "W_xh", "W": "W_hh", "b": "b_h", "V": "W_hy", "c": "b_y"}
ROLES = NAMES


def parameters(rng: np.random.Generator, sizes: Any) -> dict[str, np.ndarray]:
    """Draw them as the sample net does."""
    drawn = sample_net.parameters(rng, sizes)
    return {own: drawn[name] for own, name in NAMES.items()}


def loss(parameters: dict[str, np.ndarray], batch: Any) -> float:
    """Cross-entropy of the targets."""
    return float(sample_net.loss({name: parameters[own] for own, name in NAMES.items()}, batch))


def gradients(parameters: dict[str, np.ndarray], batch: Any) -> dict[str, np.ndarray]:
    """Backpropagation through time."""
    found = sample_net.gradients({name: parameters[own] for own, name in NAMES.items()}, batch)
    return {own: found[name] for own, name in NAMES.items()}
