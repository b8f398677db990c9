"""One sweep from settings to curves: the error of plain differences over the step, and of the gradients over T."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.draw import configured_net
from gradcheck_rnn.model.net import Net
from gradcheck_rnn.numeric.steps import STEPS
from gradcheck_rnn.pipeline import remarks
from gradcheck_rnn.pipeline.measurement import Plan, Progress
from gradcheck_rnn.pipeline.only import refuse_unknown
from gradcheck_rnn.pipeline.sweep.curves import Looked, look, over_lengths, over_steps
from gradcheck_rnn.pipeline.sweep.spots import Spot, Subject, reference_subject, user_subject
from gradcheck_rnn.pipeline.user.opening import open_user_net
from gradcheck_rnn.report.sweep.curves import LengthCurves, StepCurves, Sweep

# every T up to here, and a few more on the way to the longest
LENGTHS_ONE_BY_ONE = 9
MORE_LENGTHS = 3


def _silent(_label: str, _done: int, _total: int) -> None:
    """Show no progress."""


def run_sweep(
    settings: Settings, *, only: Sequence[str] = (), workers: int | None = None, progress: Progress = _silent
) -> Sweep:
    """Sweep over steps and lengths.

    Args:
        settings: what to sweep over.
        only: names of the parameters; empty means all.
        workers: processes for user code, None for as many as there are cores; 0 runs it in this one.
        progress: told what is going on, and how far it is.
    Raises:
        UsageError: nothing was swept over, because the adapter or `only` has mistakes.
    """
    swept = _Swept(Plan(settings, tuple(only) or None, _silent, workers), progress)
    if settings.backward.adapter is None:
        swept.sweep(reference_subject(settings))
    else:
        _sweep_user(swept, settings.backward.adapter)
    return Sweep(settings, STEPS, tuple(swept.points), swept.lengths, tuple(swept.findings), tuple(swept.notes))


def lengths_up_to(longest: int) -> list[int]:
    """Return every T up to nine, then a few at growing distances, and the longest."""
    first = np.arange(1, min(longest, LENGTHS_ONE_BY_ONE) + 1)
    more = np.geomspace(first[-1], longest, MORE_LENGTHS + 1).round()
    return [int(T) for T in np.union1d(first, more)]


def _sweep_user(swept: "_Swept", path: Path) -> None:
    settings = swept.plan.settings
    code = UserCode(path, settings.seed, configured_net(settings).sizes, settings.check.timeout)
    with running(code, workers=swept.plan.workers) as runner:
        try:
            swept.sweep(user_subject(swept.plan, open_user_net(runner, settings, path)))
        except UserCodeError as error:
            swept.findings.append(error.finding)


@dataclass
class _Swept:
    """What has been found so far; where user code ends the sweep, that stands."""

    plan: Plan
    progress: Progress
    points: list[StepCurves] = field(default_factory=list)
    lengths: LengthCurves | None = None
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)

    def sweep(self, subject: Subject) -> None:
        """Sweep over the steps at both points, then over lengths."""
        refuse_unknown(self.plan.only, subject.names)
        self.add_point(subject.configured())
        if self.plan.settings.check.probe and not self.add_probe(subject):
            return
        self.add_lengths(subject)

    def add_point(self, spot: Spot) -> None:
        """Sweep over the steps at one point."""
        looked = look(self.plan, spot, spot.most)
        self.note(*looked.measured.findings, *looked.measured.notes)
        self.points.append(over_steps(looked, self.progress))

    def add_probe(self, subject: Subject) -> bool:
        """Sweep over the steps at the probe; code that refuses its length gets its own, and False is returned."""
        try:
            self.add_point(subject.probe(subject.probe_net))
        except UserCodeError as error:
            if not _refused(error, subject.probe_net, subject.net):
                raise
            self.add_point(subject.probe(subject.net))
            note = remarks.fixed_length(subject.net.sizes.length, error.finding)
            self.note(replace(note, message=f"{note.message}, and the error over T is left out"))
            return False
        return True

    def add_lengths(self, subject: Subject) -> None:
        """Sweep over lengths, leaving out those that user code refuses."""
        longest = subject.probe_net.sizes.length
        lengths, looks, refused = lengths_up_to(longest), list[Looked](), dict[int, Finding]()
        for done, T in enumerate(lengths):
            self.progress("probe", done, len(lengths))
            net = replace(subject.probe_net, sizes=replace(subject.probe_net.sizes, length=T))
            try:
                spot = subject.probe(net)
                looks.append(look(self.plan, spot, spot.most_measured))
            except UserCodeError as error:
                if not _refused(error, net, subject.net):
                    raise
                refused[T] = error.finding
        self.progress("probe", len(lengths), len(lengths))
        if len(looks) > 1:
            self.lengths = over_lengths(looks)
        if refused:
            self.note(_refused_lengths(refused))

    def note(self, *said: Finding) -> None:
        """Add what has not been said before."""
        known = {(note.kind, note.term) for note in self.notes}
        self.notes += [note for note in said if (note.kind, note.term) not in known]


def _refused(error: UserCodeError, net: Net, configured: Net) -> bool:
    """Whether an error may be a matter of sizes that the code is not made for."""
    return error.finding.kind == "raised" and net.sizes != configured.sizes


def _refused_lengths(refused: dict[int, Finding]) -> Finding:
    at, first = ", ".join(map(str, refused)), next(iter(refused.values()))
    return Finding(
        kind="sequence-length-fixed",
        term="T",
        message=f"your code refuses sequences of length {at} ({first.message}): they are left out",
        evidence={"lengths": list(refused)},
    )
