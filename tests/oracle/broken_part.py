"""The parameters, and where each stands in the right program: what the faults of one parameter have in common."""

from dataclasses import dataclass

from .broken_bug import OUTPUT, Bug, Edit, Insertion, Name, bug, names

DELTA, ERROR = "total(run.da[t])", "run.e[t]"


@dataclass(frozen=True)
class Part:
    """Where a parameter stands in broken_net.py.

    Args:
        name: the parameter.
        own: its array.
        gradient: its accumulator.
        error: what its contribution of one step is made of.
        factor: what the error is multiplied by, empty for a bias.
        term: the factor as findings spell it.
        square: what makes its matrix square.
    """

    name: str
    own: str
    gradient: str
    error: str
    factor: str = ""
    term: str = ""
    square: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """Landmark of one step's contribution."""
        return f"{self.gradient}_t = "


W_XH = Part("W_xh", "U", "dU", DELTA, "run.x[t]", "x[t]", ("I = H",))
W_HH = Part("W_hh", "W", "dW", DELTA, "run.s[t - 1]", "h[t-1]")
B_H = Part("b_h", "b", "db", DELTA)
W_HY = Part("W_hy", "V", "dV", ERROR, "run.s[t]", "h[t]", ("O = H",))
B_Y = Part("b_y", "c", "dc", ERROR)
H0 = Part("h0", "parameters.get('h0', 0.0)", "dh0", "total(run.carry)")

WEIGHTS = (W_XH, W_HH, W_HY)
HIDDEN_PARTS = (W_XH, W_HH, B_H)
ACCUMULATED = (*HIDDEN_PARTS, W_HY, B_Y)
PARTS = (*ACCUMULATED, H0)


def part_bug(kind: str, part: Part, variant: str, *edits: Edit | Insertion, term: str = "{}", **fields: object) -> Bug:
    """A bug that touches one parameter, whose name goes into the term."""
    return bug(kind, term.format(part.name), variant, *edits, **{"touches": (part.name,)} | fields)


def contribution(part: Part, old: str, new: str) -> Edit:
    """One step's contribution, with one fragment of it changed."""
    return Edit(part.line, old, new)


def gone(part: Part) -> frozenset[Name]:
    """Names of an output gradient that lost the only step that counts, where the loss looks at the last one alone."""
    if part.name not in OUTPUT:
        return frozenset()
    kinds = ("missing-gradient", "overwritten-accumulator", "skipped-step", "wrong-time-index")
    return names(*(f"{kind}:{part.name}" for kind in kinds), f"wrong-time-index:{part.term or part.name}")


def multiplied(part: Part) -> frozenset[Name]:
    """Names of an output gradient that took the only step that counts more than once."""
    if part.name not in OUTPUT:
        return frozenset()
    return names(f"double-counted-term:{part.name}", f"scaled-gradient:{part.name}")
