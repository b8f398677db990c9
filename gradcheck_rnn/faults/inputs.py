"""The faults of the gradient of the inputs, what a layer hands to the one below, and of an embedding's table."""

from collections.abc import Iterator
from dataclasses import replace

from gradcheck_rnn.cells.equation import INPUT_PARAMETER, Cell, Edge, delta_of
from gradcheck_rnn.cells.structure import EMBEDDING
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.finished import whole_gradient_faults
from gradcheck_rnn.faults.products import EMBEDDING_PRODUCT
from gradcheck_rnn.faults.taps import SHIFTS, Mistakes, accumulator_faults, weight_faults

DX = f"d{INPUT_PARAMETER}"


def input_faults(cell: Cell) -> Iterator[Fault]:
    """Faults of dx alone: of each way into it, and of the whole."""
    for fault in (*way_faults(cell), *whole_faults()):
        yield replace(fault, parameter=INPUT_PARAMETER)
    yield from whole_gradient_faults(INPUT_PARAMETER)


def way_faults(cell: Cell) -> Iterator[Fault]:
    """Faults of the ways into dx, one from each equation that takes the inputs."""
    for edge in cell.input_edges:
        others = tuple(other.weight for other in cell.input_edges if other is not edge)
        recurrent = tuple(each.weight for each in cell.edges if each.source == edge.source and each.weight)
        kind = "swapped-gates" if others else "wrong-operand"
        faults = [
            *weight_faults(edge.weight, DX, gradient=False, others=others, kind_of_others=kind),
            *weight_faults(edge.weight, DX, gradient=False, others=recurrent),
            *_delta_faults(cell, edge, f"{edge.weight[-1]} in {DX}" if others else f"d{edge.source} in {DX}"),
        ]
        yield from dict.fromkeys(faults)


def whole_faults() -> Iterator[Fault]:
    """Faults of dx as a whole: of the list of its steps."""
    for damage, term in ((Damage.SKIP_FIRST, "first"), (Damage.SKIP_LAST, "last")):
        yield Fault("skipped-step", term, f"{DX} of the {term} step is missing", (INPUT_PARAMETER,), damage)
    for damage in (Damage.KEEP_LAST_VISITED, Damage.KEEP_FIRST_VISITED):
        says = f"{DX} is that of one step: it is overwritten at every other"
        yield Fault("overwritten-accumulator", INPUT_PARAMETER, says, (INPUT_PARAMETER,), damage)
    yield Fault("missing-term", DX, f"{DX} is not there", (DX,), Damage.DROP)
    for shift in (1, -1):
        for damage in SHIFTS:
            yield Fault("wrong-time-index", DX, f"{DX} is that of step t{shift:+d}", (DX,), damage, amount=shift)
    for shift in (1, -1):
        for damage in (Damage.PUT, Damage.PUT_LAST):
            says = f"{DX} is put to step t{shift:+d}"
            yield Fault("wrong-time-index", DX, says, (DX,), damage, amount=shift)
    says = f"{DX} is in the order in which the backward loop makes it, the last step first"
    yield Fault("forward-order-loop", DX, says, (DX,), Damage.REVERSED)


def _delta_faults(cell: Cell, edge: Edge, term: str) -> Iterator[Fault]:
    """Faults of the delta that one way into dx begins with."""
    delta = delta_of(edge.source)
    tap, says = (f"{delta} in {DX}",), f"in {DX} the term that comes from {delta}"
    yield Fault("missing-term", term, f"{DX} lacks the term that comes from {delta}", tap, Damage.DROP)
    yield Fault("sign-flip", term, f"{says} has the wrong sign", tap, Damage.NEGATE)
    yield Fault("double-counted-term", term, f"{says} is counted twice", tap, Damage.DOUBLE)
    for name in (each.name for each in cell.activated if each.of == edge.source):
        skips = f"{DX} takes d{name}, not {delta}: it skips the activation's derivative"
        yield Fault("missing-activation-derivative", term, skips, tap, Damage.OTHER, other=f"d{name}")
    own = f"{DX} takes {delta} without what is carried back"
    yield Fault("missing-term", f"dh_next in {DX}", own, tap, Damage.OTHER, other=f"own {delta}")
    for shift in (1, -1):
        for damage in SHIFTS:
            says = f"{DX} takes {delta} of step t{shift:+d}"
            yield Fault("wrong-time-index", f"{delta} in {DX}", says, tap, damage, amount=shift)


def embedding_faults() -> Iterator[Fault]:
    """Faults of the gradient of an embedding's table."""
    yield from accumulator_faults(Mistakes(EMBEDDING_PRODUCT))
    for damage, where in ((Damage.KEEP_LAST_OF_ROW, "again"), (Damage.KEEP_LAST_OF_STEP, "in several sequences")):
        says = f"a row of d{EMBEDDING} is assigned (=), not added to (+=): of a token that comes {where}, one is left"
        yield Fault("overwritten-accumulator", EMBEDDING, says, (EMBEDDING,), damage, parameter=EMBEDDING)
    yield from whole_gradient_faults(EMBEDDING)
