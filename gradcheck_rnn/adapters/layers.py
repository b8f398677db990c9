"""Layers and steps that know no loss: an upstream gradient goes in, gradients of what went in come out.

The loss is <h, R> with the fixed random R of `loss: {kind: projection}`, which is then the upstream gradient of every
step. Inputs and initial states are checked like parameters, as `x`, `h0` and, of an LSTM, `c0`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradcheck_rnn.adapters.adapt import Adapted, seed
from gradcheck_rnn.adapters.drawing import Shape, drawn, is_free
from gradcheck_rnn.adapters.holders import Holder
from gradcheck_rnn.adapters.results import Result, mapping
from gradcheck_rnn.cells.equation import INPUT_PARAMETER, initial_name
from gradcheck_rnn.model.activations import Array

Parameters = Mapping[str, Array]
STATES = ("h", "c")


def sequence(
    *,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    shapes: Mapping[str, Shape],
    result: Result | None = None,
    inputs: Sequence[str | None] = ("x", "h0"),
    axes: str = "TBI",
    home: Any = None,
) -> Adapted:
    """Make an adapter from the forward and backward pass of a whole sequence.

    Args:
        forward: takes x, the initial states and a dict of parameters; returns the states h of all steps, or a tuple
            that begins with them and ends with a cache.
        backward: takes the upstream gradient of h and, if there is one, the cache.
        shapes: of the parameters, lengths as numbers or as sizes of the configuration: ("I", "4H").
        result: how its gradients are read; a dict with keys such as `dW` where nothing is said.
        inputs: what the gradients of x and of each initial state are called there, None for one that is not returned.
        axes: order of the axes of x, of h and of their gradients: T steps, B sequences, I features.
        home: what holds the parameters, if the functions do not take them: they are put there first.
    """
    layer = _Layer(inputs, axes, result or mapping(), home)

    def run(parameters: Parameters, batch: Any) -> tuple[Array, tuple[Any, ...]]:
        weights = layer.prepared(parameters, shapes)
        given = (layer.own(layer.x(parameters, batch), "TBI"), *layer.states(parameters, batch))
        returned = forward(*given, weights)
        h, *cache = returned if isinstance(returned, tuple) else (returned,)
        return layer.ours(np.asarray(h), "TBI", batch), tuple(cache[-1:])

    def loss(parameters: Parameters, batch: Any) -> float:
        return _projected(run(parameters, batch)[0], batch)

    def gradients(parameters: Parameters, batch: Any) -> dict[str, Any]:
        h, cache = run(parameters, batch)
        returned = backward(layer.own(_upstream(h, batch), "TBI"), *cache)
        read = layer.read(returned, shapes)
        found = {name: read[name] for name in shapes}
        for name, own, form in layer.differentiated():
            found[name] = layer.ours(np.asarray(read[own]), form, batch)
        return found

    return Adapted(loss, gradients, layer.parameters(shapes))


def unrolled(
    *,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    shapes: Mapping[str, Shape],
    result: Result | None = None,
    inputs: Sequence[str | None] = ("x", "h"),
    axes: str = "BI",
    home: Any = None,
) -> Adapted:
    """Make an adapter from the forward and backward pass of a single step, which is unrolled here.

    Args:
        forward: takes x of the step, the states before it and a dict of parameters; returns a tuple of the states
            after it, last the cache: what `backward` needs, such as the object whose step it was.
        backward: takes the gradients of the states after the step, then the cache.
        shapes: of the parameters, lengths as numbers or as sizes of the configuration: ("I", "4H").
        result: how its gradients are read; a dict with keys such as `dW` where nothing is said.
        inputs: what the gradients of x and of each state before the step are called there.
        axes: order of the axes of x and of the states: B sequences, I features.
        home: what holds the parameters, if the functions do not take them: they are put there first.
    """
    layer = _Layer(inputs, axes, result or mapping(), home)

    def run(parameters: Parameters, batch: Any) -> tuple[Array, list[Any]]:
        weights = layer.prepared(parameters, shapes)
        x, states, caches, h = layer.x(parameters, batch), layer.states(parameters, batch), [], []
        for x_t in x:
            returned = forward(layer.own(x_t, "BI"), *states, weights)
            states, cache = list(returned[: len(states)]), returned[-1]
            caches.append(cache)
            h.append(layer.ours(np.asarray(states[0]), "BI", batch))
        return np.array(h), caches

    def loss(parameters: Parameters, batch: Any) -> float:
        return _projected(run(parameters, batch)[0], batch)

    def gradients(parameters: Parameters, batch: Any) -> dict[str, Any]:
        h, caches = run(parameters, batch)
        upstream = _upstream(h, batch)
        carried: list[Array] = []
        found: dict[str, Any] = dict.fromkeys(shapes, 0.0)
        dx = []
        for t in range(len(h))[::-1]:
            own = layer.own(upstream[t], "BI")
            carried = carried or [np.zeros_like(own) for _ in inputs[1:]]
            returned = backward(own + carried[0], *carried[1:], caches[t])
            read = layer.read(returned, shapes)
            carried = [np.asarray(read[name]) for name in inputs[1:] if name]
            found |= {name: found[name] + np.asarray(read[name]) for name in shapes}
            if inputs[0]:
                dx.append(layer.ours(np.asarray(read[inputs[0]]), "BI", batch))
        for (name, _, form), value in zip(layer.differentiated(), _what_went_in(inputs, dx, carried), strict=True):
            found[name] = value if name == INPUT_PARAMETER else layer.ours(value, form, batch)
        return found

    return Adapted(loss, gradients, layer.parameters(shapes))


def _what_went_in(inputs: Sequence[str | None], dx: list[Array], carried: list[Array]) -> list[Array]:
    return ([np.array(dx[::-1])] if inputs[0] else []) + carried


@dataclass(frozen=True)
class _Layer:
    """What a layer takes and gives: names of what goes in, the order of its axes."""

    inputs: Sequence[str | None]
    axes: str
    result: Result
    home: Any

    def parameters(self, shapes: Mapping[str, Shape]) -> Callable[..., dict[str, Array]]:
        """Make the function that draws the parameters, with what goes in among them."""
        own: dict[str, Shape] = {
            INPUT_PARAMETER: ("T", "B", "I"),
            **{initial_name(each): ("B", "H") for each in STATES},
        }

        def parameters(rng: np.random.Generator, sizes: Any) -> dict[str, Array]:
            going_in = {name: _without_batch(own[name], sizes) for name, *_ in self.differentiated()}
            return drawn(rng, {**shapes, **going_in}, sizes)

        parameters.sizes_are_fixed = not is_free(shapes)  # type: ignore[attr-defined]  # read by the adapter's import
        return parameters

    def differentiated(self) -> list[tuple[str, str, str]]:
        """What goes in and has a gradient: its name as a parameter, its name in the result, its axes."""
        names = [(INPUT_PARAMETER, "TBI"), *((initial_name(state), "BI") for state in STATES)]
        return [(name, own, form) for (name, form), own in zip(names, self.inputs, strict=False) if own]

    def prepared(self, parameters: Parameters, shapes: Mapping[str, Shape]) -> dict[str, Array]:
        """The weights alone, in their home too if they have one; code that draws does so alike in every call."""
        seed()
        weights = {name: np.array(parameters[name]) for name in shapes}
        if self.home is not None:
            Holder(self.home, list(shapes), is_complete=False).fill(weights)
        return weights

    def read(self, returned: Any, shapes: Mapping[str, Shape]) -> dict[str, Any]:
        """Gradients by the names that they have there."""
        names = [*filter(None, self.inputs), *shapes]
        return self.result(returned, Holder(dict.fromkeys(names), names), {})

    def x(self, parameters: Parameters, batch: Any) -> Array:
        return parameters.get(INPUT_PARAMETER, batch.inputs)

    def states(self, parameters: Parameters, batch: Any) -> list[Array]:
        """Initial states, as many as `inputs` names."""
        names = zip(STATES, self.inputs[1:], strict=False)
        return [self.own(parameters.get(initial_name(state), batch.initial_state[state]), "BI") for state, _ in names]

    def own(self, value: Array, form: str) -> Array:
        """Turn an array with the axes `form` into the code's own order; without a batch axis there is none."""
        ours, theirs = self._orders(form, value.ndim)
        return np.ascontiguousarray(value.transpose([ours.index(axis) for axis in theirs]))

    def ours(self, value: Array, form: str, batch: Any) -> Array:
        """Turn an array of the code's back; one with another number of axes stays as it is."""
        ours, theirs = self._orders(form, len(form) - (batch.inputs.ndim < len("TBI")))
        if value.ndim != len(theirs):
            return value
        return value.transpose([theirs.index(axis) for axis in ours])

    def _orders(self, form: str, ndim: int) -> tuple[str, str]:
        ours = form if ndim == len(form) else form.replace("B", "")
        return ours, "".join(axis for axis in self.axes if axis in ours)


def _without_batch(shape: Shape, sizes: Any) -> Shape:
    return shape if sizes.batch_size is not None else tuple(length for length in shape if length != "B")


def _projected(h: Array, batch: Any) -> float:
    """<h, R>, of the last step alone where R is of one step."""
    return float((h if batch.targets.ndim == h.ndim else h[-1]).reshape(-1) @ batch.targets.reshape(-1))


def _upstream(h: Array, batch: Any) -> Array:
    """The gradient of <h, R> with respect to the states of all steps."""
    if batch.targets.ndim == h.ndim:
        return np.array(batch.targets)
    upstream = np.zeros_like(h)
    upstream[-1] = batch.targets
    return upstream
