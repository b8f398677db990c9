"""Random deep nets with parameters and a batch, small enough to run by the thousand."""

import math
from typing import Any

import numpy as np

from .deep_spec import DeepSpec
from .gated_case import BIAS_AND_STATE_STD, GatedBatch
from .gated_spec import CANDIDATES

Array = np.ndarray
Case = tuple[DeepSpec, dict[str, Array], GatedBatch]

SHAPES: tuple[dict[str, Any], ...] = (  # what makes a net deep, or otherwise than the gated oracle's
    {"layers": 2},
    {"layers": 3},
    {"bidirectional": True},
    {"inputs": "embedding"},
    {"inputs": "parameter"},
    {"outputs": "states", "loss": "projection"},
    {"learned": True, "own_states": True},
    {"cell": "gru", "reset": "after", "recurrent_bias": True, "biases": True},
)
CHOICES: dict[str, tuple[Any, ...]] = {
    "cell": ("tanh", "relu", "sigmoid", "lstm", "lstm", "gru", "gru"),
    "inputs": ("tokens", "dense", "embedding", "parameter"),
    "outputs": ("layer", "layer", "states"),
    "loss": ("softmax_cross_entropy", "mse", "projection"),
    "layout": ("row", "column"),
    "biases": (True, True, False),
    "learned": (True, False),
    "own_states": (False, True),
    "reduction": ("sum", "mean"),
    "steps": ("all", "all", "last"),
}
CELL_CHOICES: dict[str, dict[str, tuple[Any, ...]]] = {
    "lstm": {"lstm_output": ("tanh", "tanh", "identity"), "peepholes": (False, True), "coupled": (False, False, True)},
    "gru": {"reset": ("before", "after"), "recurrent_bias": (False, True), "keeps": ("z", "1-z")},
}
SIZES: dict[str, tuple[Any, ...]] = {
    "input_size": (2, 3, 4, 5),
    "embedding_size": (1, 2, 3, 4),
    "hidden_size": (2, 3, 4),
    "output_size": (2, 3, 4, 5),
    "length": (3, 4, 5, 6),
    "batch_size": (None, 1, 2, 3),
    "gain": (0.8, 1.0, 1.25),
}


def random_case(rng: np.random.Generator, **fixed: Any) -> Case:
    """A random net with its parameters and a batch.

    Args:
        rng: where everything comes from.
        fixed: fields of `DeepSpec` and keys of `SIZES`; where none makes the net deep, one of `SHAPES` is drawn.

    Raises:
        TypeError: `fixed` names something else.
    """
    if unknown := fixed.keys() - {*vars(DeepSpec()), *SIZES}:
        raise TypeError(f"random_case draws no {', '.join(sorted(unknown))}")
    drawn = _choose(rng, CHOICES)
    shape = SHAPES[rng.integers(len(SHAPES))]
    if not any(name in fixed for one in SHAPES for name in one):
        drawn |= shape
    drawn |= fixed
    drawn = _choose(rng, CELL_CHOICES.get(drawn["cell"], {})) | drawn
    if drawn.get("reset") == "before" or not drawn["biases"]:
        drawn["recurrent_bias"] = False
    drawn["own_states"] &= drawn["learned"]
    sizes = {name: fixed.get(name, size) for name, size in _choose(rng, SIZES).items()}
    spec = DeepSpec(**{name: value for name, value in drawn.items() if name not in SIZES})
    return spec, draw_parameters(rng, spec, sizes), draw_batch(rng, spec, sizes)


def _choose(rng: np.random.Generator, choices: dict[str, tuple[Any, ...]]) -> dict[str, Any]:
    return {name: options[rng.integers(len(options))] for name, options in choices.items()}


def draw_parameters(rng: np.random.Generator, spec: DeepSpec, sizes: dict[str, Any]) -> dict[str, Array]:
    """Weights N(0, gain**2 / fan_in), in the layout of the spec; vectors of std 0.5, rows of E and inputs of std 1."""
    I, H, O = sizes["input_size"], sizes["hidden_size"], sizes["output_size"]  # noqa: E741 - the field's names

    def weight(fan_in: int, fan_out: int, gain: float = sizes["gain"]) -> Array:
        drawn = rng.normal(0.0, gain / math.sqrt(fan_in), (fan_in, fan_out))
        return drawn if spec.layout == "row" else np.ascontiguousarray(drawn.T)

    def vector(*size: int) -> Array:
        return rng.normal(0.0, BIAS_AND_STATE_STD, size)

    parameters: dict[str, Array] = {}
    if spec.inputs == "embedding":
        parameters["E"] = weight(I, sizes["embedding_size"], math.sqrt(I))
    if spec.inputs == "parameter":
        parameters["x"] = rng.normal(size=(*_steps(sizes), I))
    seen = sizes["embedding_size"] if spec.inputs == "embedding" else I
    for place in spec.places:
        for gate in spec.gates:
            parameters |= {f"W_x{gate}{place}": weight(seen, H), f"W_h{gate}{place}": weight(H, H)}
            if spec.biases:
                parameters[f"b_{gate}{place}"] = vector(H)
            if spec.peepholes and gate not in CANDIDATES:
                parameters[f"p_{gate}{place}"] = vector(H)
        if spec.recurrent_bias:
            parameters[f"b_hn{place}"] = vector(H)
        if spec.learned:
            owners = _steps(sizes)[1:] if spec.own_states else ()
            parameters |= {f"{state}0{place}": vector(*owners, H) for state in spec.states}
        seen = seen if spec.bidirectional else H
    if spec.has_output_layer:
        parameters["W_hy"] = weight(_width(spec, H), O)
        if spec.biases:
            parameters["b_y"] = vector(O)
    return parameters


def _steps(sizes: dict[str, Any]) -> tuple[int, ...]:
    """(T,) or (T, B)."""
    return sizes["length"], *(() if sizes["batch_size"] is None else (sizes["batch_size"],))


def _width(spec: DeepSpec, H: int) -> int:
    """How many numbers a state on top has."""
    return 2 * H if spec.bidirectional else H


def draw_batch(rng: np.random.Generator, spec: DeepSpec, sizes: dict[str, Any]) -> GatedBatch:
    """Inputs, targets and non-zero initial states, a list of them where the net has several places."""
    I, H, O = sizes["input_size"], sizes["hidden_size"], sizes["output_size"]  # noqa: E741 - the field's names
    steps = _steps(sizes)
    sequences = steps[1:]
    counted = steps if spec.steps == "all" else sequences
    tokens = rng.integers(0, I, steps) if spec.inputs in ("tokens", "embedding") else None
    softmax = spec.loss == "softmax_cross_entropy"
    outputs = O if spec.has_output_layer else _width(spec, H)
    targets = rng.integers(0, outputs, counted) if softmax else rng.normal(size=(*counted, outputs))
    states = sequences if rng.random() < 0.5 else ()
    start: dict[str, Any] = {
        state: [rng.normal(0.0, BIAS_AND_STATE_STD, (*states, H)) for _ in spec.places] for state in spec.states
    }
    return GatedBatch(
        inputs=rng.normal(size=(*steps, I)) if tokens is None else np.eye(I)[tokens],
        targets=np.asarray(targets),
        initial_state=start if len(spec.places) > 1 else {state: each for state, (each,) in start.items()},
        tokens=tokens,
    )
