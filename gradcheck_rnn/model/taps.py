"""Taps: the places of a backward pass that a fault can be put at. Without faults, everything passes through unchanged.

Shapes: V visited steps of T, B sequences, H hidden units; deltas may have further axes before B.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.model.activations import ACTIVATIONS, Array

Rows = npt.NDArray[np.int64]

# a row index that stands for zeros
NOTHING = -(2**31)


class Taps:
    """The taps of one backward pass, with damage at some of them."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._at: dict[str, list[Fault]] = {}
        for fault in faults:
            for tap in fault.taps:
                self._at.setdefault(tap, []).append(fault)

    @property
    def are_whole(self) -> bool:
        """Whether there is no damage at any of them."""
        return not self._at

    def touch(self, target: str, *, slope: str) -> bool:
        """Whether there is damage to a term of a delta, to a factor in it, or at the derivative called `slope`."""
        return slope in self._at or any(tap.endswith(f" in {target}") for tap in self._at)

    def without_carries(self, states: Iterable[str]) -> "Taps":
        """The same taps with every carry left out."""
        taps = Taps()
        taps._at = {tap: [*faults] for tap, faults in self._at.items()}
        for state in states:
            name = f"d{state}_next"
            taps._at[name] = [Fault("missing-term", name, "", (name,), Damage.DROP)]
        return taps

    def at_place(self, place: str) -> "Taps":
        """The taps of one sweep, or for an empty place of the outputs: with its own faults and those everywhere."""
        if not any(fault.place for faults in self._at.values() for fault in faults):
            return self
        taps = Taps()
        for tap, faults in self._at.items():
            if here := [fault for fault in faults if fault.place in ("", place)]:
                taps._at[tap] = here
        return taps

    def at(self, tap: str) -> Sequence[Fault]:
        """Return the faults at a tap."""
        return self._at.get(tap, ())

    def visits(self, loop: str, length: int) -> Rows:
        """Steps in the order in which the backward loop visits them: T-1 to 0."""
        steps = np.arange(length)[::-1]
        for fault in self.at(loop):
            match fault.damage:
                case Damage.FORWARD:
                    steps = steps[::-1]
                case Damage.SKIP_FIRST:
                    steps = steps[steps != 0]
                case Damage.SKIP_LAST:
                    steps = steps[steps != length - 1]
                case Damage.ONE_TOO_FAR:
                    steps = np.append(steps, length - 1)
                case Damage.LAST_STEPS:
                    steps = steps[steps >= length - 1 - int(fault.amount)]
        return steps

    def is_cut(self, step: int, next_visited: int, length: int, *, where: str) -> bool:
        """Whether the chain is cut between a step and the one that its carry goes to; -1 is the initial state.

        `where` is WHERE_MADE or empty: where the carry is used, if it is.
        """
        return any(
            fault.other == where and _chunk(fault, step, length) != _chunk(fault, next_visited, length)
            for fault in self.at("chain")
        )

    def rows(self, tap: str, offset: int, steps: int, length: int) -> Rows:
        """Rows that the steps 0 ... `steps` - 1 take of a stack of `length` rows: step t takes row t + `offset`."""
        right = np.arange(steps) + offset
        rows = right
        for fault in self.at(tap):
            rows = _damaged_rows(rows, fault, right, length - steps, length)
        return rows

    def taken(self, tap: str, stack: Array, offset: int = 0, steps: int | None = None) -> Array:
        """Rows of a stack over time, one a step, zeros where there is none."""
        count = len(stack) if steps is None else steps
        if tap not in self._at:
            return stack[offset : offset + count]
        return _take(stack, self.rows(tap, offset, count, len(stack)))

    def put(self, tap: str, rows: Array) -> Array:
        """Rows over time as they are written to a list: each to its step, those beyond the ends added up there."""
        for fault in self.at(tap):
            if fault.damage in (Damage.PUT, Damage.PUT_LAST):
                written, at = np.zeros_like(rows), np.clip(np.arange(len(rows)) + int(fault.amount), 0, len(rows) - 1)
                if fault.damage is Damage.PUT:
                    np.add.at(written, at, rows)
                else:
                    written[at] = rows
                rows = written
        return rows

    def slopes(self, tap: str, cell: str, h: Array, z: Array) -> Array:
        """Derivatives f'(z) of an activation h = f(z)."""
        slopes = ACTIVATIONS[cell].slope(h)
        for fault in self.at(tap):
            match fault.damage:
                case Damage.DROP:
                    slopes = np.ones_like(h)
                case Damage.OTHER_SLOPE:
                    slopes = OTHER_SLOPES[fault.other](cell, h, z)
                case Damage.FIRST_UNIT:
                    slopes = np.broadcast_to(slopes[..., :1], h.shape)
                case Damage.LAST_UNIT:
                    slopes = np.broadcast_to(slopes[..., -1:], h.shape)
                case Damage.MEAN_UNIT:
                    slopes = np.broadcast_to(slopes.mean(axis=-1, keepdims=True), h.shape)
                case Damage.AT_LEAST:
                    slopes = np.maximum(slopes, fault.amount)
        return slopes

    def term(self, name: str, value: Array, *, is_first: bool) -> Array:
        """A term of a sum; `is_first` at the step that is visited first, which no carry reaches."""
        for fault in self.at(name):
            match fault.damage:
                case Damage.DROP | Damage.ELSEWHERE:
                    value = np.zeros_like(value)
                case Damage.NEGATE:
                    value = -value
                case Damage.DOUBLE:
                    value = 2 * value
                case Damage.ONLY_WITHOUT_CARRY if not is_first:
                    value = np.zeros_like(value)
        return value

    def delta(self, name: str, value: Array) -> Array:
        """A delta, such as dh, as it is finished at a step."""
        for fault in self.at(name):
            match fault.damage:
                case Damage.NEGATE:
                    value = -value
                case Damage.DOUBLE:
                    value = 2 * value
                case _:
                    value = _clipped(value, fault)
        return value

    def carry(self, name: str, value: Array, before: Array) -> Array:
        """A carry as it is made for the next visited step; `before` is the last one's."""
        for fault in self.at(f"{name} made"):
            match fault.damage:
                case Damage.DROP:
                    value = np.zeros_like(value)
                case Damage.NEGATE:
                    value = -value
                case Damage.DOUBLE:
                    value = 2 * value
                case Damage.ACCUMULATE:
                    value = before + value
                case _:
                    value = _clipped(value, fault)
        return value

    def weight(self, tap: str, W: Array, gradient: Callable[[int], Array] | None, others: Mapping[str, Array]) -> Array:
        """A weight that the chain is multiplied by, transposed.

        `gradient(1)` is its own gradient with this step, `gradient(0)` without; `others` are mistaken for it.
        """
        for fault in self.at(tap):
            square = W.shape[0] == W.shape[1]
            match fault.damage:
                case Damage.UNTRANSPOSE if square:
                    W = W.T
                case Damage.DROP if square:
                    W = np.eye(len(W))
                case Damage.GRADIENT if gradient is not None:
                    W = gradient(int(fault.amount))
                case Damage.OTHER if others[fault.other].shape == W.shape:
                    W = others[fault.other]
        return W

    def operand(self, tap: str, value: Array, other: Callable[[str], Array]) -> Array:
        """An operand of a product; `other` gives a quantity that may be mistaken for it."""
        for fault in self.at(tap):
            if fault.damage is Damage.OTHER:
                value = other(fault.other)
        return value


