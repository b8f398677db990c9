"""Bugs of the two directions: which half is whose, and what has to be turned round in time."""

from collections.abc import Iterator

from .broken_bug import Edit
from .deep_bug import DeepBug, in_cell, in_net
from .deep_bugs_layers import other_bugs
from .deep_spec import DeepSpec
from .gated_bug import Way, bug, stays

LTR, RTL = "_ltr", "_rtl"
SPLIT = "dh_ltr, dh_rtl = "
INTO = {LTR: 'cache_ltr[t]["dh"] =', RTL: 'cache_rtl[T - 1 - t]["dh"] ='}
BOTH = "dx = cache_ltr"
DX = {LTR: 'cache_ltr[t]["dx"]', RTL: 'cache_rtl[T - 1 - t]["dx"]'}
ERRORS = ("dh", "dy", "W_hy", "h")
TURNED = ("forward-order-loop", "wrong-operand", "wrong-time-index")
SWAPPED = ("swapped-gates",)


def direction_bugs(spec: DeepSpec) -> Iterator[DeepBug]:
    """Those of the output's two halves, of the turning, and of the two cells' likeness."""
    yield from _halves(spec)
    yield from _turning(spec)
    yield from _input_errors()
    for place, other in ((LTR, RTL), (RTL, LTR)):
        yield from other_bugs(spec, "directions", place, other)


def _one(kind: str, subject: str, *ways: object, **fields: object) -> DeepBug:
    return in_net("directions", kind, subject, *ways, **({"terms": ERRORS} | fields))


def _halves(spec: DeepSpec) -> Iterator[DeepBug]:
    """The error of the two states side by side, and the states in the gradient of W_hy."""
    yield _one(
        "wrong-operand",
        "halves of dh swapped",
        Edit(SPLIT, "dh_ltr, dh_rtl", "dh_rtl, dh_ltr"),
        places=(LTR, RTL),
        also=SWAPPED,
    )
    for place, other in ((LTR, RTL), (RTL, LTR)):
        line = INTO[place]
        mine, theirs = f"= dh{place}", f"= dh{other}"
        swapped = ("swapped-gates", "double-counted-term")
        yield _one("wrong-operand", f"dh{other} for dh{place}", Edit(line, mine, theirs), places=(place,), also=swapped)
        yield _one("missing-term", f"dh{place}", Edit(line, mine, f"= 0 * dh{place}"), places=(place,))
    if not spec.has_output_layer:
        return
    axis = spec.text_layout.axis_of_sizes
    parts = f"np.split(h, 2, axis={axis})"
    words = ("W_hy", "h", "h[t]")
    swapped = _in_readout(spec, f"np.concatenate({parts}[::-1], axis={axis})")
    yield _one("wrong-operand", "halves of h swapped in W_hy", swapped, terms=words, also=SWAPPED)
    for place, kept in {LTR: "(0, 1)", RTL: "(1, 0)"}.items():
        halves = f"[half * factor for half, factor in zip({parts}, {kept})]"
        without = _in_readout(spec, f"np.concatenate({halves}, axis={axis})")
        yield _one("missing-term", f"h{place} in W_hy", without, terms=words)


def _in_readout(spec: DeepSpec, formula: str) -> Edit:
    """Another array for h in the gradient of W_hy."""
    layout = spec.text_layout
    return Edit('d["W_hy"] +=', layout.outer("h", "dy"), layout.outer(f"({formula})", "dy"))


def _turning(spec: DeepSpec) -> Iterator[DeepBug]:
    """What the cell from right to left has at its step t belongs to the sequence's step T - 1 - t."""
    unturned = Edit(INTO[RTL], "T - 1 - t", "t")
    yield _one("wrong-time-index", "dh_rtl is not turned round", unturned, places=(RTL,), also=TURNED)
    shifted = Edit(INTO[RTL], "T - 1 - t", "max(T - 2 - t, 0)")
    yield _one("wrong-time-index", "dh_rtl of step t+1", shifted, places=(RTL,), also=TURNED, needs=("all steps",))
    turned = Edit(INTO[LTR], "cache_ltr[t]", "cache_ltr[T - 1 - t]")
    yield _one("wrong-time-index", "dh_ltr is turned round", turned, places=(LTR,), also=TURNED)
    if spec.has_output_layer:
        axis = spec.text_layout.axis_of_sizes
        formula = f'np.concatenate([cache_ltr[t]["h"], cache_rtl[t]["h"]], axis={axis})'
        yield _one(
            "wrong-time-index",
            "h_rtl in W_hy is not turned round",
            _in_readout(spec, formula),
            terms=("W_hy", "h", "h[t]"),
            also=TURNED,
        )
    for k in spec.gates:
        name = f"W_x{k}"
        words = (name, "x", "x[t]")
        edit = Edit(f'd["{name}"] +=', "x.T", 'cache[-1 - t]["x"].T')
        planted = bug(
            spec.family, "wrong-time-index", f"x in {name} is not turned round", edit, terms=words, also=TURNED
        )
        yield in_cell(planted, RTL, group="directions")


def _input_errors() -> Iterator[DeepBug]:
    """The input hears from both."""
    words = ("dx", "x", "E", "W_xh", "W_x")

    def one(kind: str, subject: str, place: str, formula: str, **fields: object) -> DeepBug:
        way: Way = (stays(BOTH, "dx"), Edit(BOTH, DX[place], formula))
        return _one(kind, subject, way, terms=words, places=(place,), **fields)

    for place, other in ((LTR, RTL), (RTL, LTR)):
        yield one("missing-term", f"dx{place}", place, f"0 * {DX[place]}")
        yield one("wrong-operand", f"dx{other} for dx{place}", place, DX[other], also=("swapped-gates",))
    yield one("wrong-time-index", "dx_rtl is not turned round", RTL, 'cache_rtl[t]["dx"]', also=TURNED)
    yield one("sign-flip", "dx_rtl", RTL, f"(-{DX[RTL]})")
