"""The user's modules are read from their text each time, and nothing is left beside them.

Python keeps the bytecode of a module as long as its file has the same size and was changed in the same second: a
program that edits a file and checks it again would be told about the code that stood there before.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType

from gradcheck_rnn.adapters.edited import edited_text
from gradcheck_rnn.analytic.failure import is_users


class FreshLoader(SourceFileLoader):
    """Compiles a file's text, whatever bytecode there is, and writes none."""

    def path_stats(self, path: str) -> dict[str, float]:
        """Refuse to say how old the file is, without which no bytecode is read or written."""
        raise OSError(f"{path} is read afresh")

    def get_data(self, path: str) -> bytes:
        """Read the file, or the text that stands in its place."""
        edited = edited_text(Path(path))
        return super().get_data(path) if edited is None else edited.encode()


class _FreshFinder(MetaPathFinder):
    """Finds the user's modules as Python does, and has them loaded afresh."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not SourceFileLoader or not is_users(Path(spec.loader.path)):
            return None  # the others find it
        spec.loader = FreshLoader(spec.loader.name, spec.loader.path)
        return spec


@contextlib.contextmanager
def fresh_imports() -> Iterator[None]:
    """Load the user's modules afresh, as long as the context lasts."""
    finder = _FreshFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
