"""What a baseline holds: accepted faults, each with everything by which it is known again."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn.config.files import STANDARD_INPUT
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding

# what `--write-baseline` puts in the place of a reason, which only a person can give
OPEN_REASON = "FILL IN"
NOWHERE = Location("")
# relative distance of two amounts that are one: a file has six digits of them
SAME_AMOUNT = 1e-5


@dataclass(frozen=True)
class Entry:
    """One accepted fault: a finding of `kind` and `term` about these `parameters`, in one configuration.

    `config` is relative to the folder of the baseline. `damage` and `amount` (a window, a bound, a factor) are there
    for a fault that was matched.
    """

    config: str
    kind: str
    term: str
    parameters: tuple[str, ...]
    reason: str
    damage: str | None = None
    amount: float | None = None
    location: Location = NOWHERE

    def is_for(self, finding: Finding, only: Sequence[str] = ()) -> bool:
        """Whether a finding is this fault and nothing else; `only` are the parameters that were asked for, if any."""
        return (
            (self.kind, self.term) == (finding.kind, finding.term)
            and {name for name in self.parameters if not only or name in only} == set(finding.parameters)
            and self.damage == finding.evidence.get("damage")
            and _same_amount(self.amount, finding.evidence.get("amount"))
        )


@dataclass(frozen=True)
class Baseline:
    """A file of accepted faults; it need not be there yet."""

    file: Path
    entries: tuple[Entry, ...] = ()

    def holds(self, entry: Entry, source: str) -> bool:
        """Whether an entry is about the configuration that a user named `source`."""
        if STANDARD_INPUT in (entry.config, source):
            return entry.config == source
        return (self.file.parent / entry.config).resolve() == Path(source).resolve()

    def name_of(self, source: str) -> str:
        """How this file names a configuration."""
        if source == STANDARD_INPUT:
            return source
        return Path(os.path.relpath(Path(source).resolve(), self.file.parent.resolve())).as_posix()


def _same_amount(accepted: float | None, found: object) -> bool:
    if accepted is None or not isinstance(found, float):
        return accepted is None and found is None
    return math.isclose(accepted, found, rel_tol=SAME_AMOUNT)
