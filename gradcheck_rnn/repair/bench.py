"""User code on which edits are tried one at a time, and what becomes of it."""

import contextlib
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from gradcheck_rnn.adapters.uncompiled import uncompiled
from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.returned import read_gradients
from gradcheck_rnn.analytic.session import Session, opened
from gradcheck_rnn.model.activations import Array
from gradcheck_rnn.repair.edit import Edit, edited
from gradcheck_rnn.repair.limits import TooSlowError, limit_memory, time_limit
from gradcheck_rnn.repair.outcome import Gradients, Outcome, Run, outcome_of, right_of
from gradcheck_rnn.repair.scope import UncompiledError, scope_of
from gradcheck_rnn.repair.target import Target, runs_of

# seconds of work that all runs of edited code may take at least, and as a multiple of what the code takes as it stands
LEAST_SECONDS = 0.25
MULTIPLE = 30.0


@contextlib.contextmanager
def quietly(session: Session) -> Iterator[None]:
    """Run edited code in here: step by step if it is compiled, in limited memory, and without a word."""
    if session.watch.apart:
        limit_memory()
    with uncompiled(), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def losses_stand(session: Session, targets: Sequence[Target]) -> bool:
    """Task: say whether the losses are those of the targets, to the last bit.

    Raises:
        UserCodeError: there is none, for it raised.
    """
    return all(_loss_stands(session, target) for target in targets)


def guarded_run(session: Session, point: Point) -> Run:
    """Call code as it stands.

    Raises:
        UserCodeError: it raised.
    """
    session.mutates.pop("gradients", None)
    return Run(session.gradients(point).gradients, "gradients" not in session.mutates)


class Bench:
    """User code on which edits are tried, and what it gives as it stands."""

    def __init__(self, session: Session, targets: Sequence[Target]) -> None:
        self.session, self.targets = session, targets
        self.scope = scope_of(session, targets[0].point)
        self.order = runs_of(targets)
        began = time.process_time()
        self.runs = [guarded_run(session, each.point) for each in self.order]
        self.seconds = max(LEAST_SECONDS, MULTIPLE * (time.process_time() - began))
        self.before = outcome_of(self.order, self.runs)
        # the runs up to one that nearly each fault shows at: an edit that leads nowhere on these is given up
        self.glance = next(place for place, each in enumerate(self.order, 1) if each is targets[0])
        self.at_a_glance = outcome_of(self.order[: self.glance], self.runs[: self.glance])

    def outcome(self, edit: Edit) -> Outcome | None:
        """What an edit makes of it, None if that is of no use."""
        try:
            with time_limit(self.seconds), self._running(edit) as (session, may_change_loss):
                found = list(self._useful(session))
                if len(found) < len(self.runs):
                    return None
                if may_change_loss and not losses_stand(session, self.targets):
                    return None
        except (Exception, SystemExit, TooSlowError, UncompiledError):
            return None
        return outcome_of(self.order, found)

    def effect(self, edit: Edit) -> Array | None:
        """What an edit adds to the gradients at the shortest point at which they are wrong, None if it does not run."""
        target, own = self._shortest_wrong
        try:
            with time_limit(self.seconds), self._running(edit) as (session, _):
                added = target.entries(_run(session, target.point).gradients) - target.entries(own.gradients)
        except (Exception, SystemExit, TooSlowError, UncompiledError):
            return None
        return added if np.isfinite(added).all() else None

    @property
    def missing(self) -> Array:
        """What the gradients lack at that point."""
        target, own = self._shortest_wrong
        return target.value - target.entries(own.gradients)

    @cached_property
    def _shortest_wrong(self) -> tuple[Target, Run]:
        pairs = list(zip(self.order, self.runs, strict=True))
        return next((pair for pair in pairs if not right_of(*pair).all()), pairs[-1])

    @contextlib.contextmanager
    def _running(self, edit: Edit) -> Iterator[tuple[Session, bool]]:
        """Have an edit in effect, and say whether it may change the loss: a file is loaded anew, a function is not."""
        unit = self.scope.unit_of(edit)
        if unit is not None:
            with unit.running(unit.compiled(edit)):
                yield self.session, unit.also_in_loss
        else:
            code, text = self.session.code, self.scope.texts[edit.file].text
            texts = tuple({**dict(code.texts), edit.file: edited(text, [edit])}.items())
            with opened(replace(code, texts=texts), self.session.watch) as session:
                yield session, True

    def is_clean(self) -> bool:
        """Whether the code gives again what it gave as it stood."""
        try:
            return _same(_run(self.session, self.order[0].point), self.runs[0])
        except (Exception, SystemExit):  # what an edit has left behind may do anything
            return False

    def _useful(self, session: Session) -> Iterator[Run]:
        """What is given run by run, as long as no entry is wrong that was right; of one that changes something."""
        before, at = self.before.mask, 0
        changes = False
        given: list[Run] = []
        for target, own in zip(self.order, self.runs, strict=True):
            found = _run(session, target.point)
            right = right_of(target, found)
            part = slice(at, at + len(right))
            changes = changes or not _same(found, own)
            is_last = part.stop == len(before)
            if (before[part] & ~right).any() or (is_last and not changes):
                return
            given.append(found)
            if changes and len(given) == self.glance and not self._may_lead_on(given):
                return
            at = part.stop
            yield found

    def _may_lead_on(self, given: Sequence[Run]) -> bool:
        """Whether the first runs mend something, or are closer; where they were right, only longer ones can tell."""
        found = outcome_of(self.order[: self.glance], given)
        return self.at_a_glance.is_right or found.leads_on(self.at_a_glance)


def _run(session: Session, point: Point) -> Run:
    """Call edited code with copies of a point's arrays, which may raise anything."""
    given = point.copy()
    session.watch.begin("gradients")
    try:
        value = session.adapter.gradients(given.parameters, given.batch)
    finally:
        session.watch.end()
    return Run(read_gradients(value, point.parameters).gradients, not given.changed_arrays(point))


def _loss_stands(session: Session, target: Target) -> bool:
    return session.adapter.loss is None or target.loss is None or session.loss(target.point) == target.loss


def _same(one: Run, other: Run) -> bool:
    """Whether runs gave the same to the last bit."""
    return one.keeps_arguments == other.keeps_arguments and _equal_all(one.gradients, other.gradients)


def _equal_all(one: Gradients, other: Gradients) -> bool:
    return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)


def _equal(one: Array | None, other: Array | None) -> bool:
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other, equal_nan=True)
