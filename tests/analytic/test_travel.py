"""Functions made anew of their files: their code is what the files hold then, their values are what they were here."""

import importlib
import subprocess
import sys
import threading
import unittest
from types import ModuleType

import numpy as np
import pytest

from gradcheck_rnn.adapters.definitions import definitions
from gradcheck_rnn.adapters.edited import edited_texts
from gradcheck_rnn.analytic.failure import UserCodeError
from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.analytic.session import UserCode
from gradcheck_rnn.analytic.travel.pack import UnpackableError, packed_functions
from gradcheck_rnn.analytic.travel.unpack import unpacked
from tests.analytic.adapters import SIZES, point

# each gives a function that returns 3 x, which its file may be edited to make 5 x
AT_THE_TOP = """
def gradients(p): return {"W": 3 * p["W"]}
"""
SIDE_BY_SIDE = """
def made(one, other): return other
gradients = made(lambda p: {"W": 0 * p["W"]}, lambda p: {"W": 3 * p["W"]})
"""
WITHIN_ANOTHER = """
def outer():
    one = 1
    def times(x): return 3 * x * one
    def gradients(p, of=None): return {"W": times(p["W"])}
    return gradients
gradients = outer()
"""
OF_ITSELF = """
def outer():
    def add(x, n): return x + add(x, n - 1) if n else 0 * x
    def gradients(p): return {"W": add(p["W"], 3 * 1)}
    return gradients
gradients = outer()
"""
DECORATED = """
import functools
def plain(f):
    @functools.wraps(f)
    def called(p): return f(p)
    return called
@plain
def gradients(p): return {"W": 3 * p["W"]}
"""
NO_FUNCTION_ANY_MORE = """
import functools
class Rule:
    def __new__(cls, function): return super().__new__(cls)
    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function = function
    def __call__(self, x): return self.function(x)
by = 1
@Rule
def times(x): return 3 * by * x
@functools.cache
def one(): return 1
def gradients(p): return {"W": times(p["W"]) * one()}
"""
GIVEN_BEFOREHAND = """
import functools
def scaled(by, p): return {"W": 3 * by * p["W"]}
gradients = functools.partial(scaled, 1.0)
"""
OF_AN_OBJECT = """
class Net:
    def __init__(self, by): self.by = by
    def gradients(self, p): return {"W": self.times(p["W"])}
    def times(self, x): return 3 * self.by * x
gradients = Net(1.0).gradients
"""
OF_A_CLASS = """
class Net:
    @staticmethod
    def gradients(p): return {"W": 3 * p["W"]}
gradients = Net.gradients
"""
CALLED_OBJECT = """
class Net:
    def __call__(self, p): return {"W": 3 * p["W"]}
gradients = Net()
"""
SHAPES = {
    name: text
    for name, text in globals().copy().items()
    if name.isupper() and isinstance(text, str) and "gradients" in text
}
W = {"W": np.array([1.0, 2.0])}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Write a module, and import it, under a name that no other test has."""
    monkeypatch.syspath_prepend(tmp_path)
    known = []

    def importing(text, name="travelled"):
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        known.append(name)
        return importlib.import_module(name)

    yield importing
    for name in known:
        del sys.modules[name]


def packed(gradients, loss=None):
    return packed_functions(loss, gradients, None, takes_batch=False)


def anew(parcel, texts=None):
    """What the gradients give once they are made anew, with some texts in the place of files."""
    with edited_texts(texts or {}), unpacked(parcel) as adapter:
        return adapter.gradients(W, None)["W"]


@pytest.mark.parametrize("shape", SHAPES)
def test_functions_of_every_shape_run_as_their_file_says(shape, written):
    module = written(SHAPES[shape])
    parcel = packed(module.gradients)
    edited = "# a line above\n" + SHAPES[shape].replace("3 *", "5 *")
    np.testing.assert_array_equal(anew(parcel), 3 * W["W"])
    np.testing.assert_array_equal(anew(parcel, {parcel.path: edited}), 5 * W["W"])
    np.testing.assert_array_equal(module.gradients(W)["W"], 3 * W["W"])


@pytest.mark.parametrize("workers", [0, 1])
def test_a_worker_makes_them_anew_too(workers, written):
    """Where the parent's modules may have been taken over with its memory."""
    parcel = packed(written(WITHIN_ANOTHER).gradients)
    code = UserCode(parcel.path, 0, SIZES, 20.0, ((parcel.path, WITHIN_ANOTHER.replace("3 *", "5 *")),), parcel)
    with running(code, workers=workers) as runner:
        found = runner.run(gradients_at, point())
    np.testing.assert_array_equal(found, 5 * point().parameters["W"])


def gradients_at(session, at):
    """Task: what the gradients are at a point."""
    return session.gradients(at).gradients["W"]


def is_forked(session):
    """Task: say whether this process has what the one had that started it."""
    return "jax" in sys.modules


def test_beside_the_threads_of_jax_a_worker_starts_from_nothing(written, monkeypatch):
    """A fork of such a process has their locks, and waits for them for ever."""
    parcel = packed(written(WITHIN_ANOTHER).gradients)
    monkeypatch.setitem(sys.modules, "jax", ModuleType("jax"))
    with running(UserCode(parcel.path, 0, SIZES, 20.0, (), parcel), workers=1) as runner:
        assert not runner.run(is_forked)
        np.testing.assert_array_equal(runner.run(gradients_at, point()), 3 * point().parameters["W"])


