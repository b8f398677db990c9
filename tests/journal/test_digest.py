"""One digest for equal values, other digests for others, in whatever process."""

import subprocess
import sys
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest

from gradcheck_rnn.journal.digest import digest


@dataclass(frozen=True)
class Pair:
    one: object
    two: object


@dataclass(frozen=True)
class OtherPair:
    one: object
    two: object


# no two of these are the same value; many look alike once their bytes or their texts are put one after the other
DIFFERENT = [
    *(None, False, True, 0, 1, 2**80, -1, 0.0, -0.0, 1.0, 1j, float("inf"), "", "1", "None", b"", b"1"),
    *((), (1,), ((1,),), (1, 2), (12,), ("1", "2"), ("12", ""), ("", "12"), [[], []], ((), ((),))),
    *({}, {"a": 1}, {"a": 2}, {"b": 1}, {"a": {"b": 1}}, {1: "a"}),
    *(Pair(1, 2), Pair(2, 1), OtherPair(1, 2), Pair(Pair(1, 2), 3), Pair(1, Pair(2, 3))),
    *(np.zeros(0), np.zeros((0, 2)), np.zeros(2), np.zeros(2, np.int64), np.zeros(2, np.float32), -np.zeros(2)),
    *(np.zeros((2, 1)), np.zeros((1, 2)), np.array([0.0, 1.0]), np.array(["0", "1"]), np.array([0.0, 1.0], ">f8")),
    *(np.arange(4).reshape(2, 2), np.arange(4).reshape(2, 2).T, np.zeros(()), np.int64(0), np.float32(0)),
    *(digest, subprocess.run, Pair),
]


def test_values_that_differ_have_different_digests():
    for one, two in combinations(DIFFERENT, 2):
        assert digest(one) != digest(two), (one, two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ((1, 2), [1, 2]),
        (np.float64(0.1), 0.1),
        (np.arange(6.0).reshape(2, 3).T, np.array([[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]])),
        (np.arange(8)[::2], np.array([0, 2, 4, 6])),
        (Pair(np.ones(2), {"x": (1,)}), Pair(np.ones(2), {"x": (1,)})),
    ],
)
def test_equal_values_have_one_digest(one, two):
    assert digest(one) == digest(two)


def test_the_process_does_not_matter():
    """Sets and hashes of texts are others in each process."""
    code = (
        "import numpy as np; from gradcheck_rnn.journal.digest import digest;"
        "print(digest(({'W_xh': np.eye(3), 'b_h': np.zeros(2)}, 'word', 0.1, digest)).hex())"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    here = digest(({"b_h": np.zeros(2), "W_xh": np.eye(3)}, "word", 0.1, digest)).hex()
    assert said == [here + "\n"] * 2


def test_known_arrays_are_read_once():
    array, known = np.arange(3.0), {}
    first = digest((array, 1), known)
    array[0] = 7.0  # unnoticed, for the array is known
    assert digest((array, 1), known) == first
    assert digest((array, 1)) != first


@pytest.mark.parametrize("value", [object(), {1, 2}, lambda: 0, np.array([object()]), (1, object())])
def test_what_has_no_digest_is_refused(value):
    with pytest.raises(TypeError, match="has no digest"):
        digest(value)
