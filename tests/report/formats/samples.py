"""Reports for the formats: some made by hand, and any that hypothesis can think of."""

import math
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st

from gradcheck_rnn.compare import Worst
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Acceptance, Finding
from gradcheck_rnn.report.formats.invocation import Invocation
from tests.report.samples import SETTINGS, compared, report_of

# what one format or another could take for its own
HOSTILE = [
    "]]>",
    "<b>&amp;",
    "%0A%25",
    "::error::",
    "a:b,c",
    "|",
    "`",
    "```",
    "\\",
    "**",
    "__init__",
    "[a](b)",
    "- ",
    "1. ",
    "# ",
    "$x$",
    "~~",
    "<!--",
    "\n",
    "\r\n",
    "\t",
    "\x00",
    "\x1b[31m",
    "\x85",
    "\u2028",
    "\u202e",
    "\ufffe",
    "\udc80",
    "é世界",
    "😀",
]
TEXTS = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=4)), max_size=6).map("".join)
# reports are slow to draw
FEW = settings(max_examples=25)
NUMBERS = st.one_of(st.none(), st.floats(min_value=0), st.sampled_from([1e-300, 1e300, math.nan]))
INVOCATION = Invocation(folder=Path("/repository"), root=Path("/repository"))
WRONG = compared("W_hh", "fail", 2.0)
RIGHT = compared("b_h")
LOST = Finding("missing-term", "dh_next", "the carry is lost", "dh_next = dz @ W_hh.T", parameters=("W_hh",))
CORRECTED = replace(
    LOST,
    location=Location("/repository/net.py", 2, text="dh = dy"),
    correction="@@ net.py:2 @@\n- dh = dy\n+ dh = dy + dh_next",
)
LET_THROUGH = replace(LOST, accepted=Acceptance("the *window* of `paper`", Location("known.yaml", 3, 5)))
RAISED = Finding(
    "raised", "loss", "loss raised ValueError: no", location=Location("/repository/net.py", 41, text="raise")
)


@st.composite
def _comparisons(draw):
    names = draw(st.lists(TEXTS, min_size=0, max_size=4, unique=True))
    number = st.floats()
    for name in names:
        verdict = draw(st.sampled_from(["pass", "fail", "inconclusive"]))
        found = compared(
            name, verdict, draw(NUMBERS), shape=(3, 2), worst=Worst((2, 1), draw(number), draw(number), 0.1)
        )
        yield replace(found, worst=None) if draw(st.booleans()) else found


@st.composite
def any_report(draw):
    """A report of any texts and numbers, of an outcome that its rows allow."""
    rows = [*draw(_comparisons())]
    names = [row.name for row in rows]
    finding = st.builds(
        Finding,
        kind=st.sampled_from(["missing-term", "raised", "unexplained", "of-another-version"]),
        term=TEXTS,
        message=TEXTS,
        help=TEXTS,
        parameters=st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple) if names else st.just(()),
        evidence=st.sampled_from([{}, {"traceback": "in loss:\n  raise ]]>`"}, {"residual": 0.0, "draws": 3}]),
        accepted=st.one_of(st.none(), st.builds(Acceptance, TEXTS, st.builds(Location, TEXTS, st.integers(0, 9)))),
        correction=st.one_of(st.just(""), TEXTS),
        location=st.one_of(st.none(), st.builds(Location, st.just("net.py"), st.integers(0, 9), text=TEXTS)),
    )
    verdicts = {row.verdict for row in rows}
    outcomes = ["fail"] if "fail" in verdicts else ["error", "inconclusive"]
    outcome = draw(st.sampled_from([*outcomes, *(["pass"] if verdicts == {"pass"} else [])]))
    findings = [] if outcome == "pass" else draw(st.lists(finding, max_size=3))
    report = report_of(rows, outcome=outcome, findings=findings, notes=draw(st.lists(finding, max_size=1)))
    config = draw(st.one_of(st.just("-"), TEXTS.map(lambda text: f"{text}.yaml")))
    interrupted = outcome != "pass" and draw(st.booleans())
    return replace(report, settings=replace(SETTINGS, source=config), interrupted=interrupted)


def named(report, config):
    """The same report of another configuration."""
    return replace(report, settings=replace(report.settings, source=config))


def failing(*findings):
    return report_of([WRONG, RIGHT], outcome="fail", findings=findings)


def dead(*findings):
    """What is left where user code gave nothing to judge."""
    return replace(report_of([]), points=(), rows=(), outcome="error", findings=findings)
