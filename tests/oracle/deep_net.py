"""The text of what stands around the layers: inputs, outputs, the loss, and how errors go between the layers."""

from functools import lru_cache

from .deep_spec import DeepSpec
from .gated_text import HEAD

Lines = list[str]


@lru_cache(maxsize=1024)
def net_text(spec: DeepSpec) -> str:
    """loss(parameters, batch) and gradients(parameters, batch), by the functions of each place."""
    parts = (_inputs, _targets, _start, _forward, _output, _loss, _gradients)
    return "\n\n".join("\n".join(lines) + "\n" for part in parts if (lines := part(spec)))


def head_text(spec: DeepSpec) -> str:
    """Imports and the functions that everybody has."""
    return HEAD.format(cell=f"net of {spec.cell} cells", axis=spec.text_layout.axis_of_sizes)


def _inputs(spec: DeepSpec) -> Lines:
    """A value of one step is (B, size) in rows and (size, B) in columns."""
    row = spec.text_layout.row
    if spec.inputs == "embedding":
        row_of = 'p["E"][tokens]' if row else 'p["E"][:, tokens]'
        values = [f"    return [{row_of} for tokens in batch.tokens.reshape(len(batch.tokens), -1)]"]
    else:
        source = 'p["x"]' if spec.inputs == "parameter" else "batch.inputs"
        values = [
            f"    inputs = {source}",
            f"    return [x.reshape(-1, inputs.shape[-1]){'' if row else '.T'} for x in inputs]",
        ]
    return ["def inputs_of(p, batch):", '    """What goes into the net at each step."""', *values]


def _targets(spec: DeepSpec) -> Lines:
    row = spec.text_layout.row
    classes = (
        f'p["W_hy"].shape[{int(row)}]'
        if spec.has_output_layer
        else f'{1 + spec.bidirectional} * len(p["W_h{spec.gates[0]}{spec.places[0]}"])'
    )
    one_hot = f"np.eye({classes})[batch.targets]"
    return [
        "def targets_of(p, batch):",
        '    """Target vectors of the steps that count."""',
        f"    targets = {one_hot if spec.loss == 'softmax_cross_entropy' else 'batch.targets'}",
        *(["    targets = targets[None]"] if spec.steps == "last" else []),
        "    targets = targets.reshape(len(targets), -1, targets.shape[-1])",
        "    return targets" if row else "    return targets.swapaxes(1, 2)",
    ]


def _start(spec: DeepSpec) -> Lines:
    return [
        "def start_of(state, B):",
        '    """One state for all sequences, or one for each."""',
        f"    return np.broadcast_to(state, (B, state.shape[-1])){'' if spec.text_layout.row else '.T'}",
    ]


def _forward(spec: DeepSpec) -> Lines:
    lines = ["def forward(p, batch):", '    """Everything that the backward pass needs, and the states on top."""']
    lines += ["    xs = inputs_of(p, batch)", f"    B = xs[0].shape[{1 - spec.text_layout.axis_of_sizes}]"]
    seen = "xs"
    for number, place in enumerate(spec.places):
        if spec.bidirectional:
            seen = "xs" if place == "_ltr" else "xs[::-1]"
        starts = ", ".join(f'"{state}": start_of({_state(spec, state, number)}, B)' for state in spec.states)
        lines += [
            f"    start{place} = {{{starts}}}",
            f"    cache{place} = forward_cell{place}(p, {seen}, start{place})",
        ]
        seen = f'[s["h"] for s in cache{place}]'
    return [*lines, f"    states = {_states(spec)}", f"    return {_forwarded(spec)}"]


def _state(spec: DeepSpec, state: str, number: int) -> str:
    if spec.learned:
        return f'p["{state}0{spec.places[number]}"]'
    at = f"[{number}]" if len(spec.places) > 1 else ""
    return f'batch.initial_state["{state}"]{at}'


def _states(spec: DeepSpec) -> str:
    if not spec.bidirectional:
        return f'[s["h"] for s in cache{spec.places[-1]}]'
    pair = f'np.concatenate([ltr["h"], rtl["h"]], axis={spec.text_layout.axis_of_sizes})'
    return f"[{pair} for ltr, rtl in zip(cache_ltr, cache_rtl[::-1])]"


def _forwarded(spec: DeepSpec) -> str:
    return ", ".join([*(f"cache{place}, start{place}" for place in spec.places), "states"])


def _output(spec: DeepSpec) -> Lines:
    if not spec.has_output_layer:
        return []
    bias = [spec.text_layout.spread("b_y")] if spec.biases else []
    return ["def output(p, h):", f"    return {' + '.join([spec.text_layout.product('h', 'W_hy'), *bias])}"]


