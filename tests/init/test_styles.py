"""Code as people write it: what `init` writes runs at once, and names the fault that there is."""

import contextlib
import json
import re
import runpy
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.errors import UsageError
from gradcheck_rnn.init.start import start
from gradcheck_rnn.pipeline.check import run_check
from tests.init.styles import LOSS_FREE, STYLES, notebook
from tests.thinned import thinned

# a short adapter is the point
MOST_LINES = 45
# the diagnosis of gated nets takes seconds each: the others of them are left to the campaign
SLOW_RIGHT = ("gate_methods", "fused_script")
SLOW_BROKEN = ("gate_script", "gru_class", "gate_methods", "step_functions")
# enough for every fault here to show
SHORT = ["sequence.length=4", "check.probe=off"]
ALL = {**STYLES, **LOSS_FREE}


def without(slow):
    """Every style, those that are slow and two thirds of the others for the campaign."""
    quick = thinned([name for name in ALL if name not in slow], every=3)
    return [*quick, *(pytest.param(name, marks=pytest.mark.campaign) for name in slow)]


def started(folder, name, source, suffix=".py"):
    file = folder / f"{name}{suffix}"
    file.write_text(source)
    return start(file, folder=folder, force=False)


def checked(config, *overrides):
    return run_check(load_settings(str(config), overrides=overrides), workers=0)


@pytest.mark.parametrize("name", without(SLOW_RIGHT))
def test_right_code_passes_at_once(name, tmp_path):
    begun = started(tmp_path, name, ALL[name].source())
    assert begun.open == ()
    report = checked(begun.config, *SHORT)
    assert (report.outcome, report.findings) == ("pass", ())
    assert report.roles


@pytest.mark.parametrize("name", without(SLOW_BROKEN))
def test_a_broken_copy_is_told_its_fault(name, tmp_path):
    style = ALL[name]
    report = checked(started(tmp_path, name, style.source(broken=True)).config, *SHORT)
    assert report.outcome == "fail"
    assert (style.kind, style.term) in [(finding.kind, finding.term) for finding in report.findings]


@pytest.mark.parametrize("name", ["char_globals", "params_batches"])
def test_what_is_written_passes_at_the_probe_too(name, tmp_path):
    report = checked(started(tmp_path, name, ALL[name].source()).config)
    assert (report.outcome, report.findings) == ("pass", ())


def test_gradients_do_not_wait_for_a_loss_that_keeps_the_targets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    started(tmp_path, "loss_keeps_targets", ALL["loss_keeps_targets"].source())
    adapter = runpy.run_path(str(tmp_path / "loss_keeps_targets_adapter.py"))
    parameters = adapter["parameters"](np.random.default_rng(0))
    one, other = (
        SimpleNamespace(tokens=np.array([0, 1]), targets=np.array(targets), initial_state={"h": np.zeros(5)})
        for targets in ([1, 2], [3, 0])
    )
    adapter["loss"](parameters, other)
    right = adapter["gradients"](parameters, other)["c"].copy()
    adapter["loss"](parameters, one)
    np.testing.assert_array_equal(adapter["gradients"](parameters, other)["c"], right)


def test_a_notebook_is_recognised_like_a_script(tmp_path):
    text = notebook(ALL["word_class"].source())
    begun = started(tmp_path, "word_class", text, ".ipynb")
    last = json.loads(text)["cells"][-1]["source"]
    assert f"cell 3, line {last.index('def bptt(self, x, y):' + chr(10)) + 1}" in [
        place for place, _ in begun.recognised
    ]
    report = checked(begun.config, *SHORT)
    assert (report.outcome, report.findings) == ("pass", ())


@pytest.mark.parametrize("name", ALL)
def test_an_adapter_is_short(name, tmp_path):
    started(tmp_path, name, ALL[name].source())
    lines = [line for line in (tmp_path / f"{name}_adapter.py").read_text().splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES


@pytest.mark.parametrize("name", ["cached_class", "char_globals", "time_layer"])
def test_a_name_that_means_nothing_is_no_crash(name, tmp_path):
    """Many a name becomes another: the file is refused, or what is written is Python."""
    source = ALL[name].source()
    for word in sorted(set(re.findall(r"\b[A-Za-z_]\w*\b", source)))[::6]:
        file = tmp_path / "net.py"
        file.write_text(re.sub(rf"\b{word}\b", "rubbish", source))
        with contextlib.suppress(UsageError):
            start(file, folder=tmp_path, force=True)
            compile((tmp_path / "net_adapter.py").read_text(), "net_adapter.py", "exec")
