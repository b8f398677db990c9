"""Every edit that is worth trying."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from gradcheck_rnn.adapters.uncompiled import uncompiled
from gradcheck_rnn.analytic.session import Session
from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.edits.catalogue import OPERATORS
from gradcheck_rnn.repair.edits.crossed import crossed
from gradcheck_rnn.repair.observe import observed
from gradcheck_rnn.repair.scope import Scope, scope_of
from gradcheck_rnn.repair.target import Target
from gradcheck_rnn.repair.text import Text

# an edit in code that the loss runs, too, is tried after one that is not
IN_LOSS = 0.5
# nobody writes `x = x`: the statement is taken out instead, if that does the same
NO_EFFECT = 3.0
_ASSIGNED_TO_ITSELF = re.compile(r"[ \t]*(\S.*\S|\S) = \1[ \t]*(#.*)?")


def candidates(session: Session, target: Target) -> list[tuple[float, Edit]]:
    """Task: list the edits of the functions that run in `gradients`, each once, with its cost, simple ones first."""
    found: dict[tuple[Path, tuple[Change, ...]], tuple[float, Edit]] = {}
    with uncompiled():
        scope = scope_of(session, target.point)
        for text, edit, more in _offered(session, scope, target):
            cost = edit.cost + more + NO_EFFECT * _assigns_to_itself(text.text, edit)
            place = edit.file, tuple(_narrowed(text.text, change) for change in edit.changes)
            if place not in found or cost < found[place][0]:
                found[place] = cost, replace(edit, cost=cost)
    return sorted(found.values(), key=lambda each: each[0])


def _offered(session: Session, scope: Scope, target: Target) -> Iterator[tuple[Text, Edit, float]]:
    """What all operators make of the functions, and of the files that they are in; what each edit costs more."""
    watched = observed(scope.units, lambda: session.gradients(target.point))
    for function in [each for outer in watched for each in outer.with_closures]:
        for operator in OPERATORS:
            yield from ((function.text, edit, IN_LOSS * function.also_in_loss) for edit in operator(function))
    wrong = target.names_wrong(session.gradients(target.point).gradients)
    for text in scope.texts.values():
        yield from ((text, edit, 0.0) for edit in crossed(text, wrong))


def _narrowed(text: str, change: Change) -> Change:
    """The change without what stays as it is, so that edits with one result are one: `t + 1` to `t`, no ` + 1`."""
    former = text[change.start : change.end]
    head = _shared(former, change.text)
    former, new = former[head:], change.text[head:]
    tail = _shared(former[::-1], new[::-1])
    return Change(change.start + head, change.end - tail, new[: len(new) - tail])


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    shorter = min(len(one), len(other))
    return next((place for place in range(shorter) if one[place] != other[place]), shorter)


def _assigns_to_itself(text: str, edit: Edit) -> bool:
    """Whether the line of an edit in one place becomes `x = x`."""
    if len(edit.changes) > 1:
        return False
    (change,) = edit.changes
    start, end = text.rfind("\n", 0, change.start) + 1, text.find("\n", change.end)
    line = text[start : change.start] + change.text + text[change.end : end if end >= 0 else len(text)]
    return _ASSIGNED_TO_ITSELF.fullmatch(line) is not None
