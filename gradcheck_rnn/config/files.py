"""Configuration files and standard input: bytes on disk to a text, or the reason why not."""

import codecs
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from gradcheck_rnn.config.places import SHOWN_PATH, Source, quote
from gradcheck_rnn.config.suggest import closest, listed
from gradcheck_rnn.errors import Location, Mistake, UsageError

MAX_BYTES = 1 << 20  # a configuration has a few hundred bytes; more is another file named by accident
STANDARD_INPUT = "-"
YAML_FILES = ("*.yaml", "*.yml")
CODE = (".py", ".ipynb")


def read_source(source: str, stdin: BinaryIO | None) -> Source:
    """Read a configuration's text.

    Args:
        source: a path, or `-` for standard input.
        stdin: where `-` is read from.

    Raises:
        UsageError: it cannot be read, is code, too long, or not UTF-8.
    """
    if source == STANDARD_INPUT:
        return _decode("<stdin>", _read_stdin(stdin), Path())
    content = _read_file(source)
    if Path(source).suffix in CODE:
        mending = f"`gradcheck-rnn init {shlex.quote(source)}` writes one for it"
        raise UsageError(Mistake(f"{quote(source)} is code, not a configuration", mending, Location(source)))
    return _decode(source, content, Path(source).parent)


def _read_stdin(stdin: BinaryIO | None) -> bytes:
    if stdin is None:
        raise UsageError(_unread("<stdin>", "there is no standard input", "name a file instead of `-`"))
    try:
        return stdin.read(MAX_BYTES + 1)
    except (OSError, ValueError) as err:
        raise UsageError(_unread("<stdin>", str(err).lower(), "name a file instead of `-`")) from err


def _read_file(source: str) -> bytes:
    try:
        with Path(source).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as err:
        raise UsageError(_unread(source, "no such file", similar_file(Path(source), source, YAML_FILES))) from err
    except IsADirectoryError as err:
        inside = listed(_names(Path(source), YAML_FILES))
        mending = f"name a file in it: {inside}" if inside else "name a YAML file"
        raise UsageError(_unread(source, "it is a folder", mending)) from err
    except OSError as err:
        raise UsageError(_unread(source, (err.strerror or str(err)).lower())) from err
    except ValueError as err:  # a NUL character in the name
        raise UsageError(_unread(source, "its name is not a file name")) from err


def _unread(name: str, reason: str, mending: str = "") -> Mistake:
    return Mistake(f"cannot read {quote(name)}: {reason}", mending, Location(name))


def _decode(name: str, content: bytes, folder: Path) -> Source:
    if len(content) > MAX_BYTES:
        message = f"cannot read {quote(name)}: it is larger than 1 MiB, which is no configuration"
        raise UsageError(Mistake(message, "name the YAML file of one check", Location(name)))
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as err:
        shown = Source(name, content.decode("utf-8", "replace"), folder)
        start = len(content[: err.start].decode("utf-8"))
        message = f"byte 0x{content[err.start]:02x} is not UTF-8 text"
        mending = "save the file as UTF-8" + (", it looks like UTF-16" if _looks_like_utf16(content) else "")
        raise UsageError(Mistake(message, mending, shown.locate(start, start + 1))) from err
    return Source(name, text.removeprefix("\ufeff"), folder)


def _looks_like_utf16(content: bytes) -> bool:
    return content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def similar_file(missing: Path, written: str, patterns: Sequence[str]) -> str:
    """Help for a path that names no file: the one beside it that was probably meant, else some that are there.

    Args:
        missing: the path.
        written: the same as the user wrote it, to be mended in the user's own words.
        patterns: globs of the files that it could be.
    """
    names = _names(missing.parent, patterns)
    if meant := closest(missing.name, names):
        return f"did you mean {quote(str(Path(written).parent / meant), limit=SHOWN_PATH)}?"
    return f"the folder holds {listed(names)}" if names else ""


def _names(folder: Path, patterns: Sequence[str]) -> list[str]:
    try:
        return sorted(path.name for pattern in patterns for path in folder.glob(pattern) if path.is_file())
    except (OSError, ValueError):
        return []
