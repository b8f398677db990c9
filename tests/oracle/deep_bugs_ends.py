"""Bugs at both ends of the net: the inputs that have a gradient, the output, and everything at once."""

from collections.abc import Iterator

from .broken_bug import Edit, above
from .deep_bug import DeepBug, in_net
from .deep_spec import DeepSpec
from .gated_bug import Way, stays

RESULT = "    return d\n"
LOSS_ERROR, ONLY_LAST, READOUT = "# of the loss", " if t == T - 1 else np.zeros_like(error)", 'p["W_hy"].T'
SHIFTED = ("wrapped-index",)


def end_bugs(spec: DeepSpec) -> Iterator[DeepBug]:
    """All that the net has places for."""
    if spec.inputs == "embedding":
        yield from _embedding_bugs(spec)
    if spec.inputs == "parameter":
        yield from _input_bugs()
    if spec.loss == "projection":
        yield from _projection_bugs(spec)
    if spec.has_output_layer:
        yield from _readout_bugs(spec)
    yield from _loss_bugs(spec)
    yield from _scale_bugs()


def _embedding_bugs(spec: DeepSpec) -> Iterator[DeepBug]:
    """Which row gets the error, and how often."""
    row = spec.text_layout.row
    line = "np.add.at("
    whole = 'np.add.at(d["E"], tokens, dx)' if row else 'np.add.at(d["E"].T, tokens, dx.T)'
    target, value = ('d["E"][tokens]', "dx") if row else ('d["E"].T[tokens]', "dx.T")

    def one(kind: str, subject: str, *ways: object, **fields: object) -> DeepBug:
        return in_net("inputs", kind, subject, *ways, **({"terms": ("E",)} | fields))

    yield one("overwritten-accumulator", "E", Edit(line, whole, f"{target} = {value}"))
    yield one(
        "overwritten-accumulator",
        "E/within a step",
        Edit(line, whole, f"{target} += {value}"),
        also=("wrong-operand", "missing-term"),
    )
    yield one("overwritten-accumulator", "E/the step's rows alone", (above(line, 'd["E"][:] = 0'),))
    yield one("missing-gradient", "E", Edit(line, f"{value})", f"0 * {value})"))
    yield one("sign-flip", "E", Edit(line, f"{value})", f"-{value})"))
    yield one("double-counted-term", "E", Edit(line, f"{value})", f"2 * {value})"), also=("scaled-gradient",))
    steps = {"first": "(t > 0)", "last": "(t < T - 1)"}
    for step, kept in steps.items():
        yield one("skipped-step", f"{step} of E", Edit(line, f"{value})", f"{kept} * {value})"), terms=("E", step))
    tokens = "tokens = batch.tokens[t]"
    rows = {"t-1": "max(t - 1, 0)", "t-1, wrapped": "t - 1", "t+1": "min(t + 1, T - 1)"}
    words = ("E", "x[t]", "x", "tokens", "tokens[t]")
    for step, index in rows.items():
        edit = Edit(tokens, "[t]", f"[{index}]")
        yield one("wrong-time-index", f"row of step {step} in E", edit, terms=words, also=SHIFTED)
    if spec.loss == "softmax_cross_entropy" and spec.steps == "all":
        size = "len(d['E'])" if row else "d['E'].shape[1]"
        wrong = Edit(tokens, "batch.tokens[t]", f"(batch.targets[t] % {size})")
        yield one("wrong-operand", "row of the target in E", wrong, terms=words, also=("wrong-time-index",))


def _input_bugs() -> Iterator[DeepBug]:
    line = 'd["x"][t] ='

    def one(kind: str, subject: str, *ways: object, **fields: object) -> DeepBug:
        return in_net("inputs", kind, subject, *ways, **({"terms": ("x", "x[t]", "dx")} | fields))

    yield one("missing-gradient", "x", Edit(line, "= dx", "= 0 * dx"))
    yield one("sign-flip", "x", Edit(line, "= dx", "= -dx"))
    yield one("double-counted-term", "x", Edit(line, "= dx", "= 2 * dx"), also=("scaled-gradient",))
    places = {"t-1": "max(t - 1, 0)", "t-1, wrapped": "t - 1", "t+1": "min(t + 1, T - 1)"}
    for step, index in places.items():
        edit = Edit(line, '["x"][t] =', f'["x"][{index}] =')
        yield one("wrong-time-index", f"x of step {step}", edit, also=SHIFTED)
    turned = Edit(line, '["x"][t] =', '["x"][T - 1 - t] =')
    yield one("forward-order-loop", "x in reversed order", turned, also=("wrong-time-index", "wrong-operand"))
    yield one(
        "skipped-step",
        "x/all but the last",
        Edit(line, "= dx", "= (t == T - 1) * dx"),
        also=("missing-term", "truncated-chain", "overwritten-accumulator"),
    )
    for step, kept in {"first": "t > 0", "last": "t < T - 1"}.items():
        yield one("skipped-step", f"{step} of x", Edit(line, "= dx", f"= ({kept}) * dx"), terms=("x", step))


