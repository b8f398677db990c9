"""Sentences of a report: what was checked, what came out, what the exact rows prove."""

from collections.abc import Mapping, Sequence

from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.power import Power
from gradcheck_rnn.findings import Acceptance, Finding
from gradcheck_rnn.report.screened import screening_lines
from gradcheck_rnn.report.value import Report, Row

OUTPUT_ROLES = ("W_hy", "b_y")
# relative error below which a row is taken for a proof: a wrong term does not come out that small
EXACT = 1e-8
# missed faults that are named in a line
MISSED_SHOWN = 3
METHODS = {
    ("auto", "user"): "extrapolated central differences",
    ("direct", "user"): "extrapolated central differences",
    ("complex_step", "user"): "extrapolated central differences",
    ("complex_step", "described"): "the complex step",
    ("richardson", "user"): "extrapolated central differences",
    ("richardson", "described"): "extrapolated central differences",
}
# what is checked where no code of the user's is
OUR_OWN = "our own BPTT; yours is checked where `backward.adapter` names it"


def subject(report: Report) -> str:
    """Say what was checked against what, one thing a line."""
    settings = report.settings
    method = METHODS.get((settings.check.method, report.loss), "central differences")
    screened = ", screened" if any(row.screening for row in report.rows) else ""
    numeric = f"numeric:  {method} of {'your own loss' if report.loss == 'user' else 'the described loss'}{screened}"
    if not report.described:
        return f"{settings.source}, seed {settings.seed}\n{numeric}"
    model, sequence = settings.model, settings.sequence
    sizes = f"I={model.input_size} H={model.hidden_size} O={model.output_size} T={sequence.length}"
    batch = "" if sequence.batch_size is None else f" B={sequence.batch_size}"
    adapter = settings.backward.adapter
    return "\n".join(
        [
            f"{settings.source}: {model.cell} net, {sizes}{batch}, seed {settings.seed}",
            f"loss:     {_described_loss(settings)}",
            f"analytic: {OUR_OWN if adapter is None else adapter.name}",
            numeric,
        ]
    )


def _described_loss(settings: Settings) -> str:
    loss, batch = settings.loss, settings.sequence.batch_size
    over = ["all steps"] * (loss.steps == "all") + ["the batch"] * (batch is not None)
    kind = loss.kind.replace("_", " ") + (" of the last step" if loss.steps == "last" else "")
    return f"{kind}, {loss.reduction} over {' and '.join(over)}" if over else kind


def headline(report: Report) -> str:
    """Give the verdict in a line."""
    rows, tolerance = report.rows, f"tolerance {report.settings.check.tolerance:g}"
    failed, unclear = _named(rows, "fail"), _named(rows, "inconclusive")
    so_far = "interrupted, so far " if report.interrupted else ""
    if report.interrupted and report.outcome == "inconclusive":
        return f"interrupted, no verdict: nothing is wrong so far in {_compared(report)}"
    if report.outcome == "fail":
        return f"{so_far}{_count(len(failed), len(rows))} {_are(failed)} wrong: {_list(failed)} ({tolerance})"
    if report.outcome == "error":
        kinds = _list(list(dict.fromkeys(finding.kind for finding in report.findings)))
        agree = bool(rows) and all(row.verdict == "pass" for row in rows)
        return f"what was returned agrees, but is no verdict: {kinds}" if agree else f"{so_far}no verdict: {kinds}"
    if report.outcome == "inconclusive":
        why = "float32 rounds more coarsely" if _rounds(report) else "the error bars are wider"
        return f"{_list(unclear)} cannot be told: {why} than the {tolerance}"
    only = "" if len(report.roles) in (0, len(rows)) else f" of {_list([row.name for row in rows])}"
    checked, entries = sum(row.checked for row in rows), sum(row.entries for row in rows)
    amount = f"{checked} sampled of {entries} entries{only} agree"
    if any(row.screening for row in rows):
        amount = f"screened, not checked in full: random directions and {checked} of {entries} entries{only} agree"
    elif checked == entries:
        amount = f"all {entries} entries{only} agree"
    return f"{amount} ({tolerance}, largest relative error {_largest(rows)})"


