"""The faults of a gated cell, read off its equations: every term, factor, derivative and weight on the way back.

Like Elman's they stand in the order in which one of several with the same gradient gives the name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gradcheck_rnn.cells.equation import (
    INPUT,
    Activated,
    Affine,
    Cell,
    Edge,
    Sum,
    delta_of,
    initial_name,
    lone_term,
    previous,
    state_of,
)
from gradcheck_rnn.cells.equation import Product as EntrywiseProduct
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.products import Product, products_of
from gradcheck_rnn.faults.slopes import other_slopes
from gradcheck_rnn.faults.taps import (
    STALE,
    STATE_SHIFTS,
    Mistakes,
    accumulator_faults,
    cache_faults,
    carry_faults,
    loop_faults,
    operand_shift_faults,
    output_error_faults,
    output_term_faults,
    slope_faults,
    stale_operand_faults,
    weight_faults,
    whole_gradient_faults,
)

CLIPPED = ("dh_next", "dc_next", "dh_next and dc_next", "dh", "dc")


def stream_faults(cell: Cell, loss: str, steps: str) -> Iterator[Fault]:
    """Faults of the chain itself, windows aside: they damage every parameter behind them."""
    for state in cell.states:
        yield from carry_faults(f"d{state}_next", f"d{state}")
        yield from _misled_carry(cell, state)
    for each in cell.activated:
        yield from slope_faults(f"{each.name}'", _slope_name(cell, each), other_slopes(each.function))
        if each.of in cell.states:
            says = f"d{each.of}_next goes through the derivative {_slope_name(cell, each)}, which it lies behind"
            term, tap = f"{each.function}' of d{each.of}_next", (f"d{each.of}_next",)
            yield Fault("wrong-activation-derivative", term, says, tap, Damage.ELSEWHERE, other=each.name)
    for equation in cell.equations:
        for edge in (each for each in cell.edges if each.source == equation.name and not each.function):
            yield from _affine_edge(cell, edge) if edge.weight else _product_edge(cell, edge)
        delta = delta_of(equation.name)
        shown = _shown(delta)
        yield Fault("sign-flip", shown, f"{shown} has the wrong sign", (delta,), Damage.NEGATE)
        yield Fault("double-counted-term", shown, f"{shown} is counted twice", (delta,), Damage.DOUBLE)
    yield from _lone_paths(cell)
    yield from weight_faults("W_hy", "dh", gradient=False)
    yield from output_error_faults(loss, steps)
    yield from output_term_faults("dy", "dh")
    yield from loop_faults("loop", "output loop")
    yield from _families(cell)
    for state in cell.states:
        yield from _everywhere(cell, state)
    yield from _whole_caches(cell)
    yield from _step_caches(cell)
    yield Fault("missing-term", "dy", "dh lacks the step's own error", ("dy",), Damage.DROP)


def _misled_carry(cell: Cell, state: str) -> Iterator[Fault]:
    """A carry that is added to another state's delta, in its place or as well."""
    name = f"d{state}_next"
    for other in (each for each in cell.states if each != state):
        says = f"{name} is added to d{other}, not to d{state}"
        yield Fault("wrong-operand", f"{name} in d{other}", says, (name,), Damage.ELSEWHERE, other=other)
        says = f"{name} is added to d{other} as well"
        yield Fault("double-counted-term", f"{name} in d{other}", says, (name,), Damage.ALSO_ELSEWHERE, other=other)


def parameter_faults(cell: Cell) -> Mapping[str, tuple[Fault, ...]]:
    """Faults of each parameter's gradient alone, by parameter."""
    faults = {
        each.parameter: (*_sum_faults(cell, each), *whole_gradient_faults(each.parameter)) for each in products_of(cell)
    }
    states = map(initial_name, cell.states)
    return faults | {name: tuple(whole_gradient_faults(name)) for name in states}


def _sum_faults(cell: Cell, product: Product) -> Iterator[Fault]:
    """Faults of the sum that a gradient is, those of the factors of its left operand among them."""
    yield from accumulator_faults(_mistakes(cell, product))
    for factor in product.left_factors:
        for fault in _factor_faults(cell, product.parameter, factor, says_of=f"d{product.parameter}"):
            yield replace(fault, parameter=product.parameter)


