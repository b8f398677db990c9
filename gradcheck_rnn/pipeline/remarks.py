"""Findings and notes that one point's measurement gives rise to, in words."""

from collections.abc import Collection, Mapping, Sequence

from gradcheck_rnn.compare import Comparison
from gradcheck_rnn.faults.fault import Fault
from gradcheck_rnn.findings import Finding

# relative deviation below which two losses print alike
ALMOST_THE_SAME = 1e-6
# relative noise above which a float64 computation has float32 inside: float32 rounds at 6e-8, and a chaotic net
# amplifies float64's rounding to 1e-11 at most in the lengths that are checked
FLOAT32_NOISE = 1e-9
# and above which it is something else, such as a kink
LARGEST_FLOAT32_NOISE = 1e-5


def float32_in_loss(noise: float, loss: float) -> Finding:
    """Report a loss that moves in steps of single precision."""
    return Finding(
        kind="float32-inside",
        term="loss",
        message=f"loss is computed in single precision: its values are off by {noise / abs(loss):.0e} of themselves",
        help="make every array float64: np.zeros(n) rather than np.zeros(n, np.float32), no .astype(np.float32)",
        evidence={"noise": noise},
    )


def float32_in_gradients(noise: Mapping[str, float]) -> tuple[Finding, ...]:
    """Report gradients that move in steps of single precision, by their noise as a share of the largest entry."""
    coarse = {name: share for name, share in noise.items() if FLOAT32_NOISE < share < LARGEST_FLOAT32_NOISE}
    if not coarse:
        return ()
    finding = Finding(
        kind="float32-inside",
        term="gradients",
        message=f"gradients are computed in single precision ({', '.join(coarse)}): they are off by "
        f"{max(coarse.values()):.0e} of their largest entry",
        help="make every array float64, accumulators and buffers too: np.zeros(shape), no dtype of 32 bits",
        parameters=tuple(coarse),
        evidence={"noise": coarse},
    )
    return (finding,)


def is_float32_in_gradients(finding: Finding) -> bool:
    """Tell such a finding from others."""
    return (finding.kind, finding.term) == ("float32-inside", "gradients")


def forward_differs(user: float, described: float, deviation: float) -> Finding:
    """Report a user's loss that is not the described one."""
    message = f"your loss is not the described one: {user:.10g} against {described:.10g} at the same point"
    help_text = (
        "the verdict is taken on your own loss; cell, biases, layout and loss in the YAML may describe it better"
    )
    if deviation < ALMOST_THE_SAME:
        message = f"your loss differs from the described one by {deviation:.0e} of itself"
        help_text = "an epsilon inside a logarithm does that; the verdict is taken on your own loss"
    return Finding(
        kind="forward-differs",
        term="loss",
        message=message,
        help=help_text,
        evidence={"user": user, "described": described, "deviation": deviation},
    )


def constant_loss(value: float) -> Finding:
    """Report a loss that depends on nothing."""
    return Finding(
        kind="forward-differs",
        term="loss",
        message=f"loss does not move with the parameters: it is {value + 0.0:.10g} at two different points",
        help="compute it from its argument `parameters`, not from globals, attributes or a cache",
    )


def loss_factor(factor: float) -> Finding:
    """Note a loss that is the described one times a constant."""
    return Finding(
        kind="loss-factor",
        term="loss",
        message=f"your loss is {factor:.6g} times the described one; your gradient is expected to be so too",
        evidence={"factor": factor},
    )


def ignored_state() -> Finding:
    """Note code that takes no initial state."""
    return Finding(
        kind="initial-state-ignored",
        term="h0",
        message="your code takes no initial state; the described net starts from zeros too",
    )


def undescribed(reason: str) -> Finding:
    """Note parameters that the described net does not have."""
    return Finding(
        kind="undescribed",
        term="parameters",
        message=f"the described net is not used: {reason}",
        help="the verdict is taken on your own loss, by central differences",
    )


def unconfirmed(names: list[str]) -> Finding:
    """Note a described loss whose differences your own loss did not confirm."""
    return Finding(
        kind="numeric-unreliable",
        term="loss",
        message=f"your loss equals the described one, but its differences do not ({', '.join(names)}); yours are used",
        parameters=tuple(names),
    )


def no_complex_step() -> Finding:
    """Note a method that needs the described loss, where only the user's own could be differenced."""
    return Finding(
        kind="numeric-unreliable",
        term="complex_step",
        message="the complex step needs the described loss; extrapolated central differences of yours are used",
    )


