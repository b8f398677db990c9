"""The three functions of an adapter, made from code that keeps its parameters where it likes."""

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradcheck_rnn.adapters.holders import Holder
from gradcheck_rnn.adapters.results import Result, mapping
from gradcheck_rnn.adapters.state import Snapshot
from gradcheck_rnn.model.activations import Array

# of every call, so that code which draws does so alike
SEED = 0


class Adapted(NamedTuple):
    """The functions of an adapter, in the order in which they are assigned."""

    loss: Callable[[dict[str, Array], Any], float]
    gradients: Callable[[dict[str, Array], Any], dict[str, Any]]
    parameters: Callable[[np.random.Generator], dict[str, Array]]


def seed() -> None:
    """Start the random numbers of a call anew, so that code which draws does so alike in every one."""
    np.random.seed(SEED)
    random.seed(SEED)


def adapt(
    home: Any,
    names: Sequence[str] | Mapping[str, tuple[int, ...]],
    *,
    loss: Callable[[Any], Any],
    gradients: Callable[[Any], Any],
    result: Result | None = None,
    restoring: Sequence[Any] = (),
) -> Adapted:
    """Make `loss`, `gradients` and `parameters` from code that keeps its parameters in a place of its own.

    Args:
        home: module, object or dict that holds them.
        names: their names there; `cell.W` is an attribute of an attribute. With a shape for each, they are drawn in
            these shapes, and the home need not have them before.
        loss: takes a batch, returns the loss: a number, or an array of one entry.
        gradients: takes a batch, runs the backward pass.
        result: how its gradients are read; a dict with keys such as `dW` where nothing is said.
        restoring: objects or modules whose state a call changes: before every call it is put back to what it is now.
    Returns:
        The three functions: `loss, gradients, parameters = adapt(...)`.
    Raises:
        LookupError: the home has no such parameter.
    """
    shapes = names if isinstance(names, Mapping) else {}
    holder = Holder(home, list(names), is_complete=not shapes)
    initial = holder.values() if not shapes else {}
    read = result or mapping()
    snapshots = [Snapshot(each) for each in restoring]

    def parameters(rng: np.random.Generator) -> dict[str, Array]:
        drawn = {name: rng.normal(0.0, max(shape) ** -0.5, shape) for name, shape in shapes.items()}
        return drawn or {name: value.copy() for name, value in initial.items()}

    def prepared(parameters: dict[str, Array]) -> None:
        seed()
        for snapshot in snapshots:
            snapshot.put_back()
        holder.fill(parameters)

    def adapted_loss(parameters: dict[str, Array], batch: Any) -> float:
        prepared(parameters)
        return float(np.asarray(loss(batch)).reshape(()))

    def adapted_gradients(parameters: dict[str, Array], batch: Any) -> dict[str, Any]:
        prepared(parameters)
        before = holder.values()
        return read(gradients(batch), holder, before)

    return Adapted(adapted_loss, adapted_gradients, parameters)
