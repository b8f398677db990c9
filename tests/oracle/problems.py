"""Random configuration documents in the vocabulary of the YAML, and draws of the arrays that fit them."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import yaml

from .elman import Spec

Document = dict[str, Any]

CHOICES: dict[str, tuple[Any, ...]] = {
    "cell": ("tanh", "relu", "sigmoid"),
    "biases": (True, False),
    "layout": ("row", "column"),
    "initial_state": ("zeros", "learned"),
    "inputs": ("tokens", "dense"),
    "kind": ("softmax_cross_entropy", "mse"),
    "reduction": ("sum", "mean"),
    "steps": ("all", "last"),
    "batch_size": (None, 1, 2, 3, 4),
}
RANGES = {
    "length": (1, 25),
    "hidden_size": (1, 32),
    "input_size": (2, 12),
    "output_size": (2, 12),
    "seed": (0, 2**31 - 1),
}
GAIN = (0.001, 2.0)  # of weights N(0, gain**2 / fan_in); drawn log-uniformly
BIAS_AND_STATE_STD = 0.5


def random_problem(rng: np.random.Generator, **fixed: Any) -> Document:
    """A random document.

    Args:
        rng: where all the choices come from.
        fixed: a choice or size by its key in the YAML (`cell="relu"`, `length=6`, `gain=1.0`), or a bound on its
            range by that key with `min_` or `max_` in front (`min_length=6`, `max_gain=1.0`), both ends included.

    Raises:
        TypeError: `fixed` names something that is not drawn.
    """
    unused = dict(fixed)
    drawn: dict[str, Any] = {}
    for name, choices in CHOICES.items():
        drawn[name] = choices[rng.integers(len(choices))]
    for name, (low, high) in RANGES.items():
        drawn[name] = int(rng.integers(unused.pop(f"min_{name}", low), unused.pop(f"max_{name}", high), endpoint=True))
    low, high = unused.pop("min_gain", GAIN[0]), unused.pop("max_gain", GAIN[1])
    drawn["gain"] = math.exp(rng.uniform(math.log(low), math.log(high)))
    if unknown := unused.keys() - drawn.keys():
        raise TypeError(f"random_problem draws no {', '.join(sorted(unknown))}")
    return _document(drawn | unused)


def _document(drawn: dict[str, Any]) -> Document:
    def part(*names: str) -> dict[str, Any]:
        return {name: drawn[name] for name in names}

    return {
        "model": {
            **part("cell", "input_size", "hidden_size", "output_size", "biases", "layout"),
            "init": {"distribution": "normal_fan_in", "scale": drawn["gain"]},
            **part("initial_state"),
        },
        "sequence": part("length", "batch_size", "inputs"),
        "loss": part("kind", "reduction", "steps"),
        "seed": drawn["seed"],
    }


def to_yaml(document: Document) -> str:
    """The document as YAML text, in its own order."""
    return yaml.safe_dump(document, sort_keys=False)


def spec_of(document: Document) -> Spec:
    """What the independent net needs to know of the document."""
    model, loss = document["model"], document["loss"]
    return Spec(
        cell=model["cell"],
        layout=model["layout"],
        biases=model["biases"],
        learned=model["initial_state"] == "learned",
        loss=loss["kind"],
        reduction=loss["reduction"],
        steps=loss["steps"],
    )


def can_show(fault: str, document: Document) -> bool:
    """Whether the fault changes a gradient at almost every draw of this document's parameters.

    A relu net whose units are all active hides a missing activation derivative all the same.
    """
    model, T = document["model"], document["sequence"]["length"]
    kind, _, variant = fault.partition(":")
    if kind == "none":
        return False
    if kind == "truncation":
        return int(variant) + 1 < T
    if kind == "untransposed_carry":
        return model["hidden_size"] > 1 and (T > 1 or model["initial_state"] == "learned")
    if kind == "overwritten_accumulator":
        return T > 1 and (model["biases"] or not variant.startswith("b_"))
    if kind in ("missing_carry", "factor_T"):
        return T > 1
    return True


def draw_parameters(document: Document, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights N(0, gain**2 / fan_in); biases and a learned initial state of std 0.5, so that they matter."""
    model = document["model"]
    I, H, O = model["input_size"], model["hidden_size"], model["output_size"]  # noqa: E741 - the field's names

    def weight(fan_in: int, fan_out: int) -> np.ndarray:
        drawn = rng.normal(0.0, model["init"]["scale"] / math.sqrt(fan_in), (fan_in, fan_out))
        return drawn if model["layout"] == "row" else np.ascontiguousarray(drawn.T)

    parameters = {"W_xh": weight(I, H), "W_hh": weight(H, H), "W_hy": weight(H, O)}
    if model["biases"]:
        parameters |= {"b_h": rng.normal(0.0, BIAS_AND_STATE_STD, H), "b_y": rng.normal(0.0, BIAS_AND_STATE_STD, O)}
    if model["initial_state"] == "learned":
        parameters["h0"] = rng.normal(0.0, BIAS_AND_STATE_STD, H)
    return parameters


def draw_batch(document: Document, rng: np.random.Generator) -> SimpleNamespace:
    """Inputs, targets and a non-zero initial state in the shapes that an adapter gets."""
    model, sequence, loss = document["model"], document["sequence"], document["loss"]
    I, H, O = model["input_size"], model["hidden_size"], model["output_size"]  # noqa: E741 - the field's names
    batch_axis = () if sequence["batch_size"] is None else (sequence["batch_size"],)
    steps = (sequence["length"], *batch_axis)
    counted = steps if loss["steps"] == "all" else batch_axis
    tokens = rng.integers(0, I, steps) if sequence["inputs"] == "tokens" else None
    softmax = loss["kind"] == "softmax_cross_entropy"
    return SimpleNamespace(
        inputs=rng.normal(size=(*steps, I)) if tokens is None else np.eye(I)[tokens],
        tokens=tokens,
        targets=rng.integers(0, O, counted) if softmax else rng.normal(size=(*counted, O)),
        initial_state={"h": rng.normal(0.0, BIAS_AND_STATE_STD, (*batch_axis, H))},
    )