def _gate(weight: str) -> str:
    """The letter of the gate or candidate that a weight leads to."""
    return weight[-1]


def _slope_name(cell: Cell, equation: Activated) -> str:
    at = equation.of if equation.of in cell.states else equation.name
    return f"{equation.function}' of {at}"


def _in_words(cell: Cell, operand: str) -> str:
    """An operand that has no letter of its own in a formula: tanh(c) for s, 1-z for k."""
    if operand == "k":
        return "1-z"
    equation = cell.named(operand)
    if isinstance(equation, Activated) and equation.of in cell.states:
        return f"{equation.function}({equation.of})"
    return operand


def _shown(name: str) -> str:
    """A delta or carry under the name that it has in code: k, which is 1-z, has none of its own."""
    return "dz" if name == "dk" else name


def _term(cell: Cell, edge: Edge) -> str:
    """What an equation's delta brings to a target: by the gate's letter, or by the factors on the way."""
    if edge.weight:
        return f"{_gate(edge.weight)} in {_shown(edge.target)}"
    way = [*(_in_words(cell, factor) for factor in edge.factors), _shown(delta_of(edge.source))]
    return f"{' * '.join(way)} in {_shown(edge.target)}"


def _affine_edge(cell: Cell, edge: Edge) -> Iterator[Fault]:
    """Faults of a way through a weight."""
    yield from _term_faults(cell, edge)
    others = tuple(weight for weight, _ in _weights_of(cell, edge.operand) if weight != edge.weight)
    yield from weight_faults(edge.weight, edge.target, gradient=True, others=others, kind_of_others="swapped-gates")
    delta = delta_of(edge.source)
    tap, term = (f"{delta} in {edge.target}",), _term(cell, edge)
    for name in (each.name for each in cell.activated if each.of == edge.source):
        says = f"{edge.target} takes d{name}, not {delta}: it skips the activation's derivative"
        yield Fault("bypassed-activation", term, says, tap, Damage.OTHER, other=f"d{name}")
    for kind, other in _remade(cell, edge.source):
        says = f"{edge.target} takes {other}, not {delta}"
        skips = "bypassed-activation" if kind == "missing-activation-derivative" else kind
        yield Fault(skips, term, says, tap, Damage.OTHER, other=other)


def _product_edge(cell: Cell, edge: Edge) -> Iterator[Fault]:
    """Faults of a way through an entrywise product."""
    yield from _term_faults(cell, edge)
    delta, target = delta_of(edge.source), _shown(edge.target)
    tap, term = (f"{delta} in {edge.target}",), _term(cell, edge)
    for weight, other in _weights_of(cell, edge.source):
        says = f"{target} is not multiplied by {weight} at all"
        yield Fault("missing-term", f"{weight} in {target}", says, tap, Damage.OTHER, other=other)
    carries = tuple(f"{state}_next" for state in cell.states)
    for other in (*_later(cell, edge.source), *carries):
        says = f"{target} is built from d{other}, not from {delta}"
        yield Fault("wrong-operand", term, says, tap, Damage.OTHER, other=f"d{other}")
    for other in edge.factors:
        faults = _vector_faults if other in cell.vectors else _factor_faults
        yield from faults(cell, edge.target, other)


def _vector_faults(cell: Cell, target: str, vector: str) -> Iterator[Fault]:
    """Faults of a parameter that a delta is multiplied by entry by entry."""
    tap = (f"{vector} in {target}",)
    yield Fault("missing-term", f"{vector} in {target}", f"{target} is not multiplied by {vector}", tap, Damage.DROP)
    for other in (each for each in cell.vectors if each != vector):
        says = f"{target} is multiplied by {other}, not by {vector}"
        yield Fault("swapped-gates", f"{vector} in {target}", says, tap, Damage.OTHER, other=other)


def _weights_of(cell: Cell, operand: str) -> Iterator[tuple[str, str]]:
    """Weights that an operand is multiplied by, each with the delta that comes before it."""
    return ((edge.weight, delta_of(edge.source)) for edge in cell.edges if edge.weight and edge.operand == operand)


