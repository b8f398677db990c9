"""Faults of the output error dy, and those of everything at once: constants, signs, regularisers, clips."""

from .broken_bug import EVERYTHING, HIDDEN, Bug, Edit, above, bug, names

ERROR, OWN = "error = p - y", "own = V.T"
SOFTMAX, ALL_STEPS, LAST_STEP = ("softmax",), ("all steps",), ("last step",)


def _error(kind: str, term: str, variant: str, formula: str, **fields: object) -> Bug:
    return bug(kind, term, variant, Edit(ERROR, "p - y", formula), **fields)


ERROR_BUGS = (
    _error("missing-target", "dy", "", "p"),
    _error("sign-flip", "target", "", "p + y"),
    _error("diagonal-softmax", "dy", "", "-y * (1.0 - p)", needs=SOFTMAX),
    _error("missing-activation-derivative", "softmax'", "", "-y / p", needs=SOFTMAX),
    _error("double-counted-term", "softmax'", "", "p * (p - y) - p * (p @ (p - y))", needs=SOFTMAX),
    _error("wrong-activation-derivative", "dy", "sigmoid's", "(p - y) * p * (1.0 - p)"),
    _error("wrong-activation-derivative", "dy", "tanh's", "(p - y) * (1.0 - p**2)"),
    bug(
        "error-at-every-step",
        "dy",
        "hidden part",
        Edit(OWN, "run.e[t]", "run.dy[t]"),
        touches=HIDDEN,
        needs=LAST_STEP,
    ),
    bug(
        "error-at-every-step",
        "dy",
        "everywhere",
        Edit("run.e[t] = run.dy[t]", "if t in counted else 0.0 * run.dy[t]", ""),
        needs=LAST_STEP,
    ),
    *(
        bug("wrong-time-index", "dy", variant, Edit(OWN, "run.e[t]", code), touches=HIDDEN, needs=needs)
        for variant, code, needs in (
            ("step before, dropped", "(run.e[t - 1] if t > 0 else 0.0 * run.e[0])", ALL_STEPS),
            ("step before, clamped", "run.e[max(t - 1, 0)]", ALL_STEPS),
            ("step before, wrapped", "run.e[t - 1]", ()),
            ("step after, dropped", "(run.e[t + 1] if t < T - 1 else 0.0 * run.e[t])", ()),
            ("step after, clamped", "run.e[min(t + 1, T - 1)]", ()),
            ("step after, wrapped", "run.e[(t + 1) % T]", ()),
        )
    ),
)


def _everything(kind: str, term: str, variant: str, formula: str, **fields: object) -> Bug:
    """The formula in g, the gradient, and theta, the parameter, both in column layout, for each parameter."""
    edit = above(
        "return {name: d[name].T",
        "theta = dict(zip(d, (U, W, b, V, c, parameters.get('h0', np.zeros(len(W))))))",
        f"d = {{name: {formula} for name, g in d.items()}}",
    )
    return bug(kind, term, variant, edit, **fields)


# Beside the sizes of the net, the ones that people code by mistake: a forgotten 1/2, a learning rate.
_CONSTANTS = {
    "T": "T",
    "1/T": "1 / T",
    "B": "B",
    "1/B": "1 / B",
    "T*B": "T * B",
    "1/(T*B)": "1 / (T * B)",
    "O": "len(c)",
    "1/O": "1 / len(c)",
    "2": "2",
    "1/2": "1 / 2",
}
_NUMBERS = ("0.1", "0.01", "100", "-2")

CONSTANT_BUGS = (
    *(_everything("scaled-gradient", term, "", f"({code}) * g") for term, code in _CONSTANTS.items()),
    *(_everything("scaled-gradient", number, "", f"({number}) * g", lenient=True) for number in _NUMBERS),
    _everything("sign-flip", "all", "", "-g"),
)

REGULARISER_BUGS = tuple(
    _everything("regulariser-mismatch", "all", f"lambda {strength}", f"g + {strength} * theta[name]")
    for strength in (0.1, 0.001, -0.1)
)

CLIP_BUGS = (
    *(
        _everything(
            "clipped-gradient",
            "all",
            f"elementwise at {bound}",
            f"np.clip(g, -{bound}, {bound})",
            accepted=names(*(f"clipped-gradient:{name}" for name in EVERYTHING)),
        )
        for bound in (0.01, 0.1, 1.0)
    ),
    *(
        _everything(
            "clipped-gradient",
            "all",
            f"each by its norm at {bound}",
            f"g * min(1.0, {bound} / max(np.linalg.norm(g), 1e-300))",
            accepted=names(
                *(f"{kind}:{name}" for name in EVERYTHING for kind in ("clipped-gradient", "scaled-gradient"))
            ),
        )
        for bound in (0.1, 1.0)
    ),
    *(
        _everything(  # one constant at any one point
            "clipped-gradient",
            "all",
            f"all by their norm at {bound}",
            f"g * min(1.0, {bound} / np.sqrt(sum(np.sum(d[known] ** 2) for known in parameters)))",
            accepted=frozenset({("scaled-gradient", "all")}),
            lenient=True,
        )
        for bound in (0.1, 1.0)
    ),
)

OUTPUT_BUGS = ERROR_BUGS + CONSTANT_BUGS + REGULARISER_BUGS + CLIP_BUGS
