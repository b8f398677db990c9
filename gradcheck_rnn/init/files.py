"""Files that are written whole or not at all, and never over others unless that is asked for."""

import os
from collections.abc import Mapping
from pathlib import Path

from gradcheck_rnn.errors import Location, Mistake, UsageError
from gradcheck_rnn.files import write_whole


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
            write_whole(path, text)
    except OSError as error:
        where = Location(str(error.filename or folder))
        raise UsageError(Mistake(f"cannot write the file: {error.strerror}", location=where)) from error
    return list(paths)
