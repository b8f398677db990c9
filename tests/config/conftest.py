"""What the tests of configurations share: the smallest configuration, and ways to load a text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.settings import Settings
from gradcheck_rnn.errors import UsageError

SMALLEST = """\
model:
  input_size: 4
  hidden_size: 3
  output_size: 5
sequence:
  length: 6
seed: 7
"""


@pytest.fixture
def smallest() -> str:
    """A configuration of required keys only: 7 lines."""
    return SMALLEST


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Load a text as `net.yaml` in an empty working directory, with overrides."""
    monkeypatch.chdir(tmp_path)

    def load_text(text: str | bytes, *overrides: str) -> Settings:
        Path("net.yaml").write_bytes(text.encode() if isinstance(text, str) else text)
        return load_settings("net.yaml", overrides=overrides)

    return load_text


@pytest.fixture
def report(load: Callable[..., Settings]) -> Callable[..., str]:
    """What a user reads about a broken text."""

    def report_text(text: str | bytes, *overrides: str) -> str:
        with pytest.raises(UsageError) as caught:
            load(text, *overrides)
        return str(caught.value)

    return report_text
