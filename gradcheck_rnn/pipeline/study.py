"""A finished check looked into further: curves, the reach of the chain. Only pictures need that."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from gradcheck_rnn.cells.catalogue import CUSTOM
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.vanishing import vanishing_at
from gradcheck_rnn.model.draw import probe_net, probe_problem
from gradcheck_rnn.pipeline.check import silent
from gradcheck_rnn.pipeline.measurement import Progress
from gradcheck_rnn.pipeline.power.table import copy_of_configured
from gradcheck_rnn.pipeline.sweep.run import run_sweep
from gradcheck_rnn.report.study import Reach, Study
from gradcheck_rnn.report.value import Report


def studied(
    report: Report,
    folder: Path,
    *,
    only: Sequence[str] = (),
    workers: int | None = None,
    progress: Progress = silent,
) -> Report:
    """Look further into what was checked, where both gradients could be compared to the end.

    Args:
        report: of the check.
        folder: which files are named from.
        only: names of the parameters that were checked; empty means all.
        workers: processes for user code, None for as many as there are cores; 0 runs it in this one.
        progress: told what is going on, and how far it is.
    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    if report.interrupted or not report.rows:
        return report
    sweep = run_sweep(report.settings, only=only, workers=workers, progress=progress).with_paths_from(folder)
    return replace(report, study=Study(sweep, tuple(reaches(report.settings))))


def reaches(settings: Settings) -> Iterator[Reach]:
    """Follow the recurrent chain at the configured point and at the probe, where the net is large on a small copy."""
    if settings.model.cell == CUSTOM:
        return
    configured, tolerance = copy_of_configured(settings), settings.check.tolerance
    yield Reach("configured", configured.net.sizes.length, vanishing_at(configured, sensitivity=tolerance))
    if settings.check.probe:
        probe = probe_problem(probe_net(configured.net, reducible=True), settings)
        yield Reach("probe", probe.net.sizes.length, vanishing_at(probe, sensitivity=tolerance))
