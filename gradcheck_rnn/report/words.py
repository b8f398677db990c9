"""Sentences of a report: what was checked, what came out, what the exact rows prove."""

from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.report.value import Report, Row

OUTPUT_ROLES = ("W_hy", "b_y")
METHODS = {
    ("auto", "user"): "extrapolated central differences",
    ("complex_step", "user"): "extrapolated central differences",
    ("complex_step", "described"): "the complex step",
    ("richardson", "user"): "extrapolated central differences",
    ("richardson", "described"): "extrapolated central differences",
}


def subject(report: Report) -> str:
    """Say what was checked against what, one thing a line."""
    settings = report.settings
    model, sequence = settings.model, settings.sequence
    sizes = f"I={model.input_size} H={model.hidden_size} O={model.output_size} T={sequence.length}"
    batch = "" if sequence.batch_size is None else f" B={sequence.batch_size}"
    adapter = settings.backward.adapter
    method = METHODS.get((settings.check.method, report.loss), "central differences")
    return "\n".join(
        [
            f"{settings.source}: {model.cell} net, {sizes}{batch}, seed {settings.seed}",
            f"loss:     {_described_loss(settings)}",
            f"analytic: {'the reference, backpropagation through time' if adapter is None else adapter.name}",
            f"numeric:  {method} of {'your own loss' if report.loss == 'user' else 'the described loss'}",
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
    if report.outcome == "fail":
        return f"{_count(len(failed), len(rows))} {_are(failed)} wrong: {_list(failed)} ({tolerance})"
    if report.outcome == "error":
        kinds = _list(list(dict.fromkeys(finding.kind for finding in report.findings)))
        agree = bool(rows) and all(row.verdict == "pass" for row in rows)
        return f"the gradients agree, but your code does not hold still: {kinds}" if agree else f"no verdict: {kinds}"
    if report.outcome == "inconclusive":
        return f"{_list(unclear)} cannot be told: the error bars are wider than the {tolerance}"
    checked, entries = sum(row.checked for row in rows), sum(row.entries for row in rows)
    amount = f"all {entries} entries agree" if checked == entries else f"{checked} sampled of {entries} entries agree"
    return f"{amount} ({tolerance}, largest relative error {_largest(rows)})"


def evidence(report: Report) -> list[str]:
    """Say what the rows that agree prove about those that do not."""
    agree = {report.roles.get(row.name, ""): row for row in report.rows if row.verdict == "pass"}
    wrong = {report.roles.get(row.name, ""): row for row in report.rows if row.verdict == "fail" and row.worst}
    lines = []
    outputs = [agree[role] for role in OUTPUT_ROLES if role in agree]
    if outputs and wrong and not wrong.keys() & set(OUTPUT_ROLES):
        names = [row.name for row in outputs]
        verb = "agrees" if len(names) == 1 else "agree"
        lines.append(f"{_list(names)} {verb} (to {_largest(outputs)}): the output path is right")
    if "b_h" in agree and wrong.keys() & {"W_xh", "W_hh"}:
        weights = [wrong[role].name for role in ("W_xh", "W_hh") if role in wrong]
        lines.append(f"{agree['b_h'].name} agrees: dz is right, so look at the product that makes {_list(weights)}")
    return lines


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
