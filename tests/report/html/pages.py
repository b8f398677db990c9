"""Reports made by hand, with everything that a page can show, and pages as a parser reads them."""

from dataclasses import dataclass, field, replace
from html.parser import HTMLParser

import numpy as np

from gradcheck_rnn.compare import Worst
from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.vanishing import Vanishing
from gradcheck_rnn.errors import Location
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.numeric.regimes import find_regimes
from gradcheck_rnn.numeric.steps import STEPS
from gradcheck_rnn.repair.patch import FileDiff
from gradcheck_rnn.repair.unified import deltas, unified_diff
from gradcheck_rnn.report.formats.invocation import Invocation
from gradcheck_rnn.report.html.page import html
from gradcheck_rnn.report.repair.value import FoundEdits
from gradcheck_rnn.report.study import Reach, Study
from gradcheck_rnn.report.sweep.curves import LengthCurve, LengthCurves, StepCurve, StepCurves, Sweep
from tests.report.samples import SETTINGS, compared, report_of

# an element with no end, and what is never closed: HTML's, that is
VOID = {"meta", "link", "img", "input", "br", "hr"}
NO_CARRY = Finding(
    kind="missing-term",
    term="dh_next",
    message="dh_next is missing",
    help="dh = dy @ W_hy.T + dh_next",
    parameters=("W_hh",),
    evidence={"residual": 1e-15, "draws": 3},
    location=Location("net.py", 3, text="dh = dy @ W_hy.T"),
)
STEPS_OF_MAP = 4


def chain_without_carry(length=STEPS_OF_MAP):
    """A map whose numeric cells fall by a half at each lag, and whose analytic ones are empty below the diagonal."""
    lag = np.subtract.outer(np.arange(length), np.arange(length))
    numeric = np.where(lag >= 0, 0.5 ** np.maximum(lag, 0), 0.0)
    analytic = np.where(lag == 0, 1.0, 0.0)
    error = np.where(lag > 0, 1.0, np.where(lag == 0, 0.0, np.nan))
    return ChainMap(analytic, numeric, error)


def step_curve(name, verdict):
    """A V for a right gradient: truncation h**2 and rounding 1e-16 / h; a flat line for a wrong one."""
    errors = tuple(0.5 if verdict == "fail" else h**2 + 1e-16 / h for h in STEPS)
    return StepCurve(name, 25, 10, errors, find_regimes(STEPS, errors), 1e-13, 1e-14, verdict)


def study_of(names):
    """What a page draws of parameters by name, with their verdicts."""
    curves = tuple(step_curve(name, verdict) for name, verdict in names.items())
    lengths = LengthCurves(
        (1, 2),
        tuple(
            LengthCurve(name, (1e-13, 0.5 if verdict == "fail" else 1e-13), (1e-14, 1e-14), ("pass", verdict))
            for name, verdict in names.items()
        ),
    )
    sweep = Sweep(SETTINGS, STEPS, (StepCurves("configured", 6, "user", curves),), lengths, (), ())
    reach = Reach("configured", 6, Vanishing("tanh", (1.0, 1e-3, 1e-7), 1e-6, 0.0))
    return Study(sweep, (reach,))


def found_edits():
    """A patch of one line."""
    before, after = "a = 1\ndh = dy\n", "a = 1\ndh = dy + dh_next\n"
    names = ("a/net.py", "b/net.py")
    diff = FileDiff("net.py", None, unified_diff(before, after, names=names), tuple(deltas(before, after)))
    return FoundEdits((diff,), 12, "")


def failing_report(names=("W_hy", "W_hh"), **changes):
    """A report of two parameters, the second one wrong, with map, curves and patch; `changes` are other fields."""
    right, wrong = names
    far = Worst((3, 1), 0.1, 0.2, 1e-12)
    rows = [compared(right, shape=(5, 4)), compared(wrong, "fail", 0.5, shape=(5, 5), worst=far)]
    report = report_of(rows, rows, outcome="fail", findings=[NO_CARRY])
    study = study_of({right: "pass", wrong: "fail"})
    given = {"chain": chain_without_carry(), "in_python": True, "study": study, "patch": found_edits()}
    return replace(report, **{**given, **changes})


def passing_report():
    """A report of one parameter that passes."""
    return report_of([compared("W_hy")])


def page_of(*reports, **invocation):
    """The page of some reports, as text."""
    return html(reports, Invocation(**invocation))


@dataclass
class Element:
    """An element: its name, its attributes, and all text in it."""

    name: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Read(HTMLParser):
    """A page as a parser reads it: every element, in order."""

    page: str
    elements: list[Element] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)

    def __post_init__(self):
        super().__init__()
        self.feed(self.page)
        self.close()

    def handle_starttag(self, name, attributes):
        element = Element(name, {key: value or "" for key, value in attributes})
        self.elements.append(element)
        if name not in VOID:
            self.open.append(element)

    def handle_startendtag(self, name, attributes):
        self.handle_starttag(name, attributes)
        self.open.pop()

    def handle_endtag(self, name):
        assert self.open.pop().name == name, f"</{name}> ends something else"

    def handle_data(self, text):
        for element in self.open:
            element.text += text

    def named(self, *names):
        """Elements of these names."""
        return [each for each in self.elements if each.name in names]

    def of_class(self, name):
        """Elements of a class."""
        return [each for each in self.elements if name in each.attributes.get("class", "").split()]
