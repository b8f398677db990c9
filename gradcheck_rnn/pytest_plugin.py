"""The plugin for pytest: a file `*.gradcheck.yaml` is a test for each parameter of its net.

Every run of pytest imports this module, so it imports nothing of the tool's before there is such a file.
"""

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from gradcheck_rnn.analytic.failure import UserCodeError
    from gradcheck_rnn.baseline.entry import Baseline, Entry
    from gradcheck_rnn.config.settings import Settings
    from gradcheck_rnn.report.value import Report

SUFFIX = ".gradcheck.yaml"
MARKER = "gradcheck"
# the setting of pytest that names a file of accepted faults, and the file with the table that may do so, too
BASELINE = "gradcheck_baseline"
PROJECT = "pyproject.toml"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the setting of a baseline."""
    text = "file of faults that are accepted; without it, `baseline` of [tool.gradcheck_rnn] counts; empty for none"
    parser.addini(BASELINE, text, default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the tests, for `-m gradcheck`."""
    config.addinivalue_line("markers", f"{MARKER}: gradients of one parameter, from a file *{SUFFIX}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "GradcheckFile | None":
    """Collect a configuration."""
    return GradcheckFile.from_parent(parent, path=file_path) if file_path.name.endswith(SUFFIX) else None


@dataclass
class Accepted:
    """What a baseline accepts, None if there is none, and which of its entries were told to be stale."""

    baseline: "Baseline | None"
    stale: "set[Entry]" = field(default_factory=set)

    def mark(self, report: "Report") -> "Report":
        """Mark what is accepted; warn of each stale entry once."""
        from gradcheck_rnn.baseline.match import match, stale_message
        from gradcheck_rnn.errors import StaleBaselineWarning

        if self.baseline is None:
            return report
        matched = match(self.baseline, [report])
        for entry in (each for each in matched.stale if each not in self.stale):
            self.stale.add(entry)
            warning = StaleBaselineWarning(stale_message(entry))
            warnings.warn_explicit(warning, None, str(self.baseline.file), entry.location.line)
        return matched.reports[0]


ACCEPTED = pytest.StashKey[Accepted]()


def _accepted(config: pytest.Config) -> Accepted:
    """The baseline of this run of pytest, read once.

    Raises:
        UsageError: it has mistakes, or the table that names it.
    """
    if ACCEPTED not in config.stash:
        from gradcheck_rnn.baseline.read import read_baseline

        file = _baseline_file(config)
        config.stash[ACCEPTED] = Accepted(None if file is None else read_baseline(os.path.relpath(file)))
    return config.stash[ACCEPTED]


def _baseline_file(config: pytest.Config) -> Path | None:
    """The file that pytest's own settings name, or the table of the project in whose root folder it runs.

    Raises:
        UsageError: that table cannot be read, or names no file.
    """
    named = config.getini(BASELINE)
    if named is not None:
        folder = config.rootpath if config.inipath is None else config.inipath.parent
        return folder / named if named else None
    file = config.rootpath / PROJECT
    if not file.is_file():
        return None
    from gradcheck_rnn.config.project import named_file, read_project

    project = read_project(file, os.path.relpath(file))
    return None if project is None else named_file(project, "baseline")


class NoPassError(Exception):
    """A parameter did not pass; the message is what the test has to say."""


class GradcheckFile(pytest.File):
    """A configuration, whose parameters are tests that share one check."""

    def collect(self) -> "Iterator[GradcheckItem]":
        """Read the configuration, and the baseline; name the parameters. User code is loaded at the most, not called.

        Raises:
            CollectError: one of these cannot be done.
        """
        from gradcheck_rnn.analytic.failure import UserCodeError
        from gradcheck_rnn.errors import UsageError
        from gradcheck_rnn.pipeline.names import parameter_names

        try:
            _accepted(self.config)
            names = parameter_names(self.settings)
        except UsageError as error:
            raise self.CollectError(str(error)) from None
        except UserCodeError as error:
            raise self.CollectError(_collection_error(error)) from None
        for name in names:
            item = GradcheckItem.from_parent(self, name=name)
            item.add_marker(MARKER)
            yield item

    @cached_property
    def settings(self) -> "Settings":
        """The configuration, called as somebody would who stands here.

        Raises:
            UsageError: it has mistakes.
        """
        from gradcheck_rnn.config import load_settings

        return load_settings(os.path.relpath(self.path))

    @cached_property
    def report(self) -> "Report":
        """What the check found, which is run when the first test asks.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        from gradcheck_rnn.api import check

        # the workers of pytest-xdist have the cores among them already
        report = check(self.settings, workers=1 if hasattr(self.config, "workerinput") else None)
        if report.interrupted:
            raise KeyboardInterrupt
        return _accepted(self.config).mark(report).with_paths_from(Path.cwd())


class GradcheckItem(pytest.Item):
    """One parameter. It passes where it passes the check, and in no other case.

    It is expected to fail where a baseline accepts all that is wrong in its file.
    """

    def runtest(self) -> None:
        """Look up the parameter in the report of its file.

        Raises:
            NoPassError: it did not pass.
        """
        from gradcheck_rnn.report.part import part_of

        report = cast(GradcheckFile, self.parent).report
        part = part_of(report, self.name)
        if part.outcome == "fail" and report.is_accepted:
            pytest.xfail(_reason(part))
        if part.outcome != "pass":
            raise NoPassError(_text(part))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show our own words without a traceback."""
        from gradcheck_rnn.errors import UsageError

        if isinstance(excinfo.value, NoPassError | UsageError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the test is: in the file, of which no line is the parameter's."""
        return self.path, None, self.name


def _reason(part: "Report") -> str:
    """What is accepted, why, and where that stands."""
    accepted = [(finding, finding.accepted) for finding in part.findings if finding.accepted]
    return "; ".join(f"{each.kind} {each.term}: {why.reason} ({why.location})" for each, why in accepted)


def _text(part: "Report") -> str:
    """The part of the report, a line that sums it up first, and the command that may mend it."""
    from gradcheck_rnn.report.repair.text import fix_command
    from gradcheck_rnn.report.words import summary

    text = f"{summary(part)}\n\n{part}"
    return f"{text}\n\ntry: {fix_command(part.settings.source, ())}" if part.wants_repair else text


def _collection_error(error: "UserCodeError") -> str:
    """The finding as a mistake of the user's input, its place as seen from here."""
    from gradcheck_rnn.errors import Mistake

    finding = error.finding
    place = finding.location and replace(finding.location, file=os.path.relpath(finding.location.file))
    return str(Mistake(finding.message, finding.help, place))
