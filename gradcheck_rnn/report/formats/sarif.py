"""SARIF 2.1.0, as code scanning reads it: a result for each finding, the rules carry the explain pages.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from gradcheck_rnn.errors import Location
from gradcheck_rnn.explain import plain_lines, read_pages
from gradcheck_rnn.findings import Finding
from gradcheck_rnn.repair.unified import Delta
from gradcheck_rnn.report.formats.cases import cases_of
from gradcheck_rnn.report.formats.invocation import STDIN, Invocation
from gradcheck_rnn.report.repair.value import FoundEdits
from gradcheck_rnn.report.value import Report

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# the base of relative names; its place is the reader's to know
ROOT = "%SRCROOT%"
FINGERPRINT = "gradcheckRnn/v1"
# the rule of a case without a finding, by its state
RULES = {"fail": "unexplained", "unclear": "numeric-unreliable", "error": "interrupted"}


def render(reports: Sequence[Report], invocation: Invocation) -> str:
    """Render all reports as one run; those that pass have no results."""
    found = [(report, finding) for report in reports for finding in _findings(report)]
    rules = sorted({finding.kind for _, finding in found})
    run = {
        "tool": {"driver": _driver(rules, invocation)},
        "invocations": [_invocation(reports, invocation)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "the root of the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, report, rules, invocation) for report, finding in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2, allow_nan=False) + "\n"


def _driver(rules: Sequence[str], invocation: Invocation) -> dict[str, Any]:
    return {
        "name": "gradcheck-rnn",
        "version": invocation.version,
        "semanticVersion": invocation.version,
        "rules": [_rule(kind) for kind in rules],
    }


def _rule(kind: str) -> dict[str, Any]:
    page = read_pages().get(kind)
    if page is None:
        return {"id": kind, "shortDescription": {"text": kind}}
    return {
        "id": kind,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.summary},
        "help": {"text": "\n".join(line.text for line in plain_lines(page)), "markdown": page.text},
    }


def _invocation(reports: Sequence[Report], invocation: Invocation) -> dict[str, Any]:
    """Say whether the run came to its end; an interrupted one lists what it did not check."""
    told = [f"{config} was not checked" for config in invocation.unchecked]
    told += [f"{report.settings.source} was not checked to its end" for report in reports if report.interrupted]
    notifications = [{"level": "error", "message": {"text": f"interrupted: {each}"}} for each in told]
    return {"executionSuccessful": not told, "toolExecutionNotifications": notifications}


def _findings(report: Report) -> Iterator[Finding]:
    """All findings, the note of an interruption, and a finding for each case that is not good and has none."""
    yield from report.findings
    for case in cases_of(report):
        if case.is_good:
            continue
        yield from (each for each in case.findings if each not in report.findings)
        if not case.findings:
            concerned = () if case.row is None else (case.name,)
            yield Finding(RULES[case.state], case.name, case.says, parameters=concerned)


def _result(finding: Finding, report: Report, rules: Sequence[str], invocation: Invocation) -> dict[str, Any]:
    config = report.settings.source
    at_config = [] if config == STDIN else [{"physicalLocation": _place(Location(config), invocation)}]
    related = []
    locations = at_config
    if finding.location:
        locations, related = [{"physicalLocation": _place(finding.location, invocation)}], at_config
    result: dict[str, Any] = {
        "ruleId": finding.kind,
        "ruleIndex": rules.index(finding.kind),
        "level": "warning" if report.outcome == "inconclusive" else "error",
        "message": {"text": "\n".join(_message(finding, config))},
        "locations": [_named(each, finding) for each in locations],
        "partialFingerprints": {FINGERPRINT: _fingerprint(finding, config, invocation)},
        "properties": {"term": finding.term, "certainty": finding.certainty, "config": config},
    }
    if finding.correction and report.patch:
        result["fixes"] = [_fix(report.patch, invocation)]
    if finding.accepted:
        reason = {"kind": "external", "status": "accepted", "justification": finding.accepted.reason}
        result["suppressions"] = [reason]
    if related:
        result["relatedLocations"] = [{"id": 1, "message": {"text": "the configuration"}, **each} for each in related]
    return result


def _named(location: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """Add the parameters that a finding concerns to its place."""
    if not finding.parameters:
        return location
    return {**location, "logicalLocations": [{"name": name, "kind": "parameter"} for name in finding.parameters]}


def _message(finding: Finding, config: str) -> Iterator[str]:
    yield f"{finding.term}: {finding.message}" if finding.term not in finding.message else finding.message
    if finding.help:
        yield f"help: {finding.help}"
    if finding.correction:
        yield f"patch:\n{finding.correction}"
    if finding.parameters:
        yield f"parameters: {', '.join(finding.parameters)} of {config}"


def _place(location: Location, invocation: Invocation) -> dict[str, Any]:
    """A physical location; code scanning wants a line of each, so that an unknown one is the first."""
    return {"artifactLocation": _artifact(location.file, invocation), "region": {"startLine": location.line or 1}}


def _artifact(file: str, invocation: Invocation) -> dict[str, str]:
    name = invocation.from_root(file)
    uri = quote(name, errors="surrogateescape")
    return {"uri": f"file://{uri}"} if name.startswith("/") else {"uri": uri, "uriBaseId": ROOT}


def _fix(patch: FoundEdits, invocation: Invocation) -> dict[str, Any]:
    """The whole patch: of several edits none mends everything by itself."""
    changes = [
        {"artifactLocation": _artifact(each.name, invocation), "replacements": [*map(_replacement, each.deltas)]}
        for each in patch.corrections
    ]
    said = patch.remains or "after this change every parameter passes"
    return {"description": {"text": said}, "artifactChanges": changes}


def _replacement(delta: Delta) -> dict[str, Any]:
    """Whole lines for whole lines; only the last one of a file may have no end (sec. 3.57, and 3.30 for regions)."""
    last = delta.line + len(delta.before)
    end = {"endLine": last, "endColumn": 1}
    if delta.before and not delta.before[-1].endswith("\n"):
        end = {"endLine": last - 1, "endColumn": len(delta.before[-1]) + 1}
    region = {"startLine": delta.line, "startColumn": 1, **end}
    return {"deletedRegion": region, "insertedContent": {"text": "".join(delta.after)}}


def _fingerprint(finding: Finding, config: str, invocation: Invocation) -> str:
    """A digest of what stays when lines move: where it was found, what, and in which parameters."""
    said = [invocation.from_root(config), finding.kind, finding.term, *finding.parameters]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
