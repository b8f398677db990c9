"""A backward pass in the smallest form that has what others have: a carry, products, accumulators, targets."""

from typing import Any

import numpy as np

from gradcheck_rnn.repair.function import Function
from tests.repair.edits.watching import watched

STEPS, UNITS, LETTERS = 3, 2, 4

RIGHT = """import numpy as np


def backward(xs, hs, ps, targets, U, W, V):
    dU, dW, dV = np.zeros_like(U), np.zeros_like(W), np.zeros_like(V)
    db, dc = np.zeros(2), np.zeros(4)
    dh_next = np.zeros(2)
    for t in reversed(range(len(xs))):
        dy = ps[t].copy()  # of the softmax
        dy[targets[t]] -= 1
        dV += np.outer(dy, hs[t])
        dc += dy
        dh = V.T @ dy + dh_next
        dz = dh * (1 - hs[t] ** 2)
        dU += np.outer(dz, xs[t])
        dW += np.outer(dz, hs[t - 1])
        db += dz
        dh_next = W.T @ dz
    return dU, dW, dV, db, dc
"""


def arguments() -> tuple[object, ...]:
    """Inputs, states, outputs, targets and weights, drawn."""
    rng = np.random.default_rng(0)
    xs, hs = rng.normal(size=(STEPS, LETTERS)), rng.normal(size=(STEPS, UNITS))
    ps = [rng.normal(size=LETTERS) for _ in range(STEPS)]
    shapes = ((UNITS, LETTERS), (UNITS, UNITS), (LETTERS, UNITS))
    return xs, hs, ps, [0, 3, 1], *(rng.normal(size=shape) for shape in shapes)


def with_slip(right: str, wrong: str) -> Function:
    """The backward pass with one thing written otherwise, seen while it ran."""
    assert RIGHT.count(right) == 1
    return watched(RIGHT.replace(right, wrong), *arguments())


def gradients(source: str) -> list[object] | None:
    """What a text of the backward pass returns, None where it does not run."""
    names: dict[str, Any] = {}
    try:
        exec(source, names)
        return [np.asarray(each) for each in names["backward"](*arguments())]
    except Exception:  # an edit may give anything
        return None
