"""What packed functions are made of: pickle calls these to make anew what it was told of, in whatever process."""

from collections.abc import Mapping
from types import CellType, FunctionType, ModuleType
from typing import Any

from gradcheck_rnn.analytic.travel.places import codes_in


def module_itself(module: ModuleType) -> ModuleType:
    """A module of the user's."""
    return module


def defined(module: ModuleType, qualname: str) -> Any:
    """What goes by a name in a module."""
    value: Any = module
    for name in qualname.split("."):
        value = getattr(value, name)
    return value


def cell() -> CellType:
    """A variable of the functions around one, without a value yet."""
    return CellType()


def fill_cell(variable: CellType, state: tuple[object]) -> None:
    """Give such a variable its value."""
    (variable.cell_contents,) = state


def function_at(module: ModuleType, qualname: str, number: int, cells: Mapping[str, CellType]) -> FunctionType:
    """Make a lambda or a function within another one, from the text of its file as it is now.

    Raises:
        LookupError: it is no longer there, or refers to other variables of the functions around it.
    """
    code = codes_in(module.__file__ or "")[qualname][number]
    closure = tuple(cells[name] for name in code.co_freevars)
    return FunctionType(code, vars(module), code.co_name, None, closure)


def finish_function(function: FunctionType, state: tuple[Any, Any, dict[str, Any]]) -> None:
    """Give such a function its default arguments and attributes."""
    function.__defaults__, function.__kwdefaults__, attributes = state
    function.__dict__.update(attributes)