def _rounds(report: Report) -> bool:
    """Whether float32 in the user's code is what is in the way of a verdict, as a finding says."""
    return any(finding.kind == "float32-inside" for finding in report.findings)


def summary(report: Report) -> str:
    """Give what was found, by name, and the verdict in a line."""
    named = _list([f"{finding.kind} {finding.term}" for finding in report.findings])
    return f"{named}: {headline(report)}" if named else headline(report)


def _compared(report: Report) -> str:
    """Count what an interrupted check has looked at, and how."""
    judged = [each for point in report.points for each in point.comparisons]
    covered, checked = sum(each.covered for each in judged), sum(each.checked for each in judged)
    how = f", all but {checked} of them along random directions only" if covered > checked else ""
    return f"{covered} entries that were compared{how}"


def power_line(power: Power) -> str:
    """Say what a passing check could have caught."""
    missed = power.missed
    caught = f"would have caught {power.known - len(missed)} of {power.known} known faults"
    if not missed:
        return f"would have caught all {power.known} known faults of such a net"
    windows = sorted(int(sight.fault.term) for sight in missed if sight.fault.kind == "truncated-chain")
    named = [f"{sight.fault.kind} {sight.fault.term}" for sight in missed if sight.fault.kind != "truncated-chain"]
    if windows:
        named.append(f"truncated-chain {windows[0]}" + (" and beyond" if len(windows) > 1 else ""))
    shown = _list(named[:MISSED_SHOWN]) + (
        f" and {len(named) - MISSED_SHOWN} more" if len(named) > MISSED_SHOWN else ""
    )
    hardest = max(missed, key=lambda sight: max(sight.shares))
    return f"{caught}; blind to {shown}: {hardest.reason}" + (" at the most" if len(missed) > 1 else "")


def evidence(report: Report) -> list[str]:
    """Say what the rows that agree prove about those that do not, and what is to be done where none can tell."""
    if report.outcome == "inconclusive":
        return (
            []
            if report.interrupted or _rounds(report)
            else ["a larger `check.tolerance` would tell, or float64 throughout, or a loss that the YAML describes"]
        )
    wrong = {report.roles.get(row.name, ""): row for row in report.rows if row.verdict == "fail" and row.worst}
    lines = screening_lines(report)
    if wrong and len(report.points) > 1 and all(each.verdict == "pass" for each in report.points[0].comparisons):
        where = f"configured point (T = {report.points[0].length})" if report.described else "given point"
        lines.append(f"at the {where} every parameter agrees: the fault hides there")
    if not any(finding.kind == "forward-differs" for finding in report.findings):
        lines += _proofs({report.roles.get(row.name, ""): row for row in report.rows if _is_exact(row)}, wrong)
    return lines


def accepted_lines(report: Report) -> list[str]:
    """Say whether a baseline lets through all that is wrong, or what it does not; nothing where it knows nothing."""
    if report.is_accepted:
        return ["accepted: the baseline knows every fault that was found"]
    new = [f"{each.kind} {each.term}" for each in report.findings if not each.accepted]
    is_known = len(new) < len(report.findings)
    return [f"not accepted: {_list(new) or 'a parameter that no accepted fault explains'}"] if is_known else []


def accepted_because(accepted: Acceptance) -> str:
    """Say why a fault is let through, and where that stands."""
    return f"{accepted.reason} ({accepted.location})"