def _remade(cell: Cell, value: str) -> Iterator[tuple[str, str]]:
    """The delta of a value that goes into one product only, made from the wrong factors: kind and what is taken.

    Such is u of r * u, whose delta is da_n * r.
    """
    for each in cell.equations:
        for product in each.products if isinstance(each, Sum) else ():
            if value in product.factors and len(product.factors) > 1:
                (factor,) = (other for other in product.factors if other != value)
                if factor in cell.vectors:
                    continue
                yield from (
                    ("swapped-gates", f"d{each.name}*{gate}") for gate in _sigmoid_gates(cell) if gate != factor
                )
                activated = _activated_from(cell, each.name)
                yield from (("missing-activation-derivative", f"d{name}*{factor}") for name in activated)
                yield "missing-term", f"d{each.name}"


def _later(cell: Cell, value: str) -> list[str]:
    """Values whose deltas are there when that of a value is handed on."""
    values = _values(cell)
    return values[values.index(value) + 1 :]


def _term_faults(cell: Cell, edge: Edge) -> Iterator[Fault]:
    """Faults of what a delta brings to another as a whole."""
    tap, term = (f"{delta_of(edge.source)} in {edge.target}",), _term(cell, edge)
    where, source = _shown(edge.target), _shown(delta_of(edge.source))
    yield Fault("missing-term", term, f"{where} lacks the term that comes from {source}", tap, Damage.DROP)
    says = f"in {where} the term that comes from {source}"
    yield Fault("sign-flip", term, f"{says} has the wrong sign", tap, Damage.NEGATE)
    yield Fault("double-counted-term", term, f"{says} is counted twice", tap, Damage.DOUBLE)


def _factor_faults(cell: Cell, where: str, factor: str, *, says_of: str = "") -> Iterator[Fault]:
    """Faults of a factor of a product that goes into a delta, a carry or a parameter's gradient."""
    tap, words, target = (f"{factor} in {where}",), _in_words(cell, factor), _shown(says_of or where)
    term = f"{words} in {_shown(where)}"
    yield Fault("missing-term", term, f"{target} is not multiplied by {words}", tap, Damage.DROP)
    if (state := state_of(factor)) is not None:
        says = f"{target} takes zeros for the initial {state}"
        yield Fault("missing-initial-state", term, says, tap, Damage.ZERO_FIRST)
        says = f"{target} takes index -1, the last {state}, for the one before the first step"
        yield Fault("wrapped-index", term, says, tap, Damage.WRAP_FIRST)
    yield from operand_shift_faults(tap[0], term, f"{words} in {target} is taken", STATE_SHIFTS)
    if (made_of := lone_term(cell, factor)) is not None:
        says = f"{target} is multiplied by {made_of.operand}, not by {made_of.operand} @ {made_of.weight}"
        term_of_weight = f"{made_of.weight} in {_shown(where)}"
        yield Fault("missing-term", term_of_weight, says, tap, Damage.OTHER, other=made_of.operand)
    for other in _alike(cell):
        if other != factor:
            says = f"{target} is multiplied by {_in_words(cell, other)}, not by {words}"
            yield Fault(_kind_of_other(cell, factor, other), term, says, tap, Damage.OTHER, other=other)
    for other in (f"1-{gate}" for gate in _sigmoid_gates(cell)):
        says = f"{target} is multiplied by {other}, not by {words}"
        yield Fault("wrong-operand", term, says, tap, Damage.OTHER, other=other)
    yield from stale_operand_faults(tap[0], term, f"{words} in {target}")


def _kind_of_other(cell: Cell, value: str, other: str) -> str:
    """The kind of a fault that takes another value: two gates, or what leads to them, are swapped."""
    gates, activated = {each.name for each in cell.activated}, {each.of for each in cell.activated}
    affine = {each.name for each in cell.affine}
    return "swapped-gates" if any({value, other} <= alike for alike in (gates, activated, affine)) else "wrong-operand"


def _alike(cell: Cell) -> Iterator[str]:
    """Values that have the length of a state."""
    yield from (equation.name for equation in cell.equations)
    yield from map(previous, cell.states)


def _sigmoid_gates(cell: Cell) -> Iterator[str]:
    return (equation.name for equation in cell.activated if equation.function == "sigmoid")


