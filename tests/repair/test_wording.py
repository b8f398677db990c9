"""How a patch is worded: of equal ones, the one that its author would write, and in the spaces of the file."""

from pathlib import Path

import pytest

from gradcheck_rnn.repair.edit import Change, Edit, edited
from gradcheck_rnn.repair.wording import Wording, well_worded

FILE = Path("net.py")
SOURCE = """\
def slope(f):
    return f*(1-f)


def backward(p, xs, hs, gates, dy, T):
    dh_next = np.zeros_like(hs[0])
    for t in reversed(range(T)):
        f, o = gates[t]
        dh = dy[t] @ p["W_hy"].T + dh_next
        dz = (1.0 - hs[t] ** 2) * dh
        df = dh * hs[t-1] * f
        do = dh * hs[t] * slope(o)
        dW_hh += np.outer(hs[t-1], dz, out=None)
        dW_xh += np.outer(xs[t], dz)
        db += -dz
        dh_next = dz @ p["W_hh"]
    return dW_xh, dW_hh, db
"""


def edit(*pairs: tuple[str, str]) -> Edit:
    """Replace pieces of text that stand once, each after the one before."""
    changes = []
    for before, after in pairs:
        assert SOURCE.count(before) == 1
        start = SOURCE.index(before)
        changes.append(Change(start, start + len(before), after))
    return Edit(FILE, tuple(changes), "", 1.0)


def first(*patches: Edit) -> str:
    return edited(SOURCE, well_worded([(each,) for each in patches], lambda _: SOURCE)[0])


CARRY = 'dz @ p["W_hh"]\n'


@pytest.mark.parametrize(
    ("likely", "unlikely"),
    [
        pytest.param(
            edit((CARRY, 'dz @ p["W_hh"].T\n')), edit((CARRY, 'p["W_hh"] @ dz\n')), id="operands keep their order"
        ),
        pytest.param(
            edit(("hs[t-1] * f\n", "hs[t-1] * slope(f)\n")),
            edit(("hs[t-1] * f\n", "hs[t-1] * f * (1 - f)\n")),
            id="a function of the file is called",
        ),
        pytest.param(
            edit(("* dh\n", "* dh / T\n")),
            edit(("return dW_xh, dW_hh, db", "return dW_xh / T, dW_hh / T, db / T")),
            id="one place is changed, not three",
        ),
        pytest.param(
            edit(("db += -dz", "db += dz")),
            edit(("db += -dz", "db -= -dz")),
            id="a sign is dropped, not another put in",
        ),
        pytest.param(
            edit(("    dh_next = np.zeros_like(hs[0])\n", "")),
            edit(("    dh_next = np", "    dh_next += np")),
            id="what has no use is taken out",
        ),
    ],
)
def test_of_equal_patches_the_one_that_reads_like_the_file_stands_first(likely, unlikely):
    assert first(unlikely, likely) == first(likely, unlikely) == edited(SOURCE, [likely])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("xs[t]", "xs[t + 1]"),
        ("+ dh_next", "+ dz @ p + dh_next"),
        ("do = dh", "da_o = dh"),
        ("db += -dz", "db += dz"),
        ("        db += -dz\n", "    db += -dz\n"),
        (CARRY, CARRY + "        db += dz\n"),
    ],
)
def test_an_edit_is_at_least_as_unlikely_as_its_new_tokens(before, after):
    words = Wording(SOURCE)
    given = edit((before, after))
    assert 0.0 <= words.at_least(given) <= words.unlikeness([given])


def test_where_two_read_alike_the_simpler_one_stays_first():
    one, other = edit(("dW_hh += ", "dW_hh = ")), edit(("dW_xh += ", "dW_xh = "))
    assert first(one, other) == edited(SOURCE, [one])
    assert first(other, one) == edited(SOURCE, [other])


@pytest.mark.parametrize(
    ("before", "after", "spaced"),
    [
        ("xs[t]", "xs[t + 1]", "xs[t+1]"),
        ("xs[t]", "xs[t * 2]", "xs[t * 2]"),  # none like it in the file
        ("outer(xs[t], dz)", "outer(xs[t], dz - 1)", "outer(xs[t], dz - 1)"),
        ("hs[t-1] * f\n", "hs[t-1] * f*(1 - f)\n", "hs[t-1] * f * (1 - f)\n"),
        ("(1.0 - hs[t] ** 2)", "(1.0 - xs[t]**2)", "(1.0 - xs[t] ** 2)"),
        ("slope(o)", "slope(o)[t - 1]", "slope(o)[t-1]"),
        ("slope(o)", "slope(a = -1)", "slope(a = -1)"),  # a keyword, and a sign
        ("slope(o)", "p['a - b']", "p['a - b']"),
        ("hs[0]", "hs[0 if t-1 else -1]", "hs[0 if t-1 else -1]"),
    ],
)
def test_operators_have_the_spaces_of_the_nearest_like_them(before, after, spaced):
    (change,) = Wording(SOURCE).spaced(edit((before, after))).changes
    assert change.text == spaced


def test_an_operator_that_begins_a_piece_of_text_has_a_space_in_front_only_where_it_brings_one():
    at = SOURCE.index("xs[t]") + len("xs[t")
    (change,) = Wording(SOURCE).spaced(Edit(FILE, (Change(at, at, " - 1"),), "", 1.0)).changes
    assert change.text == "-1"
    at = SOURCE.index("+ dh_next")
    (change,) = Wording(SOURCE).spaced(Edit(FILE, (Change(at, at + 1, "-"),), "", 1.0)).changes
    assert change.text == "-"


def test_edits_that_differ_in_spaces_alone_are_one():
    one, other = edit(("xs[t]", "xs[t - 1]")), edit(("xs[t]", "xs[t-1]"))
    assert len(well_worded([(one,), (other,)], lambda _: SOURCE)) == 1
