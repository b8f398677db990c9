"""Lines of a unified diff, each with what it is."""

from collections.abc import Iterable

from gradcheck_rnn.repair.patch import FileDiff

_KINDS = {"+": "added", "-": "removed", "@": "place"}
# lines that name the file come first
_HEADER = 2

Line = tuple[str, str]


def marked_lines(diffs: Iterable[FileDiff]) -> list[list[Line]]:
    """Each diff as lines with their kind: added, removed, place, or the same in both."""
    return [
        [
            ("place" if place < _HEADER else _KINDS.get(line[:1], "same"), line)
            for place, line in enumerate(diff.text.split("\n"))
            if line
        ]
        for diff in diffs
    ]
