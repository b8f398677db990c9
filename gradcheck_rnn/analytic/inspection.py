"""What one point's calls of user code show before any number is judged: is it a function at all?

Tasks for a worker: each takes the session first.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.point import Point, nudged
from gradcheck_rnn.analytic.returned import Returned
from gradcheck_rnn.analytic.session import Session, opened
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.activations import Array

Gradients = Mapping[str, Array | None]

# relative difference of two calls that threads which sum in another order may cause
SAME = 1e-12
# how far the point moves for the calls in between
NUDGE = 1e-3


@dataclass(frozen=True)
class Inspection:
    """Loss (None if the user has none) and gradients at a point; `again` where a later equal call gave others."""

    loss: float | None
    gradients: Gradients
    again: Gradients | None
    findings: tuple[Finding, ...]


def inspect(session: Session, point: Point) -> Inspection:
    """Call loss and gradients at a point, twice and with another point in between.

    Raises:
        UserCodeError: the loss is no function of its arguments, or not finite, or gradients returned no mapping.
    """
    loss = None if session.adapter.loss is None else _repeatable_loss(session, point)
    first, second = session.gradients(point), session.gradients(point)
    finding, again = _in_a_row(session, point, first, second)
    if finding is None:
        finding, again = _after_other_calls(session, point, first)
    findings = [*first.findings, *([finding] if finding else []), *session.mutation_findings()]
    return Inspection(loss, first.gradients, again, tuple(findings))


def losses(session: Session, points: list[Point]) -> list[float]:
    """User losses at several points."""
    return [session.loss(point) for point in points]


def gradients(session: Session, points: list[Point]) -> list[Gradients]:
    """User gradients at several points."""
    return [session.gradients(point).gradients for point in points]


def refuse_unrepeatable(session: Session, point: Point, first: float, second: float) -> None:
    """Refuse two values of the loss at one point that differ; two that are nan do not.

    Raises:
        UserCodeError: they do; the finding tells state from chance.
    """
    if first != second and _differs(first, second) and not (math.isnan(first) and math.isnan(second)):
        raise UserCodeError(_unrepeatable_loss(session, point, first, second))


def _repeatable_loss(session: Session, point: Point) -> float:
    first, second = session.loss(point), session.loss(point)
    if not np.isfinite(first):
        message = f"loss is {first} at this point"
        help_text = "shift the logits by their largest before exp, and take log p from them, not from p"
        raise UserCodeError(Finding("non-finite", "loss", message, help=help_text))
    refuse_unrepeatable(session, point, first, second)
    if session.adapter.losses is not None:
        _refuse_other_losses(session, point, first)
    return first


def _refuse_other_losses(session: Session, point: Point, here: float) -> None:
    """Refuse user code whose losses of several parameters are not those of one after the other."""
    between = nudged(point, np.random.default_rng(0), NUDGE)
    expected = [here, session.loss(between), here]
    found = session.losses(point, [point.parameters, between.parameters, point.parameters])
    if differing := [pair for pair in zip(found, expected, strict=True) if _differs(*pair)]:
        many, one = differing[0]
        message = f"losses gave {many:.12g} where loss gave {one:.12g} at the same parameters"
        help_text = "losses(parameter_sets, batch) is [loss(each, batch) for each in parameter_sets]"
        raise UserCodeError(
            Finding("forward-differs", "losses", message, help_text, evidence={"losses": many, "loss": one})
        )


def _unrepeatable_loss(session: Session, point: Point, first: float, second: float) -> Finding:
    """Tell state from chance: freshly loaded code repeats the former, not the latter."""
    with opened(session.code, session.watch, chance=1) as fresh:
        repeated = (fresh.loss(point), fresh.loss(point)) == (first, second)
    evidence = {"first": first, "second": second}
    values = f"{first:.12g}, then {second:.12g}"
    if repeated:
        message = f"loss keeps something from call to call: two equal calls gave {values}"
        help_text = "start from batch.initial_state at each call; clear globals and attributes first"
        return Finding("state-leak", "loss", message, help=help_text, evidence=evidence)
    message = f"loss is not deterministic: two equal calls gave {values}"
    help_text = "take out dropout and sampling, or seed them at the start of each call"
    if session.code.is_here:  # it cannot be loaded afresh
        help_text += "; keep nothing from call to call"
    return Finding("nondeterministic-loss", "loss", message, help=help_text, evidence=evidence)


def _in_a_row(
    session: Session, point: Point, first: Returned, second: Returned
) -> tuple[Finding | None, Gradients | None]:
    """Two equal calls in a row; a third tells whether equal increments mean that something is never set to zero."""
    changed = _changed(first, second)
    if not changed:
        return None, None
    one, two, three = first.gradients, second.gradients, session.gradients(point).gradients
    steps = [(_minus(two[name], one[name]), _minus(three[name], two[name])) for name in changed]
    if any(first_step is None or _differ(first_step, second_step) for first_step, second_step in steps):
        return _leak(changed, "equal calls of gradients, one after the other, returned different values"), two
    return _accumulating(changed), two


def _after_other_calls(session: Session, point: Point, first: Returned) -> tuple[Finding | None, Gradients | None]:
    """Call loss and gradients elsewhere, then gradients here again."""
    between = nudged(point, np.random.default_rng(0), NUDGE)
    session.gradients(between)
    if session.adapter.loss is not None:
        session.loss(between)
    again = session.gradients(point)
    changed = _changed(first, again)
    if not changed:
        return None, None
    message = "gradients depend on what was called before: the same call differs after calls at another point"
    return _leak(changed, message), again.gradients


def _changed(first: Returned, second: Returned) -> list[str]:
    return [name for name in first.gradients if _differ(first.gradients[name], second.gradients[name])]


def _accumulating(names: list[str]) -> Finding:
    return Finding(
        kind="accumulating-gradients",
        term=names[0],
        message=f"gradients add up from call to call: each equal call returned more of the same for {', '.join(names)}",
        help="set the accumulators to zero at the start of each backward pass",
        parameters=tuple(names),
    )


def _leak(names: list[str], message: str) -> Finding:
    return Finding(
        kind="state-leak",
        term="gradients",
        message=f"{message} ({', '.join(names)})",
        help="run the forward pass inside gradients, on its own arguments; keep no cache, buffer or state across calls",
        parameters=tuple(names),
    )


def _minus(value: Array | None, other: Array | None) -> Array | None:
    return None if value is None or other is None else value - other


def _differ(one: Array | None, other: Array | None) -> bool:
    """Whether two gradients differ by more than the order of a sum explains; nan equals nan."""
    if one is None or other is None:
        return (one is None) != (other is None)
    largest = max(np.abs(one[np.isfinite(one)]).max(initial=0.0), np.abs(other[np.isfinite(other)]).max(initial=0.0))
    return not np.allclose(one, other, rtol=0.0, atol=SAME * largest, equal_nan=True)


def _differs(one: float, other: float) -> bool:
    return not abs(one - other) <= SAME * max(abs(one), abs(other))
