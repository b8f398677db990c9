"""Statements put in, taken out, moved and indented, with the lines, comments and semicolons that they stand among."""

import ast

from gradcheck_rnn.repair.edit import Change
from gradcheck_rnn.repair.text import Text

_COMPOUND = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)


def alone(text: Text, statement: ast.stmt) -> bool:
    """Whether a statement has its lines for itself, up to white space, a comment and a last semicolon."""
    start, end = text.span(statement)
    before = text.text[text.line_start(statement.lineno) : start]
    after = text.text[end : _line_end(text, statement)].lstrip(" \t;")
    return not before.strip() and (isinstance(statement, _COMPOUND) or not after or after.startswith("#"))


def before(text: Text, statement: ast.stmt, *new: str) -> Change:
    """Put simple statements in front of a statement: on lines of their own where it has its own."""
    start, _ = text.span(statement)
    if not alone(text, statement):
        return Change(start, start, "".join(f"{each}; " for each in new))
    at = text.line_start(statement.lineno)
    return Change(at, at, "".join(text.indent(statement) + each + _newline(text) for each in new))


def after(text: Text, statement: ast.stmt, *new: str) -> Change:
    """Put simple statements behind a statement, and behind the comment of its line."""
    _, end = text.span(statement)
    if not alone(text, statement):
        return Change(end, end, "".join(f"; {each}" for each in new))
    at = _line_end(text, statement)
    return Change(at, at, "".join(_newline(text) + text.indent(statement) + each for each in new))


def removed(text: Text, statement: ast.stmt, block: list[ast.stmt]) -> Change:
    """Take a statement out of its block, with the comment of its line; a block that would be empty gets a `pass`."""
    start, end = text.span(statement)
    if len(block) == 1:
        return Change(start, end, "pass")
    if alone(text, statement):
        return Change(text.line_start(statement.lineno), text.line_start(_last(statement) + 1), "")
    rest = text.text[end : _line_end(text, statement)]
    behind = rest.lstrip(" \t").removeprefix(";").lstrip(" \t")
    if rest.lstrip().startswith(";") and behind and not behind.startswith("#"):
        return Change(start, end + len(rest) - len(behind), "")
    return Change(text.text.rindex(";", 0, start), end, "")


def moved_before(text: Text, statement: ast.stmt, block: list[ast.stmt], other: ast.stmt) -> tuple[Change, ...]:
    """Move a simple statement, with its comment, to the place in front of another one, in that one's indent."""
    return removed(text, statement, block), before(text, other, _as_moved(text, statement, other))


def moved_after(text: Text, statement: ast.stmt, block: list[ast.stmt], other: ast.stmt) -> tuple[Change, ...]:
    """Move a simple statement, with its comment, to the place behind another one, in that one's indent.

    The other one may be what it is in: then it may not be all that is in there.
    """
    if _last(statement) != _last(other):
        return removed(text, statement, block), after(text, other, _as_moved(text, statement, other))
    if alone(text, statement):
        return _dedents(text, other, [statement])
    # on one line with its block: the semicolon in front of it becomes a new line
    return removed(text, statement, block), after(text, other, text.of(statement))


def movable(statement: ast.stmt) -> bool:
    """Whether a statement may change its indent: it is no compound one, and no text in it runs over lines."""
    return not isinstance(statement, _COMPOUND) and not _holds_long_text(statement)


def body_alone(text: Text, header: ast.stmt, body: list[ast.stmt]) -> tuple[Change, ...] | None:
    """Take away a compound statement around one of its bodies, which gets its indent, and its other bodies.

    None where that cannot be done line by line.
    """
    if any(map(_holds_long_text, body)):
        return None
    start, end = text.line_start(header.lineno), _line_end(text, header)
    tail = (Change(_line_end(text, body[-1]), end, ""),) if body[-1].end_lineno != header.end_lineno else ()
    if not alone(text, body[0]):
        return Change(text.span(header)[0], text.span(body[0])[0], ""), *tail
    return Change(start, text.line_start(_first_line(text, body[0])), ""), *_dedents(text, header, body), *tail


def both_bodies(text: Text, header: ast.If) -> tuple[Change, ...] | None:
    """Take away an `if` around its two bodies, one of which then follows the other.

    None where that cannot be done line by line.
    """
    first, second = header.body, header.orelse
    if any(map(_holds_long_text, first + second)) or not alone(text, first[0]) or not alone(text, second[0]):
        return None
    to_second = text.line_start(_first_line(text, second[0])) - len(_newline(text))
    return (
        Change(text.line_start(header.lineno), text.line_start(_first_line(text, first[0])), ""),
        *_dedents(text, header, first),
        Change(_line_end(text, first[-1]), to_second, ""),
        *_dedents(text, header, second),
    )


def _dedents(text: Text, header: ast.stmt, body: list[ast.stmt]) -> tuple[Change, ...]:
    """Give the lines of a body, comments above it among them, the indent of their header."""
    deeper = text.indent(body[0])
    surplus = len(deeper) - len(text.indent(header))
    starts = [text.line_start(line) for line in range(_first_line(text, body[0]), _last(body[-1]) + 1)]
    return tuple(Change(at, at + surplus, "") for at in starts if text.text.startswith(deeper, at))


def _first_line(text: Text, statement: ast.stmt) -> int:
    """The line of a statement, or of the first comment above it."""
    line = statement.lineno
    while _of_line(text, line - 1).lstrip().startswith("#"):
        line -= 1
    return line


def _as_moved(text: Text, statement: ast.stmt, other: ast.stmt) -> str:
    """What is put at the new place: `before` and `after` give its first line the indent."""
    start, end = text.span(statement)
    if not (alone(text, statement) and alone(text, other)):
        return text.text[start:end]
    lines = text.text[start : _line_end(text, statement)].splitlines()
    old, new = text.indent(statement), text.indent(other)
    return _newline(text).join([lines[0], *(new + line.removeprefix(old) for line in lines[1:])])


def _of_line(text: Text, line: int) -> str:
    return text.text[text.line_start(line) : text.line_start(line + 1)]


def _last(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _line_end(text: Text, statement: ast.stmt) -> int:
    """Offset of the end of a statement's last line, in front of the line break."""
    line = _of_line(text, _last(statement))
    return text.line_start(_last(statement)) + len(line.rstrip("\r\n"))


def _newline(text: Text) -> str:
    return "\r\n" if "\r\n" in text.text else "\n"


def _holds_long_text(statement: ast.stmt) -> bool:
    """Whether a text in it runs over lines: these cannot be indented without changing it."""
    return any(
        isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno
        for node in ast.walk(statement)
    )
