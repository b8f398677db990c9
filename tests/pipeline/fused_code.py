"""User code of the independent oracle that keeps its weights in arrays of its own: fused, concatenated, added."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.cells.catalogue import Variant
from gradcheck_rnn.config.settings import LossSettings
from gradcheck_rnn.model.draw import draw_batch
from gradcheck_rnn.model.net import Net, Sizes
from tests.oracle import gated
from tests.oracle.gated import GatedSpec

Grid = list[list[str]]
# ways to keep the parameters of the gates, by how people write them
FORMS = (
    "separate",
    "fused",
    "two fused biases",
    "concatenated",
    "concatenated with biases",
    "one a gate",
    "two and one",
)


def grids_of(form: str, spec: GatedSpec, order: str, rng: np.random.Generator) -> dict[str, Grid]:
    """The arrays of a net in a form, with names that people use; `order` is that of the gates."""
    x, h, b = ([f"{start}{gate}" for gate in order] for start in ("W_x", "W_h", "b_"))
    biases = {"b": [b]} if spec.biases else {}
    rows = [h, x] if rng.random() < 0.5 else [x, h]
    if form == "separate":
        return {name: [[name]] for name in (*x, *h, *(b if spec.biases else ()))}
    if form == "fused":
        return {"Wx": [x], "Wh": [h], **biases}
    if form == "two fused biases":
        return {"weight_ih": [x], "weight_hh": [h], **({"bias_ih": [b], "bias_hh": [b]} if spec.biases else {})}
    if form == "concatenated":
        return {"W": rows, **biases}
    if form == "concatenated with biases":
        return {"W": [*rows, *([b] if spec.biases else [])]}
    if form == "one a gate":
        of_gates = {f"W{gate}": [[row[i]] for row in rows] for i, gate in enumerate(order)}
        return of_gates | ({f"b{gate}": [[f"b_{gate}"]] for gate in order} if spec.biases else {})
    some, last = slice(None, -1), slice(-1, None)
    return {
        "W_gates": [row[some] for row in rows],
        "W_last": [row[last] for row in rows],
        **({"b_gates": [b[some]], "b_last": [b[last]]} if spec.biases else {}),
    }


@dataclass
class FusedCode:
    """A program of the oracle behind arrays of its own; it stands for a runner, and counts the calls of its loss."""

    spec: GatedSpec
    net: Net
    grids: dict[str, Grid]
    calls: int = 0

    def run(self, task: Any, *arguments: Any) -> Any:
        return task(self, *arguments)

    def loss(self, point: Point) -> float:
        self.calls += 1
        return float(gated.loss(self.spec, self.separate(point), point.batch))

    def separate(self, point: Point) -> dict[str, np.ndarray]:
        """The oracle's parameters in the user's arrays."""
        found: dict[str, np.ndarray] = {}
        for name, grid in self.grids.items():
            value = point.parameters[name]
            rows = value.T if value.ndim == 2 and self.spec.layout == "column" else np.atleast_2d(value)
            top = 0
            for row in grid:
                left = 0
                for role in row:
                    height, width = self._rows(role)
                    block = rows[top : top + height, left : left + width]
                    left += width
                    shape = self.net.shapes[role]
                    turned = block.T if self.spec.layout == "column" and len(shape) == 2 else block
                    found[role] = found.get(role, 0) + turned.reshape(shape)
                top += height
        return found

    def points(self, count: int = 5, seed: int = 0) -> list[Point]:
        rng = np.random.default_rng(seed)
        return [self._point(rng) for _ in range(count)]

    def _point(self, rng: np.random.Generator) -> Point:
        parameters = {}
        for name, grid in self.grids.items():
            height = sum(self._rows(row[0])[0] for row in grid)
            width = sum(self._rows(role)[1] for role in grid[0])
            is_vector = len(grid) == 1 and all(len(self.net.shapes[role]) == 1 for role in grid[0])
            shape = (width,) if is_vector else (height, width) if self.spec.layout == "row" else (width, height)
            parameters[name] = rng.normal(0.0, 0.5 if is_vector else 1 / np.sqrt(height), shape)
        seed = int(rng.integers(2**31))
        return Point(parameters, draw_batch(self.net, "dense", seed, 0.5, np.float64))

    def _rows(self, role: str) -> tuple[int, int]:
        shape = replace(self.net, layout="row").shapes[role]
        return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def random_code(
    rng: np.random.Generator, form: str, *, names: str = "usual", order: str = "", **fixed: Any
) -> FusedCode:
    """A random net in a form, its gates in an order or a random one.

    `names` are `usual`, or `meaningless` with the arrays in a random order.
    """
    spec, parameters, batch = gated.random_case(rng, **{"inputs": "dense", **fixed})
    net = net_of(spec, parameters, batch)
    order = order or "".join(rng.permutation(list(spec.gates)))
    grids = grids_of(form, spec, order, rng)
    others = [name for name in net.shapes if not any(name in row for grid in grids.values() for row in grid)]
    grids |= {name: [[name]] for name in others}
    if names == "meaningless":
        keys = rng.permutation(list(grids)).tolist()
        grids = {f"p{i}": grids[key] for i, key in enumerate(keys)}
    return FusedCode(spec, net, grids)


def net_of(spec: GatedSpec, parameters: dict[str, np.ndarray], batch: Any) -> Net:
    """The described net of a case of the oracle."""
    W_hy, W_x = parameters["W_hy"], parameters[f"W_x{spec.gates[0]}"]
    axis = 0 if spec.layout == "row" else 1
    sizes = Sizes(
        input_size=W_x.shape[axis],
        hidden_size=W_hy.shape[axis],
        output_size=W_hy.shape[1 - axis],
        length=len(batch.inputs),
        batch=batch.inputs.shape[1] if batch.inputs.ndim > 2 else None,
    )
    variant = Variant(spec.lstm_output, spec.peepholes, spec.coupled, spec.reset, spec.keeps, spec.recurrent_bias)
    loss = LossSettings(spec.loss, spec.reduction, spec.steps)
    return Net(
        sizes,
        cell=spec.cell,
        variant=variant,
        biases=spec.biases,
        layout=spec.layout,
        learned=spec.learned,
        loss=loss,
    )
