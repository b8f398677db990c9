"""An explanation in words: a finding for each fault."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gradcheck_rnn.diagnose.experiments import Experiment
from gradcheck_rnn.diagnose.hypotheses import Explanation
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.formulas import in_names, right_formula
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.model.net import Net, Sizes
from gradcheck_rnn.model.sums import named_constants

# done where a constant on everything may not have been multiplied in yet
INSIDE = (Damage.CLIP, Damage.CLIP_NORM)


def findings_of(
    explanation: Explanation, net: Net, own_names: Mapping[str, str], wrong: tuple[str, ...], *, factor: float = 1.0
) -> list[Finding]:
    """Name the faults of an explanation, and what it leaves open.

    Args:
        explanation: of the gradients that were returned.
        net: described net of a draw that is explained, for the layout of the formulas and the sizes.
        own_names: the user's name of each described parameter.
        wrong: the user's names of the parameters that fail.
        factor: the user's loss by the described one; amounts are told in the units of the user's gradients.
    """
    constant = _constant(explanation.faults, net.sizes)
    in_own_units = (
        each.where_loss_is_multiplied(factor if each.damage in INSIDE else factor * constant)
        for each in explanation.faults
    )
    explanation = replace(explanation, faults=tuple(in_own_units))
    found = [_finding(fault, explanation, net, own_names, wrong) for fault in explanation.faults]
    left = [own_names[name] for name in explanation.unexplained if own_names[name] in wrong]
    return [*found, _remainder(left)] if left else found


def _constant(faults: Sequence[Fault], sizes: Sizes) -> float:
    """The constant on everything that is returned, of faults that are done before it.

    One that depends on the length is left out: an amount that holds at several lengths has not been multiplied by it.
    """
    known, longer = named_constants(sizes), named_constants(replace(sizes, length=sizes.length + 1))
    constants = [fault for fault in faults if fault.taps == ("all",) and fault.damage is Damage.SCALE]
    values = (known[each.other] if each.other else each.amount for each in constants if not _grows(each, known, longer))
    return math.prod(values)


def _grows(fault: Fault, known: Mapping[str, float], longer: Mapping[str, float]) -> bool:
    return bool(fault.other) and known[fault.other] != longer[fault.other]


def _finding(
    fault: Fault, explanation: Explanation, net: Net, own_names: Mapping[str, str], wrong: tuple[str, ...]
) -> Finding:
    formula = right_formula(fault, structure=net.structure, loss=net.loss.kind, layout=net.layout)
    concerned = (own_names[fault.parameter],) if fault.parameter else wrong
    evidence: dict[str, object] = {
        "residual": explanation.residual,
        "draws": explanation.draws,
        "equivalent": list(explanation.equivalent),
        "damage": fault.damage.value,
    }
    if fault.amount:
        evidence["amount"] = float(fault.amount)
    if explanation.runner_up is not None:
        nearest = explanation.runner_up
        evidence["runner_up"] = {
            "kind": nearest.fault.kind,
            "term": nearest.fault.term,
            "residual": nearest.residual,
        }
    if len(explanation.faults) > 1:
        evidence["together_with"] = [other.name for other in explanation.faults if other is not fault]
    # a fused parameter's name would not tell which of its blocks is meant
    fused = {own for own in own_names.values() if list(own_names.values()).count(own) > 1}
    names = {described: own for described, own in own_names.items() if own != described and own not in fused}
    return Finding(
        kind=fault.kind,
        term=fault.term,
        message=in_names(fault.message, names),
        help=in_names(formula, names),
        certainty="matched",
        parameters=concerned,
        evidence=evidence,
    )


def _remainder(left: list[str]) -> Finding:
    return Finding(
        kind="unexplained",
        term=left[0],
        message=f"more is wrong with {', '.join(left)}: the faults above do not explain all of it",
        help="mend what is named first, then check again",
        certainty="likely",
        parameters=tuple(left),
    )


# why gradients are unexplained: every known fault was tried, or could not be
NOT_KNOWN = "no known fault, and no pair of them, gives"
NOT_ALONE = "no known fault gives by itself"
NOT_YOURS = "the described net is not yours, so no known fault can be held against"
NO_NET = "no configuration describes the net, so no known fault can be held against"


def unexplained(wrong: tuple[str, ...], experiments: Sequence[Experiment], *, why: str) -> list[Finding]:
    """Report gradients that no known fault gives, with what the experiments say about them.

    `why` is one of NOT_KNOWN, NOT_ALONE, NOT_YOURS and NO_NET.
    """
    found = [finding for experiment in experiments for finding in experiment.findings]
    named = {name for finding in found for name in finding.parameters}
    left = tuple(name for name in wrong if name not in named)
    if not left or any(finding.kind == "untransposed-weight" for finding in found):
        return found
    finding = Finding(
        kind="unexplained",
        term=left[0],
        message=f"{why} the gradients that were returned for {', '.join(left)}",
        help="look at the rows that agree: what they use is right"
        + ("" if not experiments else "; and at the experiments"),
        certainty="likely",
        parameters=left,
        evidence={"experiments": [{"question": each.question, "answer": each.answer} for each in experiments]},
    )
    return [*found, finding]
