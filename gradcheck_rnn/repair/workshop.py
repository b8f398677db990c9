"""User code with some of its files edited, in workers that may die without taking the search along."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.repair.bench import losses_stand
from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.outcome import Outcome
from gradcheck_rnn.repair.target import Target
from gradcheck_rnn.repair.trial import as_it_stands, tried

R = TypeVar("R")

# edits that one task tries: they share what the code gives as it stands
BATCH = 96
# seconds after which a call that no clock can interrupt is ended with its process
HARD_LIMIT = 20.0

Texts = Mapping[Path, str]


@dataclass(frozen=True)
class Workshop:
    """The user's code, and by how many processes it may be run at once; 0 runs it in this one."""

    code: UserCode
    workers: int

    def run(self, texts: Texts, task: Callable[..., R], *arguments: object) -> R:
        """Run one task on the code with some texts in the place of files.

        Raises:
            UserCodeError: it raised, crashed or hung.
        """
        with running(self._with(texts), workers=min(1, self.workers)) as runner:
            return runner.run(task, *arguments)

    def outcome(self, texts: Texts, targets: Sequence[Target]) -> Outcome | None:
        """What freshly loaded code gives; None where it gives nothing, or another loss."""
        try:
            if self.run(texts, losses_stand, targets):
                return self.run(texts, as_it_stands, targets)
        except UserCodeError:
            pass
        return None

    def try_all(
        self, texts: Texts, edits: Sequence[Edit], targets: Sequence[Target]
    ) -> Iterator[tuple[Edit, Outcome | None]]:
        """Try edits of these texts, one at a time, in their order; one that ends its process gives None."""
        waiting = [edits[start : start + BATCH] for start in range(0, len(edits), BATCH)]
        while waiting:
            with running(self._with(texts), workers=self.workers) as runner:
                answers = runner.run_all(tried, [(batch, targets) for batch in waiting])
                with contextlib.suppress(UserCodeError):
                    for outcomes in answers:
                        yield from zip(waiting.pop(0), outcomes, strict=True)
                    return
            # the first of those that wait has ended its process: which of its edits did is found by halves
            worst = waiting.pop(0)
            if len(worst) == 1:
                yield worst[0], None
            else:
                half = len(worst) // 2
                waiting[:0] = [worst[:half], worst[half:]]

    def _with(self, texts: Texts) -> UserCode:
        timeout = min(self.code.timeout, HARD_LIMIT)
        return replace(self.code, texts=tuple(texts.items()), timeout=timeout)
