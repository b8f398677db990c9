"""What a web page needs: libraries, asked for before anything is done, and what only pictures show."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck_rnn.errors import Mistake, UsageError

if TYPE_CHECKING:
    from gradcheck_rnn.report.value import Report

FORMAT = "html"
LIBRARIES = ("matplotlib", "jinja2")


def need_libraries() -> None:
    """See to it that pages can be made.

    Raises:
        UsageError: a library for that is not installed.
    """
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        message = f"a report as {FORMAT} needs {' and '.join(missing)}, not installed here"
        raise UsageError(Mistake(message, "pip install 'gradcheck-rnn[plot]'"))


def add_pictures(reports: "list[Report]", *, only: Sequence[str], workers: int | None) -> None:
    """Look further into each report, in its place.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; reports that were not looked into are as they were.
    """
    from gradcheck_rnn.pipeline.study import studied
    from gradcheck_rnn.report.progress import ProgressBar

    for place, report in enumerate(reports):
        with ProgressBar() as progress:
            reports[place] = studied(report, Path.cwd(), only=only, workers=workers, progress=progress)
