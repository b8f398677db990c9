"""What some formats need beyond the check: libraries, asked for before anything is done, curves, the very line."""

from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from gradcheck_rnn.errors import Mistake, UsageError

if TYPE_CHECKING:
    from gradcheck_rnn.report.value import Report

PICTURES = "html"
LIBRARIES = ("matplotlib", "jinja2")
# formats that stand beside the user's code, and want the line of it that is wrong
ANNOTATING = frozenset({"github", "sarif"})


def need_libraries() -> None:
    """See to it that pages can be made.

    Raises:
        UsageError: a library for that is not installed.
    """
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        message = f"a report as {PICTURES} needs {' and '.join(missing)}, not installed here"
        raise UsageError(Mistake(message, "pip install 'gradcheck-rnn[plot]'"))


def look_further(
    reports: "list[Report]",
    formats: Collection[str],
    *,
    seconds: Sequence[float],
    is_long: bool,
    only: Sequence[str],
    workers: int | None,
) -> None:
    """Look further into each report, in its place, as far as some format shows it.

    A patch is proven by another check, so that a line is not searched where that would take long.

    Args:
        reports: of the checks.
        formats: all that something is written in.
        seconds: how long each check took.
        is_long: whether that tells nothing, as part of them was known before, or was done elsewhere.
        only: names of the parameters that were checked; empty means all.
        workers: as for the check.
    Raises:
        KeyboardInterrupt: Ctrl-C was pressed; what was found by then stands.
    """
    has_pictures = PICTURES in formats
    if not has_pictures and ANNOTATING.isdisjoint(formats):
        return
    from gradcheck_rnn.pipeline import patched, study
    from gradcheck_rnn.report.progress import ProgressBar

    here = Path.cwd()
    for place, spent in enumerate(seconds):
        with ProgressBar() as progress:
            is_quick = spent <= patched.PATCH_TIME and not is_long
            if has_pictures or (is_quick and not reports[place].is_accepted):
                reports[place] = patched.patched(reports[place], here, workers=workers, progress=progress)
            if has_pictures:
                reports[place] = study.studied(reports[place], here, only=only, workers=workers, progress=progress)