def _projection_bugs(spec: DeepSpec) -> Iterator[DeepBug]:
    """dL/dy[t] is R[t]."""
    right, words = "1.0 * target", ("dy", "dh", "R", "R[t]", "y", "target", "targets")
    y = "output(p, h)" if spec.has_output_layer else "h"

    def one(kind: str, subject: str, edit: Edit | Way, **fields: object) -> DeepBug:
        return in_net("output", kind, subject, edit, **({"terms": words} | fields))

    def new(formula: str) -> Edit:
        return Edit(LOSS_ERROR, right, formula)

    only = ("skipped-step", "truncated-chain", "error-at-every-step")
    yield one(
        "missing-term", "R at the last step alone", new("1.0 * target * (t == T - 1)"), also=only, needs=("all steps",)
    )
    yield one("sign-flip", "R", new("-1.0 * target"))
    yield one("double-counted-term", "R", new("2.0 * target"), also=("scaled-gradient",))
    yield one("missing-target", "R/ones for it", new("np.ones_like(target)"), also=("wrong-operand",))
    yield one("wrong-activation-derivative", "R through tanh'", new(f"target * (1 - {y}**2)"), terms=(*words, "tanh'"))
    steps = {"t-1": "max(t - 1, 0)", "t+1": "min(t + 1, T - 1)"}
    for step, index in steps.items():
        edit = new(f"1.0 * targets[{index}]")
        yield one("wrong-time-index", f"R of step {step}", edit, also=SHIFTED, needs=("all steps",))
    for step, index in {"last": "-1", "first": "0"}.items():
        edit = new(f"1.0 * targets[{index}]")
        also = ("wrong-time-index",)
        yield one(
            "stale-cache", f"R/of the {step} step", edit, also=also, needs=("all steps",), terms=(*words, "cache")
        )
    for step, kept in {"first": "t > 0", "last": "t < T - 1"}.items():
        edit = new(f"1.0 * target * ({kept})")
        terms = (*words, step)
        yield one("skipped-step", f"{step} of R", edit, also=("missing-term",), terms=terms, needs=("all steps",))


def _loss_bugs(spec: DeepSpec) -> Iterator[DeepBug]:
    """The error of the loss, where it meets the readout or the states."""
    delta = "dy" if spec.has_output_layer else "dh"
    words = ("dy", "dh", "R", "target", "y")
    if spec.loss != "projection":
        without = Edit(LOSS_ERROR, " - target", "")
        yield in_net("output", "missing-target", "dy", without, terms=words)
        yield in_net("output", "sign-flip", "target", Edit(LOSS_ERROR, "- target", "+ target"), terms=words)
    ways = {"everywhere": (Edit(f"{delta} = error if", ONLY_LAST, ""),)}
    if spec.has_output_layer:
        ways["hidden part"] = (Edit(READOUT, "dy", "error"), stays("dy = error if", "error if"))
    for variant, way in ways.items():
        yield in_net("output", "error-at-every-step", f"dy/{variant}", way, terms=words, needs=("last step",))


def _readout_bugs(spec: DeepSpec) -> Iterator[DeepBug]:
    """The readout, whose input is the top layer, or both directions."""

    def one(kind: str, subject: str, *ways: object, **fields: object) -> DeepBug:
        return in_net("output", kind, subject, *ways, **fields)

    yield one("untransposed-weight", "W_hy", Edit(READOUT, READOUT, 'p["W_hy"]'), terms=("W_hy",), needs=("O = H",))
    for name in ("W_hy", "b_y"):
        kinds = {"overwritten-accumulator": "=", "sign-flip": "-=", "missing-gradient": "+= 0 *"}
        for kind, new in kinds.items():
            yield one(kind, name, Edit(f'd["{name}"] +=', "+=", new), terms=(name,))
    layout = spec.text_layout
    right, turned = layout.outer("h", "dy"), layout.outer("dy", "h")
    line = 'd["W_hy"] +='
    yield one("transposed-gradient", "W_hy", Edit(line, right, turned), terms=("W_hy",), needs=("O = H",))
    shifted = {"t-1, clamped": "max(t - 1, 0)", "t+1, clamped": "min(t + 1, T - 1)"}
    for step, index in shifted.items():
        edit = Edit(line, right, layout.outer(f"states[{index}]", "dy"))
        yield one("wrong-time-index", f"h of {step} in W_hy", edit, terms=("W_hy", "h", "h[t]", "h[t-1]"), also=SHIFTED)


def _scale_bugs() -> Iterator[DeepBug]:
    """Everything at once."""

    def every(kind: str, term: str, formula: str) -> DeepBug:
        edit = above(RESULT, f"d = {{name: {formula} for name, value in d.items()}}")
        return in_net("output", kind, term, edit, terms=(term,))

    for term, factor in {"T": "T", "1/T": "1 / T", "B": "B", "1/B": "1 / B", "2": "2"}.items():
        yield every("scaled-gradient", term, f"{factor} * value")
    yield every("sign-flip", "all", "-value")
    yield every("clipped-gradient", "all", "np.clip(value, -0.1, 0.1)")