def fixed_length(length: int, error: Finding) -> Finding:
    """Note code that works at one sequence length only."""
    return Finding(
        kind="sequence-length-fixed",
        term="T",
        message=f"your code refuses another sequence length than {length} ({error.message}); the probe uses it too",
    )


def no_probe(reason: str) -> Finding:
    """Note functions that are not defined at the probe."""
    return Finding(
        kind="blind-check",
        term="probe",
        message=f"the check is as good as the given point: your loss is not defined at the probe ({reason})",
        help="give parameters at which faults show: weights of gain 1, biases and states that are not zero",
    )


def shorter_probes(lengths: Mapping[str, int]) -> Finding:
    """Note parameters whose gradient vanishes, at the probe, below what differences of the user's loss resolve."""
    at = ", ".join(f"{name} at T = {length}" for name, length in lengths.items())
    return Finding(
        kind="numeric-unreliable",
        term="probe",
        message=f"over longer sequences differences of your loss do not resolve every gradient: the probe judges {at}",
        parameters=tuple(lengths),
        evidence={"length": dict(lengths)},
    )


def interrupted(
    compared: Mapping[str, int], wanted: Mapping[str, int], due: Sequence[str], screened: Collection[str]
) -> Finding:
    """Note that the user stopped the check, and how far it got: entries compared and wanted, by point.

    At the `screened` points they were so along random directions.
    """
    parts = [
        f"{compared[name]} of {wanted[name]} entries were {'screened' if name in screened else 'compared'} at the "
        f"{name} point"
        if name in compared
        else f"the {name} point was not begun"
        for name in due
    ]
    whole = compared == wanted and set(compared) == set(due)
    return Finding(
        kind="interrupted",
        term="check",
        message="the check was interrupted: "
        + (
            f"every {'parameter was screened' if screened else 'entry was compared'}; naming a fault, or what a pass "
            "would have caught, was left out"
            if whole
            else ", ".join(parts)
        ),
        evidence={"compared": dict(compared), "wanted": dict(wanted)},
    )


def latent_clip(words: str, bound: float) -> Finding:
    """Note returned gradients that are clipped at a bound that the configured point does not reach."""
    return Finding(
        kind="latent-clip",
        term="gradients",
        message=f"your gradients are clipped at {words}, which the configured point does not reach; "
        "the probe is made smaller until it does not either",
        help="clip where the parameters are updated, not in the gradient",
        evidence={"bound": bound},
    )


def hidden_fault(fault: Fault) -> Finding:
    """Note a planted fault that changes no gradient."""
    return Finding(
        kind="blind-check",
        term=fault.name,
        message=f"the fault {fault.name} changes no gradient of this net: there is nothing to find",
    )


def blind_check(share: float, length: int) -> Finding:
    """Note a configured point at which a missing carry would pass."""
    why = (
        "a sequence of one step has no chain"
        if length == 1
        else f"it changes no gradient there by more than {share:.0e}"
    )
    return Finding(
        kind="blind-check",
        term="dh_next",
        message=f"the configured point alone is blind to a missing carry: {why}; the probe sees it",
        evidence={"share": share},
    )


def kinks(comparisons: list[Comparison]) -> Finding | None:
    """Note entries at which the loss has a kink."""
    at = {comparison.name: comparison.at_kink for comparison in comparisons if comparison.at_kink}
    if not at:
        return None
    return Finding(
        kind="kink",
        term="loss",
        message=f"the loss has a kink at {sum(at.values())} entries ({', '.join(at)}): "
        "any value between the one-sided derivatives is accepted there",
        parameters=tuple(at),
        evidence={"entries": at},
    )


def weak_configured_point(comparisons: list[Comparison]) -> Finding | None:
    """Note parameters that the configured point is too weak to tell and that the probe decides."""
    if not comparisons:
        return None
    shares = ", ".join(f"{each.name} {each.unclear_share:.0%}" for each in comparisons)
    return Finding(
        kind="numeric-unreliable",
        term="configured point",
        message=f"too much of the gradient lies within the error bars at the configured point (of its norm: {shares}); "
        "the probe decides",
        parameters=tuple(each.name for each in comparisons),
        evidence={"unclear_share": {each.name: each.unclear_share for each in comparisons}},
    )
