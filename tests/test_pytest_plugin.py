"""The plugin, in runs of pytest of their own: files, tests by parameter, failures, and what a start costs."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.running import ROOT

CONFIG = """\
model: {{input_size: 8, hidden_size: 5, output_size: 4}}
sequence: {{length: 6}}
seed: 7
{more}"""
TAGGER = ROOT / "fixtures" / "pos_tagger"
OWN_NAMES = """
import numpy as np
def parameters(rng): return {"U": rng.normal(size=(3, 2)), "c": rng.normal(size=2)}
def loss(p, batch): return float((p["U"] ** 2).sum() + (p["c"] ** 2).sum())
def gradients(p, batch): return {"U": 2 * p["U"], "c": 2 * p["c"]}
"""
# a test of functions, beside the files
TEST = """
from gradcheck_rnn.testing import assert_gradients
def test_net():
    assert_gradients(loss=lambda p: float(p["a"] ** 2), gradients=lambda p: dict(p), parameters={"a": 3.0})
"""
# counts the checks
CONFTEST = """
import gradcheck_rnn.api as api
def counted(*arguments, check=api.check, **more):
    with open("checks", "a") as file:
        file.write("x")
    return check(*arguments, **more)
api.check = counted
"""


@dataclass(frozen=True)
class Ran:
    """A run of pytest that has ended: its exit code, what it printed, where."""

    code: int
    out: str
    folder: Path

    @property
    def outcomes(self):
        """Outcome by node id."""
        return dict(re.findall(r"^(\S+::\S+) (PASSED|FAILED)", self.out, re.MULTILINE))


def pytest_in(folder, *options):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", *options]
    ended = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return Ran(ended.returncode, (ended.stdout + ended.stderr).decode(), folder)


def config(folder, name, more):
    (folder / f"{name}.gradcheck.yaml").write_text(CONFIG.format(more=more))


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """One run over right and wrong code, code that writes into its arguments or has its own names, and functions."""
    folder = tmp_path_factory.mktemp("ran")
    config(folder, "right", "")
    config(folder, "wrong", f"backward: {{adapter: {TAGGER / 'untransposed.py'}}}")
    config(folder, "leaking", f"backward: {{adapter: {ROOT / 'fixtures/misbehaving/gradients_mutate_inputs.py'}}}")
    config(folder, "own", "backward: {adapter: own.py}")
    text = (folder / "own.gradcheck.yaml").read_text()
    (folder / "own.gradcheck.yaml").write_text(text.replace("model: {", "model: {cell: custom, "))
    (folder / "own.py").write_text(OWN_NAMES)
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_net.py").write_text(TEST)
    return pytest_in(folder, "-v", "--junitxml=junit.xml", "-W", "error")


PARAMETERS = ("W_xh", "W_hh", "b_h", "W_hy", "b_y")


def test_each_parameter_is_a_test(ran):
    verdicts = {name: "FAILED" if name in ("W_xh", "W_hh", "b_h") else "PASSED" for name in PARAMETERS}
    found = ran.outcomes
    assert {name: found[f"right.gradcheck.yaml::{name}"] for name in PARAMETERS} == dict.fromkeys(PARAMETERS, "PASSED")
    assert {name: found[f"wrong.gradcheck.yaml::{name}"] for name in PARAMETERS} == verdicts
    assert ran.code == 1


def test_parameters_go_by_the_users_own_names(ran):
    assert {name for name in ran.outcomes if name.startswith("own")} == {
        "own.gradcheck.yaml::U",
        "own.gradcheck.yaml::c",
    }


def test_without_a_verdict_no_parameter_passes(ran):
    """What was returned agrees there, but the code writes into its arguments."""
    assert {ran.outcomes[f"leaking.gradcheck.yaml::{name}"] for name in PARAMETERS} == {"FAILED"}


def test_a_file_is_checked_once_for_all_its_parameters(ran):
    assert (ran.folder / "checks").read_text() == "x" * len(["right", "wrong", "leaking", "own", "test_net"])


def test_a_failure_is_the_report_of_its_parameter_with_the_fix_and_no_traceback(ran):
    failures = re.findall(r"^_+ b_h _+$(.*?)(?=^[_=-]+ )", ran.out, re.MULTILINE | re.DOTALL)
    (failure,) = [each for each in failures if "wrong.gradcheck.yaml" in each]
    assert "untransposed-weight W_hh: 1 of 1 parameters is wrong: b_h" in failure
    assert re.search(r"^b_h +5 +5 .* FAIL$", failure, re.MULTILINE)
    assert "help: dh_next = dz @ W_hh.T" in failure
    assert "try: gradcheck-rnn fix wrong.gradcheck.yaml" in failure
    assert not re.search(r"^W_xh ", failure, re.MULTILINE)
    assert "Traceback" not in failure
    assert "pytest_plugin.py" not in failure


def test_the_summary_names_the_fault(ran):
    assert "FAILED wrong.gradcheck.yaml::W_hh - untransposed-weight W_hh" in ran.out


def test_the_assertion_leaves_our_own_frames_out(ran):
    assert "FAILED test_net.py::test_net - AssertionError: scaled-gradient" in ran.out
    assert "gradcheck_rnn/testing.py" not in ran.out


def test_junit_has_a_case_for_each_parameter_with_the_text(ran):
    cases = {
        (case.get("classname"), case.get("name")): case for case in ET.parse(ran.folder / "junit.xml").iter("testcase")
    }
    assert len([case for case in cases if "gradcheck" in case[0]]) == 3 * len(PARAMETERS) + 2
    failure = cases["wrong.gradcheck.yaml", "W_hh"].find("failure")
    assert "help: dh_next = dz @ W_hh.T" in failure.text
    assert cases["wrong.gradcheck.yaml", "b_y"].find("failure") is None


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    """One run over two files, on two processes of pytest-xdist, and of some of the tests only."""
    folder = tmp_path_factory.mktemp("spread")
    config(folder, "one", "")
    config(folder, "two", 'backward: {fault: "missing-term:dh_next"}')
    return pytest_in(folder, "-n2", "-v", "-m", "gradcheck", "-k", "W_ and not W_hy")


def test_tests_are_chosen_by_name_and_marker_and_spread_by_xdist(spread):
    assert set(re.findall(r"(PASSED|FAILED) (\S+::\S+)", spread.out)) == {
        ("PASSED", "one.gradcheck.yaml::W_xh"),
        ("PASSED", "one.gradcheck.yaml::W_hh"),
        ("FAILED", "two.gradcheck.yaml::W_xh"),
        ("FAILED", "two.gradcheck.yaml::W_hh"),
    }


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A collection of broken files and a whole one."""
    folder = tmp_path_factory.mktemp("collected")
    (folder / "broken.gradcheck.yaml").write_text("model: {hiden_size: 3}\n")
    config(folder, "raising", "backward: {adapter: raising.py}")
    (folder / "raising.py").write_text("import numpy\nraise LookupError('no data')\n")
    config(folder, "whole", "")
    return pytest_in(folder, "--collect-only", "-q")


