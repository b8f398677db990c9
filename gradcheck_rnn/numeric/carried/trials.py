"""Trials: one entry moved by +d in one run and by -d in another; blocks of them are worked out side by side."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from gradcheck_rnn.cells.equation import INPUT_PARAMETER, OUTPUT_BIAS, OUTPUT_WEIGHT
from gradcheck_rnn.cells.structure import EMBEDDING, Sweep
from gradcheck_rnn.numeric.carried.base import Base
from gradcheck_rnn.numeric.entries import Entries
from gradcheck_rnn.numeric.estimate import Indices, Values

V = TypeVar("V", Values, Indices)

OUTPUT_LAYER = (OUTPUT_WEIGHT, OUTPUT_BIAS)
# values of a block's pre-activations, (B, n, K), and those of one that moves the output layer, (S, B, K): so many that
# NumPy's calls cost little beside the work, so few that they stay near the second-level cache
BLOCK_VALUES = 128 * 1024
# but no fewer trials than this: rows of fewer runs cost more by the row than by the run
LEAST_TRIALS = 384
OUTPUT_VALUES = 128 * 1024
# multiplications in matrix products that take as long as all else that is done to one value of a run; and as one value
# of a run that moves the output layer
VALUE = 80
OUTPUT_VALUE = 400


@dataclass(frozen=True)
class Trials:
    """Trials of one parameter's entries, each with its step d > 0, (k,), and its number among all, `places` (k,)."""

    entries: Entries
    step: Values
    places: Indices

    def __len__(self) -> int:
        return len(self.step)

    def picked(self, at: Indices) -> "Trials":
        """Some of the trials."""
        return Trials(self.entries.picked(at), self.step[at], self.places[at])


@dataclass(frozen=True)
class Part:
    """Trials of one parameter within a block: trial k is the block's trial number `at[k]`, rising."""

    trials: Trials
    at: Indices


@dataclass(frozen=True)
class Block:
    """J trials that are worked out together, ordered by the step at which they first act, `first` (J,)."""

    parts: tuple[Part, ...]
    first: Indices

    def __len__(self) -> int:
        return len(self.first)

    @property
    def step(self) -> Values:
        """Step of each trial, (J,)."""
        return self._of_each(np.zeros(len(self)), [part.trials.step for part in self.parts])

    @property
    def places(self) -> Indices:
        """Number of each trial among all, (J,)."""
        return self._of_each(np.zeros(len(self), dtype=np.int64), [part.trials.places for part in self.parts])

    def _of_each(self, whole: V, parts: Sequence[V]) -> V:
        for part, values in zip(self.parts, parts, strict=True):
            whole[part.at] = values
        return whole


@dataclass(frozen=True)
class Quotients:
    """Difference quotients of k trials: central, the two one-sided ones, whether a kink was crossed; if it is known."""

    central: Values
    forward: Values
    backward: Values
    crossed: npt.NDArray[np.bool_]
    known: npt.NDArray[np.bool_]

    def picked(self, at: Indices | slice) -> "Quotients":
        """Those of some of the trials."""
        return Quotients(*(getattr(self, each.name)[at] for each in fields(self)))

    def put(self, at: Indices, found: "Quotients") -> None:
        """Write those of some of the trials."""
        for each in fields(self):
            getattr(self, each.name)[at] = getattr(found, each.name)


def no_quotients(trials: int) -> Quotients:
    """Quotients of trials that change nothing."""
    central, forward, backward = np.zeros((3, trials))
    return Quotients(central, forward, backward, np.zeros(trials, dtype=bool), np.ones(trials, dtype=bool))


def blocks_of(base: Base, every: Sequence[Trials]) -> list[Block]:
    """Cut trials into blocks; a trial whose entry never meets anything but zeros is in none: it changes nothing.

    A block holds trials whose entries belong to the same sweep, to the inputs or to the output layer. The cut depends
    on the problem alone, so that no number of workers shows in the results.
    """
    by_origin: dict[Sweep | str, list[Trials]] = {}
    for trials in every:
        by_origin.setdefault(_origin(trials.entries), []).append(trials)
    return [block for origin, some in by_origin.items() for block in _cut(base, some, _trials_at_once(base, origin))]


