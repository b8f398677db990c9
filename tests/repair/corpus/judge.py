"""What a broken copy, or one with a patch, computes at random points, beside the right source's values there.

Nothing here is the tool's but the import of an adapter: no gradient is differenced, none is the reference's.
"""

import contextlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import numpy as np

from gradcheck_rnn.adapters.lifetime import lifetime
from gradcheck_rnn.analytic.adapter import Adapter, imported
from tests.repair.corpus.slip import SIZES, Style

# where values are compared: other seeds, lengths and sizes than those of the configuration
POINTS = (
    {"seed": 11, "T": 5},
    {"seed": 12, "T": 1},
    {"seed": 13, "T": 2, "I": 4, "H": 3, "O": 5, "B": 2},
    {"seed": 14, "T": 9, "I": 7, "H": 6, "O": 3, "B": 4},
    {"seed": 15, "T": 4, "I": 3, "H": 8, "O": 2, "B": 1},
)
SIZE_LETTERS = ("I", "H", "O", "B")
# rounding alone is below 1e-12 on all of them
AGREE = 1e-9


@dataclass(frozen=True)
class Values:
    """What code computes at one point: its loss, if it has one, and its gradients."""

    loss: float | None
    gradients: Mapping[str, np.ndarray]


def points(style: Style) -> Iterator[dict[str, int]]:
    """Points that a style's code can be run at: its seed and its sizes."""
    for point in POINTS:
        if not style.sizes_are_free:
            point = {letter: value for letter, value in point.items() if letter not in SIZE_LETTERS}
        yield {**SIZES, **point}


def computed(style: Style, texts: Mapping[str, str], point: Mapping[str, int]) -> Values:
    """Run code, whose files were made for the point's sizes, at that point, its backward pass for the second time."""
    with loaded(style, texts) as adapter:
        parameters, batch = draw(style, adapter, point)
        loss = None if adapter.loss is None else float(adapter.loss(_copies(parameters), batch))
        adapter.gradients(_copies(parameters), batch)  # what a call leaves behind shows in the next one
        returned = adapter.gradients(_copies(parameters), batch)
        return Values(loss, {name: np.array(returned[name], dtype=float) for name in parameters})


def draw(style: Style, adapter: Adapter, point: Mapping[str, int]) -> tuple[dict[str, np.ndarray], Any]:
    """Random parameters in the code's shapes, and a batch for its configuration."""
    rng = np.random.default_rng(point["seed"])
    settings = style.settings(point)
    model, sequence = settings["model"], settings["sequence"]
    tokens_count, units = int(model["input_size"]), int(model["hidden_size"])
    count = point["T"]
    across = (int(sequence["batch_size"]),) if "batch_size" in sequence else ()
    tokens = rng.integers(tokens_count, size=(count, *across))
    is_dense = sequence.get("inputs") == "dense"
    inputs = rng.normal(size=(count, *across, tokens_count)) if is_dense else np.eye(tokens_count)[tokens]
    loss = settings.get("loss", {})
    steps = () if loss.get("steps") == "last" else (count,)
    kind, outputs = loss.get("kind", "softmax_cross_entropy"), int(model.get("output_size", units))
    if kind == "softmax_cross_entropy":
        targets = rng.integers(outputs, size=(*steps, *across))
    else:
        targets = rng.normal(size=(*steps, *across, outputs))
    states = [{"h": rng.normal(size=(*across, units)), "c": rng.normal(size=(*across, units))} for _ in range(2)]
    initial = states[0] if model.get("layers", 1) == 1 else {k: [state[k] for state in states] for k in ("h", "c")}
    batch = SimpleNamespace(inputs=inputs, tokens=None if is_dense else tokens, targets=targets, initial_state=initial)
    shapes = _shapes(adapter, model, point, across)
    parameters = {name: rng.normal(0.0, 0.6, shape) for name, shape in shapes.items()}
    return parameters, batch


def _shapes(
    adapter: Adapter, model: Mapping[str, Any], point: Mapping[str, int], across: tuple[int, ...]
) -> dict[str, tuple[int, ...]]:
    """The shapes of the parameters: the adapter's, or those of a net of rows with its five parameters."""
    sizes = SimpleNamespace(
        input_size=int(model["input_size"]),
        hidden_size=int(model["hidden_size"]),
        output_size=int(model.get("output_size", 1)),
        length=point["T"],
        batch_size=across[0] if across else None,
    )
    rng = np.random.default_rng(0)
    if adapter.parameters is None:
        units, outputs = sizes.hidden_size, sizes.output_size
        return {
            "W_xh": (sizes.input_size, units),
            "W_hh": (units, units),
            "b_h": (units,),
            "W_hy": (units, outputs),
            "b_y": (outputs,),
        }
    drawn = adapter.parameters(rng, sizes) if adapter.takes_sizes else adapter.parameters(rng)
    return {name: value.shape for name, value in drawn.items()}


def disagreement(found: Values, right: Values) -> float:
    """The largest difference between two gradients, or losses, relative to the right one; infinite where not finite."""
    worst = 0.0
    if right.loss is not None and found.loss is not None:
        worst = abs(found.loss - right.loss) / max(abs(right.loss), 1e-300)
    for name, value in right.gradients.items():
        other = found.gradients[name]
        if other.shape != value.shape or not np.isfinite(other).all():
            return np.inf
        gap = np.abs(other - value).max()
        worst = max(worst, float(gap / np.abs(value).max()) if value.any() else float(gap))
    return worst


def is_right(style: Style, texts_at: Any) -> bool:
    """Whether code agrees with the right source everywhere; `texts_at(sizes)` are its files for some sizes."""
    with np.errstate(all="ignore"):
        return all(
            disagreement(computed(style, texts_at(point), point), computed(style, style.texts((), point), point))
            < AGREE
            for point in points(style)
        )


@contextlib.contextmanager
def loaded(style: Style, texts: Mapping[str, str]) -> Iterator[Adapter]:
    """Write code into a folder of its own and import its adapter; both are forgotten at the end."""
    with TemporaryDirectory() as name, contextlib.redirect_stdout(io.StringIO()):
        folder = Path(name)
        style.write(folder, texts)
        with lifetime(60.0), imported(folder / style.entry) as adapter:
            yield adapter


def _copies(parameters: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.copy() for name, value in parameters.items()}
