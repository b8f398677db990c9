"""What the tests of the command line share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gradcheck_rnn.cli import main
from tests.cli.running import MISBEHAVING, Run, tagger_config


@pytest.fixture
def run_here(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run the command in this process: quicker, where no property of a process is at stake."""

    def run(*arguments: str | Path) -> Run:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        code = left.value.code
        assert isinstance(code, int)
        return Run(code, *capsys.readouterr())

    return run


@pytest.fixture
def tagger(tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration of one of `fixtures/misbehaving`, by its name."""

    def write(name: str, **more: str) -> Path:
        return tagger_config(tmp_path, MISBEHAVING / f"{name}.py", **more)

    return write


@pytest.fixture
def adapter(tmp_path: Path) -> Callable[..., Path]:
    """Write an adapter of one's own beside a configuration of it, and return the configuration.

    What the tagger's own module offers can be imported.
    """

    def write(text: str, **more: str) -> Path:
        file = tmp_path / "adapter.py"
        file.write_text(f"import sys\nsys.path.insert(1, {str(MISBEHAVING)!r})\n{text}", encoding="utf-8")
        return tagger_config(tmp_path, file, **more)

    return write
