"""Bisection against sets of wrong entries that are known: the box that holds them all, and how often it looks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.numeric.screen.directions import slices, whole
from gradcheck_rnn.numeric.screen.trace import corner, traced


class Looks:
    """Answers for a known array of wrong entries, and counts the questions."""

    def __init__(self, wrong):
        self.wrong, self.count = wrong, 0

    def __call__(self, box):
        self.count += 1
        return bool(self.wrong[slices(box)].any())


def bounds(wrong):
    """The smallest box of the wrong entries, by numpy's own indices."""
    return tuple((int(at.min()), int(at.max()) + 1) for at in np.nonzero(wrong))


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 4))
def test_the_traced_box_is_the_smallest_that_holds_every_wrong_entry(seed, axes, count):
    rng = np.random.default_rng(seed)
    wrong = np.zeros(rng.integers(1, 20, size=axes), dtype=bool)
    wrong.reshape(-1)[rng.choice(wrong.size, min(count, wrong.size), replace=False)] = True
    looks = Looks(wrong)
    box = traced(looks, whole(wrong.shape))
    assert box == bounds(wrong)
    entry = corner(looks, box)
    assert wrong[slices(entry)].all()
    assert all(stop == start + 1 for start, stop in entry)


@pytest.mark.parametrize("part", [np.s_[700, 300], np.s_[0, 0], np.s_[999, 999], np.s_[3], np.s_[:, 998], np.s_[:, :]])
def test_one_entry_a_row_a_column_and_everything_take_few_looks(part):
    wrong = np.zeros((1000, 1000), dtype=bool)
    wrong[part] = True
    looks = Looks(wrong)
    assert traced(looks, whole(wrong.shape)) == bounds(wrong)
    assert looks.count <= 2 * (math.ceil(math.log2(1000)) + 2)


def test_any_block_takes_two_searches_an_axis():
    wrong = np.zeros((1000, 1000), dtype=bool)
    wrong[123:456, 77:901] = True
    looks = Looks(wrong)
    assert traced(looks, whole(wrong.shape)) == ((123, 456), (77, 901))
    assert looks.count <= 4 * (math.ceil(math.log2(1000)) + 2)
