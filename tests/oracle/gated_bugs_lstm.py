"""Bugs of an LSTM's own equations, and all that it shares with a GRU."""

from .broken_bug import Edit, below
from .gated_bug import Bug, Deletion, Way, bug, gate_words, stays
from .gated_bugs_shared import ARRIVING, STEP, shared_bugs

DC, DO, DI, DF, DG, CARRIED, C_PREV = (
    "dc = dc_next",
    "do = dh",
    "di = dc",
    "df = dc",
    "dg = dc",
    "dc_prev = ",
    "c_prev = previous",
)
CELL_STATE = 's["c"]'
CELL = ("dc", "dc_next", "c")
SWAPPED = ("wrong-operand",)


def _lstm(kind: str, subject: str, *ways: object, **fields: object) -> Bug:
    return bug("lstm", kind, subject, *ways, **fields)


def _through(kept: str, gates: str) -> Way:
    """The paths of all other gates go; the kept one's must be there."""
    others = (Deletion(f'p["W_h{gate}"].T') for gate in gates if gate != kept)
    return stays(f'p["W_h{kept}"].T', f"da_{kept}"), *others


CARRY_BUGS = (
    _lstm("missing-term", "dc_next", Edit(DC, "dc_next + ", ""), terms=CELL, also=("overwritten-carry",)),
    _lstm("missing-term", "dc_next/never updated", below(STEP, "dc_next = 0 * dc_next"), terms=CELL),
    _lstm(  # it meets f alone
        "missing-term",
        "dc_next/added after the gates",
        (Edit(DC, "dc_next + ", ""), Edit(CARRIED, "= dc *", "= (dc + dc_next) *")),
        terms=CELL,
    ),
    _lstm("sign-flip", "dc_next", Edit(DC, "= dc_next +", "= -dc_next +"), terms=CELL),
    _lstm("double-counted-term", "dc_next", Edit(DC, "= dc_next", "= 2 * dc_next"), terms=CELL),
    _lstm(
        "double-counted-term",
        "dc_next/in dh too",
        Edit(ARRIVING, "+ dh_next", "+ dh_next + dc_next"),
        terms=(*CELL, "dh"),
        also=("wrong-operand",),
    ),
    _lstm(
        "wrong-activation-derivative",
        "dc_next through tanh'",
        Edit(DC, "dc_next + dh * o * (", "(dc_next + dh * o) * ("),
        terms=("tanh'", *CELL),
        also=("wrong-operand", "double-counted-term", "bypassed-activation"),
    ),
    _lstm(
        "wrong-operand",
        "dc_next through o and tanh'",
        Edit(DC, "dc_next + dh * o * (", "(dc_next + dh) * o * ("),
        terms=("tanh'", "o", *CELL),
        also=("wrong-activation-derivative", "double-counted-term", "bypassed-activation"),
    ),
    _lstm(
        "overwritten-carry",
        "dc",
        below(DC, "if t < len(cache) - 1:", "    dc = dc_next"),
        terms=CELL,
        also=("missing-term",),
    ),
    _lstm("missing-term", "f in dc_next", Edit(CARRIED, "dc * f", "dc"), Edit(CARRIED, "dc * (1 - i)", "dc"), gate="f"),
    _lstm("swapped-gates", "i for f in dc_next", Edit(CARRIED, "dc * f", "dc * i"), gate="f", also=SWAPPED),
    _lstm("swapped-gates", "o for f in dc_next", Edit(CARRIED, "dc * f", "dc * o"), gate="f", also=SWAPPED),
    _lstm(
        "wrong-time-index",
        "f[t+1] in dc_next",
        Edit(CARRIED, "dc * f", 'dc * cache[min(t + 1, len(cache) - 1)]["f"]'),
        gate="f",
    ),
    _lstm(
        "wrong-time-index",
        "f[t-1] in dc_next",
        Edit(CARRIED, "dc * f", 'dc * (previous["f"] if t > 0 else f)'),
        gate="f",
    ),
    *(
        _lstm(
            "missing-term",
            f"dh_next through {kept} alone",
            *(_through(kept, gates) for gates in ("ifog", "iog") if kept in gates),
            terms=("dh_next", *(word for gate in "ifog" if gate != kept for word in gate_words(gate))),
        )
        for kept in "ifog"
    ),
)

