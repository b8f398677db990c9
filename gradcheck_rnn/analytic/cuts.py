"""Ways to cut the user's arrays into blocks, each of which has the shape of a described parameter.

A fused array holds the gates side by side, a concatenated one the weights of several operands one below the other, with
biases as rows of height 1. Shapes say how many blocks of which shape there are, not which is whose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations, product
from typing import NamedTuple

import numpy as np

from gradcheck_rnn.analytic.roles import Grid, Indices, Roles, Shapes, lengths
from gradcheck_rnn.model.net import Net

Lengths = tuple[int, ...]

# rows of blocks in one array: those of x, of h, and of the biases
MOST_ROWS = 3


class Block(NamedTuple):
    """A block of a user's array, counted in row layout; the only block of an array is the array."""

    name: str
    row: int
    column: int


@dataclass(frozen=True)
class Frame:
    """How one array is cut, in row layout: the heights of its rows of blocks, and how many blocks of a width."""

    heights: tuple[int, ...]
    width: int
    columns: int

    @property
    def is_cut(self) -> bool:
        """Whether there is more than one block."""
        return len(self.heights) * self.columns > 1


@dataclass(frozen=True)
class Cut:
    """The user's arrays, each in its frame, None for one that is a described parameter as it stands."""

    layout: str
    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    frames: tuple[Frame | None, ...]

    @cached_property
    def blocks(self) -> dict[Block, Lengths]:
        """The blocks and their shapes in the layout, without axes of length 1."""
        return {block: lengths(shape) for block, (shape, _) in self._framed.items()}

    def fits(self, block: Block, role: str, net: Net) -> bool:
        """Whether a block has the shape of a described parameter, up to axes of length 1 if it is the whole array."""
        shape, is_cut = self._framed[block]
        described = net.shapes[role]
        if not is_cut:
            return lengths(shape) == lengths(described)
        return shape == (described if len(described) > 1 else _turned((1, described[0]), self.layout))

    def is_cut(self, block: Block) -> bool:
        """Whether a block is one of several in its array."""
        return self._framed[block][1]

    @cached_property
    def _framed(self) -> dict[Block, tuple[tuple[int, ...], bool]]:
        """Shape of each block in the layout, and whether it is one of several."""
        return {
            Block(name, row, column): (each, frame is not None)
            for (name, shape), frame in zip(self.shapes, self.frames, strict=True)
            for row, column, each in _blocks_of(frame, shape, self.layout)
        }

    @cached_property
    def places(self) -> dict[Block, Indices]:
        """Where the entries of each block stand in its array, counted in C order; the block is read in row layout."""
        places: dict[Block, Indices] = {}
        for (name, shape), frame in zip(self.shapes, self.frames, strict=True):
            counted = np.arange(int(np.prod(shape))).reshape(shape)
            counted = counted.T if self.layout == "column" and len(shape) == 2 else counted
            if frame is None:
                places[Block(name, 0, 0)] = counted.reshape(-1)
                continue
            rows = np.split(counted.reshape(sum(frame.heights), -1), np.cumsum(frame.heights)[:-1])
            for row, of_row in enumerate(rows):
                for column, block in enumerate(np.split(of_row, frame.columns, axis=1)):
                    places[Block(name, row, column)] = block.reshape(-1)
        return places

    def roles(self, way: Mapping[Block, str]) -> Roles:
        """Read the roles of the blocks as roles of the arrays."""
        described: dict[str, str] = {}
        grids: dict[str, Grid] = {}
        for (name, _), frame in zip(self.shapes, self.frames, strict=True):
            if frame is None:
                described[name] = way[Block(name, 0, 0)]
                continue
            rows = range(len(frame.heights))
            grid = tuple(tuple(way[Block(name, row, column)] for column in range(frame.columns)) for row in rows)
            grids[name] = grid
            described[name] = "; ".join(map(" ".join, grid))
        return Roles(described, grids)


# the frames that an array may have, with the shapes of their blocks
Frames = dict[Frame | None, tuple[Lengths, ...]]


def uncut(net: Net, shapes: Shapes) -> Cut:
    """Take every array as it stands."""
    return Cut(net.layout, tuple(shapes.items()), (None,) * len(shapes))


