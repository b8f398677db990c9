"""The wheel: everything that runs from it, and nothing that only a clone needs."""

import subprocess
import sys
import zipfile
from configparser import ConfigParser
from email import message_from_string
from pathlib import Path

import pytest

from tests.cli.running import PATIENCE, ROOT, clean_environment

PACKAGE = ROOT / "gradcheck_rnn"
# what belongs into a wheel, from the package's folder on
WANTED = (
    "**/*.py",
    "py.typed",
    "adapters/PROTOCOL.md",
    "explain/pages/*.md",
    "explain/sample/sample.yaml",
    "report/formats/report.schema.json",
    "report/html/templates/*",
)
ABOUT_IT = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel, with nothing from elsewhere."""
    folder = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert built.returncode == 0, built.stderr
    (file,) = folder.iterdir()
    with zipfile.ZipFile(file) as opened:
        yield opened


def about(wheel, name):
    """The text of a file about the wheel."""
    (found,) = [each for each in wheel.namelist() if each.endswith(f".dist-info/{name}")]
    return wheel.read(found).decode()


def test_it_holds_the_package_and_nothing_beside_it(wheel):
    wanted = {pattern: {file for file in PACKAGE.glob(pattern) if file.is_file()} for pattern in WANTED}
    assert all(wanted.values()), "a pattern of this test fits no file"
    expected = {file.relative_to(ROOT).as_posix() for files in wanted.values() for file in files}
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == expected
    assert {name.partition(".dist-info/")[2] for name in set(wheel.namelist()) - held} == ABOUT_IT


def test_it_brings_the_command_and_the_pytest_plugin(wheel):
    points = ConfigParser()
    points.read_string(about(wheel, "entry_points.txt"))
    assert {name: dict(points[name]) for name in points.sections()} == {
        "console_scripts": {"gradcheck-rnn": "gradcheck_rnn.cli:main"},
        "pytest11": {"gradcheck_rnn": "gradcheck_rnn.pytest_plugin"},
    }


def test_it_needs_four_packages(wheel):
    needed = message_from_string(about(wheel, "METADATA")).get_all("Requires-Dist")
    names = {each.partition(">=")[0] for each in needed if "extra ==" not in each}
    assert names == {"numpy", "click", "rich", "pyyaml"}


def test_what_it_holds_runs_without_a_clone(wheel, tmp_path):
    site = tmp_path / "site"
    wheel.extractall(site)

    def run(*arguments):
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-m", "gradcheck_rnn", *arguments],
            cwd=tmp_path,
            env=clean_environment({"PYTHONPATH": str(site)}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        return ended.stdout

    told = run("demo", "untransposed-weight:W_hh", "--report", "html=lesson.html")
    assert "+        dh_next = dz @ W_hh.T" in told
    assert "<title>" in (tmp_path / "lesson.html").read_text(encoding="utf-8")
    assert "untransposed-weight" in run("explain", "untransposed-weight")
    assert run("schema").startswith("{")
    run("init")
    assert "pass" in run("check", *(file.name for file in Path(tmp_path).glob("*.gradcheck.yaml")))
