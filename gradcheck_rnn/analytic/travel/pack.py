"""Functions of this process, packed: for their code the place where it stands, and the values that they refer to.

Whatever has a name at the top of one of the user's files (a function, a class, a module) is packed as that name. A
lambda or a function within another one is packed as its place in the file, with the variables around it. Global
variables that any of them mentions are packed with the values that they have now.
"""

import importlib
import inspect
import io
import pickle
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any
from unittest import TestCase

from gradcheck_rnn.analytic.failure import is_users, is_users_module
from gradcheck_rnn.analytic.functions import Function, Parameters, name_of, written_in
from gradcheck_rnn.analytic.travel.made import cell, defined, fill_cell, finish_function, function_at, module_itself
from gradcheck_rnn.analytic.travel.packed import Home, Packed
from gradcheck_rnn.analytic.travel.places import codes_in, names_in, number_of

# what a value raises that cannot be packed: by pickle, or by methods of the user's that pickle asks
UNPACKABLE = (pickle.PickleError, TypeError, AttributeError, ValueError, RuntimeError, LookupError, OSError)
# what a test of unittest knows of the run that it is in
UNDER_WAY = "_outcome"

# global variables by the module that they are of
Globals = dict[Home, dict[str, object]]


class UnpackableError(Exception):
    """A function cannot be made anew in another process; the message says why."""


def packed_functions(
    loss: Function | None, gradients: Function, parameters: Parameters | None, *, takes_batch: bool
) -> Packed:
    """Pack what `adapter_of` takes.

    Raises:
        UnpackableError: one of them was not written in a file, or refers to something that cannot be packed.
    """
    path = written_in(gradients)
    if not is_users(path):
        raise UnpackableError(
            f"{name_of(gradients)} was not written in a file of yours, as nothing is that was typed in"
        )
    functions = loss, gradients, dict(parameters) if isinstance(parameters, Mapping) else parameters
    values: Globals = {}
    refused: set[tuple[Home, str]] = set()
    while True:
        packer = _Packer()
        try:
            content = packer.packed((functions, values))
        except UNPACKABLE as error:
            blamed = next((f"`{name}`" for name in _unpackable(functions)), "what your functions refer to")
            raise UnpackableError(f"{blamed} cannot be taken to another process: {error}") from error
        new = [each for each in packer.needs if each[1] not in values.get(each[0], {}) and each not in refused]
        if not new:
            return Packed(path.resolve(), content, takes_batch)
        for home, name in new:
            value = packer.needs[home, name]
            if _is_packable(value):
                values.setdefault(home, {})[name] = value
            else:  # the file itself may give it a value
                refused.add((home, name))


def _is_packable(value: object) -> bool:
    try:
        _Packer().packed(value)
    except (UnpackableError, *UNPACKABLE):
        return False
    return True


def _unpackable(functions: Sequence[object]) -> Iterator[str]:
    """The variables of functions around these that cannot be packed, and those of functions that they refer to."""
    waiting, seen = [*functions], set()
    for function in waiting:  # it grows on the way
        function = getattr(function, "__func__", function)
        if not isinstance(function, FunctionType) or function in seen:
            continue
        seen.add(function)
        variables = zip(function.__code__.co_freevars, map(_contents, function.__closure__ or ()), strict=True)
        for name, contents in variables:
            if contents is not None and isinstance(contents[0], FunctionType):
                waiting.append(contents[0])
            elif contents is not None and not _is_packable(contents[0]):
                yield name


