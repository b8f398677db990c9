"""Code in another language: a program that answers requests for losses and gradients, as PROTOCOL.md describes."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradcheck_rnn.adapters.peer import Peer
from gradcheck_rnn.adapters.program import Program
from gradcheck_rnn.model.activations import Array

# seeds that every language can read as a whole number
SEEDS = 2**31

Parameters = Mapping[str, Array]


class Foreign(NamedTuple):
    """The functions of an adapter, in the order in which they are assigned; None for what a program does not offer."""

    loss: Callable[[Parameters, Any], Any] | None
    gradients: Callable[[Parameters, Any], Any]
    parameters: Callable[..., dict[str, Any]] | None


def command(command: Sequence[str], *, folder: str | Path = ".") -> Foreign:
    """Make `loss`, `gradients` and `parameters` from a program that reads requests on stdin and answers on stdout.

    The program is started here, once in each process that imports the adapter, and anew where it has ended.

    Args:
        command: the program and its arguments, `["node", "net.js"]`.
        folder: where it is started, from the adapter's folder on.
    Returns:
        The three functions: `loss, gradients, parameters = command(...)`. A program that offers many losses at once
        has them as `loss.losses`.
    Raises:
        ProgramError: it cannot be started, ends, is silent, or does not speak the protocol.
    """
    # the adapter's folder comes first among the places of modules
    peer = Peer(Program(command, Path(sys.path[0]).resolve() / folder))
    offers = peer.hello()
    loss = _Losses(peer) if "losses" in offers else _Loss(peer)
    parameters = _Parameters(peer, sizes_are_fixed="sizes" not in offers)
    return Foreign(loss if "loss" in offers else None, _gradients(peer), parameters if "parameters" in offers else None)


class _Loss:
    """Asks for one loss."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def __call__(self, parameters: Parameters, batch: Any) -> Any:
        return _numbers(self._peer.ask("loss", {"parameters": _lists(parameters), "batch": _batch(batch)}), ())


class _Losses(_Loss):
    """Asks for one loss, or for many at once."""

    def losses(self, parameter_sets: Sequence[Parameters], batch: Any) -> Any:
        """Losses of one batch under several parameters."""
        sets = [_lists(parameters) for parameters in parameter_sets]
        answer = self._peer.ask("losses", {"parameters": sets, "batch": _batch(batch)})
        return _numbers(answer, (len(sets),))


def _gradients(peer: Peer) -> Callable[[Parameters, Any], Any]:
    def gradients(parameters: Parameters, batch: Any) -> Any:
        answer = peer.ask("gradients", {"parameters": _lists(parameters), "batch": _batch(batch)})
        if not isinstance(answer, dict):
            return answer
        shapes = {name: value.shape for name, value in parameters.items()}
        return {name: _numbers(value, shapes.get(name)) for name, value in answer.items()}

    return gradients


class _Parameters:
    """Asks for initial parameters; `sizes_are_fixed` where the program draws them in sizes of its own."""

    def __init__(self, peer: Peer, *, sizes_are_fixed: bool) -> None:
        self._peer, self.sizes_are_fixed = peer, sizes_are_fixed

    def __call__(self, rng: np.random.Generator, sizes: Any) -> Any:
        answer = self._peer.ask("parameters", {"seed": int(rng.integers(SEEDS)), "sizes": vars(sizes)})
        return {name: _numbers(value) for name, value in answer.items()} if isinstance(answer, dict) else answer


def _lists(parameters: Parameters) -> dict[str, Any]:
    """Arrays as JSON has them: a matrix is the list of its rows, each number in as many digits as it takes."""
    return {name: value.tolist() for name, value in parameters.items()}


def _batch(batch: Any) -> dict[str, Any]:
    return {
        "inputs": batch.inputs.tolist(),
        "tokens": None if batch.tokens is None else batch.tokens.tolist(),
        "targets": batch.targets.tolist(),
        "initial_state": _lists(batch.initial_state),
    }


def _numbers(value: Any, shape: tuple[int, ...] | None = None) -> Any:
    """Lists as an array, in the shape that is expected where the two differ by axes of length 1 only.

    None is nan, as JavaScript and Octave write it. What is no numbers at all is handed on as it is: the tool says so
    as it does of what any adapter returns.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return value
    is_alike = shape is not None and _squeezed(array.shape) == _squeezed(shape)
    return array.reshape(shape) if is_alike else array


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(length for length in shape if length != 1)
