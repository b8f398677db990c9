"""Problems of the package, built from the documents that the oracle draws and understands."""

import io
from typing import Any

import numpy as np
from hypothesis import strategies as st

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.model.draw import configured_problem
from gradcheck_rnn.model.problem import Problem
from tests.oracle.elman import complex_step_gradient
from tests.oracle.problems import BIAS_AND_STATE_STD, CHOICES, Document, random_problem, spec_of, to_yaml

SIZES = {"length": (1, 7), "hidden_size": (1, 5), "input_size": (2, 5), "output_size": (2, 5)}
SMOOTH = ("tanh", "sigmoid")


@st.composite
def documents(draw: st.DrawFn, *, gain: tuple[float, float] = (0.01, 1.5), **fixed: Any) -> Document:
    """Every cell, loss, reduction, layout, ...: a failure shrinks to the first choice and the smallest size."""
    chosen = {name: draw(st.sampled_from(choices)) for name, choices in CHOICES.items() if name not in fixed}
    sizes = {name: draw(st.integers(*limits)) for name, limits in SIZES.items() if name not in fixed}
    drawn = {"gain": draw(st.floats(*gain)), "seed": draw(st.integers(0, 2**31 - 1))}
    return random_problem(np.random.default_rng(0), **(chosen | sizes | drawn | fixed))


def document(seed: int = 0, **fixed: Any) -> Document:
    """One small document, of gain 1 unless it says otherwise."""
    limits = {f"max_{name}": high for name, (_, high) in SIZES.items() if name not in fixed}
    return random_problem(np.random.default_rng(seed), **({"gain": 1.0} | limits | fixed))


def settings_of(document: Document) -> Settings:
    return load_settings("-", stdin=io.BytesIO(to_yaml(document).encode()))


def problem_of(document: Document) -> Problem:
    """The configured problem with random biases and states, so that their gradients and faults matter."""
    document = document | {"model": dict(document["model"])}
    if document["model"]["initial_state"] == "zeros":
        document["model"]["initial_state"] = "random"
    problem, rng = configured_problem(settings_of(document)), np.random.default_rng(document["seed"])
    moved = {
        name: value if name.startswith("W_") else rng.normal(0.0, BIAS_AND_STATE_STD, value.shape)
        for name, value in problem.parameters.items()
    }
    return problem.at(moved)


def exact_gradients(document: Document, problem: Problem) -> dict[str, np.ndarray]:
    """The oracle's complex step: no difference is taken, only rounding remains."""
    return complex_step_gradient(spec_of(document), problem.parameters, problem.batch)


def largest(value: np.ndarray) -> float:
    return float(np.abs(value).max(initial=0.0))
