"""Mistakes in YAML's own grammar, in the words of somebody who did not write a YAML parser."""

import re

import yaml

from gradcheck_rnn.config.places import Source, clip, quote
from gradcheck_rnn.config.suggest import as_key_value
from gradcheck_rnn.errors import Mistake

_INDENTATION = "the keys of one section start in the same column, below a line that ends with `:`"

# How PyYAML's problem starts; whether it is told where its context starts; message; help.
_KNOWN: tuple[tuple[str, bool, str, str], ...] = (
    (r"found character '\\t'", False, "a tab cannot stand here", "use spaces, also to indent"),
    (r"found character '(?P<it>.+)' that cannot start", False, "a value cannot start with `{it}`", "quote the value"),
    (r"expected <block end>, but found '<block", False, "this line is not indented like its neighbours", _INDENTATION),
    (r"expected <block end>, but found '\?'", False, "this line is not indented like its neighbours", _INDENTATION),
    (r"expected <block end>, but found '-'", False, "a list item cannot stand here", _INDENTATION),
    (r"expected <block end>", False, "the value has ended before this", "quote the whole value"),
    (r"expected ',' or '(?P<it>.)', but got '<stream end>'", True, "a bracket is never closed", "close it with `{it}`"),
    (
        r"expected ',' or '(?P<it>.)'",
        False,
        "expected `,` or `{it}` before this, for the bracket of line {line}",
        "put commas between keys, close with `{it}`",
    ),
    (r"found unexpected (end of stream|document separator)", True, "a quotation mark is never closed", "close it"),
    (
        r"(found unknown escape|expected escape sequence)",
        False,
        "a backslash escapes what follows it in double quotes",
        "use single quotes, or `/` in a path",
    ),
    (
        r"expected alphabetic or numeric",
        False,
        "a name is expected here",
        "quote a value that starts with `*`, `&` or `%`",
    ),
    (r"expected '<document start>'", False, "the configuration has ended before this", "indent it, or remove it"),
    (r"expected the node content, but found '<stream end>'", False, "a bracket is never closed", "close all brackets"),
    (r"expected the node content", False, "a value cannot start here", "quote the value, or remove this"),
    (r"sequence entries are not allowed", False, "a list item cannot stand here", "no key takes a list"),
    (r"mapping keys are not allowed", False, "a value cannot start with `?`", "quote the value"),
    (r"expected (chomping|indentation)", False, "`|` and `>` start a block of text", "quote the value"),
    (r"found undefined tag|expected URI|expected '>'|'utf-8' codec", False, "tags are not allowed", "quote the value"),
)


def syntax_mistake(source: Source, error: Exception, index: int) -> Mistake:
    """Translate an error of PyYAML that was met at offset `index` of the text."""
    if isinstance(error, yaml.reader.ReaderError):
        return _at(source, index, f"the character U+{ord(source.text[index]):04X} is not allowed", "remove it")
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _at(source, index, "a number is out of range here", "write the character itself instead of an escape")
    if error.problem == "mapping values are not allowed here":
        return _key_where_none_may_stand(source, error.problem_mark.index)
    if error.problem == "could not find expected ':'" and error.context_mark is not None:
        return _no_key_value(source, error.context_mark.index)
    problem, context = error.problem or "", error.context_mark or error.problem_mark
    for pattern, in_context, message, mending in _KNOWN:
        if match := re.match(pattern, problem):
            place = context.index if in_context else error.problem_mark.index
            names = {**match.groupdict(), "line": context.line + 1}
            return _at(source, place, message.format(**names), mending.format(**names))
    return _at(source, error.problem_mark.index, f"not YAML: {clip(problem)}")


def _key_where_none_may_stand(source: Source, colon: int) -> Mistake:
    """A `:` after what cannot be a key: a second one in its line, a line before it without one, or indentation."""
    above, _, line = source.text[:colon].rpartition("\n")
    if ": " in line:
        return _at(source, colon, "a second `: ` in one line", "quote the value, or break the line")
    above = above.rstrip()
    before = above[above.rfind("\n") + 1 :].strip()
    if before and not re.search(r":(\s|$)|^[-#]", before):
        return _no_key_value(source, above.rfind(before))
    start = colon - len(line.lstrip())
    return Mistake("this line is not indented like its neighbours", _INDENTATION, source.locate(start, colon))


def _no_key_value(source: Source, start: int) -> Mistake:
    line = source.text[start:].splitlines()[0].rstrip()
    mending = f"put a colon and a space after the key: {quote(as_key_value(line))}"
    return Mistake("this line is no `key: value`", mending, source.locate(start, start + len(line)))


def _at(source: Source, index: int, message: str, mending: str = "") -> Mistake:
    return Mistake(message, mending, source.locate(index, index + 1))
