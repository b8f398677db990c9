"""A patch that is searched so that findings stand on the lines which it changes."""

from dataclasses import replace
from pathlib import Path

import pytest

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.errors import Location
from gradcheck_rnn.pipeline import patched as searching
from gradcheck_rnn.pipeline.check import run_check
from gradcheck_rnn.pipeline.patched import patched
from gradcheck_rnn.repair.value import Searched
from gradcheck_rnn.report.repair.value import Repair
from tests.cli.running import CONFIGS, ROOT
from tests.repair.editing import edit_of, patch_of

TWO_LINES = """\
def gradients(parameters, batch):
    dh_next = 0.0
    for t in reversed(range(3)):
        dz = dh_next
        dh_next = dz @ W_hh
    return dW
"""


def checked(name):
    return run_check(load_settings(str(CONFIGS / f"{name}.yaml")), workers=0)


@pytest.fixture(scope="module")
def tagger():
    return checked("pos_tagger")


@pytest.fixture
def found(monkeypatch):
    """Have a patch found without a search."""

    def find(patch):
        monkeypatch.setattr(searching, "repair_of", lambda report, **_: Repair(report, Searched((patch,), 9)))

    return find


def line_of(file, text):
    """Where a text stands, looked for in the file itself."""
    lines = (ROOT / file).read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_the_line_without_its_transpose_is_where_the_finding_stands(tagger):
    file = "fixtures/pos_tagger/untransposed.py"
    report = patched(tagger, ROOT, workers=0)
    (finding,) = report.findings
    assert finding.location == Location(file, line_of(file, "dz @ W_hh"), text="        dh_next = dz @ W_hh")
    assert finding.correction == f"@@ {file}:31 @@\n- dh_next = dz @ W_hh\n+ dh_next = dz @ W_hh.T"
    assert [each.name for each in report.patch.corrections] == [file]


@pytest.mark.campaign
def test_each_of_two_findings_stands_on_the_line_of_the_edit_without_which_it_stays():
    file = "fixtures/language_model/as_it_stands.py"
    report = patched(checked("language_model"), ROOT)
    lines = {finding.kind: finding.location.line for finding in report.findings}
    assert lines == {
        "scaled-gradient": line_of(file, "return grads"),
        "truncated-chain": line_of(file, "STEPS_BACK) :"),
    }


def test_of_several_edits_that_one_counts_without_which_a_finding_stays(tagger, tmp_path, found, monkeypatch):
    file = tmp_path / "net.py"
    file.write_text(TWO_LINES)
    patch = patch_of(file, replaced=("return dW\n", "return dW / 3\n"), findings=tagger.findings)
    transpose = edit_of(patch.originals[0], "dz @ W_hh\n", "dz @ W_hh.T\n")
    found(replace(patch, edits=(*patch.edits, transpose)))
    without_transpose = {file: TWO_LINES.replace("return dW", "return dW / 3")}

    def checked_again(_settings, *, workers, texts):
        return tagger if texts == without_transpose else replace(tagger, rows=(), findings=())

    monkeypatch.setattr(searching, "run_check", checked_again)
    (finding,) = patched(tagger, tmp_path).findings
    assert finding.location == Location("net.py", 5, text="        dh_next = dz @ W_hh")


def test_ctrl_c_while_edits_are_told_apart_is_told(tagger, tmp_path, found, monkeypatch):
    (tmp_path / "net.py").write_text(TWO_LINES)
    patch = patch_of(tmp_path / "net.py", replaced=("return dW\n", "return dW / 3\n"), findings=tagger.findings)
    found(replace(patch, edits=(*patch.edits, edit_of(patch.originals[0], "dz @ W_hh\n", "dz @ W_hh.T\n"))))
    monkeypatch.setattr(searching, "run_check", lambda *_, **__: replace(tagger, interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        patched(tagger, tmp_path)


def test_ctrl_c_while_a_patch_is_proven_is_told(tagger, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.pipeline.fix.run_check", lambda *_, **__: replace(tagger, interrupted=True))
    with pytest.raises(KeyboardInterrupt):
        patched(tagger, ROOT, workers=0)


def test_what_only_puts_lines_in_stands_on_the_line_before(tagger, tmp_path, found):
    (tmp_path / "net.py").write_text(TWO_LINES)
    added = ("= dz @ W_hh\n", "= dz @ W_hh\n        dh_next *= 2\n")
    found(patch_of(tmp_path / "net.py", replaced=added, findings=tagger.findings))
    (finding,) = patched(tagger, tmp_path).findings
    assert (finding.location.file, finding.location.line) == ("net.py", 5)
    assert finding.correction == "@@ net.py:6 @@\n+ dh_next *= 2"


def test_a_finding_that_has_a_place_keeps_it(tagger, tmp_path, found):
    (tmp_path / "net.py").write_text(TWO_LINES)
    (finding,) = (replace(each, location=Location("adapter.py", 3)) for each in tagger.findings)
    found(patch_of(tmp_path / "net.py", replaced=("dz @ W_hh\n", "dz @ W_hh.T\n"), findings=(finding,)))
    (placed,) = patched(replace(tagger, findings=(finding,)), tmp_path).findings
    assert placed.location == Location("adapter.py", 3)
    assert placed.correction.startswith("@@ net.py:5 @@\n")


def test_what_a_patch_leaves_stands_nowhere(tagger, tmp_path, found):
    (tmp_path / "net.py").write_text(TWO_LINES)
    found(patch_of(tmp_path / "net.py", replaced=("dz @ W_hh\n", "dz @ W_hh.T\n"), remains="a clip"))
    report = patched(tagger, tmp_path)
    assert report.findings == tagger.findings
    assert report.patch.remains == "a clip"


def test_without_a_patch_a_report_stays_as_it_is(tagger, monkeypatch):
    monkeypatch.setattr(searching, "repair_of", lambda report, **_: Repair(report, Searched()))
    assert patched(tagger, Path()) is tagger


def test_an_interrupted_search_is_told(tagger, monkeypatch):
    stopped = Searched(stopped_by="interrupted")
    monkeypatch.setattr(searching, "repair_of", lambda report, **_: Repair(report, stopped))
    with pytest.raises(KeyboardInterrupt):
        patched(tagger, Path())
