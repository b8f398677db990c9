"""The lines of a hand-written LSTM: one step forward, and the same step backward.

    i, f, o = sigmoid(x W_x* + h[t-1] W_h* + b_*),   g = tanh(...),   c = f c[t-1] + i g,   h = o tanh(c)

Source: Hochreiter and Schmidhuber, Long short-term memory (1997); Gers, Schraudolph and Schmidhuber, Learning precise
timing with LSTM recurrent networks (2002), for peepholes; Greff et al., LSTM: a search space odyssey (2017), for the
coupled gates.
"""

from .gated_spec import CANDIDATES, GatedSpec, Layout

CACHED = ("x", "i", "f", "o", "g", "c", "h", "y")


def forward_lines(spec: GatedSpec, layout: Layout) -> list[str]:
    """From x, h and c (of the step before) to h and c."""
    lines = [_pre_activation(spec, layout, gate, state="c") for gate in "ig"]
    lines += ["i, g = sigmoid(a_i), np.tanh(a_g)"]
    lines += ["f = 1 - i"] if spec.coupled else [_pre_activation(spec, layout, "f", state="c"), "f = sigmoid(a_f)"]
    lines += ["c = f * c + i * g", _pre_activation(spec, layout, "o", state="c"), "o = sigmoid(a_o)"]
    return [*lines, "h = o * np.tanh(c)" if spec.lstm_output == "tanh" else "h = o * c"]


def _pre_activation(spec: GatedSpec, layout: Layout, gate: str, *, state: str) -> str:
    terms = [layout.product("x", f"W_x{gate}"), layout.product("h", f"W_h{gate}")]
    if spec.biases:
        terms.append(layout.spread(f"b_{gate}"))
    if spec.peepholes and gate not in CANDIDATES:
        terms.append(f"{layout.spread(f'p_{gate}')} * {state}")
    return f"a_{gate} = {' + '.join(terms)}"


def backward_lines(spec: GatedSpec, layout: Layout) -> list[str]:
    """From dh (all of it) and dc_next to dh_prev and dc_prev; the gradients are added to d."""
    return [
        'x, i, f, o, g = s["x"], s["i"], s["f"], s["o"], s["g"]',
        'h_prev = previous["h"]',
        'c_prev = previous["c"]',
        *_error_lines(spec, layout),
        *_gradient_lines(spec, layout),
        "dh_prev = (",
        *(f"    {'+ ' * (gate != 'i')}{layout.backward(f'da_{gate}', f'W_h{gate}')}" for gate in spec.gates),
        ")",
        _carried_cell(spec, layout),
        "return dh_prev, dc_prev",
    ]


def _error_lines(spec: GatedSpec, layout: Layout) -> list[str]:
    if spec.lstm_output == "tanh":
        output = ['tanh_c = np.tanh(s["c"])', "do = dh * tanh_c", "dc = dc_next + dh * o * (1 - tanh_c**2)"]
    else:
        output = ['do = dh * s["c"]', "dc = dc_next + dh * o"]
    forget = ["df = dc * c_prev", "da_f = df * f * (1 - f)"]
    return [
        *output,
        "da_o = do * o * (1 - o)",
        *([f"dc = dc + da_o * {layout.spread('p_o')}"] if spec.peepholes else []),
        "di = dc * (g - c_prev)" if spec.coupled else "di = dc * g",
        "dg = dc * i",
        "da_i = di * i * (1 - i)",
        *([] if spec.coupled else forget),
        "da_g = dg * (1 - g**2)",
    ]


def _gradient_lines(spec: GatedSpec, layout: Layout) -> list[str]:
    lines = []
    for gate in spec.gates:
        error = f"da_{gate}"
        lines.append(f'd["W_x{gate}"] += {layout.outer("x", error)}')
        lines.append(f'd["W_h{gate}"] += {layout.outer("h_prev", error)}')
        if spec.biases:
            lines.append(f'd["b_{gate}"] += {layout.total(error)}')
        if spec.peepholes and gate not in CANDIDATES:
            seen = 's["c"]' if gate == "o" else "c_prev"
            lines.append(f'd["p_{gate}"] += {layout.total(f"({error} * {seen})")}')
    return lines


def _carried_cell(spec: GatedSpec, layout: Layout) -> str:
    terms = ["dc * (1 - i)" if spec.coupled else "dc * f"]
    if spec.peepholes:
        terms += [f"da_{gate} * {layout.spread(f'p_{gate}')}" for gate in spec.gates if gate in "if"]
    return f"dc_prev = {' + '.join(terms)}"
