"""What the equations of a recurrent cell are made of.

An operand is the name of a value: `x[t]` is the step's input, `h[t-1]` a state before the step, any other name the
value of an equation above it at the same step. Shapes: B sequences, n entries of a value; weights are in row layout.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

INPUT = "x[t]"
# the output layer, y = h W_hy + b_y
OUTPUT_WEIGHT, OUTPUT_BIAS = "W_hy", "b_y"
_PREVIOUS = "[t-1]"
# the name that the inputs have where their gradient is asked for, as if they were a parameter
INPUT_PARAMETER = "x"


def previous(state: str) -> str:
    """Return the operand that is a state before the step."""
    return state + _PREVIOUS


def initial_name(state: str) -> str:
    """Name of the parameter that a learned initial state is."""
    return f"{state}0"


def state_of(operand: str) -> str | None:
    """Return the state that an operand is the previous value of, None if it is no such operand."""
    return operand.removesuffix(_PREVIOUS) if operand.endswith(_PREVIOUS) else None


@cache
def delta_of(operand: str) -> str:
    """Return the delta of a value, such as dz, of the inputs, dx, or of a state before the step, the carry dh_next."""
    if operand == INPUT:
        return f"d{INPUT_PARAMETER}"
    state = state_of(operand)
    return f"d{state}_next" if state is not None else f"d{operand}"


@dataclass(frozen=True)
class Term:
    """`operand @ weight`, or without an operand nothing."""

    operand: str
    weight: str


@dataclass(frozen=True)
class Affine:
    """A pre-activation: the sum of its terms and a bias."""

    name: str
    terms: tuple[Term, ...]
    bias: str


@dataclass(frozen=True)
class Activated:
    """`function(of)`, entry by entry."""

    name: str
    of: str
    function: str


@dataclass(frozen=True)
class Product:
    """A coefficient times the entrywise product of values; a factor may be a parameter, such as a peephole's vector."""

    factors: tuple[str, ...]
    coefficient: float = 1.0


@dataclass(frozen=True)
class Sum:
    """The sum of entrywise products."""

    name: str
    products: tuple[Product, ...]


Equation = Affine | Activated | Sum


@dataclass(frozen=True)
class Edge:
    """A way on which the delta of an equation, its `source`, reaches an operand that it was computed from.

    On it the delta is multiplied by the transposed `weight`; or by the derivative of the `function`; or, entry by
    entry, by a coefficient and `factors`.
    """

    source: str
    operand: str
    weight: str = ""
    function: str = ""
    factors: tuple[str, ...] = ()
    coefficient: float = 1.0

    @property
    def target(self) -> str:
        """The delta or carry that this is a term of."""
        return delta_of(self.operand)


@dataclass(frozen=True)
class Cell:
    """A recurrent cell: its equations in the order in which a step evaluates them.

    `states` are the values that the next step starts from, the one that the output is read from first; `vectors` are
    parameters that products take entry by entry; `paths` name for each way through time the weight of the inputs whose
    gradient shows it.
    """

    name: str
    equations: tuple[Equation, ...]
    states: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]
    vectors: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)  # cells are looked up all the time, and few have one name

    @property
    def output(self) -> str:
        """The state that outputs are read from."""
        return self.states[0]

    @property
    def affine(self) -> Iterator[Affine]:
        """The equations that hold weights."""
        return (each for each in self.equations if isinstance(each, Affine))

    @property
    def activated(self) -> Iterator[Activated]:
        """The equations that apply a function."""
        return (each for each in self.equations if isinstance(each, Activated))

    def named(self, name: str) -> Equation | None:
        """The equation of a value; None where the name is an input, a state before the step or a parameter."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Equation]:
        return {each.name: each for each in self.equations}

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Ways from the equations, in their order, to the values and states that each was computed from."""
        return tuple(edge for each in self.equations for edge in _edges_from(each, self.vectors))

    @cached_property
    def input_edges(self) -> tuple[Edge, ...]:
        """Ways from the equations to the inputs."""
        ways = ((each.name, term) for each in self.affine for term in each.terms)
        return tuple(Edge(name, INPUT, weight=term.weight) for name, term in ways if term.operand == INPUT)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in the order of the equations: weights, then the bias of each."""
        names = [name for each in self.affine for name in (*(term.weight for term in each.terms), each.bias)]
        return (*names, *self.vectors)


def _edges_from(equation: Equation, vectors: tuple[str, ...]) -> Iterator[Edge]:
    """Ways from one equation, but to inputs and parameters: no chain goes through these."""
    match equation:
        case Affine():
            for term in equation.terms:
                if term.operand != INPUT:
                    yield Edge(equation.name, term.operand, weight=term.weight)
        case Activated():
            yield Edge(equation.name, equation.of, function=equation.function)
        case Sum():
            for product in equation.products:
                for i, factor in enumerate(product.factors):
                    if factor not in vectors:
                        others = product.factors[:i] + product.factors[i + 1 :]
                        yield Edge(equation.name, factor, factors=others, coefficient=product.coefficient)


def lone_term(cell: Cell, value: str) -> Term | None:
    """Return the product with a weight that a value is, None where it is more than that."""
    found = cell.named(value)
    return found.terms[0] if isinstance(found, Affine) and len(found.terms) == 1 and not found.bias else None
