"""The right formula at each tap of an Elman net, which the help line of a finding prints."""

import re
from collections.abc import Mapping

from gradcheck_rnn.faults.fault import Damage, Fault

_DERIVATIVES = {"tanh": "(1 - h**2)", "sigmoid": "h * (1 - h)", "relu": "(h > 0)"}
_ERRORS = {
    "softmax_cross_entropy": "dy = softmax(y); dy[target] -= 1",
    "mse": "dy = y - target",
}
# formulas by layout; {slope} is the activation's derivative in terms of h
_CARRY = {"row": "dh_next = dz @ W_hh.T", "column": "dh_next = W_hh.T @ dz"}
_SUM = {"row": "dh = dy @ W_hy.T + dh_next", "column": "dh = W_hy.T @ dy + dh_next"}
_GRADIENTS = {
    "W_xh": {"row": "dW_xh += np.outer(x[t], dz)", "column": "dW_xh += np.outer(dz, x[t])"},
    "W_hh": {"row": "dW_hh += np.outer(h[t-1], dz)", "column": "dW_hh += np.outer(dz, h[t-1])"},
    "b_h": dict.fromkeys(("row", "column"), "db_h += dz"),
    "W_hy": {"row": "dW_hy += np.outer(h[t], dy)", "column": "dW_hy += np.outer(dy, h[t])"},
    "b_y": dict.fromkeys(("row", "column"), "db_y += dy"),
    "h0": {"row": "dh0 = dz @ W_hh.T, of the first step", "column": "dh0 = W_hh.T @ dz, of the first step"},
}


def right_formula(fault: Fault, *, cell: str, loss: str, layout: str) -> str:
    """Return what the damaged place should read; `layout` row has x @ W, column W @ x."""
    if fault.parameter is not None:
        return _of_parameter(fault, layout)
    slope = f"dz = dh * {_DERIVATIVES[cell]}"
    match fault.taps[0]:
        case "dh_next made":
            return f"{_CARRY[layout]}, assigned anew at each step and used in {_SUM[layout]}"
        case "dh_next" if fault.damage is Damage.AFTER_SLOPE:
            return f"{_SUM[layout]}, and only then {slope}"
        case "dh_next" | "dy" | "W_hy in dh" | "dy in dh":
            return _SUM[layout]
        case "W_hh in dh_next" | "dz in dh_next":
            return _CARRY[layout]
        case "f'":
            return f"{slope}, with h of the same step"
        case "output error":
            return _ERRORS[loss] + (", at the last step only" if fault.damage is Damage.EVERY_STEP else "")
        case "loop" | "output loop":
            return "for t in reversed(range(T)), every step once"
        case "chain":
            return f"{_CARRY[layout]} at every step, back to the first one"
        case "dh" | "dz":
            return f"{_SUM[layout]}; {slope}, neither of them clipped"
        case "all":
            return _without_constant(fault)
    return "keep x[t], h[t-1] and h[t] of every step, and use those of step t at step t"


def _without_constant(fault: Fault) -> str:
    if fault.kind == "sign-flip":
        return "negate every gradient, or the loss"
    factor = fault.term.removeprefix("1/")
    how = f"multiply every gradient by {factor}" if factor != fault.term else f"divide every gradient by {factor}"
    return f"{how}: the loss is averaged or summed in another way than its gradient"


def _of_parameter(fault: Fault, layout: str) -> str:
    formula = _GRADIENTS[fault.parameter or ""][layout]
    match fault.damage:
        case Damage.REGULARISE:
            return f"add the regulariser to the loss as well, or take {fault.amount:.3g} * {fault.parameter} out"
        case Damage.BOUND:
            return f"return the gradient as it is; clip at {fault.amount:g} where the parameters are updated"
        case Damage.WRAP_FIRST | Damage.ZERO_FIRST:
            return f"{formula}, where h[-1] is the initial state"
    return formula


def in_names(text: str, names: Mapping[str, str]) -> str:
    """Write a text on described parameters in the user's names, `names[described name]`, gradients too."""
    described = "|".join(map(re.escape, names))
    return re.sub(rf"\b(d?)({described})\b", lambda each: each[1] + names[each[2]], text) if names else text