OUTPUT_GATE_BUGS = (
    _lstm("missing-term", "o in dc", Edit(DC, "dh * o", "dh"), gate="o"),
    _lstm("swapped-gates", "i for o in dc", Edit(DC, "dh * o", "dh * i"), gate="o", also=SWAPPED),
    _lstm(
        "missing-activation-derivative", "tanh' of c", Edit(DC, " * (1 - tanh_c**2)", ""), terms=("tanh'", "c", "dc")
    ),
    _lstm(
        "wrong-activation-derivative",
        "tanh' of c/of the activated value",
        Edit(DC, "tanh_c**2", "np.tanh(tanh_c) ** 2"),
        terms=("tanh'", "c", "dc"),
    ),
    _lstm(
        "wrong-activation-derivative",
        "tanh' of c/c for tanh(c)",
        Edit(DC, "tanh_c**2", f"{CELL_STATE} ** 2"),
        terms=("tanh'", "c", "dc"),
        also=("wrong-operand",),
    ),
    _lstm(
        "wrong-activation-derivative",
        "tanh' of c/h for tanh(c)",
        Edit(DC, "tanh_c**2", 's["h"] ** 2'),
        terms=("tanh'", "c", "dc"),
        also=("wrong-operand",),
    ),
    _lstm(
        "wrong-activation-derivative",
        "tanh' of c/sigmoid's formula",
        Edit(DC, "(1 - tanh_c**2)", "tanh_c * (1 - tanh_c)"),
        terms=("tanh'", "c", "dc"),
    ),
    _lstm(
        "wrong-time-index",
        "tanh' of c[t-1]",
        Edit(DC, "tanh_c**2", "np.tanh(c_prev) ** 2"),
        terms=("tanh'", "c", "dc", "c[t-1]", "c[t]"),
    ),
    _lstm(
        "wrong-time-index",
        "c[t-1] in do",
        Edit(DO, "tanh_c", "np.tanh(c_prev)"),
        Edit(DO, CELL_STATE, "c_prev"),
        gate="o",
    ),
    _lstm(
        "wrong-operand",
        "c for tanh(c) in do",
        Edit(DO, "tanh_c", CELL_STATE),
        gate="o",
        also=("bypassed-activation", "missing-term"),
    ),
    _lstm(
        "missing-term",
        "tanh(c) in do",
        Edit(DO, " * tanh_c", ""),
        Edit(DO, f" * {CELL_STATE}", ""),
        gate="o",
        also=("wrong-operand",),
    ),
)

INPUT_GATE_BUGS = (
    _lstm("swapped-gates", "i for g in di", Edit(DI, "dc * g", "dc * i"), gate="i", more=("g",), also=SWAPPED),
    _lstm("swapped-gates", "g for i in dg", Edit(DG, "dc * i", "dc * g"), gate="g", more=("i",), also=SWAPPED),
    _lstm(
        "swapped-gates",
        "i and g",
        (Edit(DI, "dc * g", "dc * i"), Edit(DG, "dc * i", "dc * g")),
        terms=(*gate_words("i"), *gate_words("g")),
        also=SWAPPED,
    ),
    _lstm("swapped-gates", "f for i in dg", Edit(DG, "dc * i", "dc * f"), gate="g", more=("i",), also=SWAPPED),
    _lstm("swapped-gates", "f for g in di", Edit(DI, "dc * g", "dc * f"), gate="i", more=("g",), also=SWAPPED),
    _lstm("missing-term", "g in di", Edit(DI, "dc * g", "dc"), gate="g", more=gate_words("i"), also=SWAPPED),
    _lstm("missing-term", "i in dg", Edit(DG, "dc * i", "dc"), gate="i", more=gate_words("g"), also=SWAPPED),
    _lstm("wrong-operand", "dc_next for dc in di", Edit(DI, "= dc *", "= dc_next *"), gate="i", also=("missing-term",)),
    _lstm("wrong-operand", "dc_next for dc in dg", Edit(DG, "= dc *", "= dc_next *"), gate="g", also=("missing-term",)),
    _lstm("wrong-operand", "dc_next for dc in df", Edit(DF, "= dc *", "= dc_next *"), gate="f", also=("missing-term",)),
)

