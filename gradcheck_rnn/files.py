"""Files that are written whole or not at all, and the repository that they lie in."""

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write beside the place and move there, so that nobody ever reads half a file.

    Raises:
        OSError: it cannot be written; what was there still is.
    """
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - a handle, no path
            file.write(text)
        Path(beside).chmod(0o666 & ~_mask())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def repository_of(folder: Path) -> Path:
    """The folder from which a repository's files are named: the nearest above with a `.git`, else the folder itself."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def _mask() -> int:
    """The permissions that new files are denied."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