def proof(finding: Finding) -> str:
    """Say how sure a matched fault is: what is left, and how far off the next one stays."""
    left, nearest = finding.evidence.get("residual"), finding.evidence.get("runner_up")
    if not isinstance(left, float):
        return ""
    together = finding.evidence.get("together_with")
    others = f", together with {_faults(together)}," if isinstance(together, list) else ""
    digits = f"to {left:.0e}" if left > 0 else "to the last digit"
    text = f"matched: this fault{others} gives your gradients {digits} at {finding.evidence['draws']} draws"
    if isinstance(nearest, Mapping):
        text += f"; the next best, {nearest['kind']} {nearest['term']}, is off by {nearest['residual']:.0e}"
    equivalent = finding.evidence.get("equivalent")
    if isinstance(equivalent, list) and equivalent:
        text += f"; the same gradients: {_faults(equivalent)}"
    return text


def _faults(names: Sequence[object]) -> str:
    """Faults by kind and term, as titles name them."""
    return _list([str(name).replace(":", " ", 1) for name in names])


def finding_title(finding: Finding) -> str:
    """Name a finding by kind and term, or by its kind where the message names the term, as it does of functions."""
    names_term = "residual" not in finding.evidence and finding.term in finding.message
    return finding.kind if names_term else f"{finding.kind} {finding.term}"


def cells(row: Row) -> list[str]:
    """All cells of a row of the table but the verdict."""
    worst = row.worst
    entries = str(row.entries) if row.checked == row.entries else f"{row.checked} of {row.entries}"
    error = "-" if row.max_relative_error is None else f"{row.max_relative_error:.1e}"
    start = [row.name, "x".join(map(str, row.shape)) or "scalar", entries, error]
    if worst is None:
        return [*start, "-", "-", "-", "-"]
    index = str(list(worst.index)) + ("*" if row.worst_at == "probe" else "")
    return [*start, index, f"{worst.analytic:.3e}", f"{worst.numeric:.3e}", f"{worst.numeric_error:.0e}"]


def probe_line(report: Report) -> str:
    """Explain the asterisk in the table, if there is one."""
    if not any(row.worst_at == "probe" for row in report.rows):
        return ""
    steps = f" (T = {report.points[-1].length})" if report.described else ""
    return f"* at the probe point{steps}, which is drawn so that faults show"


def measured(row: Row, tolerance: float) -> str:
    """Say in a sentence what was measured of a parameter."""
    worst = row.worst
    if worst is None:
        return "there is nothing to compare" if row.checked else "nothing of it was compared"
    error = "no relative error" if row.max_relative_error is None else f"relative error {row.max_relative_error:.1e}"
    return (
        f"{error} at {list(worst.index)} of the {row.worst_at} point: analytic {worst.analytic:.3e}, "
        f"numeric {worst.numeric:.3e} ± {worst.numeric_error:.0e} (tolerance {tolerance:g})"
    )


def _proofs(exact: Mapping[str, Row], wrong: Mapping[str, Row]) -> list[str]:
    """Say what rows that agree to rounding prove, by their described names."""
    lines = []
    outputs = [exact[role] for role in OUTPUT_ROLES if role in exact]
    if outputs and wrong and not wrong.keys() & set(OUTPUT_ROLES):
        verb = "agrees" if len(outputs) == 1 else "agree"
        lines.append(
            f"{_list([row.name for row in outputs])} {verb} (to {_largest(outputs)}): the output path is right"
        )
    if "b_h" in exact and wrong.keys() & {"W_xh", "W_hh"}:
        weights = _list([wrong[role].name for role in ("W_xh", "W_hh") if role in wrong])
        lines.append(f"{exact['b_h'].name} agrees: dz sums up right, so look at the product that makes {weights}")
    return lines


def _is_exact(row: Row) -> bool:
    return row.verdict == "pass" and row.max_relative_error is not None and row.max_relative_error < EXACT


def _named(rows: tuple[Row, ...], verdict: str) -> list[str]:
    return [row.name for row in rows if row.verdict == verdict]


def _largest(rows: list[Row] | tuple[Row, ...]) -> str:
    errors = [row.max_relative_error for row in rows if row.max_relative_error is not None]
    return f"{max(errors, default=0.0):.0e}"


def _count(some: int, all_: int) -> str:
    return f"{some} of {all_} parameters"


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _list(names: list[str]) -> str:
    return ", ".join(names)
