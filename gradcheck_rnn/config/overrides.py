"""Overrides from the command line: `KEY=VALUE` put into the tree of a configuration."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gradcheck_rnn.config.keys import SECTIONS
from gradcheck_rnn.config.places import Argument, clip, quote
from gradcheck_rnn.config.tree import Entry, Mapping, Node, Scalar, read_tree
from gradcheck_rnn.config.unknown import full_paths, unknown_path
from gradcheck_rnn.errors import Location, Mistake


@dataclass(frozen=True)
class Override:
    """A value for the key or section at a dotted path."""

    path: str
    value: Node
    location: Location


def read_override(text: str) -> tuple[Override | None, tuple[Mistake, ...]]:
    """Read `KEY=VALUE`: KEY is a dotted path or a name that is unique, VALUE is YAML; relative paths start here."""
    key, equals, value = text.partition("=")
    argument = Argument(f"--set {clip(text)}", value, Path())
    if not equals:
        return None, (Mistake("expected KEY=VALUE", "for example `sequence.length=3`", argument.top),)
    paths = full_paths(key.strip())
    if len(paths) != 1:
        message = f"{quote(key)} is the name of {len(paths)} keys" if paths else f"unknown key {quote(key)}"
        mending = f"write {' or '.join(map(quote, paths))}" if paths else unknown_path(key.strip())
        return None, (Mistake(message, mending, argument.top),)
    tree = read_tree(argument)
    return (Override(paths[0], tree.root, argument.top) if tree.root else None), tree.mistakes


def apply_overrides(root: Node, overrides: Sequence[Override]) -> Node:
    """The tree with each override's value in place of its own; later overrides win."""
    for override in overrides:
        root = _put(root, "", override.path.split("."), override)
    return root


def _put(node: Node, section: str, names: Sequence[str], override: Override) -> Node:
    """The node of `section` with the override's value at `names` below it.

    What is neither a mapping nor stands for one is left alone: it is a mistake that must not be overruled in silence.
    """
    if not names:
        return override.value
    if isinstance(node, Scalar) and _stands_for_mapping(node, section):
        node = Mapping({}, node.location)
    if not isinstance(node, Mapping):
        return node
    name, *below = names
    entry = node.entries.get(name) or Entry(override.location, Mapping({}, override.location))
    value = _put(entry.value, f"{section}.{name}".removeprefix("."), below, override)
    return replace(node, entries={**node.entries, name: replace(entry, value=value)})


def _stands_for_mapping(node: Scalar, section: str) -> bool:
    return node.value is None or (section in SECTIONS and node.value == SECTIONS[section].word)