def _cut(base: Base, every: Sequence[Trials], at_once: int) -> Iterator[Block]:
    first = np.concatenate([first_steps(base, trials.entries) for trials in every])
    owner = np.repeat(np.arange(len(every)), [len(trials) for trials in every])
    own = np.concatenate([np.arange(len(trials)) for trials in every])
    acting = np.argsort(first, kind="stable")[: np.count_nonzero(first < len(base.c.x))]
    if not acting.size:
        return
    blocks = -(-len(acting) // at_once)
    if blocks > 1:
        blocks += blocks % 2  # for two cores to end together
    for some in _of_equal_work(acting, len(base.c.x) - first[acting], blocks, 2 * at_once):
        parts = [(trials, np.flatnonzero(owner[some] == part)) for part, trials in enumerate(every)]
        yield Block(tuple(Part(trials.picked(own[some[at]]), at) for trials, at in parts if at.size), first[some])


def _of_equal_work(acting: Indices, steps: Indices, blocks: int, at_most: int) -> Iterator[Indices]:
    """Cut trials in their order into blocks that take as long, each with its number of `steps`; none is too wide."""
    done = np.cumsum(steps)
    ends = np.searchsorted(done, done[-1] * np.arange(1, blocks) / blocks)
    for some in np.split(acting, ends):
        if some.size:
            yield from np.array_split(some, -(-len(some) // at_most))


def work_of(base: Base, block: Block) -> float:
    """What a block takes, in multiplications; for all its runs and steps."""
    B, T = int(base.c.x.shape[1]), len(base.c.x)
    if block.parts[0].trials.entries.name in OUTPUT_LAYER:
        return 2.0 * len(block) * B * len(base.counted) * OUTPUT_VALUE
    net = base.net
    hidden = sum(each.pre_activations * (net.sizes.hidden_size + VALUE) for each in base.sweeps.values())
    outputs = net.sizes.output_size * (net.output_width + VALUE) * len(base.counted) / T
    return 2.0 * B * float((T - block.first).sum()) * (hidden + outputs)


def first_steps(base: Base, entries: Entries) -> Indices:
    """The step, in the order of the entry's sweep, at which moving an entry first acts; T where it never does."""
    if entries.name == INPUT_PARAMETER and entries.step is not None:
        return entries.step
    if entries.name == EMBEDDING:
        return _first_nonzero(base.c.given)[entries.row]
    if entries.sweep is not None:
        for each in base.net.equations.affine:
            for term in each.terms:
                if term.weight == entries.name:
                    return _first_nonzero(base.sweeps[entries.sweep].over_time(term.operand))[entries.row]
    return np.zeros(len(entries), dtype=np.int64)


def _first_nonzero(values: npt.NDArray[np.float64]) -> Indices:
    """First step at which an entry of values (T, B, n) is not zero in every sequence, (n,); T for none."""
    there = (values != 0).any(axis=1)
    return np.where(there.any(axis=0), there.argmax(axis=0), len(values))


def _origin(entries: Entries) -> Sweep | str:
    if entries.sweep is not None:
        return entries.sweep
    return "outputs" if entries.name in OUTPUT_LAYER else "inputs"


def _trials_at_once(base: Base, origin: Sweep | str) -> int:
    return max(LEAST_TRIALS, _most_values(origin) // (2 * base.sequences * _values_of_run(base, origin)))


def sequences_at_once(base: Base, block: Block) -> int:
    """How many sequences of a block are worked out together: the others follow, for blocks are never narrow."""
    origin = _origin(block.parts[0].trials.entries)
    return max(1, _most_values(origin) // (2 * len(block) * _values_of_run(base, origin)))


def _most_values(origin: Sweep | str) -> int:
    return OUTPUT_VALUES if origin == "outputs" else BLOCK_VALUES


def _values_of_run(base: Base, origin: Sweep | str) -> int:
    """Values that a run holds of one sequence."""
    if origin == "outputs":
        return len(base.counted)
    return max(each.pre_activations for each in base.sweeps.values())
