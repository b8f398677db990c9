"""Importing the adapter: its folder comes first, is forgotten afterwards, and what it lacks is said."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gradcheck_rnn
from gradcheck_rnn.analytic.adapter import imported
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.errors import UsageError
from tests.analytic.adapters import RIGHT, RIGHT_GRADIENTS


@pytest.fixture(autouse=True)
def no_module_of_the_last_test():
    yield
    for name in ("net", "nets", "sibling"):
        sys.modules.pop(name, None)


def write(folder: Path, **files: str) -> Path:
    """Write `name=source` files into a folder and return the adapter's path."""
    folder.mkdir(exist_ok=True)
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source)
    return folder / "adapter.py"


def refused(path: Path) -> str:
    with pytest.raises(UsageError) as caught, imported(path):
        pass
    return str(caught.value)


def failed(path: Path):
    with pytest.raises(UserCodeError) as caught, imported(path):
        pass
    return caught.value.finding


def test_the_functions_of_an_adapter_are_found(tmp_path):
    source = RIGHT + "def parameters(rng):\n    return {}\n\nROLES = {'W': 'W_xh'}\n"
    with imported(write(tmp_path, adapter=source)) as adapter:
        assert [each.__name__ for each in (adapter.loss, adapter.gradients, adapter.parameters)] == [
            "loss",
            "gradients",
            "parameters",
        ]
        assert adapter.roles is not None
        assert adapter.roles.described == {"W": "W_xh"}


MANY = "def losses(parameter_sets, batch):\n    return [loss(each, batch) for each in parameter_sets]\n"


OF_THE_LOSS = """
class Loss:
    def __call__(self, parameters, batch):
        return 0.0

    def losses(self, parameter_sets, batch):
        return [0.0] * len(parameter_sets)


loss = Loss()
"""


@pytest.mark.parametrize("source", [RIGHT + MANY, RIGHT_GRADIENTS + OF_THE_LOSS])
def test_many_losses_at_once_are_a_function_or_the_loss_s_own_method(tmp_path, source):
    with imported(write(tmp_path, adapter=source)) as adapter:
        assert adapter.losses.__name__ == "losses"


def test_many_losses_and_no_single_one_are_refused(tmp_path):
    assert "has `losses` and no `loss`" in refused(write(tmp_path, adapter=RIGHT_GRADIENTS + MANY))


def test_all_but_gradients_is_optional(tmp_path):
    with imported(write(tmp_path, adapter=RIGHT_GRADIENTS)) as adapter:
        assert (adapter.loss, adapter.parameters, adapter.roles) == (None, None, None)


@pytest.mark.parametrize(
    ("signature", "varies"),
    [
        ("rng", False),
        ("rng, sizes", True),
        ("rng, sizes=None", True),
        ("rng, scale=0.1", False),
        ("rng, **kwargs", False),
    ],
)
def test_sizes_may_vary_where_the_parameters_take_them(tmp_path, signature, varies):
    source = RIGHT + f"def parameters({signature}):\n    return {{}}\n"
    with imported(write(tmp_path, adapter=source)) as adapter:
        assert adapter.sizes_may_vary is varies


def test_described_parameters_can_be_drawn_in_any_size(tmp_path):
    with imported(write(tmp_path, adapter=RIGHT)) as adapter:
        assert adapter.sizes_may_vary


# --- the folder


def test_the_folder_comes_first(tmp_path):
    """A file of the user's hides a module of the standard library that is not loaded yet."""
    path = write(tmp_path, adapter="import this\nfrom this import mine\n" + RIGHT, this="mine = 1\n")
    with imported(path) as adapter:
        assert adapter.gradients.__globals__["mine"] == 1


def test_nothing_is_left_of_the_import(tmp_path):
    path = write(tmp_path, adapter="import sibling\n" + RIGHT, sibling="")
    before = list(sys.path), set(sys.modules)
    with imported(path):
        assert sys.path[0] == str(tmp_path)
        assert "sibling" in sys.modules
    assert (sys.path, set(sys.modules)) == before


def test_nothing_is_left_of_an_import_that_failed(tmp_path):
    path = write(tmp_path, adapter="import sibling\nraise ValueError\n", sibling="")
    before = list(sys.path), set(sys.modules)
    assert failed(path).kind == "raised"
    assert (sys.path, set(sys.modules)) == before


def test_siblings_of_the_same_name_in_two_folders_do_not_meet(tmp_path):
    source = "from net import name\n" + RIGHT
    for folder in ("one", "two"):
        write(tmp_path / folder, adapter=source, net=f"name = {folder!r}\n")
    names = []
    for folder in ("one", "two", "one"):
        with imported(tmp_path / folder / "adapter.py") as adapter:
            names.append(adapter.gradients.__globals__["name"])
    assert names == ["one", "two", "one"]


def test_a_sibling_is_loaded_afresh_with_state_of_its_own(tmp_path):
    path = write(tmp_path, adapter="import net\nnet.calls.append(0)\n" + RIGHT, net="calls = []\n")
    for _ in range(2):
        with imported(path) as adapter:
            assert adapter.gradients.__globals__["net"].calls == [0]


