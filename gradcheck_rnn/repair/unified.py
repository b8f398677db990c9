"""Two texts as a unified diff, which `patch` and `git apply` read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

# lines shown before and after a change
CONTEXT = 3
_NO_END = "\n\\ No newline at end of file\n"
_QUOTED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True)
class Delta:
    """A piece of a text that another one takes the place of, by lines; `line` is where, counted from 1."""

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def deltas(before: str, after: str) -> list[Delta]:
    """What differs between two texts, line by line."""
    old, new = _lines(before), _lines(after)
    return [Delta(i + 1, tuple(old[i:j]), tuple(new[k:m])) for _, i, j, k, m in _differing(old, new)]


def unified_diff(before: str, after: str, *, names: tuple[str, str]) -> str:
    """Return the diff, empty for equal texts; the lines in it end as those of the texts do."""
    old, new = _lines(before), _lines(after)
    pieces = [f"--- {header_name(names[0])}\n", f"+++ {header_name(names[1])}\n"]
    for hunk in _hunks(_differing(old, new)):
        pieces += _shown(hunk, old, new)
    return "".join(pieces) if len(pieces) > 2 else ""


def header_name(name: str) -> str:
    """Write a file's name so that a diff's reader finds its end."""
    if any(character in _QUOTED for character in name):
        return f'"{"".join(_QUOTED.get(character, character) for character in name)}"'
    return f"{name}\t" if " " in name else name


Opcode = tuple[str, int, int, int, int]


def _lines(text: str) -> list[str]:
    """Lines as the readers of diffs understand them: a carriage return is part of one."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()
    return lines if last == "\n" else [*lines, last[:-1]]


def _differing(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """Opcodes of what differs; what both begin and end with is set aside, for it is most of a file."""
    shorter = min(len(old), len(new))
    head = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    rest = shorter - head
    tail = next((place for place in range(rest) if old[-1 - place] != new[-1 - place]), rest)
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    return [
        (kind, i + head, j + head, k + head, m + head) for kind, i, j, k, m in matcher.get_opcodes() if kind != "equal"
    ]


def _hunks(differing: Sequence[Opcode]) -> Iterator[list[Opcode]]:
    """Group changes whose contexts touch."""
    hunk: list[Opcode] = []
    for each in differing:
        if hunk and each[1] - hunk[-1][2] > 2 * CONTEXT:
            yield hunk
            hunk = []
        hunk.append(each)
    if hunk:
        yield hunk


def _shown(hunk: Sequence[Opcode], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    before = min(CONTEXT, hunk[0][1])
    after = min(CONTEXT, len(old) - hunk[-1][2])
    start, end = hunk[0][1] - before, hunk[-1][2] + after
    yield f"@@ -{_range(start, end)} +{_range(hunk[0][3] - before, hunk[-1][4] + after)} @@\n"
    at = start
    for _, i, j, k, m in hunk:
        yield from (_marked(" ", line) for line in old[at:i])
        yield from (_marked("-", line) for line in old[i:j])
        yield from (_marked("+", line) for line in new[k:m])
        at = j
    yield from (_marked(" ", line) for line in old[at:end])


def _range(start: int, end: int) -> str:
    """First line and number of lines; of none, the line before them."""
    length = end - start
    return str(start + 1) if length == 1 else f"{start + 1 if length else start},{length}"


def _marked(mark: str, line: str) -> str:
    return f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}{_NO_END}"
