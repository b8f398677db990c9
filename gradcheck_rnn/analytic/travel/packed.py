"""What travels: functions whose code is that of the user's files, and the files that it is in."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Home:
    """A module of the user's: the name that it goes by, and its file, whole and with links followed.

    `is_imported` says that an import has loaded it, so that another one will; a script that is run, and what was loaded
    by its definitions, is no such module.
    """

    name: str
    file: Path
    is_imported: bool


@dataclass(frozen=True)
class Packed:
    """Functions that any process can make anew: where `gradients` is written, and everything else pickled.

    `takes_batch` says that they are called as those of an adapter, with a batch.
    """

    path: Path
    content: bytes = field(repr=False)
    takes_batch: bool
