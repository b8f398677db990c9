"""The right formula at each tap, which the help line of a finding prints: read off the equations of the cell."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gradcheck_rnn.cells.equation import INPUT, INPUT_PARAMETER, Activated, Cell, Edge, Equation, delta_of, previous
from gradcheck_rnn.cells.structure import EMBEDDING, Structure
from gradcheck_rnn.faults import layers
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.places import placed
from gradcheck_rnn.faults.products import products_of
from gradcheck_rnn.faults.symbols import with_symbols

_DERIVATIVES = {"tanh": "(1 - {0}**2)", "sigmoid": "{0} * (1 - {0})", "relu": "({0} > 0)"}
_ERRORS = {
    "softmax_cross_entropy": "dy = softmax(y); dy[target] -= 1",
    "mse": "dy = y - target",
    "projection": "dy is the upstream gradient of the same step",
}
# a tap in a term: what is damaged, and the delta or carry that it is a part of
_PART = re.compile(r"(?P<part>.+) in (?P<target>d\w+)$")


def right_formula(fault: Fault, *, structure: Structure, loss: str, layout: str) -> str:
    """Return what the damaged place should read; `layout` row has x @ W, column W @ x."""
    sweep = next(each for each in structure.sweeps if fault.place in ("", each.place))
    own = fault
    if fault.place and fault.parameter is not None:
        own = replace(fault, parameter=fault.parameter.removesuffix(fault.place))
    formula = with_symbols(_within_sweep(own, structure.cell, loss, layout), structure.cell, layout)
    return placed(formula, structure, sweep) if fault.place else formula


def _within_sweep(fault: Fault, cell: Cell, loss: str, layout: str) -> str:
    """The formula in the names that a sweep's values have within it."""
    if finished := _of_finished(fault):
        return finished
    if fault.parameter is not None:
        return _of_parameter(fault, cell, layout)
    tap = fault.taps[0]
    match tap:
        case layers.HALVES:
            return "dh_ltr, dh_rtl = np.split(dh, 2, axis=-1)"
        case layers.TURN:
            return f"dh = dh[::-1] before the loop: {layers.SECOND} runs from the last step to the first"
        case "dy" | "W_hy in dh" | "dy in dh" | layers.ERRORS:
            return formula_of(cell, f"d{cell.output}", layout)
        case "output error":
            return _ERRORS[loss] + (", at the last step only" if fault.damage is Damage.EVERY_STEP else "")
        case "loop" | "output loop":
            return "for t in reversed(range(T)), every step once"
        case "chain":
            return f"{_carries(cell, layout)} at every step, back to the first one"
        case "all":
            return _without_constant(fault)
    return _at_value(fault, tap, cell, layout) or _CACHED


_CACHED = "keep x[t], h[t-1] and h[t] of every step, and use those of step t at step t"


def _at_value(fault: Fault, tap: str, cell: Cell, layout: str) -> str:
    """The formula at a tap of a value's delta, derivative or carry; empty where the tap is none of these."""
    if fault.kind == "stale-cache" and len(fault.taps) > 1:
        return ""
    if tap == f"d{INPUT_PARAMETER}":
        return formula_of(cell, tap, layout)
    carry = tap.removesuffix(" made")
    if carry.endswith("_next") and " in " not in carry:
        return _of_carry(fault, carry[1:].removesuffix("_next"), cell, layout, is_made=carry != tap)
    if isinstance(equation := cell.named(tap.removesuffix("'")), Activated) and tap.endswith("'"):
        return f"{formula_of(cell, f'd{equation.of}', layout)}, with {equation.name} of the same step"
    if (part := _PART.match(tap)) and not part["part"].startswith("loop"):
        return formula_of(cell, part["target"], layout)
    if cell.named(tap[1:]) is not None:
        way = "; ".join(formula_of(cell, f"d{each.name}", layout) for each in _around(cell, tap[1:]))
        return f"{way}, neither of them clipped" if fault.kind == "clipped-gradient" else formula_of(cell, tap, layout)
    if fault.taps[0] in {each.parameter for each in products_of(cell)}:
        return f"{_sum_of(cell, tap, layout)}, and the same for every gate"
    return f"{_sum_of(cell, tap.rpartition(' in ')[2], layout)}, and the same for every gate" if " in " in tap else ""


