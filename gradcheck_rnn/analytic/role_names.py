"""Names that people give to the parameters of a net: they put guesses in order and decide nothing."""

import re
from collections.abc import Mapping
from functools import cache

# in textbooks, tutorials and libraries: Goodfellow's U W V b c, Karpathy's Wxh, Ng's Wax, PyTorch's weight_ih_l0, d2l's
# W_hq, CS231n's Wx and W_vocab; case, underscores and dots do not count
USUAL: Mapping[str, tuple[str, ...]] = {
    "W_xh": (
        "W_xh", "U", "Wx", "Wax", "W_ih", "W_in", "W_i", "W_ix", "W_ax", "W_sx", "W_input", "W_input_hidden", "W_embed",
        "weight_ih", "weight_ih_l0", "i2h", "i2h.weight", "kernel", "input_weights", "input_kernel", "embedding", "emb",
        "synapse_0",
    ),
    "W_hh": (
        "W_hh", "W", "Wh", "Waa", "W_ss", "W_r", "W_rec", "W_recurrent", "W_hidden", "weight_hh", "weight_hh_l0", "h2h",
        "h2h.weight", "recurrent", "recurrent_kernel", "recurrent_weights", "hidden_weights", "synapse_h",
    ),
    "b_h": (
        "b_h", "b", "ba", "bs", "b_hh", "b_ih", "b_xh", "b_hidden", "b_rec", "bias", "bias_h", "bias_hh", "bias_ih",
        "bias_hh_l0", "bias_ih_l0", "i2h.bias", "h2h.bias", "hidden_bias",
    ),
    "W_hy": (
        "W_hy", "V", "Wy", "Wya", "W_ya", "W_sy", "W_o", "W_out", "W_ho", "W_hq", "W_output", "W_vocab", "W_softmax",
        "weight_ho", "h2o", "h2o.weight", "fc.weight", "out.weight", "linear.weight", "decoder.weight", "output_kernel",
        "output_weights", "synapse_1",
    ),
    "b_y": (
        "b_y", "c", "bo", "b_ho", "b_hy", "b_out", "b_q", "b_output", "b_vocab", "bias_y", "bias_o", "bias_ho",
        "bias_out", "h2o.bias", "fc.bias", "out.bias", "linear.bias", "decoder.bias", "output_bias",
    ),
    "c0": ("c0", "c_0", "c_init", "init_c", "c_prev", "cell0", "cell_init", "initial_cell"),
    "h0": (
        "h0", "h_0", "h_init", "init_h", "h_prev", "h_start", "s0", "a0", "initial_state", "init_state", "state0",
        "initial_hidden", "hidden_init", "hidden0",
    ),
}  # fmt: skip
# the same letters under another convention: x W + h U, and matrices that name where they lead to first
RARE: Mapping[str, tuple[str, ...]] = {
    "W_xh": ("W", "W_hx", "W_hi"),
    "W_hh": ("U", "R"),
    "b_h": ("a", "b1"),
    "W_hy": ("W_yh", "W_oh", "O"),
    "b_y": ("b2", "d"),
    "h0": ("h", "state"),
    "c0": ("c", "cell"),
}
# gates and candidates by the letters that they go by; x W + h U and its reverse name their weights
GATES: Mapping[str, tuple[str, ...]] = {
    "i": ("i", "in", "input"),
    "f": ("f", "forget"),
    "o": ("o", "out", "output"),
    "g": ("g", "c", "a", "candidate", "cell", "c_tilde"),
    "z": ("z", "u", "update"),
    "r": ("r", "reset"),
    "n": ("n", "h", "g", "candidate", "h_tilde", "c"),
}
PATTERNS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "W_x": (("W_x{0}", "Wx{0}", "W_{0}x", "W_i{0}", "W_{0}", "W_in_{0}"), ("U_{0}",)),
    "W_h": (("W_h{0}", "Wh{0}", "W_{0}h", "U_{0}", "R_{0}", "W_rec_{0}"), ("W_{0}",)),
    "b_": (("b_{0}", "b{0}", "bias_{0}"), ()),
    "p_": (("p_{0}", "W_c{0}", "w_c{0}", "peephole_{0}"), ()),
}
# how badly a name fits a role
SAME, IS_USUAL, IS_RARE, UNKNOWN = range(4)


@cache
def misfit(name: str, role: str) -> int:
    """How far the name of a parameter is from what people call that role."""
    if name == role:
        return SAME
    usual, rare = _names_of(role)
    if _is_among(name, usual):
        return IS_USUAL
    return IS_RARE if _is_among(name, rare) else UNKNOWN


def misfit_of_block(name: str, role: str) -> int:
    """How far the name of a fused array is from what people call the weights, or biases, of all gates together."""
    whole = {"W_x": "W_xh", "W_h": "W_hh", "b_": "b_h"}
    return next((misfit(name, each) for start, each in whole.items() if role.startswith(start)), UNKNOWN)


def _names_of(role: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Usual and rare names of a role; a gate's are made from its letters."""
    if role in USUAL:
        return USUAL[role], RARE[role]
    patterns = next((each for start, each in PATTERNS.items() if role.startswith(start)), ((), ()))
    letters = GATES.get(role[-1], ())
    usual, rare = (tuple(p.format(letter) for p in each for letter in letters) for each in patterns)
    return usual, rare


def _is_among(name: str, names: tuple[str, ...]) -> bool:
    """Whether a name is one of several, as it stands or without the attributes that lead to it."""
    return not {_plain(name), _plain(name.rpartition(".")[2])}.isdisjoint(map(_plain, names))


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()
