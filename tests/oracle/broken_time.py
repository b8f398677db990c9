"""Faults in time of one parameter: a step left out, an index one off, one step's value used at all of them."""

from .broken_bug import Bug, Edit, Name, bug, names
from .broken_part import ACCUMULATED, W_HH, W_HY, W_XH, Part, contribution, gone, multiplied, part_bug


def _at(fragment: str, offset: int, edge: str) -> str:
    """The fragment, which ends in [t] or [t]), taken `offset` steps off, and what happens where there is no such step.

    dropped: zeros. clamped: the nearest step that is there. wrapped: the other end of the sequence.
    """
    index = f"t {offset:+d}"
    if edge == "dropped":
        return f"({fragment.replace('[t]', f'[({index}) % T]')} * (0 <= {index} < T))"
    inside = {"clamped": f"min(max({index}, 0), T - 1)", "wrapped": f"({index}) % T"}[edge]
    return fragment.replace("[t]", f"[{inside}]")


SHIFTS = [(offset, edge) for offset in (-1, 1) for edge in ("dropped", "clamped", "wrapped")]
SIDES = {-1: "step before", 1: "step after"}


def _skipped(part: Part, step: str, number: str) -> Bug:
    edit = Edit(part.line, "for run in runs)", f"for run in runs) * (t != {number})")
    accepted: frozenset[Name] = frozenset()
    if part is W_HH and step == "first":  # the only step where the initial state meets W_hh
        accepted = names("missing-initial-state:h[t-1]")
    if not part.factor:  # a sum of the errors of all steps but one
        accepted = names(f"wrong-time-index:{part.name}")
    last = gone(part) if step == "last" else frozenset()
    return part_bug("skipped-step", part, step, edit, accepted=accepted, accepted_last=last)


def _shifted_error(part: Part, offset: int, edge: str) -> Bug:
    edit = contribution(part, part.error, _at(part.error, offset, edge))
    if part.factor:  # an error one step late is a factor one step early
        accepted = names(f"wrong-time-index:{part.term}")
    else:
        accepted = names(f"skipped-step:{part.name}") if edge == "dropped" else frozenset()
    last: frozenset[Name] = frozenset()
    if offset == -1:
        last = names("stale-cache:h[t]") if edge == "wrapped" and part is W_HY else gone(part)
    elif edge == "clamped" and not part.factor:
        last = multiplied(part)
    variant = f"{SIDES[offset]}, {edge}"
    return part_bug("wrong-time-index", part, variant, edit, accepted=accepted, accepted_last=last)


STEP_BUGS = (
    *(_skipped(part, "first", "0") for part in ACCUMULATED),
    *(_skipped(part, "last", "T - 1") for part in ACCUMULATED),
    *(
        _shifted_error(part, offset, edge)
        for part in ACCUMULATED
        for offset, edge in SHIFTS
        if part.factor or edge != "wrapped"  # a sum over all steps does not care where it starts
    ),
)


def _factor(kind: str, part: Part, variant: str, code: str, *accepted: str, last: frozenset[Name] = frozenset()) -> Bug:
    """The weight's gradient built with `code` where the right program has the step's own factor."""
    edit = contribution(part, part.factor, code)
    others = names(*accepted)
    return bug(kind, part.term, variant, edit, touches=(part.name,), accepted=others, accepted_last=last)


def _shifted_factor(part: Part, variant: str, code: str, last: frozenset[Name] = frozenset()) -> Bug:
    wrapped = [f"wrapped-index:{part.term}"] if "wrapped" in variant else []
    return _factor("wrong-time-index", part, variant, code, f"wrong-time-index:{part.name}", *wrapped, last=last)


def _last_step_alone(part: Part, offset: int, edge: str) -> frozenset[Name]:
    """Other names where only the last step counts, whose error then meets no state or always the first."""
    if part is not W_HY or offset == -1:
        return frozenset()
    return {"dropped": gone(part), "wrapped": names("stale-cache:h[t]")}.get(edge, frozenset())


INDEX_BUGS = (
    _factor("missing-initial-state", W_HH, "", "(run.s[t - 1] * (t > 0))", "skipped-step:W_hh"),
    _factor("wrapped-index", W_HH, "", "run.s[(t - 1) % T]"),
    _shifted_factor(W_HH, "h[t]", "run.s[t]"),
    _shifted_factor(W_HH, "h[t-2], dropped", "(run.s[t - 2] * (t > 0))"),
    _shifted_factor(W_HH, "h[t-2], clamped", "run.s[max(t - 2, -1)]"),
    _shifted_factor(W_HH, "h[t-2], wrapped", "run.s[t - 2]"),
    _shifted_factor(W_HH, "h[t-2], wrapped without the state", "run.s[(t - 2) % T]"),
    _shifted_factor(W_HY, "step before, state at the edge", "run.s[t - 1]"),
    _shifted_factor(W_HY, "step after, wrapped to the state", "run.s[t + 1]"),
    *(
        _shifted_factor(
            part,
            f"{SIDES[offset]}, {edge}",
            _at(part.factor, offset, edge),
            _last_step_alone(part, offset, edge),
        )
        for part in (W_HY, W_XH)
        for offset, edge in SHIFTS
    ),
)

CACHE_BUGS = (
    _factor("stale-cache", W_HH, "last", "run.s[T - 2]"),
    _factor("stale-cache", W_HH, "last state", "run.s[T - 1]", last=names("stale-cache:cache")),
    _factor("stale-cache", W_HH, "first", "run.s[-1]"),
    _factor("stale-cache", W_XH, "last", "run.x[T - 1]"),
    _factor("stale-cache", W_XH, "first", "run.x[0]"),
    _factor("stale-cache", W_HY, "last", "run.s[T - 1]"),
    _factor("stale-cache", W_HY, "first", "run.s[0]", last=names("wrong-time-index:h[t]", "wrong-time-index:W_hy")),
)

TIME_BUGS = STEP_BUGS + INDEX_BUGS + CACHE_BUGS
