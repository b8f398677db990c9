"""Difference quotients of one problem at whatever entries and steps are asked for, worked out block by block."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gradcheck_rnn.numeric.carried.base import Base
from gradcheck_rnn.numeric.carried.quotients import quotients
from gradcheck_rnn.numeric.carried.trials import Block, Quotients, Trials, blocks_of, no_quotients, work_of
from gradcheck_rnn.numeric.entries import entries_of
from gradcheck_rnn.numeric.estimate import Indices
from gradcheck_rnn.numeric.progress import UNWATCHED, Watch
from gradcheck_rnn.numeric.spread import Spread


@dataclass(frozen=True)
class Asked:
    """Entries of a parameter, flat in C order, (K,), each to be moved by one step d > 0."""

    name: str
    indices: Indices
    step: float


class StoppedEvaluationError(KeyboardInterrupt):
    """Ctrl-C was pressed; `found` are the quotients that were asked for, some of them not known."""

    def __init__(self, found: list[Quotients]) -> None:
        super().__init__()
        self.found = found


@dataclass(frozen=True)
class Evaluation:
    """A base run, and where the runs beside it are worked out."""

    base: Base
    spread: Spread

    def of(self, asked: Sequence[Asked], watch: Watch = UNWATCHED) -> list[Quotients]:
        """Quotients of each that is asked for.

        Raises:
            StoppedEvaluationError: Ctrl-C was pressed.
        """
        ends = np.cumsum([0, *(len(each.indices) for each in asked)])
        every = [self._trials(asked, ends, name) for name in dict.fromkeys(each.name for each in asked)]
        whole, blocks = no_quotients(int(ends[-1])), blocks_of(self.base, every)
        for block in blocks:
            whole.known[block.places] = False
        stopped: KeyboardInterrupt | None = None
        try:
            self._fill(whole, blocks, watch)
        except KeyboardInterrupt as error:
            stopped = error
        found = [whole.picked(slice(start, stop)) for start, stop in pairwise(ends)]
        if stopped is not None:
            raise StoppedEvaluationError(found) from stopped
        return found

    def _fill(self, whole: Quotients, blocks: Sequence[Block], watch: Watch) -> None:
        """Work out the blocks; the time that the first takes says what all of them will, one after the other."""
        watch.done(whole.known)
        start, work = time.perf_counter(), [work_of(self.base, block) for block in blocks]
        arguments = [(self.base, block) for block in blocks]
        for place, (block, found) in enumerate(zip(blocks, self.spread(quotients, arguments), strict=True)):
            if not place:
                watch.foresee((time.perf_counter() - start) * sum(work) / work[0])
            whole.put(block.places, found)
            watch.done(whole.known)

    def _trials(self, asked: Sequence[Asked], ends: Indices, name: str) -> Trials:
        """All that is asked for of one parameter."""
        own = [(each, start) for each, start in zip(asked, ends, strict=False) if each.name == name]
        return Trials(
            entries=entries_of(self.base.net, name, np.concatenate([each.indices for each, _ in own])),
            step=np.concatenate([np.full(len(each.indices), each.step) for each, _ in own]),
            places=np.concatenate([start + np.arange(len(each.indices)) for each, start in own]),
        )
