"""One repair from settings to patches: what is wrong, small problems to try edits on, the search, the proof."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck_rnn.analytic.cores import usable_cores
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.sources import loaded_sources
from gradcheck_rnn.analytic.travel.packed import Packed
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.pipeline.check import run_check, silent, user_code
from gradcheck_rnn.pipeline.measurement import Plan, Progress
from gradcheck_rnn.pipeline.small_points import TRIED, UNSEEN, in_words, returned_clip, targets
from gradcheck_rnn.pipeline.user.latent_clip import Bound
from gradcheck_rnn.pipeline.user.opening import open_user_net
from gradcheck_rnn.repair.edit import Edit
from gradcheck_rnn.repair.original import Original, edited_sources
from gradcheck_rnn.repair.search import Found, Search
from gradcheck_rnn.repair.seconds import TIME_LIMIT
from gradcheck_rnn.repair.target import Target
from gradcheck_rnn.repair.value import Patch, Searched
from gradcheck_rnn.repair.wording import well_worded
from gradcheck_rnn.repair.workshop import Texts, Workshop
from gradcheck_rnn.report.repair.value import Repair
from gradcheck_rnn.report.value import Report

# why there is nothing to edit
NO_ADAPTER = "the configuration names no adapter, so the backward pass is none of yours"
NO_PYTHON = "the backward pass is no Python: the adapter asks a program for it"
# how edited code is run
WITHOUT_LOSS = "without a call of the loss before it"
# what a patch leaves that can be verified no better
COARSE = "float32 inside: every gradient is right up to its rounding; a check passes once all arrays are float64"
# seconds that one call may take at least, however short the search is
LEAST_CALL = 1.0
# points that edits of functions are tried at whose sizes and steps are what they are
FEW = 2
# steps of the check that proves a patch where, with all of them, what is returned is clipped
FEWER_STEPS = (5, 3, 1)


class TooLateError(Exception):
    """The time of a search was over before its first edit."""


def run_fix(
    settings: Settings,
    *,
    workers: int | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress = silent,
) -> Repair:
    """Check one configuration and, where a gradient is wrong, search for edits after which none is.

    Args:
        settings: what to check and how.
        workers: processes that try edits, None for as many as there are cores; 0 runs user code in this one.
        time_limit: seconds that the search may take; the check before it and the proof after it are no part of it.
        progress: told what is going on, and how far it is.
    Raises:
        UsageError: nothing was checked, because the adapter has mistakes.
        KeyboardInterrupt: Ctrl-C was pressed before anything was known, or while a patch was proven; in the search,
            the value says so.
    """
    began = time.monotonic()
    report = run_check(settings, workers=workers, progress=progress, thorough=False)
    checked = time.monotonic() - began
    repair = repair_of(report, workers=workers, time_limit=time_limit, progress=progress)
    if report.outcome != "pass" and not repair.patches and not repair.interrupted:  # a patch tells more than a check
        repair = replace(repair, report=run_check(settings, workers=workers, progress=progress))
    if repair.searched is None:
        return repair
    return Repair(repair.report, replace(repair.searched, checked_in=checked))


def repair_of(
    report: Report,
    *,
    functions: Packed | None = None,
    workers: int | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress = silent,
) -> Repair:
    """Search for edits after which nothing is wrong of what a check found.

    Args:
        report: of the check.
        functions: those that were checked, where they are no adapter's.
        workers: processes that try edits, None for as many as there are cores; 0 runs user code in this one.
        time_limit: seconds that the search may take.
        progress: told how far it is.
    Raises:
        KeyboardInterrupt: Ctrl-C was pressed while a patch was proven; in the search, the value says so.
    """
    settings = report.settings
    report = report if functions is None else replace(report, in_python=True)
    if report.outcome == "fail" and not report.interrupted and not report.in_python:
        return Repair(report, Searched(reason=NO_ADAPTER if settings.backward.adapter is None else NO_PYTHON))
    if settings.backward.adapter is None or not report.may_be_repaired:
        return Repair(report)
    began = time.monotonic()
    code = replace(user_code(settings, settings.backward.adapter, {}), adapter=functions)
    code = replace(code, timeout=min(code.timeout, max(LEAST_CALL, time_limit)))
    fixing = _Fixing(settings, report, code, functions, workers, progress)
    searched = fixing.searched(began + time_limit)
    return Repair(report, replace(searched, seconds=time.monotonic() - began))


@dataclass(frozen=True)
class _Fixing:
    """A repair of code whose check failed."""

    settings: Settings
    report: Report
    code: UserCode
    functions: Packed | None
    workers: int | None
    progress: Progress

    @property
    def takes_batch(self) -> bool:
        """Whether the code is given a batch, whose sizes can vary."""
        return self.functions is None or self.functions.takes_batch

    def searched(self, deadline: float) -> Searched:
        """Search until the deadline: below a clip of what is returned first, then for an edit that takes it away."""
        clip = self._clip()
        searched = self._searched(deadline, clip)
        if clip is not None and not (searched.patches or searched.reason or searched.stopped_by):
            return self._searched(deadline, None)
        return searched

    def _searched(self, deadline: float, clip: Bound | None) -> Searched:
        try:
            tried, unseen, files = self._measured(clip, _until(deadline))
        except TooLateError:
            return Searched(stopped_by="time-limit")
        except UserCodeError as error:
            return Searched(reason=f"at small sizes {error.finding.message}")
        originals = {file: Original.read(file) for file in files}
        left = max(LEAST_CALL, deadline - time.monotonic())
        code = replace(self.code, timeout=min(self.code.timeout, left))
        workshop = Workshop(code, usable_cores() if self.workers is None else self.workers)

        def verify(texts: Texts) -> bool:
            outcome = workshop.outcome(texts, unseen)
            return outcome is not None and outcome.is_right

        search = Search(
            workshop, tried, verify, deadline, lambda done, total: self.progress("edits tried", done, total)
        )
        try:
            found = search.run()
        except UserCodeError as error:
            if error.finding.kind == "timed-out" and time.monotonic() > deadline:
                return Searched(stopped_by="time-limit")
            how = "run step by step, as edits are tried" if error.finding.kind == "timed-out" else WITHOUT_LOSS
            return Searched(reason=f"{how}, {error.finding.message}")
        if found.is_right_already:
            return Searched(reason=self._right_already(clip))
        patch = self._proven(found, originals, unseen, clip)
        return Searched(
            patches=() if patch is None else (patch,),
            tried=found.tried,
            mended=found.mended,
            stopped_by=found.stopped_by,
        )

    def _clip(self) -> Bound | None:
        """What the user's gradients are clipped at as they are returned."""
        with running(self.code, workers=self.workers) as runner:
            return returned_clip(open_user_net(runner, self.settings, self.code.path))

    def _measured(self, clip: Bound | None, progress: Progress) -> tuple[list[Target], list[Target], list[Path]]:
        """Small problems on which edits are tried, others to verify them at, and the files of the user's."""
        plan = Plan(self.settings, None, progress, self.workers)
        with running(self.code, workers=self.workers) as runner:
            user = open_user_net(runner, self.settings, self.code.path)
            loss = self.report.loss
            smalls = TRIED if self.takes_batch else TRIED[:FEW]
            tried = targets(plan, user, smalls, draw=0, loss=loss, clip=clip)
            unseen = targets(plan, user, UNSEEN, draw=len(TRIED), loss=loss, clip=clip)
            return tried, unseen, [Path(file) for file in runner.run(loaded_sources)]

    def _right_already(self, clip: Bound | None) -> str:
        """Why there is nothing to mend; empty where a clip is to be taken away, for a check fails at any length."""
        if clip is None:
            return "every gradient is right at the small points that edits are tried at"
        checks = (self._check(settings) for settings, _ in _proofs(self.settings, clip))
        if not any(report.outcome == "pass" for report in checks):
            return ""
        return f"every gradient is right that is below {clip.words}, at which what is returned is clipped"

    def _proven(
        self, found: Found, originals: Mapping[Path, Original], unseen: Sequence[Target], clip: Bound | None
    ) -> Patch | None:
        """The best worded set of edits after which a check passes as a whole, and others that do the same."""
        solutions = well_worded(found.solutions, lambda file: originals[file].source.text)
        for settings, remains in _proofs(self.settings, clip):
            for place, edits in enumerate(solutions):
                report = self._check(settings, edited_sources(edits, originals.values()))
                if report.interrupted:
                    raise KeyboardInterrupt
                is_coarse = _is_right_up_to_float32(report)
                if report.outcome == "pass" or is_coarse:
                    return Patch(
                        edits=edits,
                        originals=tuple(originals.values()),
                        before={row.name: row.max_relative_error for row in self.report.rows},
                        after={row.name: row.max_relative_error for row in report.rows},
                        points=tuple(in_words(each.point, takes_batch=self.takes_batch) for each in unseen),
                        equivalent=tuple(solutions[place + 1 :]),
                        findings=_repaired(self._findings(edits), report.findings),
                        remains="; ".join(filter(None, [remains, COARSE if is_coarse else ""])),
                    )
        return None

    def _findings(self, edits: Sequence[Edit]) -> Sequence[Finding]:
        """What was found before; what takes several edits may be faults of which no single one explains anything."""
        return self.report.findings if len(edits) == 1 else self._check(self.settings, thorough=True).findings

    def _check(self, settings: Settings, texts: Texts | None = None, *, thorough: bool = False) -> Report:
        return run_check(settings, workers=self.workers, texts=texts, functions=self.functions, thorough=thorough)


