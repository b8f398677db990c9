"""Where a gap along random directions comes from: the smallest box of entries that has it, by halves, axis by axis."""

from collections.abc import Callable

from gradcheck_rnn.numeric.screen.directions import Box, slab

# whether the slope along the entries of a box, all others left where they are, is not what the gradient says
IsWrong = Callable[[Box], bool]


def traced(is_wrong: IsWrong, box: Box) -> Box:
    """Return the smallest box with all that is wrong in a box that is.

    A single index, and an axis that is wrong from end to end, take two or three looks; else each end of an axis of n
    takes log2(n).
    """
    for axis in range(len(box)):
        first = _first(is_wrong, box, axis)
        box = slab(box, axis, first, _stop(is_wrong, slab(box, axis, first, box[axis][1]), axis))
    return box


def corner(is_wrong: IsWrong, box: Box) -> Box:
    """Return a single entry that is wrong, the first one of the first slab of a traced box; log2(n) looks an axis."""
    for axis in range(len(box)):
        first = box[0][0] if axis == 0 else _first(is_wrong, box, axis)
        box = slab(box, axis, first, first + 1)
    return box


def _first(is_wrong: IsWrong, box: Box, axis: int) -> int:
    """First index of an axis at which a box is wrong; the last one where no other is."""
    start, stop = box[axis]
    if stop - start == 1 or is_wrong(slab(box, axis, start, start + 1)):
        return start
    return _halved(slab(box, axis, start + 1, stop), axis, lambda lower, _upper: is_wrong(lower))


def _stop(is_wrong: IsWrong, box: Box, axis: int) -> int:
    """Index behind the last at which a box is wrong, whose first is."""
    first, stop = box[axis]
    if stop - first == 1 or not is_wrong(slab(box, axis, first + 1, stop)):
        return first + 1
    if is_wrong(slab(box, axis, stop - 1, stop)):
        return stop
    return 1 + _halved(slab(box, axis, first + 1, stop - 1), axis, lambda _lower, upper: not is_wrong(upper))


def _halved(box: Box, axis: int, is_in_lower: Callable[[Box, Box], bool]) -> int:
    """Halve a box on an axis, again and again, until one index is left; told both halves, `is_in_lower` chooses."""
    start, stop = box[axis]
    while stop - start > 1:
        middle = (start + stop) // 2
        lower, upper = slab(box, axis, start, middle), slab(box, axis, middle, stop)
        start, stop = lower[axis] if is_in_lower(lower, upper) else upper[axis]
    return start