FORGET_GATE_BUGS = (
    _lstm("wrong-time-index", "c[t] in df", Edit(DF, "c_prev", CELL_STATE), gate="f"),
    _lstm(
        "wrong-operand",
        "tanh(c[t-1]) in df",
        Edit(DF, "c_prev", "np.tanh(c_prev)"),
        gate="f",
        also=("wrong-time-index",),
    ),
    _lstm("wrong-operand", "h[t-1] for c[t-1] in df", Edit(DF, "c_prev", "h_prev"), gate="f", also=("swapped-gates",)),
    _lstm(
        "missing-term",
        "c[t-1] in df",
        Edit(DF, " * c_prev", ""),
        gate="f",
        also=("wrong-operand",),
    ),
    _lstm("wrong-time-index", "c[t] in di", Edit(DI, "g - c_prev", f"g - {CELL_STATE}"), gate="i"),
    _lstm("missing-term", "c[t-1] in di", Edit(DI, "(g - c_prev)", "g"), gate="i", more=("c[t-1]", "f")),
    _lstm("sign-flip", "c[t-1] in di", Edit(DI, "g - c_prev", "g + c_prev"), gate="i", more=("c[t-1]", "f")),
    _lstm("missing-term", "g in di/coupled", Edit(DI, "(g - c_prev)", "-c_prev"), gate="i", more=("g",)),
    _lstm(
        "wrong-operand",
        "i for 1 - i in dc_next",
        Edit(CARRIED, "dc * (1 - i)", "dc * i"),
        gate="i",
        more=("f",),
        also=("swapped-gates", "sign-flip"),
    ),
    _lstm(
        "wrapped-index",
        "c[t-1]",
        Edit(C_PREV, 'previous["c"]', 'cache[t - 1]["c"]'),
        terms=("c[t-1]", "c", "df", "f"),
        also=("wrong-time-index",),
    ),
    _lstm(
        "missing-initial-state",
        "c0",
        Edit(C_PREV, 'previous["c"]', 'previous["c"] * (t > 0)'),
        terms=("c0", "c[t-1]", "c", "df", "f"),
        also=("skipped-step", "wrong-time-index"),
    ),
    _lstm(
        "wrong-time-index",
        "h0 for c0",
        Edit(C_PREV, 'previous["c"]', 'previous["c"] if t > 0 else start["h"]'),
        terms=("c0", "c[t-1]", "c", "df", "f"),
        also=("missing-initial-state", "wrong-operand"),
    ),
)


def _peephole(gate: str) -> tuple[str, str]:
    """How the two layouts write a peephole's part of an error, columns first: the rows' is the beginning of it."""
    return f'da_{gate} * p["p_{gate}"][:, None]', f'da_{gate} * p["p_{gate}"]'


def _swapped_peephole(gate: str, other: str) -> Way:
    return Edit(CARRIED, f'p["p_{gate}"]', f'p["p_{other}"]'), stays(CARRIED, f'p["p_{other}"]')


PEEPHOLE_BUGS = (
    *(
        _lstm(
            "missing-term",
            f"p_{gate} in dc_next",
            *(Edit(CARRIED, f" + {term}", "") for term in _peephole(gate)),
            gate=gate,
        )
        for gate in "if"
    ),
    *(
        _lstm(
            "swapped-gates",
            f"p_{other} for p_{gate} in dc_next",
            _swapped_peephole(gate, other),
            gate=gate,
            also=SWAPPED,
        )
        for gate, other in ("if", "fi")
    ),
    _lstm("missing-term", "p_o in dc", Deletion("dc = dc + da_o"), gate="o"),
    _lstm(  # as if o saw c[t-1]
        "wrong-time-index",
        "p_o in dc_next",
        (Edit("dc = dc + da_o", "dc = dc +", "from_o ="), Edit(CARRIED, "= dc *", "= from_o + dc *")),
        gate="o",
        also=("missing-term",),
    ),
    *(
        _lstm("wrong-time-index", f"c[t] in p_{gate}", Edit(f'd["p_{gate}"] +=', "c_prev", CELL_STATE), gate=gate)
        for gate in "if"
    ),
    _lstm("wrong-time-index", "c[t-1] in p_o", Edit('d["p_o"] +=', CELL_STATE, "c_prev"), gate="o"),
    _lstm(
        "wrong-operand",
        "tanh(c) in p_o",
        Edit('d["p_o"] +=', CELL_STATE, f"np.tanh({CELL_STATE})"),
        gate="o",
        also=("wrong-time-index",),
    ),
    *(
        _lstm(
            "swapped-gates",
            f"da_{other} in p_{gate}",
            Edit(f'd["p_{gate}"] +=', f"da_{gate}", f"da_{other}"),
            gate=gate,
            also=SWAPPED,
        )
        for gate, other in ("io", "fi", "oi")
    ),
)

LSTM_BUGS: tuple[Bug, ...] = (
    *CARRY_BUGS,
    *OUTPUT_GATE_BUGS,
    *INPUT_GATE_BUGS,
    *FORGET_GATE_BUGS,
    *PEEPHOLE_BUGS,
    *shared_bugs("lstm"),
)
