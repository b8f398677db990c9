"""Indices that are off by one, and the step before the first."""

import pytest

from gradcheck_rnn.repair.edits.first_step import guard_first_step
from gradcheck_rnn.repair.edits.index_shift import drop_index, shift_index
from gradcheck_rnn.repair.edits.reversing import turned_round
from tests.repair.edits.watching import array, results

HS = array(4, 3)
LOOP = "for t in range(1, 3):\n    {line}\nreturn h"


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("h = hs[t]", ["h = hs[t - 1]", "h = hs[t + 1]"]),
        ("h = hs[t - 1]  # before", ["h = hs[t - 2]  # before", "h = hs[t]  # before"]),
        ("h = hs[t+1]", ["h = hs[t]", "h = hs[t + 2]"]),
        ("h = hs[t, :]", ["h = hs[t - 1, :]", "h = hs[t + 1, :]"]),
        ("h = hs[-1]", ["h = hs[-2]", "h = hs[0]"]),
        ("h = hs[len(hs) - 1]", ["h = hs[len(hs) - 2]", "h = hs[len(hs)]"]),
        ("h[t] = 0", ["h[t - 1] = 0", "h[t + 1] = 0"]),
        ("h = hs[int(t)]", []),
        ("h = hs[t:t + 2]", ["h = hs[t - 1:t + 1]", "h = hs[t + 1:t + 3]"]),
        ("h = hs[1:]", ["h = hs[:-1]"]),
        ("h = hs[:t]", ["h = hs[-t:]"]),
        ("h = hs[-t:]  # last", ["h = hs[:t]  # last"]),
        ("h = hs[t + 1:]", ["h = hs[:-(t + 1)]"]),
        ("h = {'a': hs}['a']", []),
    ],
)
def test_an_index_is_shifted_by_one(line, mended):
    found = results(shift_index, LOOP.format(line=line), hs=HS, h=array(3))
    # a slice that is longer by one is possible, too, where nothing is known of what it goes into
    assert [text for text in mended if text in found] == mended
    assert mended or not found


def test_an_annotation_is_left_alone():
    assert results(shift_index, "c: tuple[0] = h\nreturn c", h=array(3)) == []


def test_a_number_that_picks_one_entry_is_dropped_where_all_fit():
    body = "z = a * (1 - h[0] ** 2)\nb = h[0]\nreturn z"
    assert results(drop_index, body, a=array(3), h=array(3, seed=1))[:1] == ["z = a * (1 - h ** 2)"]


def test_a_number_that_picks_one_row_is_a_sum_over_rows():
    assert results(drop_index, "db = z[0]\nreturn db", z=array(2, 3)) == ["db = z.sum(axis=0)"]


def test_a_slice_keeps_its_length_where_its_shape_matters():
    found = results(shift_index, "b = a + hs[1:]\nreturn b", hs=HS, a=array(3, 3))
    assert found == ["b = a + hs[:-1]"]


def test_the_step_before_the_first_is_an_initial_value_or_zeros():
    body = "for t in range(4):\n    g = np.outer(z, hs[t - 1])\nreturn g"
    found = results(guard_first_step, body, hs=HS, h0=array(3, seed=1), z=array(3, seed=2))
    assert found == [
        "g = np.outer(z, hs[t - 1] if t > 0 else h0)",
        "g = np.outer(z, hs[t - 1] if t > 0 else np.zeros_like(hs[t - 1]))",
    ]


def test_within_a_product_the_condition_is_in_parentheses():
    found = results(guard_first_step, "for t in range(4):\n    g = 2 * hs[t - 1]\nreturn g", hs=HS)
    assert found == ["g = 2 * (hs[t - 1] if t > 0 else np.zeros_like(hs[t - 1]))"]


def test_minus_one_is_a_key_of_a_dict():
    hs = {t: array(3, seed=t + 2) for t in range(-1, 3)}
    assert results(guard_first_step, "for t in range(3):\n    g = 2 * hs[t - 1]\nreturn g", hs=hs) == []


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        ("h = back(hs[:, 1:])", "h = back(hs[::-1, 1:])"),
        ("h = back(hs[::-1, 1:])", "h = back(hs[:, 1:])"),
        ("h = back(hs[::-1])", "h = back(hs)"),
        ("h = back(hs)", "h = back(hs[::-1])"),
        ("h = back(hs[:])", "h = back(hs[::-1])"),
    ],
)
def test_an_array_is_turned_round_where_its_file_turns_some(line, mended):
    head = "import numpy as np\n\n\ndef back(d):\n    return d + 0\n\n\n{}"
    assert mended in results(turned_round, f"{line}\nreturn h", head.format("turned = slice(None)  # [::-1]\n"), hs=HS)
    if "::-1" not in line:
        assert results(turned_round, f"{line}\nreturn h", head.format(""), hs=HS) == []


def test_a_vector_of_one_step_is_not_turned_round():
    head = "import numpy as np\nlast = [1, 2][::-1]\n"
    assert results(turned_round, "h = np.tanh(hs[0])\nreturn h", head, hs=HS) == []
