"""The section "In CI" of the README: its files make a project, and its commands are run there."""

import os
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from junitparser import JUnitXml

from tests.cli.running import CONFIGS, PATIENCE, ROOT, clean_environment

SECTION = (ROOT / "README.md").read_text().partition("\n## In CI\n")[2].partition("\n## ")[0]


def block(language, first=""):
    """The block of a language, where there are several the one that begins with `first`."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", SECTION, re.MULTILINE | re.DOTALL)
    (text,) = [each for each in blocks if each.startswith(first)]
    return text


@pytest.fixture
def project(tmp_path):
    """The project of the README: a net with a known fault, and a right one."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "pyproject.toml").write_text(block("toml"))
    for name in ("word_bptt", "pos_tagger_right"):
        text = (CONFIGS / f"{name}.yaml").read_text()
        text = text.replace("../fixtures", f"{ROOT}/fixtures") + "check: {probe: off}  # quicker\n"
        (tmp_path / "checks" / f"{name}.yaml").write_text(text)
    program = tmp_path / "gradcheck-rnn"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m gradcheck_rnn "$@"\n')
    program.chmod(0o755)
    return tmp_path


def in_shell(project, line):
    path = f"{project}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-c", line]
    environment = clean_environment({"PATH": path})
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_the_commands_of_the_readme_lead_to_a_green_check(project):
    (job,) = yaml.safe_load(block("yaml", "# .github"))["jobs"].values()
    (check,) = [step["run"] for step in job["steps"] if step.get("run", "").startswith("gradcheck-rnn")]
    check = check.replace("$GITHUB_STEP_SUMMARY", f"{project}/summary.md")
    assert in_shell(project, check).returncode == 2, "there is no baseline yet"
    for line in block("sh").splitlines():
        ended = in_shell(project, line)
        assert ended.returncode == 0, ended.stderr
    assert in_shell(project, check).returncode == 2, "the reasons are still to be filled in"
    known = project / "known-faults.yaml"
    known.write_text(known.read_text().replace("FILL IN", "the window of the paper"))
    ended = in_shell(project, check)
    assert ended.returncode == 0
    assert [line.split()[0] for line in ended.stdout.splitlines()[-2:]] == ["pass", "accepted"]
    assert (project / "checks" / "gradcheck-rnn.schema.json").stat().st_size > 1000
    assert "| parameter |" in (project / "summary.md").read_text()


def test_the_command_for_gitlab_writes_what_its_recipe_collects(project):
    job = yaml.safe_load(block("yaml", "# .gitlab"))["gradients"]
    (check,) = [line for line in job["script"] if line.startswith("gradcheck-rnn")]
    (project / "pyproject.toml").write_text(block("toml").replace("baseline", "# baseline"))
    assert in_shell(project, check).returncode == 1
    assert len(JUnitXml.fromfile(str(project / job["artifacts"]["reports"]["junit"]))) == 2
