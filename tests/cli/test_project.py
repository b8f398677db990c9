"""`[tool.gradcheck_rnn]` in pyproject.toml: defaults that the command line beats, mistakes at their lines."""

import subprocess
import sys

import pytest

from tests.cli.running import CONFIGS

RIGHT = (CONFIGS / "elman.yaml").read_text()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Write a pyproject.toml with that text below the table's head, beside `nets/a.yaml` and `nets/b.yaml`."""
    (tmp_path / "nets").mkdir()
    for name in "ba":
        (tmp_path / "nets" / f"{name}.yaml").write_text(RIGHT + "check: {probe: off}\n" * ("check:" not in RIGHT))
    monkeypatch.chdir(tmp_path)

    def write(text, head="[tool.gradcheck_rnn]\n"):
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "nets"\n\n' + head + text)
        return tmp_path

    return write


def test_check_alone_checks_the_configurations_of_the_project_in_their_order(project, run_here):
    project('configs = ["nets/b.yaml", "nets/a*.yaml"]\nquiet = true\n')
    ended = run_here("check")
    assert ended.code == 0
    assert [line.partition(":")[0] for line in ended.out.splitlines()] == ["PASS nets/b.yaml", "PASS nets/a.yaml"]


def test_from_a_folder_below_the_files_are_found_and_named_from_there(project, run_here, monkeypatch):
    folder = project('configs = ["nets/*.yaml"]\nquiet = true\n')
    monkeypatch.chdir(folder / "nets")
    assert [line.split()[1] for line in run_here("check").out.splitlines()] == ["a.yaml:", "b.yaml:"]


def test_the_nearest_file_that_has_the_table_counts(project, run_here, monkeypatch):
    folder = project("quiet = true\n")
    (folder / "nets" / "pyproject.toml").write_text('[project]\nname = "gradcheck_rnn"\n[tool.other]\nx = 1\n')
    monkeypatch.chdir(folder / "nets")
    assert len(run_here("check", "a.yaml").out.splitlines()) == 1


def test_without_the_table_nothing_changes(project, run_here):
    project("", head="[tool.other]\nquiet = true\n")
    assert len(run_here("check", "nets/a.yaml").out.splitlines()) > 5
    assert run_here("check").code == 2


@pytest.mark.parametrize(
    ("text", "argument", "lines"),
    [("quiet = true\n", "--no-quiet", 5), ('output-format = "json"\n', "--output-format=text", 5)],
)
def test_the_command_line_is_stronger(text, argument, lines, project, run_here):
    project(text)
    assert run_here("check", "nets/a.yaml", argument).out.splitlines()[0].startswith("nets/a.yaml: tanh net")
    assert not run_here("check", "nets/a.yaml").out.startswith("nets/a.yaml: tanh net")


def test_configurations_of_the_command_line_replace_those_of_the_project(project, run_here):
    project('configs = ["nets/b.yaml"]\nquiet = true\n')
    assert run_here("check", "nets/a.yaml").out.startswith("PASS nets/a.yaml")


def test_verbose_tells_where_a_default_stands_and_not_those_that_were_beaten(project, run_here):
    project(
        'workers = 0\n# a comment\nmethod = """\ncentral"""\n'.replace('"""\ncentral"""', '"central"')
        + "quiet = true\n"
    )
    err = run_here("check", "nets/a.yaml", "--verbose", "--workers", "1").err
    assert 'pyproject.toml:7:1: method = "central"' in err
    assert "pyproject.toml:8:1: quiet = true" in err
    assert "workers" not in err


def test_the_method_reaches_the_check(project, run_here):
    project('method = "complex_step"\n')
    assert "the complex step" in run_here("check", "nets/a.yaml").out


