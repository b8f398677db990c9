"""Work that no honest check of every entry can avoid, in floating-point operations of matrix products.

Each entry is moved up and down: two runs. A moved entry of the recurrent part changes the states from the first step
that it acts on, s, to the last, and at each of these T - s steps the run passes

    its states through the recurrent weights     2 G H**2 flop for G gates and candidates
    its states through the output weights        2 O H flop

What a run does entry by entry (activations, products of gates, the loss) is not counted; nor are the entries of W_hy
and b_y, which move one output a step and need no matrix product. From initial states of zeros

    b_g          acts from step 0, on
    W_xg[:, k]   from the first step whose token is k; never, where the token does not occur
    W_hg         from step 1, for the state before step 0 is zero

and what multiplies an older state of zeros acts from step 1 as well: the forget gate f of an LSTM (f * c[t-1]), the
reset gate r of a GRU (r * h[t-1]).
"""

from collections.abc import Iterable, Sequence

from tests.benchmarks.workloads import Size

# of each gate or candidate, by the end of its parameters' names, the first step that it can act on
FIRST_STEP = {
    "tanh": {"h": 0},
    "lstm": {"i": 0, "f": 1, "o": 0, "g": 0},
    "gru": {"z": 0, "r": 1, "n": 0},
}
SIGNS = 2


def needed_gflop(cell: str, size: Size, tokens: Sequence[int]) -> float:
    """Billions of flop of a check of every entry; `tokens` are those of the T steps."""
    gates = len(FIRST_STEP[cell])
    per_step = 2 * (gates * size.H**2 + size.O * size.H)
    return SIGNS * recurrent_steps(cell, size, tokens) * per_step / 1e9


def recurrent_steps(cell: str, size: Size, tokens: Sequence[int]) -> int:
    """Steps that the entries of the recurrent part change, summed over the entries."""
    H, T = size.H, size.T
    total = 0
    for earliest in FIRST_STEP[cell].values():
        total += H * (T - earliest)  # b
        total += H * sum(T - first for first in first_uses(tokens, earliest))  # W_x
        total += H * H * (T - 1)  # W_h
    return total


def first_uses(tokens: Sequence[int], earliest: int) -> Iterable[int]:
    """First step, `earliest` or later, of each token that occurs from there on."""
    first: dict[int, int] = {}
    for t in range(earliest, len(tokens)):
        first.setdefault(tokens[t], t)
    return first.values()
