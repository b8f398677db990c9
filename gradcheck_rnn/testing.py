"""Assertions for tests of hand-written gradients."""

import os
import shlex
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradcheck_rnn.analytic.functions import Function, Parameters, written_in
from gradcheck_rnn.api import Config, check, repaired
from gradcheck_rnn.config.mapping import override_texts
from gradcheck_rnn.errors import StaleBaselineWarning, UsageError
from gradcheck_rnn.repair.seconds import BESIDE
from gradcheck_rnn.report.repair.text import fix_command, patch_text, why_no_patch
from gradcheck_rnn.report.repair.value import Repair
from gradcheck_rnn.report.value import Report
from gradcheck_rnn.report.words import summary

# where pytest-xdist says that this process is one of several, which have the cores among them
XDIST = "PYTEST_XDIST_WORKER"
# what limits the search, as it stands before a number
OPTION = "patch_seconds="
# how a hint begins that is one command
TRY = "try: "


def assert_gradients(
    config: Config | None = None,
    *,
    loss: Function | None = None,
    gradients: Function | None = None,
    parameters: Parameters | None = None,
    overrides: Mapping[str, object] | None = None,
    only: Sequence[str] = (),
    baseline: str | os.PathLike[str] | None = None,
    patch_seconds: float = BESIDE,
) -> Report:
    """Check gradients as `gradcheck_rnn.check` does, and fail unless every parameter passes.

        def test_gradients():
            assert_gradients(loss=loss, gradients=gradients, parameters={"W": W, "b": b})

    That it cannot be told whether a gradient is right is a failure, too.

    Where a gradient is wrong, or a call leaves something behind, small edits of your source are tried, each in a
    guarded process, and the message ends with a patch after which every parameter passes, at points that the search has
    not met, if there is one. Functions are made anew for that from their files as they are now: modules that are
    imported are imported once more, a script or a file that no import finds is loaded by its definitions alone. Global
    variables and those of enclosing functions have the values that they have here, as far as they can be pickled. What
    was typed into a notebook or a shell has no file, and gets no patch.

    Args:
        config: see `gradcheck_rnn.check`, as for all that is not said here.
        loss: the loss to difference.
        gradients: the gradients under test.
        parameters: values by name, or a function that draws them.
        overrides: values by key in place of the configuration's.
        only: names of the parameters to check; a patch is then searched for all.
        baseline: path of a file with faults that are accepted: where there are no others the test passes. An entry for
            this configuration whose fault is gone is a StaleBaselineWarning.
        patch_seconds: how long a patch may be searched for; the proof of one takes some more. 0 searches for none.
    Returns:
        The report of the pass, or of what is accepted.
    Raises:
        AssertionError: a gradient is wrong, or there is no verdict; the message is the report with what was found.
        UsageError: the arguments, the configuration or the baseline have mistakes.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    __tracebackhide__ = True
    try:
        report = check(
            config,
            loss=loss,
            gradients=gradients,
            parameters=parameters,
            overrides=overrides,
            only=only,
            baseline=baseline,
        )
    except UsageError as error:
        raise error.with_traceback(None) from None  # the line of the test is the one that counts
    if report.interrupted:
        raise KeyboardInterrupt
    for note in report.notes:
        if note.kind == "stale-baseline":
            warnings.warn(note.message, StaleBaselineWarning, stacklevel=2)
    shown = report.with_paths_from(Path.cwd())
    if report.outcome_but_accepted == "pass":
        return shown
    way = _way_to_a_patch(report, config, gradients, overrides or {})
    if patch_seconds > 0:
        repair = repaired(
            report,
            loss=loss,
            gradients=gradients,
            parameters=parameters,
            takes_batch=config is not None,
            workers=1 if XDIST in os.environ else None,
            time_limit=patch_seconds,
        )
        if repair.interrupted:
            raise KeyboardInterrupt
        way = _told(repair, way)
    raise AssertionError("\n\n".join(filter(None, [summary(shown), str(shown).rstrip(), way])))


def _told(repair: Repair, way: str) -> str:
    """The patch, and how it is applied where a command finds it again; else why there is none."""
    if repair.searched is None:
        return ""
    if repair.patch is None:
        # another way may lead there where this one could not be gone; that of a configuration is this one
        other = way if repair.searched.reason and not way.startswith(TRY) else ""
        return f"{why_no_patch(repair, option=OPTION)}\n{other}".rstrip()
    text = patch_text(repair.patch, folder=Path.cwd())
    return f"{text}\n\napply it: {way.removeprefix(TRY)} --write" if way.startswith(TRY) else text


def _way_to_a_patch(
    report: Report, config: Config | None, gradients: Function | None, overrides: Mapping[str, object]
) -> str:
    """Say which commands print a patch, where they are likely to find one."""
    if report.outcome != "fail":
        return ""
    if isinstance(config, str | os.PathLike) and gradients is None:
        return f"{TRY}{fix_command(os.fspath(config), override_texts(overrides))}"
    is_named = any("residual" in finding.evidence for finding in report.findings)
    if gradients is None or not is_named or not written_in(gradients).is_file():
        return ""
    file = Path(os.path.relpath(written_in(gradients)))
    begin = shlex.join(["gradcheck-rnn", "init", str(file)])
    return f"for a patch: {begin}, then {fix_command(f'{file.stem}.gradcheck.yaml', ())}"
