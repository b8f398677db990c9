"""Files that are written whole or not at all, and never over others unless that is asked for."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gradcheck_rnn.errors import Location, Mistake, UsageError


def write_files(folder: Path, texts: Mapping[str, str], *, force: bool = False) -> list[Path]:
    """Write texts by file name into a folder, which is made if need be.

    Raises:
        UsageError: one of the files is there already and `force` is not set, or the folder cannot be written to.
    """
    paths = {folder / name: text for name, text in texts.items()}
    there = [path for path in paths if os.path.lexists(path)]
    if there and not force:
        raise UsageError(
            *(Mistake("the file is there already", "--force writes over it", Location(str(path))) for path in there)
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in paths.items():
            _write(path, text)
    except OSError as error:
        where = Location(str(error.filename or folder))
        raise UsageError(Mistake(f"cannot write the file: {error.strerror}", location=where)) from error
    return list(paths)


def _write(path: Path, text: str) -> None:
    """Write beside the place and move there, so that nobody ever reads half a file."""
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a handle, not a path
            file.write(text)
        Path(beside).chmod(0o666 & ~_mask())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _mask() -> int:
    """The permissions that new files are denied."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