def cuts(net: Net, shapes: Shapes) -> list[Cut]:
    """Every way to cut the arrays into at least as many blocks of each shape as there are described parameters.

    Of biases there may be twice as many, as they are added. Whole arrays come first, then those that all have their
    rows in one order, [h; x] before [x; h], then those where only arrays of one shape have them in one order.
    """
    rows = replace(net, layout="row").shapes
    widths = list(dict.fromkeys(rows[name][-1] for name in rows if name in (*net.fan_in, *net.bias_names)))
    heights = list(dict.fromkeys(net.fan_in.values()))[::-1]
    in_any = {shape: _frames(net, shape, [*heights, 1], widths) for shape in shapes.values()}
    stacked = {height for frames in in_any.values() for height in _stacked(frames)}
    orders = dict.fromkeys(permutations([height for height in (*heights, 1) if height in stacked]))
    chosen: list[tuple[Frame | None, ...]] = []
    for order in orders:
        in_order = {
            shape: {frame: blocks for frame, blocks in frames.items() if _is_in_order(frame, order)}
            for shape, frames in in_any.items()
        }
        chosen += _covering(net, list(shapes.values()), in_order)
    chosen += _covering(net, list(shapes.values()), in_any, alike=True)
    return [Cut(net.layout, tuple(shapes.items()), frames) for frames in dict.fromkeys(chosen)]


def _stacked(frames: Frames) -> Iterator[int]:
    """Heights of rows that stand above or below others."""
    return (height for frame in frames if frame and len(frame.heights) > 1 for height in frame.heights)


def _is_in_order(frame: Frame | None, order: Sequence[int]) -> bool:
    """Whether the rows of blocks stand in an order of their heights; several may have one height."""
    if frame is None or len(frame.heights) == 1:
        return True
    at = 0
    for height in frame.heights:
        if height not in order[at:]:
            return False
        at += order[at:].index(height)
    return True


def _frames(net: Net, shape: tuple[int, ...], heights: Sequence[int], widths: Sequence[int]) -> Frames:
    """Frames that an array may have, with the shapes of their blocks."""
    known = {lengths(each) for each in net.shapes.values()}
    frames: list[Frame | None] = [None, *_cut_frames(_matrices(shape, net.layout), heights, widths)]
    with_blocks = {
        frame: tuple(lengths(each) for _, _, each in _blocks_of(frame, shape, net.layout)) for frame in frames
    }
    return {frame: blocks for frame, blocks in with_blocks.items() if known.issuperset(blocks)}


def _cut_frames(matrices: Sequence[tuple[int, int]], heights: Sequence[int], widths: Sequence[int]) -> Iterator[Frame]:
    stacks = [stack for count in range(1, MOST_ROWS + 1) for stack in product(heights, repeat=count)]
    for m, n in matrices:
        for width in (width for width in widths if n % width == 0):
            frames = (Frame(stack, width, n // width) for stack in stacks if sum(stack) == m)
            yield from (frame for frame in frames if frame.is_cut)


def _matrices(shape: tuple[int, ...], layout: str) -> list[tuple[int, int]]:
    """The matrices in row layout that an array may be read as: a vector is a row, as it may be a matrix of height 1."""
    vector = [(1, int(np.prod(shape)))] if len(lengths(shape)) < 2 else []
    matrix = [_turned((shape[0], shape[1]), layout)] if len(shape) == 2 else []
    return list(dict.fromkeys((*vector, *matrix)))


def _turned(shape: tuple[int, int], layout: str) -> tuple[int, int]:
    """Turn the shape of a matrix from row layout to another or back."""
    return shape if layout == "row" else (shape[1], shape[0])


def _blocks_of(frame: Frame | None, shape: tuple[int, ...], layout: str) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Row, column and shape of each block."""
    if frame is None:
        yield 0, 0, shape
        return
    for row, height in enumerate(frame.heights):
        yield from ((row, column, _turned((height, frame.width), layout)) for column in range(frame.columns))


def _covering(
    net: Net, shapes: Sequence[tuple[int, ...]], frames: Mapping[tuple[int, ...], Frames], *, alike: bool = False
) -> Iterator[tuple[Frame | None, ...]]:
    """Choose a frame for each array such that there are as many blocks of each shape as the net needs.

    Where they are to be `alike`, arrays of one shape have one frame.
    """
    needed: dict[Lengths, int] = {}
    most: dict[Lengths, int] = {}
    for name, shape in net.shapes.items():
        key = lengths(shape)
        needed[key] = needed.get(key, 0) + 1
        most[key] = most.get(key, 0) + (2 if name in net.bias_names else 1)

    def chosen(begun: tuple[Frame | None, ...], have: Mapping[Lengths, int]) -> Iterator[tuple[Frame | None, ...]]:
        if len(begun) == len(shapes):
            if all(have.get(key, 0) >= count for key, count in needed.items()):
                yield begun
            return
        shape = shapes[len(begun)]
        seen = [frame for frame, other in zip(begun, shapes, strict=False) if alike and other == shape]
        for frame in seen[:1] or frames[shape]:
            blocks = frames[shape][frame]
            now = dict(have)
            for each in blocks:
                now[each] = now.get(each, 0) + 1
            if all(now[each] <= most[each] for each in blocks):
                yield from chosen((*begun, frame), now)

    return chosen((), {})
