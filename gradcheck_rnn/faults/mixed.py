"""The faults of taking another layer's or direction's weight, state, derivative or gradient, as a wrong index does."""

from collections.abc import Iterator
from itertools import permutations

from gradcheck_rnn.cells.equation import INPUT, Edge, initial_name, state_of
from gradcheck_rnn.cells.structure import Structure, Sweep
from gradcheck_rnn.faults.fault import Damage, Fault
from gradcheck_rnn.faults.products import products_of

KIND = "wrong-operand"


def mixed_chain_faults(structure: Structure) -> Iterator[Fault]:
    """Faults of the chain: a weight or a derivative of another sweep."""
    cell = structure.cell
    for sweep, other in permutations(structure.sweeps, 2):
        weights = [edge for edge in (*cell.edges, *cell.input_edges) if edge.weight]
        yield from (_weight_fault(edge, sweep, other) for edge in weights if _leads_on(edge, sweep))
        for each in cell.activated:
            says = f"the derivative at {each.name}{sweep.place} is taken at {each.name}{other.place}"
            term = f"{each.function}' of {each.name}{sweep.place}"
            yield Fault(KIND, term, says, (f"{each.name}'",), Damage.ANOTHERS, other=other.place, place=sweep.place)


def _leads_on(edge: Edge, sweep: Sweep) -> bool:
    """Whether a chain goes this way: into the inputs of the lowest layer it is another matter."""
    return edge.operand != INPUT or sweep.level > 0


def _weight_fault(edge: Edge, sweep: Sweep, other: Sweep) -> Fault:
    target, weight, instead = edge.target + sweep.place, edge.weight + sweep.place, edge.weight + other.place
    says = f"{target} is multiplied by {instead} in place of {weight}"
    taps = (f"{edge.weight} in {edge.target}",)
    return Fault(KIND, weight, says, taps, Damage.OTHER, other=instead, place=sweep.place)


def mixed_own_faults(structure: Structure, name: str, sweep: Sweep) -> Iterator[Fault]:
    """Faults of one gradient alone, of the parameter `name` of a sweep: another's operand, or another's gradient."""
    cell, full = structure.cell, name + sweep.place
    lefts = {each.parameter: each.left for each in products_of(cell)}
    for other in (each for each in structure.sweeps if each != sweep):
        says = f"d{full} is d{name}{other.place}"
        taps = (name,)
        yield Fault(KIND, full, says, taps, Damage.ANOTHERS, other=other.place, parameter=full, place=sweep.place)
        if (left := lefts.get(name)) is not None and (state_of(left) is not None or left == INPUT):
            says = f"d{full} is built from {left} of {other.words}"
            taps = (f"{left} in {name}",)
            yield Fault(KIND, full, says, taps, Damage.ANOTHERS, other=other.place, parameter=full, place=sweep.place)


def initial_faults(structure: Structure) -> Iterator[Fault]:
    """The initial state of another sweep wherever a gradient takes the state before the first step."""
    for sweep, other in permutations(structure.sweeps, 2):
        for state in structure.cell.states:
            lefts = [each for each in products_of(structure.cell) if each.left and state_of(each.left) == state]
            taps = tuple(f"{each.left} in {each.parameter}" for each in lefts)
            term = initial_name(state) + sweep.place
            says = f"the initial {state}{other.place} is taken for {state}{sweep.place} before the first step"
            if taps:
                yield Fault(KIND, term, says, taps, Damage.INITIAL_OF_ANOTHER, other=other.place, place=sweep.place)
