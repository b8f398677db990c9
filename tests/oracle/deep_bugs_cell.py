"""Bugs of one layer or direction that a net of one layer has no place for, or that the gated oracle leaves out."""

from collections.abc import Iterator

from .broken_bug import Edit, above
from .deep_spec import DeepSpec
from .gated_bug import Bug, Deletion, bug, gate_words, stays
from .gated_bugs_shared import OTHER

RETURN = "return dh_prev"
PASSED = ("dx", "dh", "x", "h", "E")  # the error of a cell's input, and whom it belongs to
DOWN = 'cache[t]["dx"]'


def cell_bugs(spec: DeepSpec) -> Iterator[Bug]:
    """Those of the error that is passed down, of the outer products, and of a GRU's bias within the reset."""
    for gate in spec.gates:
        yield from _passed_down(spec, gate)
        yield from _outer_products(spec, gate)
    yield from _all_passed_down(spec)
    if spec.recurrent_bias:
        yield from recurrent_bias_bugs(spec)


def words_of(spec: DeepSpec, gate: str) -> tuple[str, ...]:
    """Words that name a gate or, in an Elman net, the one affine map."""
    return ("W_xh", "W_hh", "dz", "z") if spec.family == "elman" else gate_words(gate)


def _passed_down(spec: DeepSpec, k: str) -> Iterator[Bug]:
    """What one gate brings to the error of the input."""
    name, error = f"W_x{k}", spec.error_of(k)
    weight = f'p["{name}"].T'
    words = (*words_of(spec, k), *PASSED)

    def one(kind: str, subject: str, *ways: object, **fields: object) -> Bug:
        return bug(spec.family, kind, subject, *ways, terms=words, **fields)

    yield one("untransposed-weight", name, Edit(weight, weight, f'p["{name}"]'), needs=("I = H",))
    without = "dh" if spec.family == "elman" else f"d{k}"
    yield one(
        "bypassed-activation",
        f"{without} for {error} in dx",
        Edit(weight, error, without),
        also=("missing-activation-derivative",),
    )
    yield one(
        "wrong-operand",
        f"W_h{k} for {name} in dx",
        Edit(weight, name, f"W_h{k}"),
        needs=("I = H",),
        also=("swapped-gates",),
    )
    if spec.family == "elman":
        return
    j = OTHER[k]
    yield one("missing-term", f"{k} in dx", Deletion(weight))
    swapped = ("wrong-operand",)
    yield one("swapped-gates", f"W_x{j} for {name} in dx", Edit(weight, name, f"W_x{j}"), also=swapped)
    yield one("swapped-gates", f"da_{j} for {error} in dx", Edit(weight, error, f"da_{j}"), also=swapped)
    yield one("sign-flip", f"{k} in dx", Edit(weight, "+ ", "- "))


def _all_passed_down(spec: DeepSpec) -> Iterator[Bug]:
    """What is done to all of it."""
    formulas = {
        "missing-term": "0 * {0}",
        "sign-flip": "-{0}",
        "double-counted-term": "2 * {0}",
        "clipped-gradient": "np.clip({0}, -0.1, 0.1)",
    }
    for kind, formula in formulas.items():
        edit = (stays(f"{DOWN} + (", DOWN + " +"), above(RETURN, f"{DOWN} = {formula.format(DOWN)}"))
        also = ("missing-gradient",) if kind == "missing-term" else ()
        yield bug(spec.family, kind, "dx", edit, terms=(*PASSED, "W_xh"), also=also)


def _outer_products(spec: DeepSpec, k: str) -> Iterator[Bug]:
    """The gradients of one gate's weights: the wrong way round, or with another step's input."""
    error, layout = spec.error_of(k), spec.text_layout
    for name, value, needs in ((f"W_x{k}", "x", ("I = H",)), (f"W_h{k}", "h_prev", ())):
        right, turned = layout.outer(value, error), layout.outer(error, value)
        edit = Edit(f'd["{name}"] +=', right, turned)
        yield bug(spec.family, "transposed-gradient", name, edit, terms=(name,), needs=needs)
    name = f"W_x{k}"
    words = (name, "x[t]", "x", "h[t]", "h", *words_of(spec, k))
    steps = {
        "x[t-1], clamped": 'cache[max(t - 1, 0)]["x"].T',
        "x[t-1], dropped": '(cache[t - 1]["x"] * (t > 0)).T',
        "x[t+1], clamped": 'cache[min(t + 1, len(cache) - 1)]["x"].T',
    }
    for subject, operand in steps.items():
        edit = Edit(f'd["{name}"] +=', "x.T", operand)
        yield bug(spec.family, "wrong-time-index", f"{subject} in {name}", edit, terms=words, also=("wrapped-index",))
    own = Edit(f'd["{name}"] +=', "x.T", 's["h"].T')
    yield bug(spec.family, "wrong-operand", f"h[t] for x in {name}", own, terms=words, needs=("I = H",))
    skipped = {"first": "t > 0", "last": "t < len(cache) - 1"}
    for step, kept in skipped.items():
        edit = Edit(f'd["{name}"] +=', "x.T", f"(x * ({kept})).T")
        also = ("wrong-time-index", "missing-initial-state")
        yield bug(spec.family, "skipped-step", f"{step} of {name}", edit, terms=words, also=also)


def recurrent_bias_bugs(spec: DeepSpec) -> Iterator[Bug]:
    """Of b_hn in n = tanh(x W_xn + b_n + r * (h[t-1] W_hn + b_hn))."""
    bias = spec.text_layout.spread("b_hn")
    line = 'd["b_hn"] +='

    def one(kind: str, subject: str, *ways: object, terms: tuple[str, ...], **fields: object) -> Bug:
        return bug("gru", kind, subject, *ways, terms=(*terms, "b_hn"), **fields)

    kinds = {"overwritten-accumulator": "=", "sign-flip": "-=", "missing-gradient": "+= 0 *"}
    for kind, new in kinds.items():
        yield one(kind, "b_hn", Edit(line, "+=", new), terms=())
    factor = ("wrong-operand", "swapped-gates")
    yield one("missing-term", "r in b_hn", Edit(line, "dm", "da_n"), terms=("r", "n"), also=factor)
    yield one("swapped-gates", "z for r in b_hn", Edit(line, "dm", "(da_n * z)"), terms=("r", "z"), also=factor)
    for j in "zr":
        yield one("swapped-gates", f"da_{j} in b_hn", Edit(line, "dm", f"da_{j}"), terms=("n", j), also=factor)
    yield one("missing-activation-derivative", "tanh' of n in b_hn", Edit(line, "dm", "(dn * r)"), terms=("tanh'", "n"))
    also = ("wrong-operand", "double-counted-term", "swapped-gates")
    yield bug("gru", "wrong-operand", "r in b_n", Edit('d["b_n"] +=', "da_n", "dm"), terms=("b_n", "r", "n"), also=also)
    dr = gate_words("r")
    yield one("missing-term", "b_hn in dr", Edit("dr = ", f" + {bias}", ""), terms=dr)
    yield one("sign-flip", "b_hn in dr", Edit("dr = ", f"+ {bias}", f"- {bias}"), terms=dr)
    product = spec.text_layout.product("h_prev", "W_hn")
    yield one("missing-term", "W_hn in dr", Edit("dr = ", f"{product} + ", ""), terms=(*dr, "W_hn", "h[t-1]"))
    yield one("wrong-operand", "b_n for b_hn in dr", Edit("dr = ", "b_hn", "b_n"), terms=(*dr, "b_n"))