def _chunk(fault: Fault, step: int, length: int) -> int:
    """Which of the pieces that a chain is cut into a step is in."""
    steps = int(fault.amount)
    match fault.damage:
        case Damage.CHUNKS:
            return step // steps
        case Damage.CHUNKS_FROM_END:
            return (length - 1 - step) // steps
    return 0


def _clipped(value: Array, fault: Fault) -> Array:
    if fault.damage is Damage.CLIP:
        return np.clip(value, -fault.amount, fault.amount)
    if fault.damage is Damage.CLIP_NORM:
        size = np.linalg.norm(value, axis=-1, keepdims=True)
        return np.asarray(value * np.minimum(1.0, fault.amount / np.maximum(size, np.finfo(value.dtype).tiny)))
    return value


def _damaged_rows(rows: Rows, fault: Fault, right: Rows, low: int, length: int) -> Rows:
    """Rows under a fault; those of the steps themselves begin at `low`, where an initial state stands before them."""
    shifted = rows + int(fault.amount)
    match fault.damage:
        case Damage.OWN_SHIFT_DROPPED:
            return np.where((shifted < low) | (shifted >= length), NOTHING, shifted)
        case Damage.OWN_SHIFT_CLAMPED:
            return np.clip(shifted, low, length - 1)
        case Damage.OWN_SHIFT_WRAPPED:
            return (shifted - low) % (length - low) + low
        case Damage.STALE_FINAL:
            return np.full_like(rows, length - 1)
        case Damage.REVERSED:
            return rows[::-1]
        case Damage.SHIFT_DROPPED:
            return np.where((shifted < 0) | (shifted >= length), NOTHING, shifted)
        case Damage.SHIFT_CLAMPED:
            return np.clip(shifted, 0, length - 1)
        case Damage.SHIFT_WRAPPED:
            return shifted % length
        case Damage.WRAP_FIRST:
            return np.where(right == right[0], length - 1, rows)
        case Damage.ZERO_FIRST:
            return np.where(right == right[0], NOTHING, rows)
        case Damage.STALE_LAST:
            return np.full_like(rows, right[-1])
        case Damage.STALE_FIRST:
            return np.full_like(rows, right[0])
    return rows


