"""What a backward pass hands its gradients back in: a tuple, a dict, attributes, or the parameters it has updated."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradcheck_rnn.adapters.holders import Holder
from gradcheck_rnn.model.activations import Array

# reads the gradients, by parameter, off what the backward pass returned; the holder is as it left it
Result = Callable[[Any, Holder, Mapping[str, Array]], dict[str, Any]]


def values(*names: str | None) -> Result:
    """A tuple or list, in the order of `names`; None stands for a value that is no gradient."""

    def read(returned: Any, _holder: Holder, _before: Mapping[str, Array]) -> dict[str, Any]:
        if not isinstance(returned, Sequence) or len(returned) != len(names):
            count = len(returned) if isinstance(returned, Sequence) else f"a {type(returned).__name__}"
            raise ValueError(f"values({', '.join(map(repr, names))}) stands for {len(names)} values, got {count}")
        return {name: value for name, value in zip(names, returned, strict=True) if name is not None}

    return read


def mapping(prefix: str = "d", suffix: str = "") -> Result:
    """A dict, whose keys are the parameters' names with a prefix and a suffix."""

    def read(returned: Any, holder: Holder, _before: Mapping[str, Array]) -> dict[str, Any]:
        keys = {name: f"{prefix}{name}{suffix}" for name in holder.names}
        try:
            return {name: returned[key] for name, key in keys.items()}
        except (KeyError, IndexError, TypeError) as error:
            is_dict = isinstance(returned, dict)
            got = f"a dict of {', '.join(map(str, returned))}" if is_dict else f"a {type(returned).__name__}"
            looks = f"mapping(prefix={prefix!r}, suffix={suffix!r}) stands for a dict of {', '.join(keys.values())}"
            raise ValueError(f"{looks}; the backward pass returned {got}") from error

    return read


def attributes(home: Any, prefix: str = "d", suffix: str = "") -> Result:
    """Attributes of an object, or globals of a module, with a prefix and a suffix: dW, W_diff, W.grad as `.grad`."""

    def read(_returned: Any, holder: Holder, _before: Mapping[str, Array]) -> dict[str, Any]:
        return Holder(home, [_renamed(name, prefix, suffix) for name in holder.names]).named(holder.names)

    return read


def updates(rate: float) -> Result:
    """Nothing: the backward pass has updated the parameters itself, at a learning rate. g = (before - after) / rate."""

    def read(_returned: Any, holder: Holder, before: Mapping[str, Array]) -> dict[str, Any]:
        after = holder.values()
        return {name: (before[name] - after[name]) / rate for name in holder.names}

    return read


def negated(result: Result) -> Result:
    """The same with the sign turned: "deltas", which are minus the gradient by convention."""

    def read(returned: Any, holder: Holder, before: Mapping[str, Array]) -> dict[str, Any]:
        return {name: -np.asarray(value) for name, value in result(returned, holder, before).items()}

    return read


def _renamed(name: str, prefix: str, suffix: str) -> str:
    *path, last = name.split(".")
    return ".".join([*path, f"{prefix}{last}{suffix}"])
