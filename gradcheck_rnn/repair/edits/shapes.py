"""Which shapes go together, and what comes of them; None where they do not."""

from math import prod

Shape = tuple[int, ...]


def broadcast(left: Shape, right: Shape) -> Shape | None:
    """Shape of an elementwise operation."""
    length = max(len(left), len(right))
    pairs = zip((1,) * (length - len(left)) + left, (1,) * (length - len(right)) + right, strict=True)
    axes = []
    for a, b in pairs:
        if a != b and 1 not in (a, b):
            return None
        axes.append(b if a == 1 else a)
    return tuple(axes)


def matmul(left: Shape, right: Shape) -> Shape | None:
    """Shape of a matrix product, of vectors, too; a number has none."""
    if not left or not right:
        return None
    rows, inner = left[-2:-1], left[-1]
    columns = right[-1:] if len(right) > 1 else ()
    if inner != right[-2 if len(right) > 1 else -1]:
        return None
    stack = broadcast(left[:-2], right[:-2])
    return None if stack is None else (*stack, *rows, *columns)


def dot(left: Shape, right: Shape) -> Shape | None:
    """Shape of `numpy.dot` of at most two axes: the matrix product, but a number scales."""
    return matmul(left, right) if left and right else broadcast(left, right)


def outer(left: Shape, right: Shape) -> Shape:
    """Shape of `numpy.outer`, which flattens both."""
    return prod(left), prod(right)


def transposed(shape: Shape) -> Shape:
    """The last two axes swapped; a vector stays as it is."""
    return shape if len(shape) < 2 else (*shape[:-2], shape[-1], shape[-2])
