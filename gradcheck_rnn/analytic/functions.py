"""Functions that are in this process already, in the place of an adapter's file."""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from gradcheck_rnn.analytic.adapter import Adapter
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.returned import read_parameters
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.model.activations import Array

Function = Callable[..., Any]
# values by name, or the function `parameters(rng)` of an adapter
Parameters = Mapping[str, Any] | Function


def adapter_of(
    loss: Function | None, gradients: Function, parameters: Parameters | None, *, takes_batch: bool
) -> Adapter:
    """Make an adapter of functions.

    Args:
        loss: `loss(parameters)`, with `takes_batch` `loss(parameters, batch)`.
        gradients: the same, and returns a dict of arrays.
        parameters: the point at which they are checked, or what draws it.
        takes_batch: whether a description of the net says what a batch is.
    Raises:
        UsageError: one of them cannot be called so, or `parameters` are no arrays of finite numbers.
    """
    named = {"gradients": gradients} if loss is None else {"loss": loss, "gradients": gradients}
    mistakes = [mistake for each in named.items() for mistake in _misfits(*each, takes_batch=takes_batch)]
    if mistakes:
        raise UsageError(*mistakes)
    return Adapter(
        written_in(gradients),
        gradients if takes_batch else _without_batch(gradients),
        loss if takes_batch or loss is None else _without_batch(loss),
        None,
        _drawn(parameters) if isinstance(parameters, Mapping) else parameters,
        None,
        takes_batch,
    )


def written_in(function: Function) -> Path:
    """The file that a function was written in; where that is not known, a path of its name."""
    inner = _inner(function)
    code = getattr(inner, "__code__", None) or getattr(type(inner).__call__, "__code__", None)
    return Path(code.co_filename if code else name_of(function))


def name_of(function: Function) -> str:
    """What a function is called where it was defined."""
    inner = _inner(function)
    return str(getattr(inner, "__qualname__", type(inner).__qualname__)).rpartition(".")[2]


def _inner(function: Function) -> Function:
    """The function below decorators and arguments that were given beforehand."""
    inner: Function = inspect.unwrap(function.func if isinstance(function, partial) else function)
    return inner


def _without_batch(function: Function) -> Function:
    return lambda parameters, _batch: function(parameters)


def _drawn(parameters: Mapping[str, Any]) -> Callable[[np.random.Generator], dict[str, Array]]:
    """Make the function of an adapter that gives these values, as they are now."""
    try:
        values = read_parameters(dict(parameters))
    except UserCodeError as error:
        message = error.finding.message.replace("parameters returned", "`parameters` is")
        raise UsageError(Mistake(message, 'give a dict of name to array: parameters={"W_hh": W_hh, ...}')) from error
    return lambda _rng: {name: value.copy() for name, value in values.items()}


def _misfits(name: str, function: object, *, takes_batch: bool) -> list[Mistake]:
    if not callable(function):
        return [Mistake(f"`{name}` is no function but {type(function).__name__}")]
    arguments = ("parameters", "batch") if takes_batch else ("parameters",)
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError as error:
        why = "the net is described" if takes_batch else "no `model` is described"
        return [Mistake(f"{name} cannot be called as {name}({', '.join(arguments)}), as it is where {why}: {error}")]
    except ValueError:  # a function written in C does not tell what it takes
        return []
    return []
