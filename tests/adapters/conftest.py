"""Checks of code that uses a framework, in a process that nothing else runs in."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.report.value import Report

FRAMEWORKS = Path(__file__).resolve().parents[2] / "fixtures" / "frameworks"


@pytest.fixture(scope="module")
def apart() -> Iterator[ProcessPoolExecutor]:
    """Frameworks start threads, which a process that others are forked from must not have; one import serves all."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def checked(apart: ProcessPoolExecutor, tmp_path: Path) -> Callable[..., Report]:
    """Check an adapter beside the fixtures; an edit may put a fault into one: file, old text, new text."""

    def check(adapter: str, net: str, *edit: str) -> Report:
        for fixture in FRAMEWORKS.glob("*.py"):
            (tmp_path / fixture.name).write_text(_edited(fixture, *edit))
        (tmp_path / "adapter.py").write_text(adapter)
        (tmp_path / "net.yaml").write_text(f"{net}\nbackward: {{adapter: adapter.py}}\nseed: 0\n")
        return apart.submit(run_check, load_settings(str(tmp_path / "net.yaml")), workers=0).result()

    return check


def _edited(fixture: Path, name: str = "", right: str = "", wrong: str = "") -> str:
    source = fixture.read_text()
    if fixture.name != name:
        return source
    assert source.count(right) == 1
    return source.replace(right, wrong)
