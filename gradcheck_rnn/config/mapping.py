"""Configurations that are no file: a mapping in Python, read as the text of the YAML that says the same."""

import json
import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradcheck_rnn.config.places import Source
from gradcheck_rnn.errors import Location, Mistake, UsageError

# what mistakes call such a configuration
NAME = "config"


def mapping_source(config: Mapping[str, object]) -> Source:
    """Write a configuration out, so that mistakes in it have a place that can be shown; JSON is YAML.

    Raises:
        UsageError: it holds something that YAML has no word for.
    """
    return Source(NAME, _written(config, NAME, indent=2), Path())


def override_texts(overrides: Mapping[str, object]) -> list[str]:
    """Write overrides as KEY=VALUE.

    Raises:
        UsageError: a value is something that YAML has no word for.
    """
    return [f"{key}={_written(value, f'--set {key}')}" for key, value in overrides.items()]


def _written(value: object, name: str, *, indent: int | None = None) -> str:
    try:
        plain = dict(value) if isinstance(value, Mapping) else value
        return json.dumps(plain, indent=indent, ensure_ascii=False, default=_plain)
    except (TypeError, ValueError) as error:
        message = f"{name} cannot be written as YAML: {str(error)[:1].lower()}{str(error)[1:]}"
        raise UsageError(Mistake(message, "use texts, numbers, True, False, None and dicts", Location(name))) from error


def _plain(value: Any) -> object:
    """Turn what JSON does not know into what it does."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    if getattr(value, "shape", None) == ():  # a scalar of NumPy
        return value.item()
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"there is {type(value).__name__} in it") from None
