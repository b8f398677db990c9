"""The check for programs, tests and notebooks; the command line is a layer over it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from gradcheck_rnn.analytic.adapter import Adapter
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.functions import Function, Parameters, adapter_of, name_of, written_in
from gradcheck_rnn.config.load import load_settings
from gradcheck_rnn.config.mapping import override_texts
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.errors import Mistake, UsageError
from gradcheck_rnn.pipeline.check import run_check, silent
from gradcheck_rnn.pipeline.measurement import Foresee, Progress, foresee_nothing
from gradcheck_rnn.repair.seconds import TIME_LIMIT
from gradcheck_rnn.report.value import Report

if TYPE_CHECKING:
    from gradcheck_rnn.baseline.entry import Baseline
    from gradcheck_rnn.journal.journal import Journal
    from gradcheck_rnn.report.repair.value import Repair

Config = str | os.PathLike[str] | Mapping[str, object] | Settings

# of functions alone nothing is known but their parameters: no size and no step of this net is ever looked at
UNDESCRIBED: Mapping[str, object] = {
    "model": {"cell": "custom", "input_size": 1, "hidden_size": 1, "output_size": 1},
    "sequence": {"length": 9, "inputs": "dense"},
    "loss": {"kind": "mse"},
    "seed": 0,
}


def check(
    config: Config | None = None,
    *,
    loss: Function | None = None,
    gradients: Function | None = None,
    parameters: Parameters | None = None,
    overrides: Mapping[str, object] | None = None,
    only: Sequence[str] = (),
    baseline: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: Progress = silent,
    foresee: Foresee = foresee_nothing,
    journal: "Journal | None" = None,
    cluster: str | None = None,
) -> Report:
    """Compare gradients with central differences, and name the fault where they are wrong.

    What is checked is either what a configuration names, or functions of this process:

        check("my.yaml")
        check({"model": {...}, "sequence": {...}, "seed": 0, "backward": {"adapter": "my_adapter.py"}})
        check(loss=loss, gradients=gradients, parameters={"W": W, "b": b})
        check({"model": {...}, "sequence": {...}, "seed": 0}, loss=loss, gradients=gradients)

    Functions alone are called as `loss(parameters)`, a number, and `gradients(parameters)`, a dict of arrays. They are
    checked at the values of `parameters` and, where the loss is defined there, at a probe in the same shapes. Where a
    configuration describes their net they are called as those of an adapter, `loss(parameters, batch)`, and the broken
    term is named; `loss` and `parameters` may be left out then.

    Functions run in this process: one that hangs hangs the check, one that crashes takes the process with it, and what
    they print goes to stderr. What they raise, and that they write into their arguments, is a finding. An adapter is
    run in a process of its own.

    Args:
        config: path of a YAML file, what such a file holds, or settings that were read before.
        loss: the loss to difference.
        gradients: the gradients under test, by the names of the parameters and in their shapes.
        parameters: values by name, or a function that draws them as `parameters(rng)`.
        overrides: values by key in place of the configuration's, as `{"check.tolerance": 1e-4}`, `{"probe": False}`;
            for a loss that is too slow to be called for every entry, `{"entries": 100}` or `{"entries": "screen"}`.
        only: names of the parameters to check; empty means all.
        baseline: path of a file with faults that are accepted, as `gradcheck-rnn check --write-baseline` writes it. It
            knows them by the file of their configuration.
        workers: processes for an adapter, None for as many as there are cores; 0 runs it in this one.
        progress: told what is going on, and how far it is.
        foresee: told what is about to be done, and how many seconds it is expected to take.
        journal: recalls results of shards that it holds, and notes down the others.
        cluster: address of a Dask scheduler that runs the shards.
    Returns:
        The report: `report.outcome` is pass, fail, inconclusive or error, `report.findings` say why, and
        `print(report)` shows it. Wrong gradients, and functions that raise, are no exceptions. With a baseline
        `report.is_accepted` says that all that is wrong is accepted, each finding has its reason, and an entry for this
        configuration whose fault is gone is a note.
    Raises:
        UsageError: nothing was checked, because the arguments, the configuration or the baseline have mistakes.
        KeyboardInterrupt: Ctrl-C was pressed before anything was known; later, the report says so.
    """
    accepted = None if baseline is None else _baseline(config, baseline)
    if gradients is None:
        _refuse_half(config, loss=loss, parameters=parameters)
        functions = None
    else:
        _refuse_elsewhere(workers, journal, cluster)
        functions = _functions(config, loss, gradients, parameters)
    report = run_check(
        _settings(config, overrides, functions=gradients),
        only=only,
        workers=workers,
        progress=progress,
        foresee=foresee,
        journal=journal,
        cluster=cluster,
        functions=functions,
    )
    if accepted is None:
        return report
    from gradcheck_rnn.baseline.match import match

    return match(accepted, [report], only).reports[0]


def fix(
    config: Config | None = None,
    *,
    loss: Function | None = None,
    gradients: Function | None = None,
    parameters: Parameters | None = None,
    overrides: Mapping[str, object] | None = None,
    workers: int | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress = silent,
) -> "Repair":
    """Check gradients as `check` does and, where they are wrong, search for a patch of the source.

        print(fix(loss=loss, gradients=gradients, parameters={"W": W, "b": b}))

    Small edits are tried, each in a guarded process. What is returned is one after which every parameter passes, at
    points that the search has not met. No file is changed.

    Args:
        config: see `check`, as for the other arguments that are not explained here.
        loss: the loss to difference.
        gradients: the gradients under test.
        parameters: values by name, or a function that draws them.
        overrides: values by key in place of the configuration's.
        workers: processes that try edits, None for as many as there are cores.
        time_limit: seconds that the search may take; the check before it and the proof after it are no part of it.
        progress: told what is going on, and how far it is.
    Returns:
        The repair: `repair.patch` is None where there is none, `repair.report` is the check's, and `print(repair)`
        shows the diff and what it was verified at, or says why there is none.
    Raises:
        UsageError: nothing was checked, because the arguments or the configuration have mistakes.
        KeyboardInterrupt: Ctrl-C was pressed before anything was known, or while a patch was proven; in the search,
            the repair says so.
    """
    report = check(
        config,
        loss=loss,
        gradients=gradients,
        parameters=parameters,
        overrides=overrides,
        workers=workers if gradients is None else None,
        progress=progress,
    )
    return repaired(
        report,
        loss=loss,
        gradients=gradients,
        parameters=parameters,
        takes_batch=config is not None,
        workers=workers,
        time_limit=time_limit,
        progress=progress,
    )


def repaired(
    report: Report,
    *,
    loss: Function | None,
    gradients: Function | None,
    parameters: Parameters | None,
    takes_batch: bool,
    workers: int | None,
    time_limit: float,
    progress: Progress = silent,
) -> "Repair":
    """Search for a patch after a check, of the functions or, without `gradients`, of the code that it names.

    Functions are made anew for that in other processes, see `packed_functions`; where they cannot be, the repair has
    the reason.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed while a patch was proven; in the search, the repair says so.
    """
    from gradcheck_rnn.analytic.travel.pack import UnpackableError, packed_functions
    from gradcheck_rnn.pipeline.fix import repair_of
    from gradcheck_rnn.repair.value import Searched
    from gradcheck_rnn.report.repair.value import Repair

    functions = None
    try:
        if gradients is not None and replace(report, in_python=True).may_be_repaired:
            functions = packed_functions(loss, gradients, parameters, takes_batch=takes_batch)
        return repair_of(report, functions=functions, workers=workers, time_limit=time_limit, progress=progress)
    except UnpackableError as error:
        return Repair(report, Searched(reason=str(error)))
    except UserCodeError as error:
        return Repair(report, Searched(reason=error.finding.message))


def _baseline(config: Config | None, file: str | os.PathLike[str]) -> "Baseline":
    """Read a baseline.

    Raises:
        UsageError: it has mistakes, or what is checked is no configuration file, by which it knows faults.
    """
    if config is None or isinstance(config, Mapping):
        message = "`baseline` knows faults by the file of their configuration, and there is none"
        raise UsageError(Mistake(message, "write the configuration into a file and name that, or leave it out"))
    from gradcheck_rnn.baseline.read import read_baseline

    return read_baseline(os.fspath(file))


def _functions(
    config: Config | None, loss: Function | None, gradients: Function, parameters: Parameters | None
) -> Adapter:
    """Take the functions for those of an adapter; without a configuration, nothing of theirs can be left out.

    Raises:
        UsageError: something is missing, or no function that can be called as it will be.
    """
    needed = {"`loss`": loss, "`parameters`": parameters} if config is None else {}
    if missing := [name for name, value in needed.items() if value is None]:
        message = f"functions alone are loss, gradients and parameters: {' and '.join(missing)} is not given"
        raise UsageError(Mistake(message, "give it, or a configuration that describes the net"))
    return adapter_of(loss, gradients, parameters, takes_batch=config is not None)


def _refuse_elsewhere(workers: int | None, journal: "Journal | None", cluster: str | None) -> None:
    """Refuse other processes for functions, which cannot be loaded there, and journals, which could not know them.

    Raises:
        UsageError: so it is.
    """
    if workers or journal is not None or cluster is not None:
        message = "functions run in this process: `workers`, `journal` and `cluster` are for the code of an adapter"
        raise UsageError(Mistake(message, "leave them out, or name an adapter in a configuration"))


def _refuse_half(config: Config | None, **functions: object) -> None:
    """Refuse functions without the one that is checked, and nothing at all.

    Raises:
        UsageError: so it is.
    """
    if given := [name for name, value in functions.items() if value is not None]:
        message = f"there is `{'` and `'.join(given)}`, and no `gradients` to check"
        raise UsageError(Mistake(message, "give gradients=..., which returns a dict of name to array"))
    if config is None:
        message = "there is nothing to check"
        raise UsageError(Mistake(message, "name a configuration, or give loss, gradients and parameters"))


def _settings(
    config: Config | None, overrides: Mapping[str, object] | None, *, functions: Function | None = None
) -> Settings:
    """Read the configuration; that of functions alone is called by their name.

    Raises:
        UsageError: it has mistakes.
    """
    if isinstance(config, Settings):
        if overrides or functions is not None:
            message = "settings that were read before take no overrides and no functions"
            raise UsageError(Mistake(message, "give the configuration itself"))
        return config
    source = UNDESCRIBED if config is None else config if isinstance(config, Mapping) else os.fspath(config)
    file = None if functions is None else written_in(functions)
    settings = load_settings(source, overrides=override_texts(overrides or {}), functions_in=file)
    if functions is None or config is not None:
        return settings
    return replace(settings, source=f"{name_of(functions)} in {written_in(functions).name}")
