"""Which files user code is made of."""

import numpy as np

from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.sources import loaded_sources
from tests.analytic.adapters import RIGHT, code


def names(folder, source: str) -> set[str]:
    with running(code(folder, source), workers=1) as runner:
        found = runner.run(loaded_sources)
    assert all(len(content) == 32 for content in found.values())
    assert str(np.__file__) not in found
    return {file.removeprefix(f"{folder}/") for file in found if file.startswith(str(folder))}


def test_the_adapter_and_what_it_imports(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "__init__.py").write_text("from net import cell\n")
    (tmp_path / "net" / "cell.py").touch()
    (tmp_path / "unused.py").touch()
    assert names(tmp_path, "import net\n" + RIGHT) == {"adapter.py", "net/__init__.py", "net/cell.py"}


def test_scripts_and_notebooks_that_are_loaded_by_their_definitions(tmp_path):
    (tmp_path / "script.py").touch()
    source = "from gradcheck_rnn.adapters import definitions\ndefinitions('script.py')\n" + RIGHT
    assert names(tmp_path, source) == {"adapter.py", "script.py"}


def test_the_files_of_a_program_and_those_beside_them_of_its_language(tmp_path):
    (tmp_path / "serve.m").touch()
    (tmp_path / "backward.m").touch()
    (tmp_path / "notes.txt").touch()
    source = (
        "from gradcheck_rnn.adapters.program import Program\nfrom pathlib import Path\n"
        "Program(['octave-cli', '--quiet', 'serve.m', 'txt', 'x' * 9999, 'a\\0b'], Path(__file__).parent)\n" + RIGHT
    )
    assert names(tmp_path, source) == {"adapter.py", "serve.m", "backward.m"}


def test_a_file_that_changes_has_another_digest(tmp_path):
    digests = []
    for source in (RIGHT, RIGHT + "# changed\n"):
        with running(code(tmp_path, source), workers=1) as runner:
            digests.append(runner.run(loaded_sources)[str(tmp_path / "adapter.py")])
    assert digests[0] != digests[1]
