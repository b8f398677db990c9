"""What a chain map is said to show: hand-made maps of six steps, drawn as text."""

import numpy as np
import pytest

from gradcheck_rnn.diagnose.chain_map import ChainMap
from gradcheck_rnn.diagnose.reading import read_chain
from tests.diagnose.maps import map_of

# a cell that agrees, one that the analytic chain leaves empty, one that is wrong, one that should be empty, neither
CELLS = {"+": (1.0, 1.0, 0.0), "o": (0.0, 1.0, 1.0), "x": (1.0, 1.0, 0.5), "A": (1.0, 0.0, 1.0), ".": (0, 0, np.nan)}


def chart(*rows: str, constant: float = 1.0, additive: bool | None = None) -> ChainMap:
    """A map by its cells: row t is what the error of step t brings to the use steps."""
    analytic, numeric, error = np.moveaxis(
        np.array([[CELLS[cell] for cell in row] for row in rows], dtype=float), -1, 0
    )
    return ChainMap(analytic, numeric, error, constant, additive)


RIGHT = ("+.....", "++....", "+++...", "++++..", "+++++.", "++++++")

SENTENCES = {
    RIGHT: "every cell agrees: each step's error reaches each step before it as it should",
    ("+",): "every cell agrees: each step's error reaches each step before it as it should",
    ("+.", "o+"): "the diagonal agrees, every cell below it is empty: no error is carried back at all",
    ("+.....", "o+....", "oo+...", "ooo+..", "oooo+.", "ooooo+"): (
        "the diagonal agrees, every cell below it is empty: no error is carried back at all"
    ),
    ("+.....", "x+....", "xx+...", "xxx+..", "xxxx+.", "xxxxx+"): (
        "the diagonal agrees, every cell below it is wrong: an error is carried back, but not as it should be"
    ),
    ("+.....", "++....", "o++...", "oo++..", "ooo++.", "oooo++"): (
        "the diagonal agrees, cells agree up to lag 1 and are empty beyond it: the chain is cut after 1 step"
    ),
    ("+.....", "++....", "+++...", "++++..", "o++++.", "oo++++"): (
        "the diagonal agrees, cells agree up to lag 3 and are empty beyond it: the chain is cut after 3 steps"
    ),
    ("+.....", "++....", "x++...", "xx++..", "xxx++.", "xxxx++"): (
        "the diagonal agrees, cells agree up to lag 1 and are wrong beyond it"
    ),
    ("+.....", "++....", "oo+...", "oo++..", "oooo+.", "oooo++"): (
        "the diagonal agrees, 12 cells below it are empty, the others agree: the chain is cut at some steps"
    ),
    ("+.....", "o+....", "o++...", "o+++..", "o++++.", "o+++++"): (
        "the diagonal agrees, cells below it are empty only where they come to step 0"
    ),
    ("o.....", "o+....", "o++...", "o+++..", "o++++.", "o+++++"): (
        "the column of step 0 is empty, the others agree: the contributions of that step are missing"
    ),
    ("+.....", "x+....", "x++...", "x+++..", "x++++.", "x+++++"): (
        "the diagonal agrees, cells below it are wrong only where they come to step 0"
    ),
    ("x.....", "xx....", "xxx...", "xxxx..", "xxxxx.", "xxxxxx"): (
        "the diagonal is wrong already, every cell below it is wrong: an error is carried back, but not as it should be"
    ),
    ("+.....", "x+....", "+x+...", "x+x+..", "+x+x+.", "x+x+x+"): (
        "the diagonal agrees, 9 cells below it are wrong: an error is carried back, but not as it should be"
    ),
    ("x.....", "+x....", "+++...", "++++..", "+++++.", "++++++"): (
        "only the diagonal is wrong, in 2 cells: what stays within a step, not what is carried back"
    ),
    ("+AAAAA", "o+AAAA", "oo+AAA", "ooo+AA", "oooo+A", "ooooo+"): (
        "cells above the diagonal are filled: errors reach steps that come after them, "
        "and what should be carried back is wrong"
    ),
    ("+A....", "++....", "+++...", "++++..", "+++++.", "++++++"): (
        "cells above the diagonal are filled: errors reach steps that come after them"
    ),
    # a relu that is dead at some steps leaves cells that neither chain reaches
    ("+.....", ".+....", "o.+...", "o.o+..", "o.oo+.", "o.ooo+"): (
        "the diagonal agrees, every cell below it is empty: no error is carried back at all"
    ),
}


@pytest.mark.parametrize("rows", SENTENCES, ids="|".join)
def test_the_map_reads(rows):
    assert read_chain(chart(*rows)) == SENTENCES[rows]


def test_a_constant_is_named_first():
    read = read_chain(chart(*RIGHT, constant=6.0))
    assert read == f"after a constant, 6, is divided out: {SENTENCES[RIGHT]}"


def test_a_second_witness_that_differs_is_named_last():
    read = read_chain(chart(*RIGHT, additive=False))
    assert read.startswith(SENTENCES[RIGHT])
    assert read.endswith("; prefixes of the sequence show another pattern: the steps' errors do not simply add up")


def test_a_second_witness_that_agrees_is_not_named():
    assert read_chain(chart(*RIGHT, additive=True)) == SENTENCES[RIGHT]


def test_one_cell_is_wrong_and_two_are():
    read = read_chain(chart("+.....", "++....", "+++...", "++++..", "+++++.", "+++++x"))
    assert read.startswith("only the diagonal is wrong, in 1 cell:")


@pytest.mark.parametrize("bug", ["missing-gradient:W_xh", "missing-target:dy"])
def test_a_map_that_is_empty_throughout_is_not_that_of_a_missing_carry(bug):
    assert "no error is carried back at all" not in read_chain(map_of(bug))


@pytest.mark.parametrize(
    "bug",
    [
        "overwritten-accumulator:W_xh",  # the first step's column is left
        "skipped-step:last/everything",  # the last step's row is empty
        "overwritten-carry:dh",  # the last step's row is left
    ],
)
def test_rows_and_columns_that_are_empty_from_the_diagonal_on_are_no_cut_in_the_chain(bug):
    assert "the chain is cut" not in read_chain(map_of(bug))