def test_a_file_of_the_same_size_and_second_is_not_mistaken_for_the_one_before(tmp_path, monkeypatch):
    """Python's bytecode is; a program that edits and checks in turns would be told about the former code."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    seen = []
    for value in (1, 2):
        path = write(
            tmp_path, sibling=f"value = {value}", adapter=f"import sibling\nvalue = {value}\n" + RIGHT_GRADIENTS
        )
        for name in ("sibling.py", "adapter.py"):
            os.utime(tmp_path / name, (1e9, 1e9))
        with imported(path) as adapter:
            seen.append((adapter.gradients.__globals__["value"], sys.modules["sibling"].value))
    assert seen == [(1, 1), (2, 2)]


def test_nothing_is_written_beside_the_user_s_files(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = write(tmp_path, sibling="", adapter="import sibling\n" + RIGHT_GRADIENTS)
    with imported(path):
        pass
    assert sorted(each.name for each in tmp_path.iterdir()) == ["adapter.py", "sibling.py"]


def test_a_package_beside_the_adapter_is_loaded_afresh_too(tmp_path):
    write(tmp_path / "nets", __init__="", elman="calls = []\n")
    path = write(tmp_path, adapter="from nets import elman\nelman.calls.append(0)\n" + RIGHT)
    for _ in range(2):
        with imported(path) as adapter:
            assert adapter.gradients.__globals__["elman"].calls == [0]


def test_a_module_that_was_loaded_before_comes_back_afterwards(tmp_path, monkeypatch):
    path = write(tmp_path, adapter="import net\n" + RIGHT, net="name = 'of the user'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    import net

    with imported(path):
        assert sys.modules["net"] is not net
    assert sys.modules["net"] is net


RUN_INSIDE = """
import sys
from pathlib import Path
from gradcheck_rnn.analytic.inspection import inspect
from gradcheck_rnn.analytic.runner import running
from tests_point import code, point

with running(code(Path(sys.argv[1]), Path(sys.argv[1], "adapter.py").read_text()), workers=1) as runner:
    assert runner.run(inspect, point()).loss == 14.0
"""


def test_an_adapter_may_stand_beside_the_package_itself(tmp_path):
    """As in a checkout of this repository, or in a home directory that holds the interpreter."""
    package = Path(gradcheck_rnn.__file__).parent
    shutil.copytree(package, tmp_path / "gradcheck_rnn", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(Path(__file__).with_name("adapters.py"), tmp_path / "tests_point.py")
    write(tmp_path, adapter=RIGHT)
    done = subprocess.run(
        [sys.executable, "-c", RUN_INSIDE, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


# --- what can be wrong with it


def test_a_syntax_error_has_its_place(tmp_path):
    finding = failed(write(tmp_path, adapter="import math\ndef gradients(parameters, batch)\n    return {}\n"))
    assert (finding.kind, finding.term) == ("raised", "adapter")
    assert "SyntaxError" in finding.message
    assert "Python reads it whole first" in finding.help
    assert (finding.location.file, finding.location.line) == (str(tmp_path / "adapter.py"), 2)
    assert finding.location.text == "def gradients(parameters, batch)"


def test_a_syntax_error_of_a_sibling_has_the_sibling_s_place(tmp_path):
    finding = failed(write(tmp_path, adapter="import net\n" + RIGHT, net="\n\n1 +\n"))
    assert (finding.location.file, finding.location.line) == (str(tmp_path / "net.py"), 3)


def test_an_exception_at_import_has_its_line(tmp_path):
    finding = failed(write(tmp_path, adapter="x = 1\ny = x / 0\n" + RIGHT))
    assert finding.message == "adapter raised ZeroDivisionError: division by zero"
    assert (finding.location.line, finding.location.text) == (2, "y = x / 0")
    assert finding.help


def test_a_module_that_is_not_installed_asks_for_it(tmp_path):
    finding = failed(write(tmp_path, adapter="import no_such_module_anywhere\n" + RIGHT))
    assert "no_such_module_anywhere" in finding.message
    assert finding.help.startswith("install the module")


@pytest.mark.parametrize("leaving", ["import sys; sys.exit()", "raise KeyboardInterrupt", "raise SystemExit(2)"])
def test_an_adapter_that_leaves_when_it_is_imported_is_refused(tmp_path, leaving):
    assert failed(write(tmp_path, adapter=leaving + "\n" + RIGHT)).kind == "raised"


def test_an_adapter_without_gradients_says_so(tmp_path):
    text = refused(write(tmp_path, adapter="def loss(parameters, batch):\n    return 0.0\n"))
    assert "has no function `gradients`" in text
    assert str(tmp_path / "adapter.py") in text


def test_a_misspelt_function_is_suggested(tmp_path):
    text = refused(write(tmp_path, adapter="def gradient(parameters, batch):\n    return {}\n"))
    assert "did you mean `gradient`?" in text


@pytest.mark.parametrize("name", ["gradients", "loss", "losses", "parameters"])
def test_what_should_be_a_function_and_is_none_is_refused(tmp_path, name):
    assert f"`{name}` of the adapter is no function but dict" in refused(
        write(tmp_path, adapter=RIGHT + f"{name} = {{}}\n")
    )


@pytest.mark.parametrize("roles", ["['W_xh']", "{'W': 1}", "{1: 'W_xh'}", "'W_xh'"])
def test_roles_that_are_no_names_to_names_are_refused(tmp_path, roles):
    assert "ROLES of the adapter" in refused(write(tmp_path, adapter=RIGHT + f"ROLES = {roles}\n"))


def test_all_mistakes_of_an_adapter_are_reported_at_once(tmp_path):
    with pytest.raises(UsageError) as caught, imported(write(tmp_path, adapter="loss = 1\nROLES = 2\n")):
        pass
    assert len(caught.value.mistakes) == 3


def test_a_file_that_is_no_python_is_refused(tmp_path):
    path = tmp_path / "adapter.txt"
    path.write_text(RIGHT)
    assert "is no Python file" in refused(path)