def _until(deadline: float) -> Progress:
    """Show no progress, and end what tells of it once the deadline is over."""

    def look(_label: str, _done: int, _total: int) -> None:
        if time.monotonic() > deadline:
            raise TooLateError

    return look


def _proofs(settings: Settings, clip: Bound | None) -> Iterator[tuple[Settings, str]]:
    """What a patch may pass a check of: the settings, or fewer steps where more reach a clip; and what that leaves."""
    yield settings, ""
    own = settings.sequence.length
    for length in FEWER_STEPS:
        if clip is not None and length < own:
            remains = f"a check passes with sequence.length={length}; with {own}, gradients are clipped at {clip.words}"
            yield replace(settings, sequence=replace(settings.sequence, length=length)), remains


def _is_right_up_to_float32(report: Report) -> bool:
    """Whether nothing is in the way of a verdict but the rounding of float32 in the user's code."""
    kinds = {finding.kind for finding in report.findings}
    return report.outcome == "inconclusive" and kinds == {"float32-inside"} and not report.interrupted


def _repaired(before: Sequence[Finding], after: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings that edits which mend everything repair: those with a name of which nothing is left."""
    left = {(finding.kind, finding.term) for finding in after}
    found = (finding for finding in before if (finding.kind, finding.term) not in left)
    return tuple(finding for finding in found if finding.kind != "unexplained")
