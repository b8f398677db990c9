"""A demonstration: a known fault is put into the reference, and found."""

from collections.abc import Iterator
from dataclasses import replace

from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.diagnose.power import Power
from gradcheck_rnn.diagnose.witness import residual
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.faults.taps import window_fault
from gradcheck_rnn.model.draw import configured_problem
from gradcheck_rnn.model.problem import Problem
from gradcheck_rnn.model.reference import reference_gradients
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.demo.classic import STEP, TOLERANCE, classic_differences, classic_errors, worst_alarm
from gradcheck_rnn.pipeline.demo.nets import fault_called, settings_of, with_fault
from gradcheck_rnn.pipeline.demo.stages import ELMAN, Family
from gradcheck_rnn.pipeline.diagnosis.diagnose import planted_faults
from gradcheck_rnn.pipeline.measurement import Plan, judge, measure_reference
from gradcheck_rnn.report.demo.chapters import ClassicCheck, Look, Rung, Story
from gradcheck_rnn.report.value import Outcome, Report

# the cut that shows what weights of 0.01 hide: what is left of a chain after four steps is below any usual tolerance
CUT = window_fault(4)


def tell_story(name: str, family: Family = ELMAN) -> Story:
    """Show a known fault by its name, kind:term, on a net of a family that may have it."""
    settings = settings_of(name, family)
    broken = run_check(settings)
    mended = run_check(with_fault(settings, None))
    if mended.power is None:
        raise ValueError("the reference passes at the nets of the demonstration")
    return Story(
        fault=fault_called(name, family),
        ladder=tuple(_ladder(settings)),
        broken=broken,
        classic=_classic_check(settings, broken, mended.power),
        known=mended.power.known,
        mended=mended,
        is_first=family is ELMAN and name == ELMAN.first_story,
    )


def _ladder(settings: Settings) -> Iterator[Rung]:
    """Check ever longer sequences, until one fails."""
    for length in range(1, settings.sequence.length + 1):
        rung = _rung(replace(settings, sequence=replace(settings.sequence, length=length)))
        yield rung
        if rung.verdict == "fail":
            return


def _rung(settings: Settings) -> Rung:
    problem = configured_problem(settings)
    plan = Plan(settings, None, _silent)
    measured = measure_reference(plan, "configured", problem, planted_faults(settings, problem.net))
    judged = judge(measured, settings.check.tolerance).comparisons
    wrong = tuple(each.name for each in judged if each.verdict == "fail")
    unclear = any(each.verdict == "inconclusive" for each in judged)
    return Rung(
        length=problem.net.sizes.length,
        entries=sum(each.entries for each in judged),
        verdict="fail" if wrong else "inconclusive" if unclear else "pass",
        wrong=wrong,
    )


def _silent(_label: str, _done: int, _total: int) -> None:
    """Show no progress: a story is told within a second or two."""


def _classic_check(settings: Settings, broken: Report, power: Power) -> ClassicCheck:
    problem = configured_problem(settings)
    own = planted_faults(settings, problem.net)
    numeric = classic_differences(problem)

    def look(faults: tuple[Fault, ...], outcome: Outcome) -> Look:
        errors = classic_errors(reference_gradients(problem, faults), numeric)
        return Look({name: float(error.max()) for name, error in errors.items()}, outcome)

    return ClassicCheck(
        step=STEP,
        tolerance=TOLERANCE,
        lags=int(CUT.amount),
        share=_share(problem, CUT),
        right=look((), "pass"),
        cut=look((CUT,), "pass" if CUT in {sight.fault for sight in power.missed} else "fail"),
        own=None if own == (CUT,) else look(own, broken.outcome),
        alarm=worst_alarm(problem, reference_gradients(problem), numeric),
    )


def _share(problem: Problem, fault: Fault) -> float:
    """Largest share of a parameter's gradient that a fault changes."""
    right, wrong = reference_gradients(problem), reference_gradients(problem, (fault,))
    return max(residual(wrong[name], right[name]) for name in right)
