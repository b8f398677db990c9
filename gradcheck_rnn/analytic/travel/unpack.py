"""Packed functions made anew, from files as they are now: a patch that is tried stands in their place."""

import contextlib
import importlib
import importlib.util
import io
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from gradcheck_rnn.adapters.definitions import definitions
from gradcheck_rnn.adapters.lifetime import current_lifetime
from gradcheck_rnn.analytic.adapter import Adapter
from gradcheck_rnn.analytic.failure import UserCodeError, is_users_module, raised_finding
from gradcheck_rnn.analytic.fresh_import import fresh_imports
from gradcheck_rnn.analytic.functions import adapter_of
from gradcheck_rnn.analytic.travel.packed import Home, Packed

# what a finding says was under way when the user's files raised
LOADING = "loading your files once more"


@contextlib.contextmanager
def unpacked(packed: Packed) -> Iterator[Adapter]:
    """Load the user's modules afresh and make the functions of their code; the modules are forgotten at the end.

    A module that was imported is imported again, and runs as it did then. A script, and a file that no import finds
    here, is loaded by its definitions alone, so that nothing is read, printed or trained.

    Raises:
        UserCodeError: a file raised, or no longer holds what was packed.
    """
    aside, places = _take_out(), sys.path[:]
    try:
        with fresh_imports():
            yield _adapter(packed)
    finally:
        sys.path[:] = places
        _take_out()
        sys.modules.update(aside)


def _adapter(packed: Packed) -> Adapter:
    unpacker = _Unpacker(io.BytesIO(packed.content))
    try:
        (loss, gradients, parameters), values = unpacker.load()
        for home, variables in values.items():
            vars(home).update(variables)
    except BaseException as error:
        raise UserCodeError(raised_finding(LOADING, error)) from error
    return adapter_of(loss, gradients, parameters, takes_batch=packed.takes_batch)


class _Unpacker(pickle.Unpickler):
    """Makes packed functions anew; each module is loaded once."""

    def __init__(self, content: io.BytesIO) -> None:
        super().__init__(content)
        self._modules: dict[Home, ModuleType] = {}

    def persistent_load(self, home: Any) -> ModuleType:
        """Find or load a module of the user's."""
        if home not in self._modules:
            self._modules[home] = _loaded(home)
        return self._modules[home]


def _loaded(home: Home) -> ModuleType:
    """Import a module, if that leads to its file; else load the file's definitions.

    What lies beside it is found, too: whoever imported it may have named its folder for that moment only.
    """
    sys.path.append(str(home.file.parent))
    current_lifetime().files.append(home.file)
    return importlib.import_module(home.name) if _is_importable(home) else definitions(home.file)


def _is_importable(home: Home) -> bool:
    if not home.is_imported:
        return False
    try:
        spec = importlib.util.find_spec(home.name)
    except ImportError:  # the package that it would be in
        return False
    return spec is not None and spec.origin is not None and Path(spec.origin).resolve() == home.file


def _take_out() -> dict[str, ModuleType]:
    """Take the user's modules out of sys.modules, so that the next import is a fresh one."""
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name != "__main__"}
    own = [name for name, file in files.items() if file and file.endswith(".py") and is_users_module(file)]
    return {name: sys.modules.pop(name) for name in own}
