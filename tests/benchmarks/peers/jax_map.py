"""Central differences of every entry in JAX: compiled, and mapped over as many entries at once as is fastest."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.benchmarks.peers.budget import Took
from tests.benchmarks.peers.fused import Net

WHAT = "every entry, central differences, compiled beforehand"
STEP = 1e-5
# entries of one call of the compiled function, and how many of these are vectorised at once; 1 is a compiled loop
SLAB = 512
WIDTHS = (1, 32, 128, 512)
# bytes that the moved copies of a parameter may take, of which there is one an entry
COPIES = 2**30

Array = Any
States = tuple[Array, ...]


def tanh_step(W_h: Array, states: States, a: Array) -> States:
    return (jnp.tanh(a + W_h @ states[0]),)


def lstm_step(W_h: Array, states: States, a: Array) -> States:
    h, c = states
    a_i, a_f, a_o, a_g = jnp.split(a + W_h @ h, 4)
    c = jax.nn.sigmoid(a_f) * c + jax.nn.sigmoid(a_i) * jnp.tanh(a_g)
    return jax.nn.sigmoid(a_o) * jnp.tanh(c), c


def gru_step(W_h: Array, states: States, a: Array) -> States:
    (h,) = states
    H = len(h)
    z, r = jnp.split(jax.nn.sigmoid(a[: 2 * H] + W_h[: 2 * H] @ h), 2)
    n = jnp.tanh(a[2 * H :] + W_h[2 * H :] @ (r * h))
    return ((1 - z) * n + z * h,)


STEPS: dict[str, Callable[[Array, States, Array], States]] = {
    "tanh": tanh_step,
    "lstm": lstm_step,
    "gru": gru_step,
}


class Peer:
    """Two runs of the net an entry; `compiled` takes the parameters and the flat indices of a slab."""

    def __init__(self, net: Net) -> None:
        jax.config.update("jax_enable_x64", True)
        self.cell, self.states = net.cell, 2 if net.cell == "lstm" else 1
        self.parameters = {name: jnp.asarray(value) for name, value in net.parameters.items()}
        self.tokens, self.targets = jnp.asarray(net.tokens), jnp.asarray(net.targets)
        start = time.perf_counter()
        self.compiled = {name: self._fastest(name) for name in self.parameters}
        self.seconds_to_compile = time.perf_counter() - start

    def loss_at(self, p: dict[str, Array]) -> Array:
        def advance(states: States, a: Array) -> tuple[States, Array]:
            states = STEPS[self.cell](p["W_h"], states, a)
            return states, states[0]

        zeros = tuple(jnp.zeros(p["W_h"].shape[1]) for _ in range(self.states))
        _, hidden = jax.lax.scan(advance, zeros, p["W_x"][:, self.tokens].T + p["b"])
        y = hidden @ p["W_hy"].T + p["b_y"]
        at_target = jnp.take_along_axis(y, self.targets[:, None], axis=1)
        return (jax.nn.logsumexp(y, axis=1) - at_target[:, 0]).sum()

    def loss(self) -> float:
        return float(self.loss_at(self.parameters))

    def gradient(self) -> dict[str, Any]:
        return {
            name: np.concatenate([np.asarray(self.compiled[name](self.parameters, slab)) for slab in self._slabs(name)])
            .reshape(-1)[: self.parameters[name].size]
            .reshape(self.parameters[name].shape)
            for name in self.parameters
        }

    def turn(self, budget: float) -> Took:
        """Time every slab; of each parameter as many as its share of the budget allows."""
        entries = sum(value.size for value in self.parameters.values())
        seconds, extrapolated = 0.0, False
        for name, value in self.parameters.items():
            slabs, share, start = self._slabs(name), budget * value.size / entries, time.perf_counter()
            done = 0
            while done < len(slabs) and (done == 0 or time.perf_counter() - start < share):
                np.asarray(self.compiled[name](self.parameters, slabs[done]))
                done += 1
            seconds += (time.perf_counter() - start) * len(slabs) / done
            extrapolated |= done < len(slabs)
        return Took(seconds, extrapolated)

    def _slabs(self, name: str) -> Array:
        """Flat indices (number of slabs, entries of one); the last slab repeats entries where it is not full."""
        value = self.parameters[name]
        size, length = value.size, min(SLAB, value.size, COPIES // value.nbytes)
        return np.resize(np.arange(size), (-(-size // length), length))

    def _fastest(self, name: str) -> Callable[..., Array]:
        """Compile for each width, and keep the fastest at one slab."""
        slab = self._slabs(name)[0]
        timed: list[tuple[float, int, Callable[..., Array]]] = []
        for width in (width for width in WIDTHS if width == 1 or width <= len(slab)):
            compiled = jax.jit(partial(self._differences, name, width))
            np.asarray(compiled(self.parameters, slab))
            start = time.perf_counter()
            np.asarray(compiled(self.parameters, slab))
            timed.append((time.perf_counter() - start, width, compiled))
        return min(timed, key=lambda each: each[:2])[2]

    def _differences(self, name: str, width: int, parameters: dict[str, Array], slab: Array) -> Array:
        def difference(k: Array) -> Array:
            def moved(step: float) -> Array:
                value = parameters[name]
                return self.loss_at({**parameters, name: value.reshape(-1).at[k].add(step).reshape(value.shape)})

            return (moved(STEP) - moved(-STEP)) / (2 * STEP)

        return jax.lax.map(difference, slab, batch_size=width if width > 1 else None)
