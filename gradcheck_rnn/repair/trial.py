"""Edited code run on small problems: tasks for a worker, each takes the session first."""

import contextlib
from collections.abc import Sequence

from gradcheck_rnn.analytic.session import Session, opened
from gradcheck_rnn.repair.adding_up import adding_up, together
from gradcheck_rnn.repair.bench import Bench, guarded_run, quietly
from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.outcome import Outcome, outcome_of
from gradcheck_rnn.repair.target import Target, runs_of


def as_it_stands(session: Session, targets: Sequence[Target]) -> Outcome:
    """Task: say what the code gives without an edit.

    Raises:
        UserCodeError: nothing, for it raised.
    """
    return outcome_of(runs_of(targets), [guarded_run(session, each.point) for each in runs_of(targets)])


def tried(session: Session, edits: Sequence[Edit], targets: Sequence[Target]) -> list[Outcome | None]:
    """Task: say what each edit, one at a time, makes of the gradients at the targets.

    None for one that does not run, changes the loss or nothing, or makes an entry wrong that was right.
    """
    with quietly(session), contextlib.ExitStack() as stack:
        bench = Bench(session, targets)
        outcomes = []
        for edit in edits:
            outcomes.append(bench.outcome(edit))
            if not bench.is_clean():
                # something of the edit is left in the user's objects: the next one starts from freshly loaded code
                stack.close()
                bench = Bench(stack.enter_context(opened(session.code, session.watch)), targets)
        return outcomes


def terms_together(session: Session, places: Sequence[Sequence[Edit]], targets: Sequence[Target]) -> list[Edit]:
    """Task: put terms that edits add in one place together, two or three, so that nothing is missing any more.

    It is read off what each of them adds to the gradients of the shortest sequence at which these are wrong.
    """
    found = []
    with quietly(session):
        bench = Bench(session, targets)
        for edits in places:
            effects = {edit: effect for edit in edits if (effect := bench.effect(edit)) is not None}
            terms = list(effects)
            found += [
                together([terms[each] for each in chosen]) for chosen in adding_up(effects.values(), bench.missing)
            ]
    return found
