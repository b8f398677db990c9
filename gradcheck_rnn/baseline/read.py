"""A baseline's YAML text to its entries, or to all of its mistakes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from gradcheck_rnn.baseline.entry import NOWHERE, OPEN_REASON, Baseline, Entry
from gradcheck_rnn.config.files import read_source
from gradcheck_rnn.config.places import Source, quote
from gradcheck_rnn.config.suggest import closest, listed
from gradcheck_rnn.config.tree import Listing, Mapping, Node, Scalar, found, read_tree
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.explain import read_pages

VERSION = 1
ENTRY_KEYS = tuple(field.name for field in fields(Entry) if field.name != "location")
_OPTIONAL = ("damage", "amount")


def read_baseline(name: str, *, may_be_open: bool = False, may_be_absent: bool = False) -> Baseline:
    """Read a baseline.

    Args:
        name: path of the file, as the user typed it.
        may_be_open: whether reasons may still be missing, because the file is about to be written anew.
        may_be_absent: whether the file need not be there.
    Raises:
        UsageError: with every mistake by position.
    """
    file = Path(name)
    if may_be_absent and not file.exists():
        return Baseline(file)
    return read_entries(file, _source(name), may_be_open=may_be_open)


def read_entries(file: Path, source: Source, *, may_be_open: bool = False) -> Baseline:
    """Read the text of a baseline.

    Raises:
        UsageError: with every mistake by position.
    """
    tree = read_tree(source)
    if tree.root is None or tree.mistakes:
        raise UsageError(*tree.mistakes)
    reading = _Reading(source, may_be_open, [])
    entries = reading.document(tree.root)
    if reading.mistakes:
        raise UsageError(*sorted(reading.mistakes, key=_position))
    return Baseline(file, tuple(entries))


def _source(name: str) -> Source:
    try:
        return read_source(name, None)
    except UsageError as err:
        if Path(name).exists():
            raise
        mending = "`--write-baseline` writes it"
        raise UsageError(*(replace(each, help=each.help or mending) for each in err.mistakes)) from err


@cache
def _fault_kinds() -> tuple[str, ...]:
    """What may be accepted: a note is no fault."""
    return tuple(page.kind for page in read_pages().values() if page.group != "note")


def _position(mistake: Mistake) -> tuple[int, int]:
    return (mistake.location.line, mistake.location.column) if mistake.location else (0, 0)


@dataclass
class _Reading:
    """Reads nodes, and collects what is wrong with them."""

    source: Source
    may_be_open: bool
    mistakes: list[Mistake]

    def document(self, root: Node) -> list[Entry]:
        """The entries of a whole file."""
        if not isinstance(root, Mapping):
            self._note(f"expected a mapping with `version` and `accepted`, got {found(root)}", root.location)
            return []
        self._refuse_unknown(root, ("version", "accepted"))
        version, accepted = (root.entries.get(key) for key in ("version", "accepted"))
        if version is None:
            self._note("missing key `version`", self.source.top, f"add `version: {VERSION}`")
        elif not isinstance(version.value, Scalar) or version.value.text != str(VERSION):
            message = f"`version`: expected {VERSION}, got {found(version.value)}"
            self._note(message, version.value.location, "this version of gradcheck-rnn reads no other")
        if accepted is None:
            self._note("missing key `accepted`", self.source.top, "add `accepted: []`, a list of faults")
            return []
        if not isinstance(accepted.value, Listing):
            message = f"`accepted`: expected a list, got {found(accepted.value)}"
            self._note(message, accepted.value.location, "write `accepted: []` where nothing is accepted")
            return []
        return list(self._unlike([entry for item in accepted.value.items if (entry := self._entry(item))]))

    def _entry(self, item: Node) -> Entry | None:
        if not isinstance(item, Mapping):
            self._note(f"expected a fault, got {found(item)}", item.location, f"with the keys {listed(ENTRY_KEYS)}")
            return None
        before = len(self.mistakes)
        self._refuse_unknown(item, ENTRY_KEYS)
        values: dict[str, Any] = {}
        for key in ENTRY_KEYS:
            if key in item.entries:
                values[key] = self._value(key, item.entries[key].value)
            elif key not in _OPTIONAL:
                self._note(f"missing key `{key}` of an accepted fault", item.location)
        return None if len(self.mistakes) > before else Entry(**values, location=item.location)

    def _value(self, key: str, node: Node) -> object:
        match key:
            case "parameters":
                return self._names(node)
            case "amount":
                return self._amount(node)
            case _:
                text = self._text(key, node)
        if key == "kind" and text:
            self._know_kind(text, node.location)
        if key == "reason" and text.startswith(OPEN_REASON) and not self.may_be_open:
            self._note("the reason is still to be filled in", node.location, "say why this fault is accepted")
        return text

    def _text(self, key: str, node: Node) -> str:
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.strip():
            return node.value
        mending = f"put it in quotes: `{key}: {quote(node.text)[1:-1]!r}`" if isinstance(node, Scalar) else ""
        self._note(f"`{key}`: expected a text, got {found(node)}", node.location, mending)
        return ""

    def _names(self, node: Node) -> tuple[str, ...]:
        if not isinstance(node, Listing):
            message = f"`parameters`: expected a list of names, got {found(node)}"
            self._note(message, node.location, "for example `parameters: [W_xh, W_hh]`")
            return ()
        names = [each.value if isinstance(each, Scalar) else None for each in node.items]
        for each, name in zip(node.items, names, strict=True):
            if not isinstance(name, str):
                self._note(f"`parameters`: expected a name, got {found(each)}", each.location, "put it in quotes")
        return tuple(name for name in names if isinstance(name, str))

    def _amount(self, node: Node) -> float:
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < float("inf"):
            self._note(f"`amount`: expected a finite number, got {found(node)}", node.location)
            return 0.0
        return float(value)

    def _know_kind(self, kind: str, location: Location) -> None:
        kinds = _fault_kinds()
        if kind not in kinds:
            near = closest(kind, kinds)
            mending = f"did you mean `{near}`?" if near else "`gradcheck-rnn explain` lists the kinds of faults"
            self._note(f"no fault is of the kind {quote(kind)}", location, mending)

    def _refuse_unknown(self, mapping: Mapping, known: Collection[str]) -> None:
        for name, entry in mapping.entries.items():
            if name not in known:
                near = closest(name, known)
                mending = f"did you mean `{near}`?" if near else f"it takes {listed(known)}"
                self._note(f"unknown key {quote(name)}", entry.location, mending)

    def _unlike(self, entries: list[Entry]) -> Iterator[Entry]:
        """Yield entries, and refuse one that says the same as another."""
        first: dict[Entry, int] = {}
        for entry in entries:
            same = replace(entry, reason="", parameters=tuple(sorted(entry.parameters)), location=NOWHERE)
            if same in first:
                self._note(f"this fault is accepted twice, first in line {first[same]}", entry.location, "keep one")
            first.setdefault(same, entry.location.line)
            yield entry

    def _note(self, message: str, location: Location, mending: str = "") -> None:
        self.mistakes.append(Mistake(message, mending, location))