def _loss(spec: DeepSpec) -> Lines:
    y = "output(parameters, h)" if spec.has_output_layer else "h"
    added = {
        "softmax_cross_entropy": f"np.sum(-target * np.log(softmax({y})))",
        "mse": f"0.5 * np.sum(({y} - target) ** 2)",
        "projection": f"np.sum({y} * target)",
    }[spec.loss]
    mean = spec.reduction == "mean"
    return [
        "def loss(parameters, batch):",
        "    *_, states = forward(parameters, batch)",
        "    targets = targets_of(parameters, batch)",
        "    total = 0.0",
        "    for h, target in zip(states[-len(targets) :], targets):",
        f"        total = total + {added}",
        *([f"    T, B = targets.shape[0], targets.shape[{2 - spec.text_layout.axis_of_sizes}]"] if mean else []),
        "    return total / (T * B)" if mean else "    return total",
    ]


def _gradients(spec: DeepSpec) -> Lines:
    return [
        "def gradients(parameters, batch):",
        "    p = parameters",
        f"    {_forwarded(spec)} = forward(p, batch)",
        "    targets = targets_of(p, batch)",
        f"    T, B = len(states), targets.shape[{2 - spec.text_layout.axis_of_sizes}]",
        "    d = {name: np.zeros_like(value) for name, value in p.items()}",
        "    for t in reversed(range(T)):",
        "        h = states[t]",
        *(f"        {line}" for line in (*_loss_error(spec), *_output_backward(spec))),
        *(f"    {line}" for line in (*_layers_backward(spec), *_inputs_backward(spec))),
        "    return d",
    ]


def _loss_error(spec: DeepSpec) -> Lines:
    """dL/dy or, where the loss sees the states, dL/dh."""
    error, y = ("dy", "output(p, h)") if spec.has_output_layer else ("dh", "h")
    formula = {
        "softmax_cross_entropy": f"softmax({y}) - target",
        "mse": f"{y} - target",
        "projection": "1.0 * target",
    }[spec.loss]
    mean = spec.reduction == "mean"
    if spec.steps == "last":
        shared = ["error = error / B"] if mean else []
        only = f"{error} = error if t == T - 1 else np.zeros_like(error)"
        return ["target = targets[0]", f"error = {formula}  # of the loss", *shared, only]
    shared = [f"{error} = {error} / (T * B)"] if mean else []
    return ["target = targets[t]", f"{error} = {formula}  # of the loss", *shared]


def _output_backward(spec: DeepSpec) -> Lines:
    layout = spec.text_layout
    lines = []
    if spec.has_output_layer:
        lines.append(f'd["W_hy"] += {layout.outer("h", "dy")}')
        lines += [f'd["b_y"] += {layout.total("dy")}'] if spec.biases else []
        lines.append(f"dh = {layout.backward('dy', 'W_hy')}")
    if not spec.bidirectional:
        return [*lines, f'cache{spec.places[-1]}[t]["dh"] = dh']
    return [
        *lines,
        f"dh_ltr, dh_rtl = np.split(dh, 2, axis={layout.axis_of_sizes})",
        'cache_ltr[t]["dh"] = dh_ltr',
        'cache_rtl[T - 1 - t]["dh"] = dh_rtl',
    ]


def _layers_backward(spec: DeepSpec) -> Lines:
    if spec.bidirectional:
        return [f"backward_cell{place}(p, d, cache{place}, start{place})" for place in spec.places]
    lines = []
    for lower, upper in zip((None, *spec.places), spec.places, strict=False):
        down = []
        if lower is not None:
            down = ["for t in range(T):", f'    cache{lower}[t]["dh"] = cache{upper}[t]["dx"]']
        lines = [f"backward_cell{upper}(p, d, cache{upper}, start{upper})", *down, *lines]
    return lines


def _inputs_backward(spec: DeepSpec) -> Lines:
    if spec.inputs not in ("embedding", "parameter"):
        return []
    row = spec.text_layout.row
    dx = f'cache{spec.places[0]}[t]["dx"]'
    if spec.bidirectional:
        dx += ' + cache_rtl[T - 1 - t]["dx"]'
    lines = ["for t in range(T):", f"    dx = {dx}"]
    if spec.inputs == "parameter":
        return [*lines, f'    d["x"][t] = dx{"" if row else ".T"}.reshape(d["x"][t].shape)']
    add = 'np.add.at(d["E"], tokens, dx)' if row else 'np.add.at(d["E"].T, tokens, dx.T)'
    return [*lines, "    tokens = batch.tokens[t].reshape(-1)", f"    {add}"]
