"""How reports came about: what a report does not know of itself, and a reader of it wants to."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from gradcheck_rnn import __version__

STDIN = "-"


@dataclass(frozen=True)
class Invocation:
    """One call of the command.

    `overrides` are its KEY=VALUE, `method` and `only` the values of its options of that name. `folder` is the working
    directory, from which reports name files, and `root` the folder from which other programs do, that of the
    repository. `seconds` is how long each check took; `unchecked` are the configurations that it was interrupted
    before.
    """

    overrides: tuple[str, ...] = ()
    method: str | None = None
    only: tuple[str, ...] = ()
    folder: Path = Path()
    root: Path = Path()
    seconds: tuple[float, ...] = ()
    unchecked: tuple[str, ...] = ()
    version: str = __version__

    def check_command(self, config: str) -> str:
        """Return the command that checks one configuration in the same way, for a shell."""
        method = () if self.method is None else (self.method,)
        options = [*self._set, *_each("--method", method), *_each("--only", self.only)]
        return shlex.join(["gradcheck-rnn", "check", config, *options])

    def fix_command(self, config: str) -> str:
        """Return the command that searches a patch for it."""
        return shlex.join(["gradcheck-rnn", "fix", config, *self._set])

    def from_root(self, file: str) -> str:
        """Name a file from the root, with slashes, as it is named in a repository; one outside keeps its whole path.

        No link is followed, so that nothing is read.
        """
        path = Path(os.path.normpath(self.folder / file))
        return (path.relative_to(self.root) if path.is_relative_to(self.root) else path).as_posix()

    @property
    def _set(self) -> list[str]:
        return _each("--set", self.overrides)


def _each(option: str, values: tuple[str, ...]) -> list[str]:
    return [word for value in values for word in (option, value)]
