"""What a check has to say beside its numbers: findings (faults) and notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gradcheck_rnn.errors import Location

Certainty = Literal["matched", "likely"]


@dataclass(frozen=True)
class Acceptance:
    """Why a fault is let through: the reason that somebody gave, and where it stands."""

    reason: str
    location: Location


@dataclass(frozen=True)
class Finding:
    """A named fault or, in a report's notes, a named remark.

    `kind` is one of the stable names, `term` says which (a parameter, a function, a factor of the chain),
    `parameters` are the user's names of those concerned, `evidence` holds plain numbers and texts. A fault that a
    baseline lets through is `accepted`. `correction` holds lines of the user's code, those to take out after a `-` and
    those to put in after a `+`, below their place, where a search has found them.
    """

    kind: str
    term: str
    message: str
    help: str = ""
    certainty: Certainty = "matched"
    parameters: tuple[str, ...] = ()
    evidence: Mapping[str, object] = field(default_factory=dict)
    location: Location | None = None
    accepted: Acceptance | None = None
    correction: str = ""
