"""What the expressions of a function were while it ran, as plain values that travel between processes."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Value:
    """What an expression was each time before one statement ran.

    `type` is the name of its Python type (`ndarray`, `int`, `list`, ...), `shape` that of a numeric value (() for a
    number), None for what has none; both are those of the first time that it is an array, else of the first time.
    Equal `digest`s mean equal values at each visit.
    """

    type: str
    shape: tuple[int, ...] | None
    digest: int


@dataclass(frozen=True)
class Seen:
    """What was seen of one function: `values[line][expression]`, before the statement that begins at that line ran.

    `line` counts from 1 in the file's text; an expression is the text that `ast.unparse` makes of it. An expression is
    there where it could be evaluated at each visit of the statement. `visits` counts them.
    """

    values: Mapping[int, Mapping[str, Value]]
    visits: Mapping[int, int]

    def at(self, line: int, expression: str) -> Value | None:
        """What an expression was before the statement at a line, None if that is not known."""
        return self.values.get(line, {}).get(expression)
