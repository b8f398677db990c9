"""The gated recurrent unit.

Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014), with the reset gate before the
recurrent product; after it: Chung et al. (2014) as in cuDNN.
"""

from gradcheck_rnn.cells.equation import INPUT, Activated, Affine, Cell, Equation, Product, Sum, Term, previous


def gru(*, reset: str = "before", keeps: str = "z", recurrent_bias: bool = False) -> Cell:
    """N = tanh(x W_xn + (r * h[t-1]) W_hn + b_n), h = (1 - z) * n + z * h[t-1].

    Args:
        reset: `before` as above, or `after`: n = tanh(x W_xn + r * (h[t-1] W_hn) + b_n).
        keeps: what the old state is multiplied by, `z` as above, or `1 - z`, which then multiplies it.
        recurrent_bias: whether, with the reset after the product, a bias stands within it: r * (h[t-1] W_hn + b_hn).
    """
    gates = [equation for gate in ("z", "r") for equation in _gate(gate)]
    complement = Sum("k", (Product(()), Product(("z",), -1.0)))
    keeping, taking = ("z", "k") if keeps == "z" else ("k", "z")
    mixed = Sum("h", (Product((taking, "n")), Product((keeping, previous("h")))))
    equations = (
        *gates,
        *_candidate(reset, "b_hn" if recurrent_bias else ""),
        Activated("n", "a_n", "tanh"),
        complement,
        mixed,
    )
    return Cell("gru", equations, ("h",), (("h", "W_xz"),))


def _gate(gate: str) -> tuple[Equation, ...]:
    terms = (Term(INPUT, f"W_x{gate}"), Term(previous("h"), f"W_h{gate}"))
    return Affine(f"a_{gate}", terms, f"b_{gate}"), Activated(gate, f"a_{gate}", "sigmoid")


def _candidate(reset: str, recurrent_bias: str) -> tuple[Equation, ...]:
    if reset == "before":
        reset_state = Sum("q", (Product(("r", previous("h"))),))
        return reset_state, Affine("a_n", (Term(INPUT, "W_xn"), Term("q", "W_hn")), "b_n")
    return (
        Affine("v", (Term(INPUT, "W_xn"),), "b_n"),
        Affine("u", (Term(previous("h"), "W_hn"),), recurrent_bias),
        Sum("a_n", (Product(("v",)), Product(("r", "u")))),
    )
