"""Draws whose blocks of one shape are equal: there it makes no difference which of them is whose.

So one value of the loss tells whether a net and a cut can be right at all, before any assignment is tried. If they can,
one block after the other is given another value, and what the loss then is tells the role of that block alone: of n
blocks n + 1 values are needed, where there may be n! assignments.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gradcheck_rnn.analytic.cuts import Block, Cut
from gradcheck_rnn.analytic.inspection import losses
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.roles import lengths
from gradcheck_rnn.analytic.worker import Runner
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.net import Net

# blocks of one class have one shape
Classes = tuple[tuple[Block, ...], ...]


@dataclass(frozen=True)
class Levelled:
    """A cut whose blocks of one shape are made equal, those of a shape in `zeroed` to zero.

    These hold biases some of which are added, no one knows which: a sum of two would else differ from a single one.
    """

    cut: Cut
    zeroed: frozenset[tuple[int, ...]]

    @property
    def classes(self) -> Classes:
        """Blocks that shapes do not tell apart, in the order of the user's arrays."""
        classes: dict[tuple[int, ...], list[Block]] = {}
        for block, shape in self.cut.blocks.items():
            classes.setdefault(shape, []).append(block)
        return tuple(tuple(blocks) for blocks in classes.values())

    @property
    def movable(self) -> list[Block]:
        """The blocks that share their shape with another."""
        return [block for blocks in self.classes if len(blocks) > 1 for block in blocks]

    def level(self, point: Point) -> Point:
        """Give all blocks of a class the value of the first."""
        values = {
            block: value * (self.cut.blocks[block] not in self.zeroed)
            for blocks in self.classes
            for value in [_value(self.cut, point, blocks[0])]
            for block in blocks
        }
        return _with_blocks(self.cut, point, values)

    def moved(self, point: Point, other: Point) -> Iterator[Point]:
        """Level a point, and give each movable block in turn the value of its class at another draw."""
        level = self.level(point)
        for blocks in self.classes:
            value = _value(self.cut, other, blocks[0])
            yield from (_with_blocks(self.cut, level, {block: value}) for block in blocks if len(blocks) > 1)


def levelled(net: Net, cut: Cut) -> Levelled:
    """Level a cut for a net; where a class has more blocks than the net has parameters, biases are added."""
    described = [lengths(shape) for shape in net.shapes.values()]
    biases = [lengths(net.shapes[name]) for name in net.bias_names if name in net.shapes]
    blocks = list(cut.blocks.values())
    added = {shape: blocks.count(shape) - described.count(shape) for shape in blocks}
    return Levelled(cut, frozenset(shape for shape, count in added.items() if 0 < count < biases.count(shape)))


def _value(cut: Cut, point: Point, block: Block) -> Array:
    return point.parameters[block.name].reshape(-1)[cut.places[block]]


def _with_blocks(cut: Cut, point: Point, values: Mapping[Block, Array]) -> Point:
    flat = {name: value.reshape(-1).copy() for name, value in point.parameters.items()}
    for block, value in values.items():
        flat[block.name][cut.places[block]] = value
    return point.at({name: value.reshape(point.parameters[name].shape) for name, value in flat.items()})


@dataclass(frozen=True)
class UserLoss:
    """The user's loss at draws, and at what these become when they are levelled; it is called when it is asked for.

    Raises:
        UserCodeError: the loss raised, hung, crashed or returned no number.
    """

    runner: Runner
    points: Sequence[Point]
    _values: dict[tuple[str, Levelled | None], list[float]] = field(default_factory=dict, init=False, repr=False)

    def at_draws(self) -> list[float]:
        """Values at the draws."""
        return self._once("draws", None, self.points)

    def at_levels(self, level: Levelled, draws: int) -> list[float]:
        """Values at the first draws, levelled."""
        return self._once("levels", level, [level.level(point) for point in self.points[:draws]])

    def at_moves(self, level: Levelled) -> list[float]:
        """Values at the first draw, levelled, with one movable block after the other at its value in the second."""
        return self._once("moves", level, list(level.moved(*self.points[:2])))

    def _once(self, where: str, level: Levelled | None, points: Sequence[Point]) -> list[float]:
        if (where, level) not in self._values:
            self._values[where, level] = self.runner.run(losses, list(points))
        return self._values[where, level]