class _Packer(pickle.Pickler):
    """Pickles values; `needs` collects the global variables that functions which it has met mention."""

    def __init__(self) -> None:
        self._file = io.BytesIO()
        super().__init__(self._file, pickle.HIGHEST_PROTOCOL)
        self.needs: dict[tuple[Home, str], object] = {}
        self._seen: set[int] = set()

    def packed(self, value: object) -> bytes:
        """Pickle a value, which may raise anything that UNPACKABLE holds.

        Raises:
            UnpackableError: it is a function of which no file holds the code.
        """
        self.dump(value)
        return self._file.getvalue()

    def persistent_id(self, value: object) -> object:
        """Have a module of the user's found by its name and file."""
        return value if isinstance(value, Home) else None

    def reducer_override(self, value: object) -> Any:
        """Say how functions, classes, modules and variables of closures are made anew; leave the rest to pickle."""
        match value:
            case FunctionType():
                return self._function(value)
            case type():
                return self._named(value)
            case ModuleType():
                home = _home_of(vars(value))
                return (importlib.import_module, (value.__name__,)) if home is None else (module_itself, (home,))
            case CellType():
                return cell, (), _contents(value), None, None, fill_cell
            case TestCase():
                state = {name: each for name, each in vars(value).items() if name != UNDER_WAY}
                return object.__new__, (type(value),), state
            case _ if _goes_by_a_name(value):  # what a decorator has made of a function, which is no function
                return self._named(value)
        return NotImplemented

    def _function(self, function: FunctionType) -> Any:
        named = self._named(function)
        if named is not NotImplemented or not is_users(Path(function.__code__.co_filename)):
            return named
        home = _home_of(function.__globals__)
        code = function.__code__
        if home is None:
            raise UnpackableError(f"{function.__qualname__} was not written in a file of yours")
        number = _number(home.file, code)
        self._note(function)
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        state = function.__defaults__, function.__kwdefaults__, function.__dict__
        return function_at, (home, code.co_qualname, number, cells), state, None, None, finish_function

    def _named(self, value: Any) -> Any:
        """Pack what has a name at the top of a file of the user's as that name."""
        variables = _named_in(value)
        home = None if variables is None else _home_of(variables)
        if home is None:
            return NotImplemented
        self._note(value)
        return defined, (home, value.__qualname__)

    def _note(self, value: Any) -> None:
        """Note the global variables that a function mentions, or a class in its methods, and whatever they call."""
        if id(value) in self._seen:
            return
        self._seen.add(id(value))
        for function in _functions_of(value):
            home = _home_of(function.__globals__)
            if home is None:
                continue
            if Path(function.__code__.co_filename).resolve() == home.file:
                _number(home.file, function.__code__)  # it must still be there
            names = names_in(function.__code__)
            for name in names & function.__globals__.keys():
                self._note_global(home, name, function.__globals__[name], names)

    def _note_global(self, home: Home, name: str, value: Any, names: set[str]) -> None:
        """Note what a global variable holds, unless the file itself defines that."""
        if isinstance(value, ModuleType):
            other = _home_of(vars(value))
            for each in names & vars(value).keys() if other is not None else ():
                if not isinstance(found := vars(value)[each], ModuleType):
                    self._note_global(other or home, each, found, names)
            return
        variables = _named_in(value) if _goes_by_a_name(value) else None
        own = None if variables is None else _home_of(variables)
        if own is not None:
            self._note(value)
        if own is None or own != home or value.__qualname__ != name:
            self.needs.setdefault((home, name), value)


def _contents(variable: CellType) -> tuple[object, ...] | None:
    """What a variable of a closure holds; None where it has no value yet, for pickle sets no state then."""
    try:
        return (variable.cell_contents,)
    except ValueError:
        return None


def _home_of(variables: Mapping[str, Any]) -> Home | None:
    """The module that global variables are of, None if it is no file of the user's."""
    name, file = variables.get("__name__"), variables.get("__file__")
    if not isinstance(name, str) or not file or not is_users_module(file):
        return None
    module = None if name == "__main__" else sys.modules.get(name)  # a script would be run once more
    return Home(name, Path(file).resolve(), module is not None and vars(module) is variables)


def _goes_by_a_name(value: object) -> bool:
    """Whether something has a name of its own, as functions and classes have."""
    names = (inspect.getattr_static(value, name, None) for name in ("__module__", "__qualname__"))
    return isinstance(value, FunctionType | type) or all(isinstance(name, str) for name in names)


def _named_in(value: Any) -> Mapping[str, Any] | None:
    """The global variables among which a function or a class goes by its own name, None if it does nowhere."""
    named = sys.modules.get(value.__module__ or "")
    every = [{} if named is None else vars(named), *(function.__globals__ for function in _functions_of(value))]
    return next((each for each in every if _at(each, value.__qualname__) is value), None)


def _at(variables: Mapping[str, Any], qualname: str) -> object:
    first, *others = qualname.split(".")
    value = variables.get(first)
    for name in others:
        value = inspect.getattr_static(value, name, None)
        value = getattr(value, "__func__", value)  # of static methods and those of classes
    return value


def _functions_of(value: Any) -> Iterator[FunctionType]:
    """The function itself, below its decorators, or the methods of a class and of those that it is derived from."""
    if not isinstance(value, type):
        inner = inspect.unwrap(value)
        if inner is not value and isinstance(inner, FunctionType):
            yield inner
        if isinstance(value, FunctionType):
            yield value
        return
    for owner in value.__mro__:
        for each in vars(owner).values():
            parts = (each.fget, each.fset) if isinstance(each, property) else (getattr(each, "__func__", each),)
            for part in parts:
                if isinstance(part, FunctionType):
                    yield from _functions_of(part)


def _number(file: Path, code: CodeType) -> int:
    """Which of the functions of its name in the file a code is.

    Raises:
        UnpackableError: none of them, or the file cannot be read.
    """
    try:
        among = codes_in(file).get(code.co_qualname, ())
    except (OSError, SyntaxError, ValueError) as error:
        raise UnpackableError(f"{file.name} cannot be read: {error}") from error
    number = number_of(code, among)
    if number is None:
        raise UnpackableError(f"{code.co_qualname} is not what {file.name} holds by now")
    return number
