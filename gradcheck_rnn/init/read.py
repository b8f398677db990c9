"""The user's file as text and as a tree, or one clear mistake: it is read and never run."""

import ast
import importlib.util
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn.adapters.source import Source, read_source
from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.init.loops import written_out
from gradcheck_rnn.init.syntax import File, read_file

# bytes; no file that a person writes is larger, but notebooks with pictures in them come near
LARGEST = 20_000_000


@dataclass(frozen=True)
class Read:
    """A file that has been read: its text, what it defines, the modules that it imports and that are missing."""

    path: Path
    source: Source
    file: File
    stubs: tuple[str, ...]


def read(path: Path) -> Read:
    """Read a script or a notebook.

    Raises:
        UsageError: there is no such file, or it is too large, empty, no text or no Python 3.
    """
    source = _source(path)
    if not source.text.strip():
        raise UsageError(Mistake("the file is empty", "name the file that holds your net", Location(str(path))))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = written_out(ast.parse(source.text, filename=str(path)))
    except SyntaxError as error:
        raise UsageError(_no_python(path, source, error)) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UsageError(Mistake(f"the file is no Python: {error}", location=Location(str(path)))) from error
    file = read_file(tree)
    return Read(path, source, file, _missing(file.imports, path.parent))


def _source(path: Path) -> Source:
    place = Location(str(path))
    if path.suffix not in (".py", ".ipynb"):
        message = "the file is neither a script nor a notebook"
        raise UsageError(Mistake(message, "name a file that ends in .py or .ipynb", place))
    try:
        if path.stat().st_size > LARGEST:
            message = f"the file has more than {LARGEST // 1_000_000} megabytes"
            raise UsageError(Mistake(message, "take the net out of it, into a file of its own", place))
        return read_source(path)
    except OSError as error:
        raise UsageError(Mistake(f"cannot read the file: {error.strerror}", location=place)) from error
    except ValueError as error:
        kind = "notebook" if path.suffix == ".ipynb" else "Python"
        raise UsageError(Mistake(f"the file is no {kind}: {error}", location=place)) from error


def _no_python(path: Path, source: Source, error: SyntaxError) -> Mistake:
    line = error.lineno or 0
    where = f" ({source.place(line)})" if source.starts and line else ""
    old = "print" in str(error.msg) or "exec" in str(error.msg) or "leading zeros" in str(error.msg)
    help_text = "this looks like Python 2: `2to3 -w FILE` translates it" if old else ""
    text = (error.text or "").rstrip("\n")
    return Mistake(
        f"the file is no Python 3: {error.msg}{where}", help_text, Location(str(path), line, error.offset or 1, text)
    )


def _missing(imports: Sequence[str], folder: Path) -> tuple[str, ...]:
    """Imported modules that neither this Python nor the file's folder has."""
    tops = {name.partition(".")[0] for name in imports}
    missing = {top for top in tops if not _is_here(top, folder)}
    return tuple(name for name in imports if name.partition(".")[0] in missing)


def _is_here(top: str, folder: Path) -> bool:
    try:
        return (folder / f"{top}.py").is_file() or (folder / top).is_dir() or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False
