"""Faults that are done to finished gradients: factors, bounds, regularisers."""

from collections.abc import Iterator

from gradcheck_rnn.faults.fault import AMOUNT, Damage, Fault
from gradcheck_rnn.faults.taps import USUAL_BOUND

# a factor that shows, for a gradient that is scaled by no particular constant
SOME_FACTOR = 0.5
# weight of a regulariser that shows
SOME_WEIGHT = 0.01


def bound_fault(names: tuple[str, ...], bound: float, damage: Damage) -> Fault:
    """Gradients that are clipped as they are returned: of one parameter, or of several at the same bound."""
    term = names[0] if len(names) == 1 else "all"
    what = f"d{term}" if len(names) == 1 else "every gradient"
    norm = "" if damage is Damage.BOUND else " by its norm"
    says = f"{what} is clipped{norm} at {AMOUNT} as it is returned"
    parameter = names[0] if len(names) == 1 else None
    return Fault("clipped-gradient", term, says, names, damage, bound, parameter=parameter)


def scaling_fault(name: str, factor: str | float) -> Fault:
    """One parameter's gradient times a constant, by name (`T`, `1/B`, ...) or by value."""
    if isinstance(factor, str):
        says = f"d{name} is multiplied by {factor}"
        return Fault("scaled-gradient", name, says, (name,), Damage.SCALE, other=factor, parameter=name)
    if factor == -1:
        return Fault("sign-flip", name, f"d{name} has the wrong sign", (name,), Damage.SCALE, factor, parameter=name)
    says = f"d{name} is multiplied by {factor:.6g}"
    return Fault("scaled-gradient", name, says, (name,), Damage.SCALE, factor, parameter=name)


def norm_bound_fault(bound: float) -> Fault:
    """Gradients that are clipped together, by the norm of all of them."""
    says = f"the norm of all gradients together is clipped at {AMOUNT} as they are returned"
    return Fault("clipped-gradient", "all", says, ("all",), Damage.BOUND_NORM, bound)


def regulariser_fault(names: tuple[str, ...], weight: float) -> Fault:
    """Gradients that hold a multiple of the parameter: of one parameter, or of several with the same weight."""
    term = names[0] if len(names) == 1 else "all"
    whose = f"d{term} contains {AMOUNT} * {term}" if len(names) == 1 else f"gradients contain {AMOUNT} * parameter"
    says = f"{whose}, as a regulariser's gradient does; the loss does not"
    parameter = names[0] if len(names) == 1 else None
    return Fault("regulariser-mismatch", term, says, names, Damage.REGULARISE, weight, parameter=parameter)


def whole_gradient_faults(name: str) -> Iterator[Fault]:
    """Faults done to one parameter's finished gradient."""
    yield Fault("missing-gradient", name, f"d{name} stays zero", (name,), Damage.SCALE, 0.0, parameter=name)
    yield scaling_fault(name, -1.0)
    yield scaling_fault(name, SOME_FACTOR)
    yield bound_fault((name,), USUAL_BOUND, Damage.BOUND)
    yield bound_fault((name,), USUAL_BOUND, Damage.BOUND_NORM)
    yield regulariser_fault((name,), SOME_WEIGHT)