def test_a_broken_configuration_is_an_error_of_collection_in_our_words(collected):
    assert "broken.gradcheck.yaml:1:9: error: unknown key `hiden_size`" in collected.out
    assert "Traceback" not in collected.out
    assert "ERROR broken.gradcheck.yaml" in collected.out


def test_an_adapter_that_cannot_be_loaded_is_an_error_of_collection(collected):
    assert "raising.py:2: error: adapter raised LookupError: no data" in collected.out


def test_collection_lists_the_parameters_of_the_others(collected):
    assert "whole.gradcheck.yaml::W_hh" in collected.out.splitlines()


KNOWN = """\
version: 1
accepted:
  - config: net.gradcheck.yaml
    kind: missing-term
    term: dh_next
    parameters: [W_xh, W_hh, b_h]
    damage: left out
    reason: "trained like that for years"
"""
FAULTY = 'backward: {fault: "missing-term:dh_next"}'
TABLE = '[tool.gradcheck_rnn]\nbaseline = "known.yaml"\n'


@pytest.fixture
def project(tmp_path):
    """Run pytest over a net with a known fault, a baseline, and whatever files a test has beside them."""

    def run_with(*options, net=FAULTY, **files):
        config(tmp_path, "net", net)
        (tmp_path / "known.yaml").write_text(KNOWN)
        for name, text in files.items():
            (tmp_path / name.replace("_", ".")).write_text(text)
        return pytest_in(tmp_path, "-v", *options)

    return run_with


