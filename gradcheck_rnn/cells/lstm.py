"""The LSTM with a forget gate.

Source: Hochreiter & Schmidhuber, Long Short-Term Memory (1997); Gers, Schmidhuber & Cummins, Learning to Forget (2000);
peepholes: Gers & Schmidhuber, Recurrent Nets that Time and Count (2000); coupled gates: Greff et al., LSTM: A Search
Space Odyssey (2017).
"""

from collections.abc import Iterator

from gradcheck_rnn.cells.equation import INPUT, Activated, Affine, Cell, Equation, Product, Sum, Term, previous

GATES = ("i", "f", "o")


def lstm(*, output: str = "tanh", peepholes: bool = False, coupled: bool = False) -> Cell:
    """C = f * c[t-1] + i * g, h = o * tanh(c).

    Args:
        output: `tanh`, or `identity` for h = o * c.
        peepholes: whether i and f see c[t-1], and o sees c, each through a vector.
        coupled: whether f is 1 - i.
    """
    seen = {"i": previous("c"), "f": previous("c"), "o": "c"} if peepholes else {}
    gates = [gate for gate in GATES if not (coupled and gate == "f")]
    early = [equation for gate in gates if gate != "o" for equation in _gate(gate, seen.get(gate))]
    coupling: list[Equation] = [Sum("f", (Product(()), Product(("i",), -1.0)))] if coupled else []
    candidate: list[Equation] = [_affine("g"), Activated("g", "a_g", "tanh")]
    state = Sum("c", (Product(("f", previous("c"))), Product(("i", "g"))))
    squashed: list[Equation] = [Activated("s", "c", "tanh")] if output == "tanh" else []
    out = Sum("h", (Product(("o", "s" if squashed else "c")),))
    equations: tuple[Equation, ...] = (*early, *coupling, *candidate, state, *_gate("o", seen.get("o")), *squashed, out)
    vectors = tuple(f"p_{gate}" for gate in gates) if peepholes else ()
    return Cell("lstm", equations, ("h", "c"), (("c", "W_xg"), ("h", "W_xo")), vectors)


def _affine(gate: str, name: str | None = None) -> Affine:
    return Affine(name or f"a_{gate}", (Term(INPUT, f"W_x{gate}"), Term(previous("h"), f"W_h{gate}")), f"b_{gate}")


def _gate(gate: str, sees: str | None) -> Iterator[Equation]:
    if sees is None:
        yield _affine(gate)
    else:
        yield _affine(gate, f"u_{gate}")
        yield Sum(f"a_{gate}", (Product((f"u_{gate}",)), Product((f"p_{gate}", sees))))
    yield Activated(gate, f"a_{gate}", "sigmoid")
