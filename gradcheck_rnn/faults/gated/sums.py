"""Faults of the sums that gradients of parameters are: of one, and of all gates at once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gradcheck_rnn.cells.equation import INPUT, Cell, initial_name, previous
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import whole_gradient_faults
from gradcheck_rnn.faults.gated.edges import factor_faults
from gradcheck_rnn.faults.gated.mistaken import activated_from, kind_of_other, remade_deltas, values_of
from gradcheck_rnn.faults.products import Product, products_of
from gradcheck_rnn.faults.taps import Mistakes, accumulator_faults


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
        for fault in factor_faults(cell, product.parameter, factor, says_of=f"d{product.parameter}"):
            yield replace(fault, parameter=product.parameter)


def _mistakes(cell: Cell, product: Product) -> Mistakes:
    name = product.parameter
    if product.right == "dy":
        instead = tuple((other, "wrong-operand", name) for other in ("prediction", "target"))
        return Mistakes(product, instead, tuple(_lefts(cell, product)))
    value = product.right[1:]
    activated = activated_from(cell, value)
    others = [other for other in values_of(cell) if other not in (value, *activated)]
    instead = (
        *((f"d{each}", "missing-activation-derivative", name) for each in activated),
        (f"own {product.right}", "missing-term", f"dh_next in {name}"),
        *((f"d{other}", kind_of_other(cell, value, other), name) for other in others),
        *((each, "wrong-operand", name) for each in activated),
        *((other, kind, name) for kind, other in remade_deltas(cell, value)),
    )
    return Mistakes(product, instead, tuple(_lefts(cell, product)), in_term=f" in {name}")


def _lefts(cell: Cell, product: Product) -> Iterator[str]:
    """Operands that may be mistaken for the left one of a product: all that may have its length."""
    if product.left is None:
        return
    own = product.left.removesuffix("[t]")
    yield from (other for other in (*map(previous, cell.states), *values_of(cell)) if other != own)
    if product.left != INPUT:
        yield INPUT


def family_faults(cell: Cell) -> Iterator[Fault]:
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