def test_the_baseline_is_found_from_the_folder_of_the_project(project, run_here, monkeypatch):
    folder = project('baseline = "known.yaml"\nquiet = true\n')
    monkeypatch.chdir(folder / "nets")
    ended = run_here("check", "a.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert "cannot read `../known.yaml`: no such file" in ended.err


MISTAKES = [
    ("workres = 2\n", 5, "unknown key `workres`"),
    ("exit-zero = true\n", 5, "unknown key `exit-zero`"),
    ('workers = "2"\n', 5, "`workers`: expected an integer, got the text `2`"),
    ("workers = true\n", 5, "`workers`: expected an integer, got `true`"),
    ("workers = -1\n", 5, "`workers`: -1 is not in the range x>=0"),
    ("quiet = 1\n", 5, "`quiet`: expected `true` or `false`, got the integer `1`"),
    ("time-limit = 0\n", 5, "`time-limit`: 0"),
    ("\n\ntime-limit = []\n", 7, "`time-limit`: expected a number, got a list"),
    ('output-format = "jsno"\n', 5, "`output-format`: 'jsno' is not one of"),
    ('method = "centrall"\n', 5, "`method`: unknown value `centrall`"),
    ('configs = "nets/a.yaml"\n', 5, "`configs`: expected a list of texts, got the text `nets/a.yaml`"),
    ('configs = [\n  "nets/a.yaml",\n  3,\n]\n', 5, "`configs`: expected a list of texts, got a list"),
    ('configs = ["nets/c*.yaml"]\n', 5, "`configs`: no file is like `nets/c*.yaml`"),
    ("quiet = true\nworkers = = 2\n", 6, "not TOML: Invalid value"),
    ("[tool.gradcheck_rnn.fix]\nx = 1\n", 5, "unknown key `fix`"),
]


@pytest.mark.parametrize(("text", "line", "message"), MISTAKES)
def test_a_mistake_is_shown_at_its_line_before_anything_is_checked(text, line, message, project, run_here):
    project(text)
    ended = run_here("check", "nets/a.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert f"pyproject.toml:{line}:" in ended.err
    assert f"error: {message}" in ended.err


@pytest.mark.parametrize(
    ("head", "text", "line"),
    [
        ("[tool]\n", "gradcheck_rnn.quiet = 1\n", 5),
        ("[tool]\n", "gradcheck_rnn = {verbose = false, quiet = 1}\n", 5),
        ('[ tool . "gradcheck_rnn" ]\n', "'quiet' = 1\n", 5),
        ("[tool.other]\nx = '''\n[tool.gradcheck_rnn]\nquiet = true'''\n[tool.gradcheck_rnn]\n", "quiet = 1\n", 9),
        ("[tool]\ngradcheck_rnn = 3\n", "", 5),
    ],
)
def test_the_line_is_found_however_the_table_is_written(head, text, line, project, run_here):
    project(text, head=head)
    ended = run_here("check", "nets/a.yaml")
    assert ended.code == 2
    assert ended.err.startswith(f"pyproject.toml:{line}:")


def test_a_misspelt_key_gets_a_suggestion(project, run_here):
    project("time_limit = 3\n")
    assert "did you mean `time-limit`?" in run_here("check", "nets/a.yaml").err


def test_all_mistakes_are_told_at_once(project, run_here):
    project("workres = 1\nquiet = 2\n")
    assert run_here("fix", "nets/a.yaml").err.count("error: ") == 2


def test_the_time_limit_is_that_of_fix(project, run_here):
    project("time-limit = 0.5\nquiet = true\n")
    assert run_here("fix", "nets/a.yaml").code == 0


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["explain"], ["completion", "bash"]])
def test_what_needs_no_default_never_reads_the_project(arguments, project, run_here):
    project("quiet = = 1\n")
    assert run_here(*arguments).code == 0


def test_no_toml_is_read_where_no_project_has_the_table(project):
    folder = project("", head="[tool.other]\n")
    script = """
import sys
from gradcheck_rnn.cli import main
try:
    main(["check"])
except SystemExit:
    print([name for name in ("tomllib", "yaml", "numpy") if name in sys.modules])
"""
    ended = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"


@pytest.mark.parametrize("value", ["1" * 5000, "[" * 2000 + "]" * 2000])
def test_a_value_that_python_cannot_read_is_a_mistake_of_the_file(value, project, run_here):
    project(f"workers = {value}\n")
    ended = run_here("check", "nets/a.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert "pyproject.toml:" in ended.err
