"""Each command of the README that needs nothing else is run: none of them is refused, none dies."""

import re
import shlex
import shutil

import pytest

from tests.cli.running import CONFIGS, ROOT

README = (ROOT / "README.md").read_text()
SHELL = "\n".join(re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
IN_BLOCKS = re.findall(r"^(?:\.venv/bin/)?gradcheck-rnn (.*)$", SHELL, re.MULTILINE)
IN_TEXT = re.findall(r"`gradcheck-rnn ([a-z][^`]*)`", README)
# run by tests of their own: they need a project, a cluster, an interpreter, a file to read, or the extra `plot`
ELSEWHERE = re.compile(r"baseline|--cluster|node_|octave_|completion|my_rnn|html|^check( --verbose)?$|KIND")
COMMANDS = list(dict.fromkeys(line.partition("  #")[0].strip() for line in (*IN_BLOCKS, *IN_TEXT)))
OWN = [line for line in COMMANDS if not ELSEWHERE.search(line)]
# these take seconds
CASES = [pytest.param(line, marks=[pytest.mark.campaign] * line.startswith(("demo", "fix", "sweep"))) for line in OWN]


@pytest.mark.parametrize("line", CASES)
def test_a_command_does_what_it_is_there_for(line, run_here, tmp_path, monkeypatch):
    for folder in ("configs", "fixtures"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    shutil.copy(CONFIGS / "elman.yaml", tmp_path / "my.yaml")
    monkeypatch.chdir(tmp_path)
    command, _, redirected = line.replace("$GITHUB_STEP_SUMMARY", "summary.md").partition(">")
    (tmp_path / redirected.strip()).parent.mkdir(exist_ok=True)
    ended = run_here(*shlex.split(command))
    assert ended.code in (0, 1), ended.err
    assert ended.out


def test_the_readme_has_its_commands():
    assert len(OWN) >= 15
    assert {line.split()[0] for line in COMMANDS} >= {"check", "fix", "demo", "power", "sweep", "explain", "init"}
