"""JAX: a function of parameters in any pytree, with the gradient that jax.grad takes through its custom_vjp.

Importing this sets JAX up for a check: float64, on the CPU. It stands before the import of one's own code, so that the
arrays which that makes are in float64 too.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from gradcheck_rnn.adapters.adapt import Adapted
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.model.problem import Batch

jax.config.update("jax_platforms", "cpu")
if not jax.config.jax_enable_x64 and jax.live_arrays():
    raise ImportError(f"arrays were made in 32 bits before this: import {__name__} before your own module")
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_disable_most_optimizations", True)  # small programs: to compile them takes longer than to run
jax.tree_util.register_dataclass(Batch, [field.name for field in fields(Batch)], [])

# what code that looks at values meets when it is traced without any
NOT_TRACEABLE = (jax.errors.JAXTypeError, jax.errors.JAXIndexError)


def adapt_jax(params: Any, *, loss: Callable[[Any, Any], Any]) -> Adapted:
    """Make `loss`, `gradients` and `parameters` from a function loss(params, batch).

    Args:
        params: initial values in any pytree; its arrays of floats are the parameters, the rest stays as it is.
        loss: takes such a tree in float64 and a batch of JAX arrays, returns the loss, a scalar. It is compiled;
            if it cannot be, because it looks at values, it is run as it stands, some tens of times slower.
    Returns:
        The three functions: `loss, gradients, parameters = adapt_jax(...)`. A parameter is called by its path:
        `cell.W_xh` in a dict of dicts, `layers.0.W` in a list.
    """
    leaves, tree = jax.tree_util.tree_flatten_with_path(params)
    fixed = {_name(path): leaf for path, leaf in leaves}
    initial = {name: np.asarray(leaf, np.float64) for name, leaf in fixed.items() if _is_float(leaf)}

    def total(values: dict[str, Any], batch: Any) -> Any:
        return loss(jax.tree_util.tree_unflatten(tree, (fixed | values).values()), batch)

    value, gradient = _compiled(total), _compiled(jax.grad(total))

    def parameters(_rng: np.random.Generator) -> dict[str, Array]:
        return {name: each.copy() for name, each in initial.items()}

    def adapted_loss(parameters: dict[str, Array], batch: Batch) -> Any:
        return np.asarray(value(*_in_float64(parameters, batch)))

    def adapted_gradients(parameters: dict[str, Array], batch: Batch) -> dict[str, Any]:
        return {name: np.asarray(each) for name, each in gradient(*_in_float64(parameters, batch)).items()}

    return Adapted(adapted_loss, adapted_gradients, parameters)


def _in_float64(parameters: dict[str, Array], batch: Batch) -> Any:
    return jax.tree_util.tree_map(lambda x: x.astype(np.float64) if _is_float(x) else x, (parameters, batch))


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function compiled; code that looks at values, which a compiler does not have, is run as it stands."""
    run = jax.jit(function)

    def call(*arguments: Any) -> Any:
        nonlocal run
        try:
            return run(*arguments)
        except NOT_TRACEABLE:
            run = _on_jax_arrays(function)
            return run(*arguments)

    return call


def _on_jax_arrays(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arguments: function(*jax.tree_util.tree_map(jnp.asarray, arguments))


def _name(path: tuple[Any, ...]) -> str:
    """`cell.W_xh` of the path ['cell']['W_xh']; a tree that is one array has one parameter, `params`."""
    return ".".join(str(key).strip("[]'.") for key in path) or "params"


def _is_float(leaf: object) -> bool:
    return bool(jnp.issubdtype(np.asarray(leaf).dtype, jnp.floating))
