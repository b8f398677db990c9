"""Random gated nets with parameters and a batch, small enough to run by the thousand."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .gated_spec import CANDIDATES, GatedSpec

Array = np.ndarray
Case = tuple[GatedSpec, dict[str, Array], "GatedBatch"]

BIAS_AND_STATE_STD = 0.5
CHOICES: dict[str, tuple[Any, ...]] = {
    "cell": ("lstm", "gru"),
    "layout": ("row", "column"),
    "biases": (True, True, False),
    "learned": (True, False),
    "loss": ("softmax_cross_entropy", "mse"),
    "reduction": ("sum", "mean"),
    "steps": ("all", "all", "last"),
}
CELL_CHOICES: dict[str, dict[str, tuple[Any, ...]]] = {
    "lstm": {"lstm_output": ("tanh", "tanh", "identity"), "peepholes": (False, True), "coupled": (False, False, True)},
    "gru": {"reset": ("before", "after"), "keeps": ("z", "1-z")},
}
SIZES: dict[str, tuple[Any, ...]] = {
    "input_size": tuple(range(1, 10)),
    "hidden_size": tuple(range(1, 10)),
    "output_size": tuple(range(1, 10)),
    "length": tuple(range(3, 10)),
    "batch_size": (None, 1, 2, 3),
    "inputs": ("tokens", "dense"),
    "gain": (0.8, 1.0, 1.25),
}


@dataclass(frozen=True)
class GatedBatch:
    """What an adapter gets beside the parameters.

    Args:
        inputs: (T, I) or (T, B, I).
        targets: class numbers (T,) or (T, B), or vectors (T, O) or (T, B, O); no T where the last step alone counts.
        initial_state: h and, for an LSTM, c: (H,) or (B, H).
        tokens: (T,) or (T, B), or None for dense inputs.
    """

    inputs: Array
    targets: Array
    initial_state: dict[str, Array]
    tokens: Array | None = None


def random_case(rng: np.random.Generator, **fixed: Any) -> Case:
    """A random net with its parameters and a batch.

    Args:
        rng: where everything comes from.
        fixed: a field of `GatedSpec`, or a key of `SIZES`.

    Raises:
        TypeError: `fixed` names something that is not drawn for this cell.
    """
    drawn = _choose(rng, CHOICES) | fixed
    of_the_cell = CELL_CHOICES[drawn["cell"]]
    if unknown := fixed.keys() - {*CHOICES, *of_the_cell, *SIZES}:
        raise TypeError(f"random_case draws no {', '.join(sorted(unknown))} for a cell {drawn['cell']}")
    fields = _choose(rng, of_the_cell)
    sizes = _choose(rng, SIZES)
    spec = GatedSpec(**{name: (fields | drawn)[name] for name in (*CHOICES, *of_the_cell)})
    sizes = {name: drawn.get(name, size) for name, size in sizes.items()}
    return spec, draw_parameters(rng, spec, sizes), draw_batch(rng, spec, sizes)


def _choose(rng: np.random.Generator, choices: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    return {name: options[rng.integers(len(options))] for name, options in choices.items()}


def draw_parameters(rng: np.random.Generator, spec: GatedSpec, sizes: dict[str, Any]) -> dict[str, Array]:
    """Weights N(0, gain**2 / fan_in), in the layout of the spec; vectors of std 0.5."""
    I, H, O = sizes["input_size"], sizes["hidden_size"], sizes["output_size"]  # noqa: E741 - the field's names

    def weight(fan_in: int, fan_out: int) -> Array:
        drawn = rng.normal(0.0, sizes["gain"] / math.sqrt(fan_in), (fan_in, fan_out))
        return drawn if spec.layout == "row" else np.ascontiguousarray(drawn.T)

    def vector(size: int) -> Array:
        return rng.normal(0.0, BIAS_AND_STATE_STD, size)

    parameters = {}
    for gate in spec.gates:
        parameters |= {f"W_x{gate}": weight(I, H), f"W_h{gate}": weight(H, H)}
        if spec.biases:
            parameters[f"b_{gate}"] = vector(H)
        if spec.peepholes and gate not in CANDIDATES:
            parameters[f"p_{gate}"] = vector(H)
    parameters["W_hy"] = weight(H, O)
    if spec.biases:
        parameters["b_y"] = vector(O)
    if spec.learned:
        parameters |= {f"{state}0": vector(H) for state in spec.states}
    return parameters


def draw_batch(rng: np.random.Generator, spec: GatedSpec, sizes: dict[str, Any]) -> GatedBatch:
    """Inputs, targets and a non-zero initial state, one for all sequences or one for each."""
    I, H, O = sizes["input_size"], sizes["hidden_size"], sizes["output_size"]  # noqa: E741 - the field's names
    sequences = () if sizes["batch_size"] is None else (sizes["batch_size"],)
    steps = (sizes["length"], *sequences)
    counted = steps if spec.steps == "all" else sequences
    tokens = rng.integers(0, I, steps) if sizes["inputs"] == "tokens" else None
    softmax = spec.loss == "softmax_cross_entropy"
    states = sequences if rng.random() < 0.5 else ()
    return GatedBatch(
        inputs=rng.normal(size=(*steps, I)) if tokens is None else np.eye(I)[tokens],
        targets=np.asarray(rng.integers(0, O, counted)) if softmax else rng.normal(size=(*counted, O)),
        initial_state={state: rng.normal(0.0, BIAS_AND_STATE_STD, (*states, H)) for state in spec.states},
        tokens=tokens,
    )
