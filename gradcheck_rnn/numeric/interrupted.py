"""Ctrl-C in the middle of a differentiation: what is done by then is kept."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from gradcheck_rnn.numeric.estimate import Estimate, joined


class InterruptedDifferencesError(KeyboardInterrupt):
    """The user stopped a differentiation; `numeric` holds the entries that were done, maybe none of a parameter."""

    def __init__(self, numeric: Mapping[str, Estimate]) -> None:
        super().__init__()
        self.numeric = dict(numeric)


@dataclass(frozen=True)
class Attempt:
    """A numeric gradient, and whether all entries that were wanted are there."""

    numeric: dict[str, Estimate]
    is_complete: bool


def as_far_as_it_went(differentiate: Callable[[], dict[str, Estimate]]) -> Attempt:
    """Differentiate up to the end, or until the user stops it."""
    try:
        return Attempt(differentiate(), is_complete=True)
    except InterruptedDifferencesError as stopped:
        return Attempt(stopped.numeric, is_complete=False)


def gathered(estimates: Iterable[tuple[str, Estimate]], names: Iterable[str]) -> dict[str, Estimate]:
    """Gather the estimates of these parameters as they come.

    Raises:
        InterruptedDifferencesError: the user stopped it; it holds those that had come.
    """
    found: dict[str, Estimate] = {}
    try:
        found.update(estimates)
    except KeyboardInterrupt as error:
        raise InterruptedDifferencesError({name: found.get(name, joined([])) for name in names}) from error
    return found
