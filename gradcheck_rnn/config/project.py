"""The table `[tool.gradcheck_rnn]` of the nearest `pyproject.toml` that has one, with the places of its keys."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from gradcheck_rnn.config.places import Source, quote
from gradcheck_rnn.errors import Location, Mistake, UsageError

TABLE = ("tool", "gradcheck_rnn")
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclass(frozen=True)
class Project:
    """A table of defaults and the file that it stands in; relative paths in it start from that file's folder."""

    source: Source
    table: Mapping[str, Any]

    def location(self, *path: str) -> Location:
        """Where a key of the table is set, or with no key the table.

        A TOML parser keeps no places: the key stands where the text begins to have it.
        """
        wanted, first = (*TABLE, *path), 0
        for count in range(len(self._lines) + 1):
            try:
                document = tomllib.loads("".join(self._lines[:count]))
            except ValueError:
                continue  # in the midst of a value
            if _at(document, wanted) is not None:
                break
            first = count
        start = sum(map(len, self._lines[:first]))
        line = self._lines[first] if first < len(self._lines) else ""
        indent = len(line) - len(line.lstrip())
        return self.source.locate(start + indent, start + len(line.rstrip()))

    @cached_property
    def _lines(self) -> list[str]:
        return self.source.text.splitlines(keepends=True)


def read_project(file: Path, name: str) -> Project | None:
    """Read a `pyproject.toml`, called `name` in messages; None where it has no table of ours.

    Raises:
        UsageError: it cannot be read, or is no TOML.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        reason = (getattr(err, "strerror", None) or "it is not UTF-8 text").lower()
        raise UsageError(Mistake(f"cannot read {quote(name)}: {reason}", location=Location(name))) from err
    source = Source(name, text, file.parent)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as err:  # ValueError: TOML, or a number of too many digits
        raise UsageError(_no_toml(source, str(err))) from err
    table = _at(document, TABLE)
    if table is None:
        return None
    project = Project(source, table if isinstance(table, dict) else {})
    if not isinstance(table, dict):
        message = f"`tool.gradcheck_rnn`: expected a table, got {named(table)}"
        raise UsageError(Mistake(message, "write `[tool.gradcheck_rnn]`, and its keys below", project.location()))
    return project


def named_file(project: Project, key: str) -> Path | None:
    """The file that a key of the table names, from the folder of its own file on; None where there is no such key.

    Raises:
        UsageError: it is no text.
    """
    value = project.table.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise UsageError(Mistake(f"`{key}`: expected a text, got {named(value)}", location=project.location(key)))
    return project.source.folder / value


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def _no_toml(source: Source, problem: str) -> Mistake:
    place = _PLACE.search(problem)
    message = f"not TOML: {_PLACE.sub('', problem)}"
    lines = source.text.split("\n")
    row, column = (int(place[1]), int(place[2])) if place and place[1] else (len(lines), 1)
    start = sum(len(line) + 1 for line in lines[: row - 1]) + column - 1
    return Mistake(message, location=source.locate(start, start + 1))


def named(value: object) -> str:
    """What stands there, in the words of a message."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    kinds = {str: "the text", int: "the integer", float: "the number"}
    if type(value) in kinds:
        return f"{kinds[type(value)]} {quote(str(value))}"
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "a date or time"
