"""State that code keeps from call to call: taken down once, and put back before every call."""

import copy
from types import ModuleType
from typing import Any


class Snapshot:
    """The attributes of an object, or the globals of a module, as they are now; functions and modules stay alone."""

    def __init__(self, home: Any) -> None:
        self._home = home
        self._kept = copy.deepcopy({name: value for name, value in vars(home).items() if _is_state(name, value)})

    def put_back(self) -> None:
        """Bring every attribute back, in copies of its own; those that came later go."""
        now = vars(self._home)
        for name in [name for name, value in now.items() if _is_state(name, value) and name not in self._kept]:
            del now[name]
        now.update(copy.deepcopy(self._kept))


def _is_state(name: str, value: Any) -> bool:
    return not (name.startswith("__") or callable(value) or isinstance(value, ModuleType))
