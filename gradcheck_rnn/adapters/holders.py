"""Where code keeps its parameters: as globals of a module, as attributes of an object, in a dict."""

from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from gradcheck_rnn.model.activations import Array


def entries(arrays: MutableSequence[Any], *names: str) -> "Entries":
    """Name the entries of a list, such as a layer's `params`, whose order is that of `names`."""
    return Entries(arrays, names)


class Entries(MutableMapping[str, Any]):
    """A list of arrays as a dict; an array of the same shape is written to, for other names may stand for it."""

    def __init__(self, arrays: MutableSequence[Any], names: Sequence[str]) -> None:
        if len(names) != len(arrays):
            raise LookupError(f"there are {len(arrays)} entries, and {len(names)} names for them: {', '.join(names)}")
        self._arrays, self._at = arrays, {name: i for i, name in enumerate(names)}

    def __getitem__(self, name: str) -> Any:
        return self._arrays[self._at[name]]

    def __setitem__(self, name: str, value: Any) -> None:
        here = self[name]
        if isinstance(here, np.ndarray) and here.shape == value.shape and here.dtype.kind == "f":
            here[...] = value
        else:
            self._arrays[self._at[name]] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError("a list of parameters keeps its length")

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)


class Holder:
    """The parameters of some code, by the names that they have there; `layer1.W` is an attribute of an attribute."""

    def __init__(self, home: Any, names: Sequence[str], *, is_complete: bool = True) -> None:
        self._home, self.names = home, tuple(names)
        missing = [name for name in self.names if not self._has(name)]
        if is_complete and missing:
            raise LookupError(f"there is no {', '.join(missing)} in {_called(home)}; there are {self._known()}")

    def values(self) -> dict[str, Array]:
        """Copy every parameter."""
        return {name: np.array(self._get(name), dtype=np.float64) for name in self.names}

    def named(self, names: Sequence[str]) -> dict[str, Any]:
        """Return what stands in each place, as it is, under other names."""
        return {name: self._get(own) for name, own in zip(names, self.names, strict=True)}

    def fill(self, parameters: Mapping[str, Array]) -> None:
        """Put copies of parameters in their places, so that the code may do with them as it likes."""
        for name in self.names:
            where, last = self._place(name)
            value = np.array(parameters[name])
            if isinstance(where, MutableMapping):
                where[last] = value
            else:
                setattr(where, last, value)

    def _get(self, name: str) -> Any:
        where, last = self._place(name)
        return where[last] if isinstance(where, MutableMapping) else getattr(where, last)

    def _has(self, name: str) -> bool:
        try:
            self._get(name)
        except (AttributeError, KeyError):
            return False
        return True

    def _place(self, name: str) -> tuple[Any, str]:
        """What a parameter is kept in, and its name there."""
        *path, last = [name] if isinstance(self._home, MutableMapping) else name.split(".")
        where = self._home
        for step in path:
            where = getattr(where, step)
        return where, last

    def _known(self) -> str:
        home: Mapping[str, Any] = self._home if isinstance(self._home, MutableMapping) else vars(self._home)
        arrays = [name for name, value in home.items() if isinstance(value, np.ndarray)]
        return ", ".join(arrays) or "no arrays at all"


def _called(home: Any) -> str:
    name = getattr(home, "__name__", None)
    return f"`{name}`" if name else f"the {type(home).__name__}"