def outcomes(ended):
    """Outcome by parameter."""
    return dict(re.findall(r"^net\.gradcheck\.yaml::(\S+) (\w+)", ended.out, re.MULTILINE))


XFAILED = dict.fromkeys(("W_xh", "W_hh", "b_h"), "XFAIL") | dict.fromkeys(("W_hy", "b_y"), "PASSED")
FAILED = {name: outcome.replace("XFAIL", "FAILED") for name, outcome in XFAILED.items()}


def test_what_the_baseline_of_the_project_accepts_is_expected_to_fail_for_its_reason(project):
    ended = project("-rx", "-W", "error", "--junitxml=junit.xml", pyproject_toml=TABLE)
    assert (ended.code, outcomes(ended)) == (0, XFAILED)
    reason = "missing-term dh_next: trained like that for years (known.yaml:3:5)"
    assert f"XFAIL net.gradcheck.yaml::W_hh - {reason}" in ended.out
    skipped = [case.find("skipped") for case in ET.parse(ended.folder / "junit.xml").iter("testcase")]
    assert [each.get("message") for each in skipped if each is not None] == [reason] * 3


def test_without_a_baseline_the_same_net_fails(project):
    assert outcomes(project()) == FAILED


def test_a_new_fault_fails_and_the_entry_that_is_gone_is_a_warning(project):
    ended = project(net='backward: {fault: "sign-flip:b_y"}', pyproject_toml=TABLE)
    assert (ended.code, outcomes(ended)) == (1, {**dict.fromkeys(XFAILED, "PASSED"), "b_y": "FAILED"})
    assert "known.yaml:3: StaleBaselineWarning: known.yaml:3:5: the baseline accepts missing-term dh_next" in ended.out


def test_a_setting_of_pytest_is_stronger_than_the_table(project):
    """Its paths start from pytest's own file."""
    nobody = TABLE.replace("known", "nobody")
    assert outcomes(project(pyproject_toml=nobody, pytest_ini="[pytest]\ngradcheck_baseline = known.yaml\n")) == XFAILED
    assert outcomes(project("-o", "gradcheck_baseline=", pyproject_toml=TABLE)) == FAILED


def test_accepted_faults_fail_where_pytest_is_asked_for_expected_failures(project):
    assert outcomes(project("--runxfail", pyproject_toml=TABLE)) == FAILED


def test_an_entry_whose_configuration_is_gone_is_told_once(project):
    gone = KNOWN + KNOWN.partition("accepted:\n")[2].replace("net.", "gone.")
    ended = project(pyproject_toml=TABLE.replace("known", "more"), more_yaml=gone)
    assert outcomes(ended) == XFAILED
    assert ended.out.count("in gone.gradcheck.yaml, which was not found") == 1


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TABLE.replace("known", "nobody"), "nobody.yaml: error: cannot read `nobody.yaml`: no such file"),
        (TABLE.replace('"known.yaml"', "3"), "pyproject.toml:2:1: error: `baseline`: expected a text"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_an_error_of_collection(table, words, project):
    ended = project(pyproject_toml=table)
    assert (ended.code, outcomes(ended)) == (2, {})
    assert words in ended.out


def test_a_start_of_pytest_imports_nothing_heavy_through_us(tmp_path):
    (tmp_path / "test_light.py").write_text(
        "import sys\n"
        "def test_light(request):\n"
        "    assert request.config.pluginmanager.hasplugin('gradcheck_rnn')\n"
        "    assert not {'numpy', 'yaml', 'click', 'rich'} & set(sys.modules)\n"
    )
    # Hypothesis, where it is installed, is another plugin
    assert pytest_in(tmp_path, "-p", "no:hypothesispytest").code == 0
