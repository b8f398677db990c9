"""The lines of a hand-written GRU: one step forward, and the same step backward.

    z, r = sigmoid(x W_x* + h[t-1] W_h* + b_*),   n = tanh(x W_xn + (r h[t-1]) W_hn + b_n),   h = (1-z) n + z h[t-1]

Source: Cho et al., Learning phrase representations using RNN encoder-decoder (2014).
"""

from .gated_spec import GatedSpec, Layout

CACHED = ("x", "z", "r", "n", "h", "y")


def forward_lines(spec: GatedSpec, layout: Layout) -> list[str]:
    """From x and h (of the step before) to h."""
    gates = [f"a_{gate} = {_sum(spec, layout, gate, layout.product('h', f'W_h{gate}'))}" for gate in "zr"]
    if spec.reset == "before":
        candidate = [f"a_n = {_sum(spec, layout, 'n', layout.product('(r * h)', 'W_hn'))}"]
    else:
        candidate = [f"m = {_reset_term(spec, layout, 'h')}", f"a_n = {_sum(spec, layout, 'n', 'r * m')}"]
    kept = "h = (1 - z) * n + z * h" if spec.keeps == "z" else "h = z * n + (1 - z) * h"
    return [*gates, "z, r = sigmoid(a_z), sigmoid(a_r)", *candidate, "n = np.tanh(a_n)", kept]


def _sum(spec: GatedSpec, layout: Layout, gate: str, recurrent: str) -> str:
    terms = [layout.product("x", f"W_x{gate}"), recurrent]
    return " + ".join([*terms, layout.spread(f"b_{gate}")] if spec.biases else terms)


def _reset_term(spec: GatedSpec, layout: Layout, h: str) -> str:
    """What r is multiplied by where it resets after the weight."""
    bias = f" + {layout.spread('b_hn')}" if spec.recurrent_bias else ""
    return layout.product(h, "W_hn") + bias


def backward_lines(spec: GatedSpec, layout: Layout) -> list[str]:
    """From dh (all of it) to dh_prev; the gradients are added to d."""
    kept, new = ("z", "(1 - z)") if spec.keeps == "z" else ("(1 - z)", "z")
    before = spec.reset == "before"
    reset = [f"drh = {layout.backward('da_n', 'W_hn')}", "dr = drh * h_prev"]
    return [
        'x, z, r, n = s["x"], s["z"], s["r"], s["n"]',
        'h_prev = previous["h"]',
        "dz = dh * (h_prev - n)" if spec.keeps == "z" else "dz = dh * (n - h_prev)",
        f"dn = dh * {new}",
        "da_z = dz * z * (1 - z)",
        "da_n = dn * (1 - n**2)",
        *(reset if before else ["dm = da_n * r", f"dr = da_n * ({_reset_term(spec, layout, 'h_prev')})"]),
        "da_r = dr * r * (1 - r)",
        *_gradient_lines(spec, layout),
        "dh_prev = (",
        f"    dh * {kept}  # kept",
        f"    + {layout.backward('da_z', 'W_hz')}",
        f"    + {layout.backward('da_r', 'W_hr')}",
        "    + drh * r" if before else f"    + {layout.backward('dm', 'W_hn')}",
        ")",
        "return dh_prev",
    ]


def _gradient_lines(spec: GatedSpec, layout: Layout) -> list[str]:
    recurrent = {gate: layout.outer("h_prev", f"da_{gate}") for gate in "zr"}
    recurrent["n"] = layout.outer("(r * h_prev)", "da_n") if spec.reset == "before" else layout.outer("h_prev", "dm")
    lines = []
    for gate in "zrn":
        lines.append(f'd["W_x{gate}"] += {layout.outer("x", f"da_{gate}")}')
        lines.append(f'd["W_h{gate}"] += {recurrent[gate]}')
        if spec.biases:
            lines.append(f'd["b_{gate}"] += {layout.total(f"da_{gate}")}')
    if spec.recurrent_bias:
        lines.append(f'd["b_hn"] += {layout.total("dm")}')
    return lines
