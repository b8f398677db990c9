"""The text of one layer or one direction: its steps forward, and the same steps backward.

Names have no end here; `at_place` gives them that of the layer or the direction. The lines of one gated step are those
of the gated oracle; Elman's stand here:

    z = x W_xh + h[t-1] W_hh + b_h,   h = f(z)
"""

import re
from functools import lru_cache

from . import gated_gru, gated_lstm
from .deep_spec import DeepSpec
from .gated_text import dict_of

ACTIVATIONS = {"tanh": "np.tanh(z)", "relu": "np.where(np.real(z) > 0, z, 0)", "sigmoid": "sigmoid(z)"}
SLOPES = {"tanh": "(1 - h**2)", "relu": "(h > 0)", "sigmoid": "h * (1 - h)"}

_PLACE_AT_END = re.compile(r"_(\d+|ltr|rtl)$")
_ENTRY = re.compile(r'([pd])\["(\w+)"\]')
_FUNCTION = re.compile(r"\b(forward_cell|backward_cell|backward_step)\(")


def at_place(text: str, place: str) -> str:
    """The text with the names of one place; a planted name of another place keeps its own."""

    def with_place(entry: re.Match[str]) -> str:
        kept = _PLACE_AT_END.search(entry[2])
        return entry[0] if kept else f'{entry[1]}["{entry[2]}{place}"]'

    return _FUNCTION.sub(rf"\1{place}(", _ENTRY.sub(with_place, text))


@lru_cache(maxsize=1024)
def cell_text(spec: DeepSpec, *, passes_down: bool) -> str:
    """Forward, one step backward, all steps backward."""
    carried = [f"d{state}_next" for state in spec.states]
    arguments = ", ".join(["dh", *carried[1:]])
    states = [f'start["{state}"]' for state in spec.states]
    lines = [
        "def forward_cell(p, xs, start):",
        '    """A dict for each step; its errors dh and dx are filled in on the way back."""',
        f"    {', '.join(spec.states)} = {', '.join(states)}",
        "    cache = []",
        "    for x in xs:",
        *(f"        {line}" for line in _forward_lines(spec)),
        f"        s = {dict_of(_cached(spec))}",
        '        s["dh"], s["dx"] = np.zeros_like(h), np.zeros_like(x)',
        "        cache.append(s)",
        "    return cache",
        "",
        "",
        f"def backward_step(p, d, cache, start, t, {arguments}):",
        '    """Add the gradients of step t to d; what the step before gets from it."""',
        "    s = cache[t]",
        "    previous = cache[t - 1] if t > 0 else start",
        *(f"    {line}" for line in _backward_lines(spec, passes_down=passes_down)),
        "",
        "",
        "def backward_cell(p, d, cache, start):",
        '    """Add the gradients of all steps to d."""',
        "    T = len(cache)",
        f"    {', '.join(carried)} = {', '.join(f'np.zeros_like({state})' for state in states)}",
        "    for t in reversed(range(T)):",
        '        dh = cache[t]["dh"] + dh_next',
        f"        {', '.join(carried)} = backward_step(p, d, cache, start, t, {arguments})",
        *(initial_gradient(spec, state) for state in spec.states if spec.learned),
    ]
    return "\n".join(lines) + "\n"


def initial_gradient(spec: DeepSpec, state: str) -> str:
    """What is left of a carry behind the first step."""
    carry = f"d{state}_next"
    own = f'{carry}{"" if spec.text_layout.row else ".T"}.reshape(d["{state}0"].shape)'
    return f'    d["{state}0"] = {own if spec.own_states else spec.text_layout.total(carry)}'


def _cached(spec: DeepSpec) -> tuple[str, ...]:
    gated = {"lstm": gated_lstm.CACHED, "gru": gated_gru.CACHED, "elman": ("x", "z", "h")}[spec.family]
    return tuple(name for name in gated if name != "y")


def _forward_lines(spec: DeepSpec) -> list[str]:
    layout = spec.text_layout
    if spec.family == "lstm":
        return gated_lstm.forward_lines(spec.step, layout)
    if spec.family == "gru":
        return gated_gru.forward_lines(spec.step, layout)
    bias = f" + {layout.spread('b_h')}" if spec.biases else ""
    return [
        f"z = {layout.product('x', 'W_xh')} + {layout.product('h', 'W_hh')}{bias}",
        f"h = {ACTIVATIONS[spec.cell]}",
    ]


def _backward_lines(spec: DeepSpec, *, passes_down: bool) -> list[str]:
    """From dh (all of it) to dh_prev, by way of the gradients and the error of the input."""
    layout = spec.text_layout
    if spec.family == "lstm":
        lines = gated_lstm.backward_lines(spec.step, layout)
    elif spec.family == "gru":
        lines = gated_gru.backward_lines(spec.step, layout)
    else:
        lines = _elman_lines(spec)
    return [*lines[:-1], *(_input_error(spec) if passes_down else []), lines[-1]]


def _elman_lines(spec: DeepSpec) -> list[str]:
    layout = spec.text_layout
    return [
        'x, h = s["x"], s["h"]',
        'h_prev = previous["h"]',
        f"dz = dh * {SLOPES[spec.cell]}",
        f'd["W_xh"] += {layout.outer("x", "dz")}',
        f'd["W_hh"] += {layout.outer("h_prev", "dz")}',
        *([f'd["b_h"] += {layout.total("dz")}'] if spec.biases else []),
        f"dh_prev = {layout.backward('dz', 'W_hh')}",
        "return dh_prev",
    ]


def _input_error(spec: DeepSpec) -> list[str]:
    """One line for each gate, so that one of them can be planted out."""
    terms = (spec.text_layout.backward(spec.error_of(gate), f"W_x{gate}") for gate in spec.gates)
    return ['cache[t]["dx"] = cache[t]["dx"] + (', *(f"    + {term}" for term in terms), ")"]
