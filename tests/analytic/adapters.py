"""Adapter files of a few lines, written where a test wants them, and the point at which they are called."""

from pathlib import Path

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.model.problem import Batch

SIZES = Sizes(input_size=2, hidden_size=3, output_size=2, length=2)
RIGHT_LOSS = """
def loss(parameters, batch):
    return float((parameters["W"] ** 2).sum())
"""
RIGHT_GRADIENTS = """
def gradients(parameters, batch):
    return {"W": 2 * parameters["W"]}
"""
RIGHT = RIGHT_LOSS + RIGHT_GRADIENTS


def point() -> Point:
    batch = Batch(
        inputs=np.eye(2), tokens=np.array([0, 1]), targets=np.array([1, 0]), initial_state={"h": np.array([0.5, -1.0])}
    )
    return Point({"W": np.array([[1.0, 2.0, -3.0]])}, batch)


def code(folder: Path, source: str, *, name: str = "adapter.py", timeout: float = 20.0, seed: int = 0) -> UserCode:
    path = folder / name
    path.write_text(source, encoding="utf-8")
    return UserCode(path, seed, SIZES, timeout)
