"""Functions that run in a backward pass, found, compiled anew and put in each other's place."""

import gc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.analytic.session import UserCode, Watch, opened
from gradcheck_rnn.model.net import Sizes
from gradcheck_rnn.model.problem import Batch
from gradcheck_rnn.repair.edit import Change, Edit
from gradcheck_rnn.repair.scope import UncompiledError, scope_of

POINT = Point({"w": np.array([2.0])}, Batch(np.zeros((1, 1)), None, np.zeros(1), {}))

# each gives 3 * w, which an edit makes 5 * w
STYLES = {
    "function": "def gradients(p, b):\n    return {'w': 3 * p['w']}\n",
    "method": """
class Net:
    class Layer:
        def __init__(self, __w):
            self.__w = __w

        def backward(self):
            return 3 * self.__w

def gradients(p, b):
    return {'w': Net.Layer(p['w']).backward()}
""",
    "method that calls its parent's": """
class Base:
    def backward(self, w):
        return w

class Net(Base):
    def backward(self, w):
        return 3 * super().backward(w)

net = Net()
gradients = lambda p, b: {'w': net.backward(p['w'])}
""",
    "closure": """
def build(factor):
    def backward(w):
        return 3 * factor * w
    return backward

backward = build(1.0)
gradients = lambda p, b: {'w': backward(p['w'])}
""",
    "decorated": """
import functools

def traced(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)
    return wrapper

@traced
@functools.lru_cache(None)
def three():
    return 3

@traced
def gradients(p, b):
    return {'w': 3 * p['w']}
""",
    "lambda": "prime = lambda w: 3 * w\ngradients = lambda p, b: {'w': prime(p['w'])}\n",
    "lambda of a class": """
class Net:
    class Layer:
        act, prime = lambda w: w, staticmethod(lambda w: 3 * w)

def gradients(p, b):
    return {'w': Net.Layer().prime(p['w'])}
""",
    "lambda of a dict, one of two on a line": """
if True:
    acts = {'tanh': (lambda w: 2 * w, lambda w: 3 * w)}

def gradients(p, b):
    return {'w': acts['tanh'][1](p['w'])}
""",
    "lambda that a function makes before": """
def made(factor):
    return lambda w: 3 * factor * w

prime = made(1.0)

def gradients(p, b):
    return {'w': prime(p['w'])}
""",
    "function within the function": """
def gradients(p, b):
    def step(w):
        return 3 * w
    return {'w': step(p['w'])}
""",
}


def session_of(folder: Path, source: str):
    (folder / "adapter.py").write_text(source)
    return opened(UserCode(folder / "adapter.py", 0, Sizes(1, 1, 1, 1), 10.0), Watch())


def replaced(scope, before: str, after: str) -> Edit:
    ((file, text),) = scope.texts.items()
    start = text.text.rindex(before)
    return Edit(file, (Change(start, start + len(before), after),), "test", 1.0)


@pytest.mark.parametrize("style", STYLES)
def test_a_function_runs_other_code_for_a_while(style, tmp_path):
    with session_of(tmp_path, STYLES[style]) as session:
        scope = scope_of(session, POINT)
        edit = replaced(scope, "3 *", "5 *")
        unit = scope.unit_of(edit)
        assert unit is not None
        with unit.running(unit.compiled(edit)):
            assert session.gradients(POINT).gradients["w"] == 10.0
        assert session.gradients(POINT).gradients["w"] == 6.0


def test_an_edit_outside_of_what_runs_belongs_to_no_function(tmp_path):
    source = "def other():\n    return 7\n\ndef gradients(p, b):\n    return {'w': 3 * p['w']}\n"
    with session_of(tmp_path, source) as session:
        scope = scope_of(session, POINT)
        assert scope.unit_of(replaced(scope, "7", "8")) is None


def test_functions_that_run_in_the_loss_too_come_last(tmp_path):
    source = """
def forward(w):
    return 1.5 * w * w

def loss(p, b):
    return float(forward(p['w'])[0])

def gradients(p, b):
    forward(p['w'])
    return {'w': 3 * p['w']}
"""
    with session_of(tmp_path, source) as session:
        units = scope_of(session, POINT).units
    assert [(unit.node.name, unit.also_in_loss) for unit in units] == [("gradients", False), ("forward", True)]


def test_what_runs_is_looked_for_once_and_before_any_edit_is_timed(tmp_path, monkeypatch):
    """In a process that holds much, a test runner's, that takes longer than an edit may."""
    asked = []

    def referrers(*objects):
        asked.append(len(objects))
        return gc.get_referrers(*objects)

    monkeypatch.setattr("gradcheck_rnn.repair.scope.gc", SimpleNamespace(get_referrers=referrers))
    source = """
def backward(w):
    return 3 * w

def gradients(p, b):
    return {'w': backward(p['w'])}
"""
    with session_of(tmp_path, source) as session:
        scope = scope_of(session, POINT)
        edit = replaced(scope, "3 * w", "4 * w")
        unit = scope.unit_of(edit)
        with unit.running(unit.compiled(edit)):
            assert session.gradients(POINT).gradients["w"] == 4 * POINT.parameters["w"]
    assert asked == [2]


@pytest.mark.parametrize("broken", ["3 * (", "return"])
def test_what_does_not_compile_is_said_so(broken, tmp_path):
    with session_of(tmp_path, STYLES["function"]) as session:
        scope = scope_of(session, POINT)
        edit = replaced(scope, "3 *", broken)
        unit = scope.unit_of(edit)
        assert unit is not None
        with pytest.raises(UncompiledError):
            unit.compiled(edit)


def test_a_closure_may_lose_what_it_took_from_around_it(tmp_path):
    with session_of(tmp_path, STYLES["closure"]) as session:
        scope = scope_of(session, POINT)
        edit = replaced(scope, "3 * factor", "7")
        unit = scope.unit_of(edit)
        assert unit is not None
        with unit.running(unit.compiled(edit)):
            assert session.gradients(POINT).gradients["w"] == 14.0


def test_a_closure_that_needs_more_from_around_it_is_refused(tmp_path):
    source = STYLES["closure"].replace("def backward", "other = 7.0\n    def backward", 1)
    with session_of(tmp_path, source) as session:
        scope = scope_of(session, POINT)
        edit = replaced(scope, "3 * factor", "other * factor")
        unit = scope.unit_of(edit)
        assert unit is not None
        with pytest.raises(UncompiledError):
            unit.compiled(edit)
