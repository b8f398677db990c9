"""The languages of the examples, and what stands in for one whose interpreter is not there: a skip that says so."""

import shutil

import pytest

INTERPRETERS = {"node": "node", "octave": "octave-cli"}


def needs(language: str) -> pytest.MarkDecorator:
    """Skip where the language's interpreter is missing."""
    program = INTERPRETERS[language]
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"`{program}` is not installed")
