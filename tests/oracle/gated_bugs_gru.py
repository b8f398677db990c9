"""Bugs of a GRU's own equations, and all that it shares with an LSTM."""

from .broken_bug import Edit
from .gated_bug import Bug, Deletion, bug, gate_words
from .gated_bugs_shared import shared_bugs

DZ, DN, DR, DM, DRH, KEPT, PATH = "dz = dh", "dn = dh", "dr = ", "dm = da_n", "drh = da_n", "# kept", "+ drh * r"
RESET_WEIGHT, W_HN = 'd["W_hn"] +=', 'p["W_hn"].T'
M = ('(h_prev @ p["W_hn"])', '(p["W_hn"] @ h_prev)')  # h[t-1] W_hn in rows and in columns
SWAPPED = ("wrong-operand",)


def _gru(kind: str, subject: str, *ways: object, **fields: object) -> Bug:
    return bug("gru", kind, subject, *ways, **fields)


UPDATE_GATE_BUGS = (
    _gru(
        "wrong-operand",
        "1 - z for z in dh_next",
        Edit(KEPT, "dh * (1 - z)", "dh * z"),
        Edit(KEPT, "dh * z", "dh * (1 - z)"),
        gate="z",
        also=("swapped-gates", "sign-flip"),
    ),
    _gru("missing-term", "z * dh in dh_next", (Deletion(KEPT),), gate="z"),
    _gru(
        "missing-term",
        "z in dh_next",
        Edit(KEPT, "dh * (1 - z)", "dh"),
        Edit(KEPT, "dh * z", "dh"),
        gate="z",
    ),
    _gru(
        "swapped-gates",
        "r for z in dh_next",
        Edit(KEPT, "dh * (1 - z)", "dh * (1 - r)"),
        Edit(KEPT, "dh * z", "dh * r"),
        gate="z",
        also=SWAPPED,
    ),
    _gru(
        "missing-term",
        "dh_next through z * dh alone",
        *(tuple(Deletion(line) for line in ('p["W_hz"].T', 'p["W_hr"].T', last)) for last in (PATH, W_HN)),
        terms=("dh_next", *gate_words("z"), *gate_words("r"), *gate_words("n")),
    ),
    _gru(
        "sign-flip",
        "dz",
        Edit(DZ, "(h_prev - n)", "(n - h_prev)"),
        Edit(DZ, "(n - h_prev)", "(h_prev - n)"),
        gate="z",
    ),
    _gru("missing-term", "h[t-1] in dz", Edit(DZ, "h_prev - n", "-n"), Edit(DZ, "n - h_prev", "n"), gate="z"),
    _gru(
        "missing-term",
        "n in dz",
        Edit(DZ, "(h_prev - n)", "h_prev"),
        Edit(DZ, "(n - h_prev)", "-h_prev"),
        gate="z",
        more=gate_words("n"),
    ),
    _gru("wrong-time-index", "h[t] in dz", Edit(DZ, "h_prev", 's["h"]'), gate="z"),
    _gru("wrong-operand", "h[t] for n in dz", Edit(DZ, "- n", '- s["h"]'), Edit(DZ, "n -", 's["h"] -'), gate="z"),
    _gru(
        "sign-flip",
        "h[t-1] in dz",
        Edit(DZ, "h_prev - n", "-h_prev - n"),
        Edit(DZ, "n - h_prev", "n + h_prev"),
        gate="z",
    ),
)

CANDIDATE_BUGS = (
    _gru(
        "missing-term",
        "1 - z in dn",
        Edit(DN, "dh * (1 - z)", "dh"),
        Edit(DN, "dh * z", "dh"),
        gate="z",
        more=gate_words("n"),
    ),
    _gru(
        "wrong-operand",
        "z for 1 - z in dn",
        Edit(DN, "dh * (1 - z)", "dh * z"),
        Edit(DN, "dh * z", "dh * (1 - z)"),
        gate="z",
        more=gate_words("n"),
        also=("swapped-gates", "sign-flip"),
    ),
    _gru(
        "swapped-gates",
        "r for z in dn",
        Edit(DN, "dh * (1 - z)", "dh * (1 - r)"),
        Edit(DN, "dh * z", "dh * r"),
        gate="z",
        more=gate_words("n"),
        also=SWAPPED,
    ),
    _gru(
        "missing-term",
        "r in W_hn",
        Edit(RESET_WEIGHT, "(r * h_prev)", "h_prev"),
        Edit(RESET_WEIGHT, "dm", "da_n"),
        gate="r",
        more=gate_words("n"),
        also=SWAPPED,
    ),
    _gru(
        "swapped-gates",
        "z for r in W_hn",
        Edit(RESET_WEIGHT, "r *", "z *"),
        Edit(RESET_WEIGHT, "dm", "(da_n * z)"),
        gate="r",
        more=gate_words("n"),
        also=SWAPPED,
    ),
)

RESET_GATE_BUGS = (
    _gru(
        "missing-term",
        "r in dh_next",
        Edit(PATH, "drh * r", "drh"),
        Edit(W_HN, "dm", "da_n"),
        gate="r",
        more=gate_words("n"),
    ),
    _gru(
        "swapped-gates",
        "z for r in dh_next",
        Edit(PATH, "drh * r", "drh * z"),
        Edit(W_HN, "dm", "(da_n * z)"),
        gate="r",
        more=gate_words("n"),
        also=SWAPPED,
    ),
    _gru(
        "missing-term",
        "r in dm",
        Edit(DM, "da_n * r", "da_n"),
        gate="r",
        more=gate_words("n"),
    ),
    _gru(
        "missing-term",
        "dr",
        Edit(DR, "drh *", "0 * drh *"),
        Edit(DR, "da_n *", "0 * da_n *"),
        gate="r",
        also=("missing-gradient",),
    ),
    _gru(
        "wrong-time-index",
        "h[t] in dr",
        Edit(DR, "h_prev", 's["h"]'),
        gate="r",
    ),
    _gru(
        "missing-term", "h[t-1] in dr", Edit(DR, " * h_prev", ""), *(Edit(DR, f" * {made}", "") for made in M), gate="r"
    ),
    _gru(
        "missing-term",
        "W_hn in dr",
        Edit(DR, "drh", "da_n"),
        *(Edit(DR, made, "h_prev") for made in M),
        gate="r",
        more=("W_hn",),
    ),
    _gru("wrong-operand", "n for h[t-1] in dr", Edit(DR, "h_prev", "n"), gate="r"),
    _gru("sign-flip", "dr", Edit(DR, "= ", "= -"), gate="r"),
)

GRU_BUGS: tuple[Bug, ...] = (*UPDATE_GATE_BUGS, *CANDIDATE_BUGS, *RESET_GATE_BUGS, *shared_bugs("gru"))
