"""What methods of an object, or functions of a file, do together: sums that are cleared, calls that are forgotten."""

import pytest

from gradcheck_rnn.repair.edit import edited
from gradcheck_rnn.repair.edits.calling import called_at_last
from gradcheck_rnn.repair.edits.clearing import cleared, cleared_by_a_call
from tests.repair.edits.watching import array, watched, watched_in

LAYER = """import numpy as np


class Layer:
    def __init__(self):
        self.dW, self.db = np.zeros(2), np.zeros(2)

{clears}    def add(self, t, delta):
        self.dW += delta * t
        self.db += delta

    def backward(self, delta):
        for t in range(2):
            part = delta * t
            self.add(t, part)
"""
ZERO = '    def zero(self):\n        """All."""\n        self.dW = np.zeros(2)\n        self.db.fill(0)\n\n'


def texts(operator, source):
    functions = watched_in(source, lambda names: names["Layer"]().backward(array(2)))
    return [edited(source, [edit]) for function in functions for edit in operator(function)]


def test_a_method_that_only_clears_is_called_first():
    source = LAYER.format(clears=ZERO)
    right = source.replace("        for t", "        self.zero()\n        for t")
    assert right in texts(cleared_by_a_call, source)


def test_a_method_that_clears_by_names_is_called_first():
    clears = '    def zero(self):\n        for name in ("dW", "db"):\n            setattr(self, name, np.zeros(2))\n\n'
    source = LAYER.format(clears=clears)
    assert source.replace("        for t", "        self.zero()\n        for t") in texts(cleared_by_a_call, source)


@pytest.mark.parametrize("more", ["        self.count = 1\n", "        self.dW = self.db\n", "        print(self)\n"])
def test_a_method_that_does_more_is_not_called(more):
    clears = ZERO.replace("        self.db.fill(0)\n", more)
    assert texts(cleared_by_a_call, LAYER.format(clears=clears)) == []


def test_what_other_methods_add_to_is_set_to_zero_where_a_method_begins():
    source = LAYER.format(clears="")
    zeros = "        self.dW[...] = 0\n        self.db[...] = 0\n"
    assert source.replace("        for t", f"{zeros}        for t") in texts(cleared, source)


def test_what_a_method_sets_is_not_cleared():
    assert texts(cleared, LAYER.format(clears=ZERO)) == []


def test_what_nothing_calls_is_called_where_its_arguments_are_at_hand():
    source = LAYER.format(clears="").replace("            self.add(t, part)\n", "")
    right = source.replace("part = delta * t\n", "part = delta * t\n            self.add(t, delta)\n")
    assert texts(called_at_last, source) == [right]
    assert texts(called_at_last, source.replace("def add(self, t, delta)", "def add(self, t, gate)")) == []


def test_what_is_called_or_returns_something_is_not_called_again():
    source = "def double(a):\n    return 2 * a\n\n\ndef f(a):\n    b = a + 1\n    return b\n"
    assert list(called_at_last(watched(source, array(2)))) == []
