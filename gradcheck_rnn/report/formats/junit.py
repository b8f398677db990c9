"""JUnit XML, as GitLab, Jenkins and their kind show it: one test case for each configuration and parameter.

A wrong gradient is a failure. What cannot be told is an error, so that no file is green where a check is red. What
nobody looked at is skipped. No attribute is written that Jenkins' xunit plugin refuses (its junit-10.xsd), so the
user's line stands in the text, the only part that GitLab shows anyway.
"""

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from gradcheck_rnn.report.formats.cases import Case, State, cases_of
from gradcheck_rnn.report.formats.invocation import STDIN, Invocation
from gradcheck_rnn.report.value import Report
from gradcheck_rnn.report.words import headline

# the element that a state becomes; what passes has none
ELEMENTS: Mapping[State, str] = {
    "fail": "failure",
    "unclear": "error",
    "error": "error",
    "unchecked": "skipped",
    "accepted": "skipped",
}
# what XML 1.0 has no place for (sec. 2.2), and the carriage return, which its readers turn into another character
NO_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MILLISECONDS = 1000


def render(reports: Sequence[Report], invocation: Invocation) -> str:
    """Render all reports as one document, a suite each."""
    root = Element("testsuites", name="gradcheck-rnn")
    seconds = [*invocation.seconds, *[0.0] * len(reports)]
    thousandths = 0
    for report, spent in zip(reports, seconds, strict=False):
        shares = _shares(report, round(spent * MILLISECONDS))
        root.append(_suite(report, invocation, shares))
        thousandths += sum(shares)
    for config in invocation.unchecked:
        root.append(_unchecked_suite(config))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", _time(thousandths))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _suite(report: Report, invocation: Invocation, shares: Sequence[int]) -> Element:
    source, cases = report.settings.source, cases_of(report)
    suite = _empty_suite(source, cases)
    suite.set("time", _time(sum(shares)))
    if source != STDIN:
        suite.set("file", _clean(invocation.from_root(source)))
    command = invocation.check_command(source)
    stated = {"command": command, "version": invocation.version, "seed": str(report.settings.seed)}
    properties = SubElement(suite, "properties")
    for name, value in {**stated, "verdict": f"{report.outcome}: {headline(report)}"}.items():
        SubElement(properties, "property", name=name, value=_clean(value))
    for case, share in zip(cases, shares, strict=True):
        suite.append(_test(case, source, share, [f"reproduce: {command}"]))
    if report.notes:
        SubElement(suite, "system-out").text = _clean("\n".join(f"note: {note.message}" for note in report.notes))
    return suite


def _unchecked_suite(config: str) -> Element:
    """A suite for a configuration that an interruption came before."""
    case = Case("the check as a whole", "error", "interrupted before this configuration was checked")
    suite = _empty_suite(config, [case])
    suite.append(_test(case, config, 0, []))
    return suite


def _empty_suite(name: str, cases: Sequence[Case]) -> Element:
    elements = [ELEMENTS.get(case.state, "") for case in cases]
    return Element(
        "testsuite",
        name=_clean(name),
        tests=str(len(cases)),
        failures=str(elements.count("failure")),
        errors=str(elements.count("error")),
        skipped=str(elements.count("skipped")),
    )


def _test(case: Case, config: str, share: int, more: Sequence[str]) -> Element:
    test = Element("testcase", name=_clean(case.name), classname=_clean(config), time=_time(share))
    if case.state in ELEMENTS:
        told = SubElement(test, ELEMENTS[case.state])
        told.set("type", _clean(case.findings[0].kind if case.findings else case.state))
        told.set("message", _clean(f"{case.title}: {case.findings[0].message if case.findings else case.says}"))
        told.text = _clean("\n".join([*case.lines, *more]))
    return test


def _shares(report: Report, thousandths: int) -> list[int]:
    """Share out a check's time over its cases by entries, since all are measured together; the sum is exact."""
    weights = [case.row.entries if case.row else 0 for case in cases_of(report)]
    total = sum(weights)
    if not total:
        return [thousandths, *[0] * (len(weights) - 1)]
    shares = [thousandths * weight // total for weight in weights]
    shares[0] += thousandths - sum(shares)
    return shares


def _time(thousandths: int) -> str:
    return f"{thousandths // MILLISECONDS}.{thousandths % MILLISECONDS:03}"


def _clean(text: str) -> str:
    """Write out as escapes what XML has no place for."""
    return NO_XML.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
