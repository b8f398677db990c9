"""The adapter file: the small Python file through which the user's implementation is reached."""

import contextlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from gradcheck_rnn.analytic.failure import UserCodeError, is_users, raised_finding
from gradcheck_rnn.analytic.fresh_import import FreshLoader, fresh_imports
from gradcheck_rnn.analytic.roles import Roles, read_roles
from gradcheck_rnn.config.suggest import closest
from gradcheck_rnn.errors import Location, Mistake, UsageError

FUNCTIONS = ("gradients", "loss", "losses", "parameters")


@dataclass(frozen=True)
class Adapter:
    """The functions that an adapter file offers; `roles` maps the user's names to the described ones.

    `losses(parameter_sets, batch)` is `loss` for several parameters at once: a function beside it, or its own method.
    Functions that make nothing of the batch, because they were never told of one, say so by `takes_batch`.
    """

    path: Path
    gradients: Callable[..., Any]
    loss: Callable[..., Any] | None
    losses: Callable[..., Any] | None
    parameters: Callable[..., Any] | None
    roles: Roles | None
    takes_batch: bool = True

    @property
    def sizes_may_vary(self) -> bool:
        """Whether the parameters can be drawn for other sizes: by ourselves, or by `parameters(rng, sizes)`.

        A ready-made adapter that needs sizes of the batch only says that the others are fixed.
        """
        if self.parameters is None:
            return True
        return self.takes_sizes and not getattr(self.parameters, "sizes_are_fixed", False)

    @property
    def takes_sizes(self) -> bool:
        """Whether `parameters` takes the sizes to draw for."""
        if self.parameters is None:
            return False
        every = inspect.signature(self.parameters).parameters
        required = [each for each in every.values() if each.default is each.empty and each.kind is not each.VAR_KEYWORD]
        return "sizes" in every or len(required) > 1


@contextlib.contextmanager
def imported(path: Path) -> Iterator[Adapter]:
    """Import an adapter afresh, its folder first on sys.path; both are forgotten at the end.

    Raises:
        UserCodeError: the file raised when it was imported.
        UsageError: it has no function `gradients`, or something that should be a function is none.
    """
    aside, arguments = _take_out(path.parent), sys.argv
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path)]  # a script's own options are not ours
    try:
        with fresh_imports():
            yield _adapter(path, _execute(path))
    finally:
        sys.argv = arguments
        sys.path.remove(str(path.parent))
        _take_out(path.parent)
        sys.modules.update(aside)


def _execute(path: Path) -> ModuleType:
    name = f"_gradcheck_adapter_{path.stem}"
    if path.suffix != ".py":
        raise UsageError(Mistake(f"adapter `{path.name}` is no Python file", "give a file that ends in .py"))
    loader = FreshLoader(name, str(path))
    spec = ModuleSpec(name, loader, origin=str(path))
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException as error:
        raise UserCodeError(raised_finding("adapter", error)) from error
    return module


def _adapter(path: Path, module: ModuleType) -> Adapter:
    gradients, loss, losses, parameters = (getattr(module, name, None) for name in FUNCTIONS)
    losses = getattr(loss, "losses", None) if losses is None else losses
    roles = getattr(module, "ROLES", None)
    mistakes = [
        Mistake(f"`{name}` of the adapter is no function but {type(value).__name__}", location=Location(str(path)))
        for name, value in zip(FUNCTIONS, (gradients, loss, losses, parameters), strict=True)
        if value is not None and not callable(value)
    ]
    if gradients is None:
        message = f"adapter `{path.name}` has no function `gradients`"
        mistakes.append(Mistake(message, _near(module), Location(str(path))))
    if losses is not None and loss is None:
        message = f"adapter `{path.name}` has `losses` and no `loss`"
        mistakes.append(Mistake(message, "define loss(parameters, batch) too, for one of them", Location(str(path))))
    read = read_roles(roles) if _has_names(roles) else None
    if roles is not None and read is None:
        help_text = 'write ROLES = {"your name": "W_xh", ...}, for fused weights {"Wx": ["W_xi", "W_xf", ...]}'
        message = "ROLES of the adapter is no dict of names to names, or to lists of them"
        mistakes.append(Mistake(message, help_text, Location(str(path))))
    if gradients is None or mistakes:
        raise UsageError(*mistakes)
    return Adapter(path, gradients, loss, losses, parameters, read)


def _near(module: ModuleType) -> str:
    functions = [name for name, value in vars(module).items() if inspect.isfunction(value)]
    near = closest("gradients", functions)
    contract = "define gradients(parameters, batch) -> dict of name to array"
    return f"did you mean `{near}`? it must be called `gradients`" if near else contract


def _has_names(roles: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(roles, Mapping) and all(isinstance(name, str) for name in roles)


def _take_out(folder: Path) -> dict[str, ModuleType]:
    """Take the user's modules in the adapter's folder out of sys.modules, so that the next import is a fresh one."""
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items() if name != "__main__"}
    within = os.path.join(folder, "")  # noqa: PTH118 - there may be thousands of modules: of few a path is worth making
    inside = [name for name, file in files.items() if file and file.startswith(within) and is_users(Path(file))]
    return {name: sys.modules.pop(name) for name in inside}
