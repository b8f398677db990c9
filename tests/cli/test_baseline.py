"""`--baseline`: today's faults pass, everything else fails, and nothing is forgotten."""

import json

import junitparser
import pytest

from gradcheck_rnn.baseline.write import HEADER
from tests.cli.running import ROOT, run

NET = """\
model: {input_size: 8, hidden_size: 5, output_size: 8}
sequence: {length: 8}
seed: 7
backward: {fault: "truncated-chain:4"}
check: {probe: off}
"""
KNOWN = """\
accepted:
  # the chain is cut: the error of step t reaches back to step t-4 and no further
  - config: net.yaml
    kind: truncated-chain
    term: "4"
    parameters: [W_xh, W_hh, b_h]
    damage: "cut after some lags"
    amount: 4
    reason: "the window of the paper"
"""
ADAPTER = """\
model: {input_size: 8, hidden_size: 5, output_size: 4}
sequence: {length: 6}
seed: 7
backward: {adapter: %s}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(NET)
    return tmp_path


@pytest.fixture
def check(here, run_here):
    """Check `net.yaml` against `known.yaml`."""

    def checked(*more, config="net.yaml"):
        return run_here("check", config, "--baseline", "known.yaml", "--quiet", *more)

    return checked


@pytest.fixture
def known(here):
    """The baseline of `net.yaml`, its reasons filled in; that it is what is written has a test of its own."""
    file = here / "known.yaml"
    file.write_text(HEADER + KNOWN)
    return file


def test_a_known_fault_is_accepted_and_shown_with_its_reason(known, run_here):
    ended = run_here("check", "net.yaml", "--baseline", "known.yaml")
    assert (ended.code, ended.err) == (0, "")
    assert "FAIL 3 of 5 parameters are wrong" in ended.out
    assert "accepted: the window of the paper (known.yaml:6:5)" in " ".join(ended.out.split())


def test_without_the_baseline_the_same_check_fails(known, run_here):
    assert run_here("check", "net.yaml", "--quiet").code == 1


@pytest.mark.parametrize("fault", ["truncated-chain:3", "sign-flip:b_y"])
def test_another_fault_fails(fault, known, check):
    ended = check("--set", f'backward={{fault: "{fault}"}}')
    assert ended.code == 1
    assert fault.replace(":", " ") in ended.out
    assert "accepted" not in ended.out
    assert "warning: known.yaml:6:5: the baseline accepts truncated-chain 4 in net.yaml" in ended.err


def test_a_stale_entry_is_told_on_stderr_and_in_the_report_and_fails_nothing(known, check):
    ended = check("--set", "backward=reference", "--output-format", "json")
    assert ended.code == 0
    assert "known.yaml:6:5" in ended.err
    (note,) = [note for note in ended.document["notes"] if note["kind"] == "stale-baseline"]
    assert note["location"] == {"file": "known.yaml", "line": 6}
    assert ended.document["findings"] == []


def test_json_says_of_each_fault_whether_and_why_it_is_accepted(known, check):
    report = check("--output-format", "json").document
    assert (report["verdict"], report["accepted"]) == ("fail", True)
    assert [each["accepted"] for each in report["findings"]] == [
        {"reason": "the window of the paper", "baseline": {"file": "known.yaml", "line": 6}}
    ]
    other = check("--set", 'backward={fault: "truncated-chain:3"}', "--output-format", "json").document
    assert (other["accepted"], [each["accepted"] for each in other["findings"]]) == (False, [None])


def test_no_line_is_searched_for_a_fault_that_is_accepted(known, check, here, monkeypatch):
    monkeypatch.setattr("gradcheck_rnn.pipeline.patched.repair_of", lambda *_, **__: pytest.fail("it was searched"))
    assert check("--report", "github=github.txt", "--report", "sarif=net.sarif").code == 0
    assert (here / "github.txt").read_text() == ""


def test_writing_again_changes_nothing(known, check):
    before = known.read_text()
    assert check("--write-baseline").code == 0
    assert known.read_text() == before


def test_what_is_written_has_reasons_to_fill_in_before_anything_is_checked(known, check):
    filled_in = known.read_text()
    known.unlink()
    assert check("--write-baseline").code == 0
    assert known.read_text() == filled_in.replace("the window of the paper", "FILL IN")
    ended = check()
    assert (ended.code, ended.out) == (2, "")
    assert "known.yaml:12:13: error: the reason is still to be filled in" in ended.err


def test_a_malformed_baseline_is_refused_and_never_written_over(here, check):
    (here / "known.yaml").write_text("version: 1\naccepted: {}\n")
    for more in ([], ["--write-baseline"]):
        ended = check(*more)
        assert (ended.code, ended.out) == (2, "")
        assert "known.yaml:2:11: error: `accepted`: expected a list, got a mapping" in ended.err
    assert (here / "known.yaml").read_text() == "version: 1\naccepted: {}\n"


def test_code_that_is_wrong_in_no_known_way_is_neither_written_nor_accepted(here, check):
    misbehaving = ROOT / "fixtures" / "misbehaving" / "gradients_with_a_nan.py"
    (here / "nan.yaml").write_text(ADAPTER % misbehaving)
    ended = check("--write-baseline", config="nan.yaml")
    assert ended.code == 1
    assert "not written: non-finite" in ended.err
    assert "accepted: []" in (here / "known.yaml").read_text()


def test_code_without_a_verdict_stays_without_one(here, known, check):
    (here / "raises.yaml").write_text(ADAPTER % (ROOT / "fixtures" / "misbehaving" / "gradients_raise.py"))
    assert check(config="raises.yaml").code == 3


def test_a_baseline_that_cannot_be_written_comes_after_the_report(here, check):
    (here / "known.yaml").mkdir()
    (here / "folder").write_text("")
    ended = run("check", "net.yaml", "--quiet", "--baseline", "folder/known.yaml", "--write-baseline", cwd=here)
    assert ended.code == 3
    assert ended.out.startswith("FAIL net.yaml")
    assert "cannot write" in ended.err


@pytest.mark.parametrize(
    "arguments", [["--write-baseline"], ["--baseline", "k.yaml", "--write-baseline", "--only", "W_hh"]]
)
def test_what_cannot_be_written_is_a_mistake_of_usage(arguments, here, run_here):
    ended = run_here("check", "net.yaml", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert not (here / "k.yaml").exists()


def test_of_several_configurations_one_new_fault_decides(known, here, run_here):
    (here / "new.yaml").write_text(NET.replace("chain:4", "chain:2"))
    several = ["check", "net.yaml", "new.yaml", "--baseline", "known.yaml"]
    ended = run_here(*several)
    assert ended.code == 1
    assert [line.split()[0] for line in ended.out.splitlines()[-2:]] == ["accepted", "FAIL"]
    reports = json.loads(run_here(*several, "--output-format", "json").out)["reports"]
    assert [report["accepted"] for report in reports] == [True, False]


def test_other_formats_show_an_accepted_fault_as_such(known, here, check):
    """JUnit has it skipped, SARIF suppressed, annotations are silent; what is new is none of these."""
    files = ["--report", "junit=j.xml", "--report", "sarif=s.json", "--report", "github=g.txt"]
    assert check(*files).code == 0
    suite = junitparser.JUnitXml.fromfile("j.xml")
    assert (suite.failures, suite.errors, sum(each.skipped for each in suite)) == (0, 0, 3)
    (result,) = json.loads((here / "s.json").read_text())["runs"][0]["results"]
    assert result["suppressions"][0]["justification"] == "the window of the paper"
    assert (here / "g.txt").read_text() == ""
    check(*files, "--set", 'backward={fault: "truncated-chain:3"}')
    assert junitparser.JUnitXml.fromfile("j.xml").failures == 3
    assert "suppressions" not in (here / "s.json").read_text()
    assert (here / "g.txt").read_text().count("::error") == 3
