"""Parameters drawn in shapes that may be written with the letters of the configured sizes."""

from collections.abc import Mapping
from types import EllipsisType
from typing import Any

import numpy as np

from gradcheck_rnn.model.activations import Array

# a length: a number, or a size of the configuration with a factor before it, as H or 4H; `...` is yet to be filled in
Length = int | str | EllipsisType
Shape = tuple[Length, ...]
LETTERS = {"I": "input_size", "H": "hidden_size", "O": "output_size", "T": "length", "B": "batch_size"}


def is_free(shapes: Mapping[str, Shape]) -> bool:
    """Whether every length is a size of the configuration, so that other sizes can be drawn."""
    return all(isinstance(length, str) or length == 1 for shape in shapes.values() for length in shape)


def drawn(rng: np.random.Generator, shapes: Mapping[str, Shape], sizes: Any) -> dict[str, Array]:
    """Draw each parameter, normal with gain 1 or below: the longest axis counts as the one that is summed over.

    Raises:
        ValueError: a length is no size, or is yet to be filled in.
    """
    lengths = {name: tuple(_length(each, sizes) for each in shape) for name, shape in shapes.items()}
    return {name: rng.normal(0.0, max(shape) ** -0.5, shape) for name, shape in lengths.items()}


def _length(length: Length, sizes: Any) -> int:
    if isinstance(length, EllipsisType):
        raise ValueError("a shape is yet to be filled in: put a number, or a size as H or 4H, where it has `...`")
    if isinstance(length, int):
        return length
    times, letter = length[:-1] or "1", length[-1:]
    if letter not in LETTERS or not times.isdigit():
        raise ValueError(f"no size is called {length!r}: lengths are numbers, or {', '.join(LETTERS)}, as in 4H")
    return int(times) * int(getattr(sizes, LETTERS[letter]) or 1)
