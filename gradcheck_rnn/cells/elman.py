"""The Elman cell.

Source: Elman, Finding Structure in Time (1990); Goodfellow, Bengio & Courville, Deep Learning (2016), eqs. 10.8, 10.9.
"""

from gradcheck_rnn.cells.equation import INPUT, Activated, Affine, Cell, Term, previous

FUNCTIONS = ("tanh", "relu", "sigmoid")


def elman(function: str) -> Cell:
    """H = f(x W_xh + h[t-1] W_hh + b_h)."""
    z = Affine("z", (Term(INPUT, "W_xh"), Term(previous("h"), "W_hh")), "b_h")
    return Cell(function, (z, Activated("h", "z", function)), ("h",), (("h", "W_xh"),))