def test_modules_that_are_imported_are_read_afresh_and_those_of_this_process_stay(written, tmp_path):
    inner = written("def times(x): return 3 * x\n", "inner")
    module = written('import inner\ndef gradients(p): return {"W": inner.times(p["W"])}\n')
    texts = {tmp_path / "inner.py": "def times(x): return 5 * x\n"}
    np.testing.assert_array_equal(anew(packed(module.gradients), texts), 5 * W["W"])
    assert (sys.modules["inner"], sys.modules["travelled"]) == (inner, module)


def test_global_variables_have_the_values_that_they_have_here(written):
    """Also one that its own file draws anew each time, and one of another module."""
    other = written("factor = 1\n", "other")
    module = written(
        "import numpy as np, other\n"
        "drawn = np.random.default_rng().standard_normal(2)\n"
        "def helped(x): return x * other.factor + drawn\n"
        'def gradients(p): return {"W": helped(p["W"])}\n'
    )
    other.factor = 7
    np.testing.assert_array_equal(anew(packed(module.gradients)), module.gradients(W)["W"])


def test_what_a_test_has_put_in_the_place_of_a_function_stays_there(written, monkeypatch):
    module = written("def times(x): return 3 * x\n" + 'def gradients(p): return {"W": times(p["W"])}\n')
    monkeypatch.setattr(module, "times", seven_times)
    np.testing.assert_array_equal(anew(packed(module.gradients)), 7 * W["W"])


def seven_times(x):
    return 7 * x


def test_what_is_shared_stays_shared(written):
    """An object that is met as a global variable, in another one and by a method that was given."""
    module = written(
        "class Layer: by = 1\n"
        "layer = Layer()\n"
        "layers = [layer]\n"
        "def loss(p):\n"
        "    layer.by = 4\n"
        "    return 0.0\n"
        'def gradients(p): return {"W": layers[0].by * p["W"]}\n'
    )
    with unpacked(packed(module.gradients, module.loss)) as adapter:
        adapter.loss(W, None)
        np.testing.assert_array_equal(adapter.gradients(W, None)["W"], 4 * W["W"])
    assert module.layer.by == 1


def test_what_was_loaded_by_its_definitions_is_so_again(written, tmp_path):
    """An import would run it to its end, which never comes."""
    (tmp_path / "train.py").write_text(
        'data = open("no such file")\ndef gradients(p): return {"W": 3 * p["W"] + data}\nwhile True: pass\n'
    )
    net = definitions(tmp_path / "train.py")
    net.data = 1.0
    np.testing.assert_array_equal(anew(packed(net.gradients)), 3 * W["W"] + 1)


def test_a_module_is_found_whose_folder_is_no_longer_a_place_of_modules(written, tmp_path, monkeypatch):
    written("def times(x): return 3 * x\n", "inner")
    module = written('import inner\ndef gradients(p): return {"W": inner.times(p["W"])}\n')
    monkeypatch.setattr(sys, "path", [place for place in sys.path if place != str(tmp_path)])
    np.testing.assert_array_equal(anew(packed(module.gradients)), 3 * W["W"])
    assert str(tmp_path) not in sys.path


def test_a_script_is_not_run_once_more(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(
        "import numpy as np\n"
        "from gradcheck_rnn.analytic.travel.pack import packed_functions\n"
        "from gradcheck_rnn.analytic.travel.unpack import unpacked\n"
        "X = np.ones(2) + 1\n"
        'def gradients(p): return {"W": X * p["W"]}\n'
        "print('trains')\n"
        "with unpacked(packed_functions(None, gradients, None, takes_batch=False)) as adapter:\n"
        '    print(adapter.gradients({"W": 3.0}, None)["W"])\n'
    )
    ended = subprocess.run([sys.executable, str(file)], capture_output=True, check=True, text=True)
    assert ended.stdout == "trains\n[6. 6.]\n"


class TestOfUnittest(unittest.TestCase):
    scale = 3

    def test_a_test_travels_without_the_run_that_it_is_in(self):
        parcel = packed(lambda p: {"W": self.scale * p["W"]})
        np.testing.assert_array_equal(anew(parcel), 3 * W["W"])


def test_a_variable_that_cannot_travel_is_named():
    lock = threading.Lock()

    def gradients(p):
        with lock:
            return p

    with pytest.raises(UnpackableError, match="`lock` cannot be taken to another process: cannot pickle"):
        packed(lambda p: gradients(p))


def test_a_global_variable_that_cannot_travel_has_the_value_that_its_file_gives_it(written):
    module = written(
        'import threading\nlock = threading.Lock()\ndef gradients(p):\n    with lock: return {"W": 3 * p["W"]}\n'
    )
    np.testing.assert_array_equal(anew(packed(module.gradients)), 3 * W["W"])


def test_code_that_no_file_holds_is_refused():
    names = {}
    exec("def gradients(p): return p", names)
    with pytest.raises(UnpackableError, match="gradients was not written in a file of yours"):
        packed(names["gradients"])
    with pytest.raises(UnpackableError, match="cannot be taken"):
        packed(lambda p: names["gradients"](p))


def test_a_file_that_holds_something_else_by_now_is_refused(written, tmp_path):
    module = written(AT_THE_TOP)
    (tmp_path / "travelled.py").write_text("# two lines\n# above\n" + AT_THE_TOP)
    with pytest.raises(UnpackableError, match=r"gradients is not what travelled\.py holds by now"):
        packed(module.gradients)


@pytest.mark.parametrize("text", ["raise LookupError('no data')", "def others(p): return p", "def gradients(:"])
def test_a_file_without_the_functions_is_the_users_error(text, written):
    parcel = packed(written(AT_THE_TOP).gradients)
    with pytest.raises(UserCodeError) as caught:
        anew(parcel, {parcel.path: text})
    assert caught.value.finding.message.startswith("loading your files once more raised")
