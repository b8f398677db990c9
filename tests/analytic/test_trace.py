"""Traces as `faulthandler` writes them: the innermost line of the user's own code in the newest one."""

from pathlib import Path

import numpy as np
import pytest

from gradcheck_rnn.analytic.trace import location_in_trace

LIBRARY = np.__file__


def trace(folder: Path, *frames: tuple[str, int]) -> str:
    lines = [f'  File "{file}", line {line} in function' for file, line in frames]
    return "\n".join(["Current thread 0x00007f0 (most recent call first):", *lines, ""])


@pytest.fixture
def net(tmp_path: Path) -> str:
    file = tmp_path / "net.py"
    file.write_text("first\nsecond\nthird\n")
    return str(file)


def located(folder: Path, text: str):
    file = folder / "trace"
    file.write_text(text)
    return location_in_trace(file)


def test_frames_of_libraries_are_passed_over(tmp_path, net):
    found = located(tmp_path, trace(tmp_path, (LIBRARY, 5), (net, 2), (net, 3)))
    assert (found.file, found.line, found.text) == (net, 2, "second")


def test_the_newest_trace_counts(tmp_path, net):
    assert located(tmp_path, trace(tmp_path, (net, 1)) + trace(tmp_path, (net, 3))).line == 3


def test_a_trace_without_user_code_has_no_place(tmp_path):
    assert located(tmp_path, trace(tmp_path, (LIBRARY, 5))) is None


def test_a_file_that_is_not_there_has_no_place(tmp_path, net):
    assert located(tmp_path, trace(tmp_path, (str(tmp_path / "gone.py"), 1))) is None
    assert location_in_trace(tmp_path / "no trace") is None


def test_a_line_beyond_the_file_has_no_text(tmp_path, net):
    found = located(tmp_path, trace(tmp_path, (net, 30)))
    assert (found.line, found.text) == (30, "")
