"""What the expressions of a function are while it runs."""

import ast
import queue
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from gradcheck_rnn.repair.function import Function
from gradcheck_rnn.repair.observe import observed
from gradcheck_rnn.repair.scope import Unit
from gradcheck_rnn.repair.text import Text

FILE = "watched.py"


def watched(source: str, *arguments: object) -> Function:
    """Run the first function of a text, and return what was seen of it."""
    text = Text(Path(FILE), textwrap.dedent(source))
    names: dict[str, object] = {"np": np}
    exec(compile(text.text, FILE, "exec"), names)
    node = next(each for each in text.tree.body if isinstance(each, ast.FunctionDef))
    function = names[node.name]
    unit = Unit(text, node, function.__code__, False)
    return observed([unit], lambda: function(*arguments))[0]


def shapes(function: Function, line: int) -> dict[str, tuple[int, ...] | None]:
    return {text: value.shape for text, value in function.seen.values[line].items()}


def test_expressions_have_shapes_before_each_statement():
    function = watched(
        """\
        def f(x, W):
            h = x @ W
            g = 1 - h ** 2
            return g * h
        """,
        np.ones((2, 3)),
        np.ones((3, 4)),
    )
    assert shapes(function, 2) | {"x": (2, 3), "W": (3, 4), "x @ W": (2, 4)} == shapes(function, 2)
    assert "h" not in shapes(function, 2)
    assert shapes(function, 4)["1 - h ** 2"] == (2, 4)
    assert shapes(function, 4)["g * h"] == (2, 4)


def test_an_expression_without_a_value_at_one_visit_is_unknown():
    function = watched(
        """\
        def f(n):
            for t in range(n):
                a = 2
                if t:
                    b = c
                c = t
        """,
        3,
    )
    assert "c" not in shapes(function, 3)  # not at the first visit
    assert shapes(function, 5)["c"] == ()
    assert function.seen.visits == {2: 4, 3: 3, 4: 3, 5: 2, 6: 3}


def test_equal_values_at_every_visit_have_equal_digests():
    function = watched(
        """\
        def f(hs):
            h = hs[0]
            for t in range(3):
                g = hs[t] + h
        """,
        np.arange(6.0).reshape(3, 2),
    )
    at = function.seen.values
    assert at[3]["hs[0]"].digest == at[3]["h"].digest
    assert at[4]["hs[t]"].digest != at[4]["h"].digest


def test_what_may_do_something_is_not_evaluated():
    function = watched(
        """\
        def f(calls):
            g = step(calls)
            return slope(len(calls)) + len(calls)

        def step(calls):
            calls.append(1)
            return calls

        def slope(x):
            return 1 - x * x
        """,
        [],
    )
    assert "step(calls)" not in shapes(function, 2)
    assert shapes(function, 3)["slope(len(calls))"] == ()
    assert function.seen.values[3]["len(calls)"].shape == ()


def test_what_a_library_does_in_a_line_is_no_formula_of_the_users():
    """Such as going back through a graph, which can be done once."""
    left: queue.Queue[int] = queue.Queue()
    for number in range(3):
        left.put(number)
    watched("def f(left):\n    return left.get_nowait()\n", left)
    assert left.qsize() == 2


def test_lambdas_and_comprehensions_are_seen_with_names_of_their_own():
    function = watched(
        """\
        def f(xs):
            double = lambda y: y + y
            return [double(x)
                    for x in xs]
        """,
        list(np.ones((2, 3))),
    )
    assert shapes(function, 2)["y + y"] == (3,)
    assert shapes(function, 3)["x"] == (3,)
    assert function.seen.visits[3] >= 1


def test_a_function_within_the_function_is_seen_too():
    function = watched(
        """\
        def f(x):
            def g(y):
                z = y * 2
                return z
            return g(x)
        """,
        np.ones(3),
    )
    assert shapes(function, 4)["z"] == (3,)


def test_arrays_in_a_dict_that_the_function_makes_are_seen_once_they_are_there():
    source = (
        "def f(x):\n    kept = {}\n    for t in range(2):\n        x = x + 1\n        kept['h'] = x\n"
        "    y = x\n    return y\n"
    )
    function = watched(source, np.ones(3))
    assert shapes(function, 6)["kept['h']"] == (3,)
    assert "kept['h']" not in shapes(function, 4)


def test_arrays_of_an_object_on_an_object_are_seen_though_nothing_mentions_them():
    source = "def f(self):\n    y = self.weights.W\n    return y\n"
    owner = SimpleNamespace(weights=SimpleNamespace(W=np.ones((2, 2)), b=np.ones(2), name="net"))
    function = watched(source, owner)
    assert shapes(function, 2)["self.weights.b"] == (2,)
    assert "self.weights.name" not in shapes(function, 2)


def test_lists_of_an_object_are_seen_though_nothing_mentions_them():
    function = watched("def f(self):\n    y = self.hs\n    return y\n", SimpleNamespace(hs=[np.ones(2)], kept=[1]))
    assert function.known(function.statements[0])["self.kept"].type == "list"


def test_what_python_keeps_on_an_object_is_not_seen():
    def scale(x):
        return x

    scale.__kept__ = [1]
    owner = SimpleNamespace(__kept__=[1], kept=[1], scale=scale)
    known = shapes(watched("def f(self):\n    y = self.scale\n    return y\n", owner), 2)
    assert "self.kept" in known
    assert not any("__" in text for text in known)


def test_what_grows_has_the_shape_that_it_had_first():
    source = "def f(x):\n    for t in range(2):\n        y = x\n        x = np.append(x, 1)\n    return y\n"
    function = watched("import numpy as np\n\n\n" + source, np.ones(3))
    assert shapes(function, 6)["x"] == (3,)


def test_a_carry_that_begins_as_a_number_has_the_shape_of_the_array_that_it_becomes():
    function = watched("def f(x):\n    y = 0\n    for t in range(2):\n        y = x\n    return y\n", np.ones(3))
    assert shapes(function, 4)["y"] == (3,)


class Tensor:
    """An array of another library: of one that stands for values that are not known yet, there are none."""

    def __init__(self, values: np.ndarray | None) -> None:
        self.values = values

    def detach(self):
        return self

    def __array__(self, dtype=None, copy=None):
        if self.values is None:
            raise TypeError("it has no values")
        return self.values


def test_arrays_of_other_libraries_are_seen_as_far_as_they_have_values():
    function = watched("def f(a, b):\n    return a\n", Tensor(np.ones((2, 3))), Tensor(None))
    found = function.known(function.statements[0])
    assert (found["a"].type, found["a"].shape, found["b"].shape) == ("Tensor", (2, 3), None)
