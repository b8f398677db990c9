"""Assertions for tests of hand-written gradients."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradcheck_rnn.analytic.functions import Function, Parameters, written_in
from gradcheck_rnn.api import Config, check
from gradcheck_rnn.config.mapping import override_texts
from gradcheck_rnn.report.repair.text import fix_command
from gradcheck_rnn.report.value import Report
from gradcheck_rnn.report.words import summary


def assert_gradients(
    config: Config | None = None,
    *,
    loss: Function | None = None,
    gradients: Function | None = None,
    parameters: Parameters | None = None,
    overrides: Mapping[str, object] | None = None,
    only: Sequence[str] = (),
) -> Report:
    """Check gradients as `gradcheck_rnn.check` does, and fail unless every parameter passes.

        def test_gradients():
            assert_gradients(loss=loss, gradients=gradients, parameters={"W": W, "b": b})

    That it cannot be told whether a gradient is right is a failure, too.

    Returns:
        The report of the pass.
    Raises:
        AssertionError: a gradient is wrong, or there is no verdict; the message is the report with what was found.
        UsageError: the arguments or the configuration have mistakes.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    __tracebackhide__ = True
    report = check(
        config, loss=loss, gradients=gradients, parameters=parameters, overrides=overrides, only=only
    ).with_paths_from(Path.cwd())
    if report.interrupted:
        raise KeyboardInterrupt
    if report.outcome != "pass":
        hint = _way_to_a_patch(report, config, gradients, overrides or {})
        raise AssertionError(f"{summary(report)}\n\n{report}\n{hint}".rstrip())
    return report


def _way_to_a_patch(
    report: Report, config: Config | None, gradients: Function | None, overrides: Mapping[str, object]
) -> str:
    """Say which commands print a patch, where they are likely to find one: a search takes longer than a test may."""
    if report.outcome != "fail":
        return ""
    if isinstance(config, str | os.PathLike) and gradients is None:
        return f"try: {fix_command(os.fspath(config), override_texts(overrides))}"
    is_named = any("residual" in finding.evidence for finding in report.findings)
    if gradients is None or not is_named or not written_in(gradients).is_file():
        return ""
    file = Path(os.path.relpath(written_in(gradients)))
    begin = shlex.join(["gradcheck-rnn", "init", str(file)])
    return f"for a patch: {begin}, then {fix_command(f'{file.stem}.gradcheck.yaml', ())}"