def _take(stack: Array, rows: Rows) -> Array:
    if (rows != NOTHING).all():
        return stack[rows]
    taken = stack[np.maximum(rows, 0)]
    taken[rows == NOTHING] = 0
    return taken


def _formula(cell: str, h: Array) -> Array:
    return ACTIVATIONS[cell].slope(h)


# functions of (cell, h, z) that are taken for f'(z)
OTHER_SLOPES: dict[str, Callable[[str, Array, Array], Array]] = {
    "f'(f(z))": lambda cell, h, z: _formula(cell, ACTIVATIONS[cell].forward(h)),
    "f'(z) as value": lambda cell, h, z: _formula(cell, z),
    "f": lambda cell, h, z: h,
    "z": lambda cell, h, z: z,
    "1 - f": lambda cell, h, z: 1 - h,
    "f**2": lambda cell, h, z: h * h,
    "1 + f**2": lambda cell, h, z: 1 + h * h,
    "1 - f @ f": lambda cell, h, z: np.broadcast_to(1 - (h * h).sum(axis=-1, keepdims=True), h.shape),
    "tanh'": lambda cell, h, z: _formula("tanh", h),
    "sigmoid'": lambda cell, h, z: _formula("sigmoid", h),
    "relu'": lambda cell, h, z: _formula("relu", h),
    "tanh' formula at z": lambda cell, h, z: _formula("tanh", z),
    "sigmoid' formula at z": lambda cell, h, z: _formula("sigmoid", z),
    "tanh' of h": lambda cell, h, z: _formula("tanh", ACTIVATIONS["tanh"].forward(h)),
    "sigmoid' of h": lambda cell, h, z: _formula("sigmoid", ACTIVATIONS["sigmoid"].forward(h)),
    "tanh' of z": lambda cell, h, z: _formula("tanh", ACTIVATIONS["tanh"].forward(z)),
    "sigmoid' of z": lambda cell, h, z: _formula("sigmoid", ACTIVATIONS["sigmoid"].forward(z)),
}

WHOLE = Taps()
