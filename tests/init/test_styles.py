"""Code as people write it: what `init` writes runs at once, passes where it is right, names the fault where it is not."""

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.init.start import start
from gradcheck_rnn.pipeline.check import run_check
from tests.init.styles import STYLES, notebook

# a short adapter is the point
MOST_LINES = 45


def checked(folder, name, source, suffix=".py"):
    file = folder / f"{name}{suffix}"
    file.write_text(source)
    started = start(file, folder=folder, force=False)
    assert started.open == ()
    return run_check(load_settings(str(started.config)), workers=0)


@pytest.mark.parametrize("name", STYLES)
def test_right_code_passes_at_once(name, tmp_path):
    report = checked(tmp_path, name, STYLES[name].source())
    assert (report.outcome, report.findings) == ("pass", ())


@pytest.mark.parametrize("name", STYLES)
def test_a_broken_copy_is_told_its_fault(name, tmp_path):
    style = STYLES[name]
    report = checked(tmp_path, name, style.source(broken=True))
    assert report.outcome == "fail"
    assert (style.kind, style.term) in [(finding.kind, finding.term) for finding in report.findings]


@pytest.mark.parametrize("name", ["word_class", "gate_script"])
def test_a_notebook_is_recognised_like_a_script(name, tmp_path):
    report = checked(tmp_path, name, notebook(STYLES[name].source()), ".ipynb")
    assert (report.outcome, report.findings) == ("pass", ())


@pytest.mark.parametrize("name", STYLES)
def test_an_adapter_is_short(name, tmp_path):
    file = tmp_path / f"{name}.py"
    file.write_text(STYLES[name].source())
    start(file, folder=tmp_path, force=False)
    lines = [line for line in (tmp_path / f"{name}_adapter.py").read_text().splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