def _lone_paths(cell: Cell) -> Iterator[Fault]:
    """Several ways into a carry missing at once: those through the gates, and all but one."""
    for state in cell.states:
        target = f"d{state}_next"
        ways = _ways_into(cell, state)
        affine = [name for name in ways if isinstance(cell.named(name), Affine)]
        products = [name for name in ways if name not in affine]
        if products and affine:
            taps = tuple(f"d{name} in {target}" for name in affine)
            says = f"{target} lacks every way through a gate: only the direct one is there"
            yield Fault("missing-term", f"gates in {target}", says, taps, Damage.DROP)
        for kept in ways if len(ways) > 2 else ():
            taps = tuple(f"d{name} in {target}" for name in ways if name != kept)
            equation = cell.named(kept)
            way = _gate(equation.terms[0].weight) if isinstance(equation, Affine) else f"d{kept}"
            says = f"of the ways into {target} only the one through {way} is there"
            yield Fault("missing-term", f"all but {way} in {target}", says, taps, Damage.DROP)


def _ways_into(cell: Cell, state: str) -> list[str]:
    """Equations that read a state of the step before."""
    return list(dict.fromkeys(edge.source for edge in cell.edges if edge.operand == previous(state)))


def _mistakes(cell: Cell, product: Product) -> Mistakes:
    name = product.parameter
    if product.right == "dy":
        instead = tuple((other, "wrong-operand", name) for other in ("prediction", "target"))
        return Mistakes(product, instead, tuple(_lefts(cell, product)))
    value = product.right[1:]
    activated = _activated_from(cell, value)
    others = [other for other in _values(cell) if other not in (value, *activated)]
    instead = (
        *((f"d{each}", "missing-activation-derivative", name) for each in activated),
        (f"own {product.right}", "missing-term", f"dh_next in {name}"),
        *((f"d{other}", _kind_of_other(cell, value, other), name) for other in others),
        *((each, "wrong-operand", name) for each in activated),
        *((other, kind, name) for kind, other in _remade(cell, value)),
    )
    return Mistakes(product, instead, tuple(_lefts(cell, product)), in_term=f" in {name}")


def _activated_from(cell: Cell, value: str) -> list[str]:
    """What a pre-activation becomes, also where it is a term of one."""
    terms = [
        each.name for each in cell.equations if isinstance(each, Sum) and EntrywiseProduct((value,)) in each.products
    ]
    return [each.name for each in cell.activated if each.of in (value, *terms)]


def _values(cell: Cell) -> list[str]:
    return [equation.name for equation in cell.equations]


def _lefts(cell: Cell, product: Product) -> Iterator[str]:
    """Operands that may be mistaken for the left one of a product: all that may have its length."""
    if product.left is None:
        return
    own = product.left.removesuffix("[t]")
    yield from (other for other in (*map(previous, cell.states), *_values(cell)) if other != own)
    if product.left != INPUT:
        yield INPUT


def _families(cell: Cell) -> Iterator[Fault]:
    """Faults of all gates at once, as code with fused weights has them."""
    products = [each for each in products_of(cell) if each.right != "dy" and not each.is_entrywise]
    families = {
        "W_h": [each for each in products if each.left not in (None, INPUT)],
        "W_x": [each for each in products if each.left == INPUT],
        "b": [each for each in products if each.left is None],
    }
    for name, members in families.items():
        if len(members) > 1:
            yield from _family(cell, name, members)
    everything = [member for members in families.values() for member in members]
    for damage, kind, says in _OF_EVERY_SUM:
        yield Fault(kind, "gates", says, tuple(each.parameter for each in everything), damage)


_OF_EVERY_SUM = (
    (Damage.KEEP_LAST_VISITED, "overwritten-accumulator", "every gradient of the gates is assigned (=), not added to"),
    (Damage.KEEP_FIRST_VISITED, "overwritten-accumulator", "every gradient of the gates is assigned (=), not added to"),
    (Damage.LAST_SEQUENCE, "overwritten-accumulator", "every gradient of the gates is that of the last sequence only"),
    (Damage.SKIP_FIRST, "skipped-step", "the first step's contribution to the gradients of all gates is missing"),
    (Damage.SKIP_LAST, "skipped-step", "the last step's contribution to the gradients of all gates is missing"),
)


