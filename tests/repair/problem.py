"""A backward pass of two parameters, small enough to edit by hand, with targets from its closed form."""

from pathlib import Path

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.model.problem import Batch
from gradcheck_rnn.numeric.estimate import Estimate
from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.target import Target, target_at

# loss = sum of (a * x) ** 2 + b, so that dL/da = 2 x ** 2 a and dL/db = 1
SOURCE = """
import numpy as np

calls = []


def loss(p, batch):
    return float(((p["a"] * batch.inputs[:, 0]) ** 2).sum() + p["b"].sum())


def gradients(p, batch):
    x = batch.inputs[:, 0]  # one number a step
    da = 0.0
    for t in range(len(x)):
        da += 2 * x[t] * p["a"] * x[t]
    db = np.ones(1)
    return {"a": da, "b": db}
"""


def written(folder: Path, source: str) -> UserCode:
    (folder / "adapter.py").write_text(source)
    return UserCode(folder / "adapter.py", 0, Sizes(1, 1, 1, 1), 10.0)


def target(steps: int) -> Target:
    """The closed form at a point of its own for each number of steps."""
    rng = np.random.default_rng(steps)
    a, b, x = rng.standard_normal(1), rng.standard_normal(1), rng.standard_normal((steps, 1))
    point = Point({"a": a, "b": b}, Batch(x, None, np.zeros(steps), {}))
    value = {"a": 2 * (x**2).sum() * a, "b": np.ones(1)}
    numeric = {name: Estimate(np.arange(1), each, np.full(1, 1e-12), np.zeros(1)) for name, each in value.items()}
    loss = float(((a * x[:, 0]) ** 2).sum() + b.sum())
    return target_at(point, loss, numeric, dict.fromkeys(value, 1e-14), tolerance=1e-6)


def replaced(code: UserCode, before: str, after: str) -> Edit:
    """The edit that puts one text in the place of another, which stands once in the adapter."""
    text = code.path.read_text()
    assert text.count(before) == 1
    start = text.index(before)
    return Edit(code.path, (Change(start, start + len(before), after),), f"{before} -> {after}", 1.0)
