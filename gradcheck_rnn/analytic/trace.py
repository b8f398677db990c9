"""Where a process was when it died or was told to say so, read from the trace that `faulthandler` wrote."""

import re
from pathlib import Path

from gradcheck_rnn.analytic.failure import is_users
from gradcheck_rnn.errors import Location

FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in ')


def location_in_trace(trace: Path) -> Location | None:
    """Innermost line of the user's own code in the newest trace of the file, None if there is none."""
    text = trace.read_text(encoding="utf-8", errors="replace") if trace.exists() else ""
    newest = text.rpartition("(most recent call first):")[2]
    frames = [match for line in newest.splitlines() if (match := FRAME.match(line))]
    for frame in frames:
        file = Path(frame["file"])
        if is_users(file):
            return Location(str(file), int(frame["line"]), text=_source_line(file, int(frame["line"])))
    return None


def _source_line(file: Path, number: int) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""
