"""A point as user code sees it: parameters under the user's names and in the user's shapes, and a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Batch


@dataclass(frozen=True)
class Point:
    """Where user code is called; the arrays are the tool's own, user code gets copies."""

    parameters: Mapping[str, Array]
    batch: Batch

    def at(self, parameters: Mapping[str, Array]) -> "Point":
        """Return the same batch with other parameters."""
        return replace(self, parameters=parameters)

    def copy(self) -> "Point":
        """Copy every array, for user code to do with as it likes."""
        batch = self.batch
        return Point(
            {name: value.copy() for name, value in self.parameters.items()},
            Batch(
                inputs=batch.inputs.copy(),
                tokens=None if batch.tokens is None else batch.tokens.copy(),
                targets=batch.targets.copy(),
                initial_state=_listed({name: state.copy() for name, state in batch.initial_state.items()}),
            ),
        )

    def arrays(self) -> dict[str, Array]:
        """All arrays under names that a reader of a finding understands."""
        batch = self.batch
        arrays = {f'parameters["{name}"]': value for name, value in self.parameters.items()}
        arrays["batch.inputs"] = batch.inputs
        if batch.tokens is not None:
            arrays["batch.tokens"] = batch.tokens
        arrays["batch.targets"] = batch.targets
        states = {name: state for name, state in batch.initial_state.items() if isinstance(state, np.ndarray)}
        return arrays | {f'batch.initial_state["{name}"]': state for name, state in states.items()}

    def changed_arrays(self, original: "Point") -> list[str]:
        """Names of the arrays that are no longer as in `original`, in order."""
        before, after = original.arrays(), self.arrays()
        return [name for name in before if not _same(before[name], after.get(name))]


def _listed(states: dict[str, Array]) -> dict[str, Any]:
    """States with those of several layers or directions also in a list: h_1 and h_2 as h."""
    lists: dict[str, list[Array]] = {}
    for name, state in states.items():
        own, place, _ = name.partition("_")
        if place:
            lists.setdefault(own, []).append(state)
    return {**states, **lists}


def _same(before: Array, after: object) -> bool:
    """Whether they are equal to the last bit, nan and all; user code may have put anything in an array's place."""
    if not isinstance(after, np.ndarray) or (before.shape, before.dtype) != (after.shape, after.dtype):
        return False
    return np.array_equal(_bits(before), _bits(after))


def _bits(array: Array) -> npt.NDArray[np.unsignedinteger[Any]]:
    return np.ascontiguousarray(array).view(f"u{array.itemsize}")


def write_protected(point: Point) -> Point:
    """Copy a point into arrays that refuse to be written to."""
    copy = point.copy()
    for array in copy.arrays().values():
        array.setflags(write=False)
    return copy


def nudged(point: Point, rng: np.random.Generator, share: float) -> Point:
    """Move every parameter a little, by a normal share of 1 + its magnitude."""
    return point.at(
        {
            name: np.asarray(value + share * rng.standard_normal(value.shape) * (1 + np.abs(value)))
            for name, value in point.parameters.items()
        }
    )
