"""The command `init`: what it writes, what it refuses, and that it never runs what it is given."""

import re
from pathlib import Path

import pytest

from tests.cli.running import ROOT, run

STYLES = ROOT / "fixtures" / "styles"
README = (ROOT / "README.md").read_text()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_example_runs_at_once(here, run_here):
    ended = run_here("init")
    assert ended.code == 0
    assert files(here) == ["example.gradcheck.yaml", "example_adapter.py", "example_net.py"]
    checked = run_here("check", "example.gradcheck.yaml", "--output-format", "json")
    assert (checked.code, checked.document["findings"]) == (0, [])


def second_line(file):
    return file.read_text().splitlines()[1]


@pytest.mark.parametrize("arguments", [(), ("net.py",)])
def test_an_editor_finds_the_schema_where_there_is_one(arguments, here, run_here):
    (here / "net.py").write_text((STYLES / "nested_result.py").read_text())
    (here / ".git").mkdir()
    (here / "gradcheck-rnn.schema.json").write_text(run_here("schema").out)
    name = f"{'net' if arguments else 'example'}.gradcheck.yaml"
    for folder, schema in (
        (here, "gradcheck-rnn.schema.json"),
        (here / "deep" / "er", "../../gradcheck-rnn.schema.json"),
    ):
        assert run_here("init", *arguments, "--output-dir", folder).code == 0
        assert second_line(folder / name) == f"# yaml-language-server: $schema={schema}"
        assert (folder / schema).is_file()
    assert run_here("check", here / name, "--quiet").code == 0


def test_without_a_schema_the_configuration_says_where_one_comes_from(here, run_here):
    (here / "gradcheck-rnn.schema.json").touch()  # of another project
    (here / "mine" / ".git").mkdir(parents=True)
    run_here("init", "--output-dir", "mine")
    line = second_line(here / "mine" / "example.gradcheck.yaml")
    assert line == "# to have an editor complete the keys: gradcheck-rnn schema --help"
    asked = line.partition("gradcheck-rnn ")[2].split()
    assert "yaml-language-server: $schema=gradcheck-rnn.schema.json" in run_here(*asked).out


def test_the_example_finds_a_fault_that_is_put_into_it(here, run_here):
    run_here("init")
    net = here / "example_net.py"
    net.write_text(net.read_text().replace('dz @ p["W_hh"].T', 'dz @ p["W_hh"]'))
    ended = run_here("check", "example.gradcheck.yaml", "--output-format", "json")
    assert ended.code == 1
    assert [(each["kind"], each["term"]) for each in ended.document["findings"]] == [("untransposed-weight", "W_hh")]


def test_what_it_recognised_is_printed_with_its_lines_and_the_next_command(here, run_here):
    source = (STYLES / "cached_class.py").read_text()
    (here / "net.py").write_text(source)
    ended = run_here("init", "net.py")
    line = source[: source.index("def backward")].count("\n") + 1
    assert ended.code == 0
    assert f"line {line}" in ended.out
    assert "then" not in ended.out
    assert ended.out.splitlines()[-1] == "now: gradcheck-rnn check net.gradcheck.yaml"


def test_the_readme_shows_what_it_prints(here, run_here):
    (here / "my_rnn.py").write_text((STYLES / "cached_class.py").read_text())
    shown = run_here("init", "my_rnn.py").out
    assert shown in README


def test_files_of_another_folder_are_reached_from_where_it_writes(here, run_here):
    (here / "code").mkdir()
    (here / "code" / "net.py").write_text((STYLES / "nested_result.py").read_text())
    assert run_here("init", "code/net.py", "--output-dir", "checks").code == 0
    assert files(here / "checks") == ["net.gradcheck.yaml", "net_adapter.py"]
    assert run_here("check", "checks/net.gradcheck.yaml", "--quiet").code == 0


def test_nothing_is_written_over_unless_forced(here, run_here):
    (here / "net_adapter.py").write_text("mine\n")
    (here / "net.py").write_text((STYLES / "nested_result.py").read_text())
    ended = run_here("init", "net.py")
    assert (ended.code, ended.out) == (2, "")
    assert "net_adapter.py" in ended.err
    assert "--force" in ended.err
    assert files(here) == ["net.py", "net_adapter.py"]
    assert (here / "net_adapter.py").read_text() == "mine\n"
    assert run_here("init", "net.py", "--force").code == 0
    assert "mine" not in (here / "net_adapter.py").read_text()


def test_the_file_is_never_run(here, run_here):
    source = (STYLES / "nested_result.py").read_text()
    (here / "net.py").write_text(source + "\n\nopen('was_run', 'w')\nraise SystemExit\n")
    assert run_here("init", "net.py").code == 0
    assert not (here / "was_run").exists()


REFUSED = {
    "empty.py": (b"", "the file is empty"),
    "blank.py": (b"\n  \n", "the file is empty"),
    "broken.py": (b"def f(:\n", "no Python 3"),
    "old.py": (b"print 'loss'\n", "2to3"),
    "bytes.py": (b"\xff\xfe\x00", "no Python"),
    "zeros.py": (b"x = 1\x00\n", "no Python"),
    "forward.py": (b"import numpy as np\n\n\ndef forward(x):\n    return np.tanh(x)\n", "no backward pass found"),
    "net.ipynb": (b"{}", "no notebook"),
    "text.ipynb": (b"import numpy\n", "no notebook"),
    "net.txt": (b"x = 1\n", "neither a script nor a notebook"),
    "huge.py": (b"#" * 20_000_001, "more than 20 megabytes"),
    "deep.py": (b"x = " + b"(" * 5000 + b")" * 5000, "no Python"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_net_is_refused_in_one_clear_error(name, here, run_here):
    content, message = REFUSED[name]
    (here / name).write_bytes(content)
    ended = run_here("init", name)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err
    assert len(re.findall(r"error: ", ended.err)) == 1
    assert files(here) == [name]


def test_a_file_that_is_not_there_and_a_folder_are_refused(here, run_here):
    (here / "folder.py").mkdir()
    for name in ("no_such_file.py", "folder.py"):
        ended = run_here("init", name)
        assert (ended.code, ended.out) == (2, "")
        assert f"{name}: error: cannot read the file" in ended.err


def test_a_folder_that_cannot_be_written_to_is_no_bug_of_ours(here, run_here):
    (here / "taken").write_text("")
    (here / "net.py").write_text((STYLES / "nested_result.py").read_text())
    ended = run_here("init", "net.py", "--output-dir", "taken/inside")
    assert (ended.code, ended.out) == (2, "")
    assert "cannot write" in ended.err


def test_a_mistake_in_a_notebook_is_shown_by_its_cell(here):
    (here / "net.ipynb").write_text('{"cells": [{"cell_type": "code", "source": ["x = 1\\n", "y = (\\n"]}]}')
    ended = run("init", "net.ipynb", cwd=here)
    assert ended.code == 2
    assert "cell 1, line 2" in ended.err
