"""YAML text as a tree of values that know their places; what YAML allows and a configuration does not is refused.

The tree is built from PyYAML's events, in one pass: its composer recurses without a bound, loses the place of an
alias, and keeps the last of two equal keys.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import yaml

from gradcheck_rnn.config.places import Source, quote
from gradcheck_rnn.config.scalars import ScalarValue, resolve
from gradcheck_rnn.config.syntax import syntax_mistake
from gradcheck_rnn.errors import Location, Mistake

MAX_DEPTH = 30  # a configuration nests three deep; recursion over more could exhaust the stack
MAX_NODES = 10_000  # a configuration has about 40 values; aliases that double each other reach this at once


@dataclass(frozen=True)
class Scalar:
    """A value as it is understood and as it is written; a relative path in it starts from `folder`."""

    value: ScalarValue
    text: str
    location: Location
    folder: Path


@dataclass(frozen=True)
class Mapping:
    """Keys in the order of the text."""

    entries: dict[str, "Entry"]
    location: Location


@dataclass(frozen=True)
class Listing:
    """A YAML sequence: no key of a configuration takes one."""

    items: tuple["Node", ...]
    location: Location


Node = Scalar | Mapping | Listing

_Written = yaml.ScalarEvent | yaml.CollectionStartEvent


@dataclass(frozen=True)
class Entry:
    """One key of a mapping: where the key stands, and its value."""

    location: Location
    value: Node


@dataclass(frozen=True)
class Tree:
    """A document, None where it cannot be read to its end, and the mistakes in its form."""

    root: Node | None
    mistakes: tuple[Mistake, ...]


def read_tree(source: Source) -> Tree:
    """Read the one document of `source`; an empty one is a null scalar."""
    reader = _TreeReader(source)
    try:
        root = reader.document()
    except _UnreadableError as err:
        return Tree(None, (*reader.mistakes, err.mistake))
    return Tree(root, tuple(reader.mistakes))


class _UnreadableError(Exception):
    """Nothing after this mistake can be read."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.message)
        self.mistake = mistake


def _events(source: Source) -> Iterator[yaml.Event]:
    try:
        loader = yaml.SafeLoader(source.text)
    except yaml.reader.ReaderError as err:
        raise _UnreadableError(syntax_mistake(source, err, err.position)) from err
    try:
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]  # the stubs leave it open
    except (yaml.YAMLError, ValueError, OverflowError) as err:  # the last two from escapes like "\UFFFFFFFF"
        raise _UnreadableError(syntax_mistake(source, err, loader.get_mark().index)) from err


class _TreeReader:
    """Reads nodes from events, and collects the mistakes that do not stop it."""

    def __init__(self, source: Source) -> None:
        self.mistakes: list[Mistake] = []
        self._source = source
        self._events = _events(source)
        self._anchored: dict[str, tuple[Node, int] | None] = {}  # node and its size; None while it is open
        self._nodes = 0

    def document(self) -> Node:
        next(self._events)  # the start of the stream
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return Scalar(None, "", self._source.top, self._source.folder)
        root = self._node(next(self._events), depth=0)
        next(self._events)  # the end of the document
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._note(after, "a second document starts here", "keep one; write another configuration to its own file")
        return root

    def _node(self, event: yaml.Event, *, depth: int) -> Node:
        if depth > MAX_DEPTH:
            mistake = self._mistake(
                event, f"values are nested more than {MAX_DEPTH} deep", "name the YAML of one check"
            )
            raise _UnreadableError(mistake)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, event.anchor or "")
        return self._written(cast(_Written, event), depth=depth)

    def _written(self, event: _Written, *, depth: int) -> Node:
        self._count(event, 1)
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._note(event, f"the tag {quote(tag)} is not allowed", "remove it: tags have no meaning here")
        if event.anchor is None:
            return self._content(event, depth=depth)
        self._anchored[event.anchor] = None
        before = self._nodes - 1
        node = self._content(event, depth=depth)
        self._anchored[event.anchor] = (node, self._nodes - before)
        return node

    def _content(self, event: _Written, *, depth: int) -> Node:
        location = self._locate(event)
        if isinstance(event, yaml.ScalarEvent):
            value = resolve(event.value) if event.style is None else event.value
            return Scalar(value, event.value, location, self._source.folder)
        if isinstance(event, yaml.MappingStartEvent):
            return Mapping(self._entries(depth=depth), location)
        items = []
        while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(item, depth=depth + 1))
        return Listing(tuple(items), location)

    def _entries(self, *, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth=depth + 1)
            value = self._node(next(self._events), depth=depth + 1)
            name = self._key_name(event, key)
            if name in entries:
                line = entries[name].location.line
                first = f", first in line {line}" if line else ""
                self._note(event, f"key {quote(name)} is set twice{first}", "keep one of them")
            elif name is not None:
                entries[name] = Entry(key.location, _at_key(key, value))
        return entries

    def _key_name(self, event: yaml.Event, key: Node) -> str | None:
        if not isinstance(key, Scalar) or not isinstance(key.value, str):
            self._note(event, f"expected the name of a key, got {found(key)}", "remove it, or write a name there")
            return None
        if key.value == "<<" and isinstance(event, yaml.ScalarEvent) and event.style is None:
            self._note(event, "the merge key `<<` is not allowed", "write the keys out, or alias the whole section")
            return None
        return key.value

    def _alias(self, event: yaml.AliasEvent, name: str) -> Node:
        if name not in self._anchored:
            message, mending = f"no value is anchored as {quote('&' + name)}", "quote a text that starts with `*`"
            raise _UnreadableError(self._mistake(event, message, mending))
        anchored = self._anchored[name]
        if anchored is None:
            message = f"{quote('*' + name)} stands inside the value that it repeats"
            raise _UnreadableError(self._mistake(event, message, "write the value out"))
        node, size = anchored
        self._count(event, size)
        return replace(node, location=self._locate(event))

    def _count(self, event: yaml.Event, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"there are more than {MAX_NODES} values up to here, aliases written out"
            raise _UnreadableError(self._mistake(event, message, "name the YAML file of one check"))

    def _note(self, event: yaml.Event, message: str, mending: str) -> None:
        self.mistakes.append(self._mistake(event, message, mending))

    def _mistake(self, event: yaml.Event, message: str, mending: str) -> Mistake:
        return Mistake(message, mending, self._locate(event))

    def _locate(self, event: yaml.Event) -> Location:
        start, end = cast(yaml.Mark, event.start_mark), cast(yaml.Mark, event.end_mark)
        return self._source.locate(start.index, end.index)


def _at_key(key: Node, value: Node) -> Node:
    """A value that is not written has no place of its own: it stands at its key."""
    written = not isinstance(value, Scalar) or value.text or value.value is not None
    return value if written else replace(value, location=key.location)


def found(node: Node) -> str:
    """What stands there, in the words of a message."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Listing):
        return "a list"
    if node.value is None:
        return "nothing" if not node.text else f"the null {quote(node.text)}"
    kinds = {bool: "the boolean", int: "the integer", float: "the number", str: "the text"}
    return f"{kinds[type(node.value)]} {quote(node.text)}"