def _of_carry(fault: Fault, state: str, cell: Cell, layout: str, *, is_made: bool) -> str:
    delta, carry = formula_of(cell, f"d{state}", layout), formula_of(cell, f"d{state}_next", layout)
    if is_made:
        return f"{carry}, assigned anew at each step and used in {delta}"
    if fault.damage is not Damage.ELSEWHERE:
        return delta
    function = cell.named(state)
    if not isinstance(function, Activated):
        return delta
    return f"{delta}, and only then {formula_of(cell, f'd{function.of}', layout)}"


def _around(cell: Cell, value: str) -> Iterator[Equation]:
    """A value and, where it is activated or an activation, the other of the two."""
    return (
        each
        for each in reversed(cell.equations)
        if each.name == value
        or (isinstance(each, Activated) and each.of == value)
        or any(other.name == value and other.of == each.name for other in cell.activated)
    )


def _carries(cell: Cell, layout: str) -> str:
    return " and ".join(formula_of(cell, f"d{state}_next", layout) for state in cell.states)


def formula_of(cell: Cell, target: str, layout: str) -> str:
    """Return the formula of a delta, such as dz, or of a carry, such as dh_next."""
    is_carry = target.endswith("_next")
    value = target[1:].removesuffix("_next")
    operand = INPUT if value == INPUT_PARAMETER else previous(value) if is_carry else value
    terms = []
    if value == cell.output and not is_carry:
        terms.append("dy @ W_hy.T" if layout == "row" else "W_hy.T @ dy")
    if value in cell.states and not is_carry:
        terms.append(f"d{value}_next")
    terms += [_term(edge, layout) for edge in (*cell.edges, *cell.input_edges) if edge.operand == operand]
    return f"{target} = {' + '.join(terms)}".replace("+ -", "- ")


def _term(edge: Edge, layout: str) -> str:
    """What the delta of an equation brings to an operand."""
    delta = delta_of(edge.source)
    if edge.weight:
        return f"{delta} @ {edge.weight}.T" if layout == "row" else f"{edge.weight}.T @ {delta}"
    if edge.function:
        return f"{delta} * {_DERIVATIVES[edge.function].format(edge.source)}"
    return ("-" if edge.coefficient < 0 else "") + " * ".join((delta, *edge.factors))


def _without_constant(fault: Fault) -> str:
    if fault.kind == "sign-flip":
        return "negate every gradient, or the loss"
    factor = fault.term.removeprefix("1/")
    how = f"multiply every gradient by {factor}" if factor != fault.term else f"divide every gradient by {factor}"
    return f"{how}: the loss is averaged or summed in another way than its gradient"


def _sum_of(cell: Cell, name: str, layout: str) -> str:
    """How a parameter's gradient is summed up, or what an initial state's is."""
    if name == EMBEDDING:
        return f"np.add.at(d{EMBEDDING}, tokens, dx)"
    if name == INPUT_PARAMETER:
        return formula_of(cell, f"d{name}", layout)
    product = next((each for each in products_of(cell) if each.parameter == name), None)
    if product is None:
        _, _, formula = formula_of(cell, f"d{name.removesuffix('0')}_next", layout).partition(" = ")
        return f"d{name} = {formula}, of the first step"
    if product.left is None:
        return f"d{name} += {product.right}"
    if product.is_entrywise:
        return f"d{name} += {product.right} * {product.left}"
    operands = (product.left, product.right) if layout == "row" else (product.right, product.left)
    return f"d{name} += np.outer({', '.join(operands)})"


def _of_finished(fault: Fault) -> str:
    """What to do about finished gradients, of one parameter or of several, that something was done to; else empty."""
    is_one = fault.parameter is not None
    match fault.damage:
        case Damage.REGULARISE:
            taken = f"{fault.amount:.3g} * {fault.parameter if is_one else 'each parameter'}"
            return f"add the regulariser to the loss as well, or take {taken} out"
        case Damage.BOUND | Damage.BOUND_NORM:
            returned = "the gradient as it is" if is_one else "gradients as they are"
            return f"return {returned}; clip at {fault.amount:g} where the parameters are updated"
    return ""


def _of_parameter(fault: Fault, cell: Cell, layout: str) -> str:
    formula = _sum_of(cell, fault.parameter or "", layout)
    if fault.damage in (Damage.WRAP_FIRST, Damage.ZERO_FIRST):
        return f"{formula}, where h[-1] is the initial state"
    return formula


def in_names(text: str, names: Mapping[str, str]) -> str:
    """Write a text on described parameters in the user's names, `names[described name]`, gradients too."""
    described = "|".join(map(re.escape, names))
    return re.sub(rf"\b(d?)({described})\b", lambda each: each[1] + names[each[2]], text) if names else text
