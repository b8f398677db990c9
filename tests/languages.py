"""The languages of the examples, and what stands in for one whose interpreter is not there: a skip that says so."""

import shutil
from collections.abc import Iterable

import pytest

INTERPRETERS = {"node": "node", "octave": "octave-cli"}


def needs(language: str) -> pytest.MarkDecorator:
    """Skip where the language's interpreter is missing."""
    program = INTERPRETERS[language]
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"`{program}` is not installed")


def runnable(names: Iterable[str]) -> list[object]:
    """Names of configurations, those in another language with its interpreter as a condition."""
    languages = {name: name.partition("_")[0] for name in names}
    return [pytest.param(name, marks=needs(each)) if each in INTERPRETERS else name for name, each in languages.items()]