def _family(cell: Cell, name: str, members: list[Product]) -> Iterator[Fault]:
    """Faults that the members have alike: the same damage, to the same other operand, at the tap of each."""
    alike: dict[tuple[object, ...], list[Fault]] = {}
    for member in members:
        seen = set()
        for fault in _sum_faults(cell, member):
            operand = fault.taps[0].removesuffix(f" in {member.parameter}")
            part = "" if fault.taps[0] == member.parameter else "its delta" if operand == member.right else operand
            other = "own" if fault.other.startswith("own ") else fault.other
            key = (fault.kind, fault.damage, fault.amount, other, part)
            if key not in seen:
                seen.add(key)
                alike.setdefault(key, []).append(fault)
    for faults in alike.values():
        if len(faults) == len(members) and not faults[0].other.startswith("own "):
            parameter = members[0].parameter
            first = faults[0]
            taps = tuple(tap for fault in faults for tap in fault.taps)
            says = first.says.replace(f"d{parameter}", f"d{name} of every gate").replace(members[0].right, "its delta")
            yield replace(first, term=first.term.replace(parameter, name), says=says, taps=taps, parameter=None)


def _everywhere(cell: Cell, state: str) -> Iterator[Fault]:
    """A state before the step that is wrong wherever it is taken."""
    operand = previous(state)
    taken = tuple(tap for tap in _operand_taps(cell) if tap.startswith(f"{operand} in "))
    made_anew = tuple(
        f"{operand} in {tap}"
        for tap in _operand_taps(cell)
        if (made_of := lone_term(cell, tap.partition(" in ")[0])) is not None and made_of.operand == operand
    )
    for taps in (taken, (*taken, *made_anew)) if made_anew else (taken,):
        says = f"the initial {state} is taken to be zero"
        yield Fault("missing-initial-state", operand, says, taps, Damage.ZERO_FIRST)
        says = f"index -1, the last {state}, is taken for the one before the first step"
        yield Fault("wrapped-index", operand, says, taps, Damage.WRAP_FIRST)
        for fault in operand_shift_faults(taps[0], operand, f"{operand} is taken", STATE_SHIFTS):
            yield replace(fault, taps=taps)


def _operand_taps(cell: Cell) -> list[str]:
    """Taps of all values that the backward pass takes from the forward pass."""
    of_sums = [
        f"{operand} in {each.parameter}"
        for each in products_of(cell)
        if each.left is not None
        for operand in (each.left_factors or (each.left,))
    ]
    return [*of_sums, *_factor_taps(cell)]


def _whole_caches(cell: Cell) -> Iterator[Fault]:
    """The last step's cache of everything."""
    values, states, slopes = _cached(cell)
    inner = _without_inputs(values)
    inputs = tuple(tap for tap in values if tap not in inner)
    yield from cache_faults(inputs, states, ("h[t] in W_hy",), (*slopes, *inner))


def _step_caches(cell: Cell) -> Iterator[Fault]:
    """The last step's cache of the values of a step alone: states before the step are those of the step."""
    values, _, slopes = _cached(cell)
    inner = _without_inputs(values)
    kept = tuple(tap for tap in values if lone_term(cell, tap.partition(" in ")[0]) is None)
    for damage, which in STALE.items():
        says = f"the {which} step's values are used at all steps, with the right states"
        for taps in (values, inner, kept) if kept != values else (values, inner):
            yield Fault("stale-cache", "cache", says, (*taps, *slopes), damage)


def _cached(cell: Cell) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Taps of what a cache holds but for h[t]: values of the step, states before it, derivatives."""
    taps = [tap for tap in _operand_taps(cell) if not tap.startswith("h[t] in ")]
    states = tuple(tap for tap in taps if "[t-1] in " in tap)
    return tuple(tap for tap in taps if tap not in states), states, tuple(f"{each.name}'" for each in cell.activated)


def _without_inputs(taps: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tap for tap in taps if not tap.startswith(INPUT))


def _factor_taps(cell: Cell) -> list[str]:
    return [
        f"{factor} in {edge.target}" for edge in cell.edges for factor in edge.factors if factor not in cell.vectors
    ]
