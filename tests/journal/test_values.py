"""Results come back from bytes as they were, to the last bit."""

import io
import math
import struct
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from gradcheck_rnn.journal.values import from_bytes, to_bytes
from gradcheck_rnn.numeric.estimate import Estimate


@dataclass(frozen=True)
class Own:
    """A dataclass of somebody else's."""

    number: int


VALUES = [
    *(None, True, 0, -(2**70), "W_xh\n", 0.1, -0.0, math.inf, -math.inf, 5e-324, math.nan),
    *((), (1, (2.0, "three"), None), ((),), [], [1, (2,)], {}, {"W_xh": [1.0], "b_h": {}}),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_plain_values_come_back(value):
    again = from_bytes(to_bytes(value))
    assert type(again) is type(value)
    assert repr(again) == repr(value)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "u1", "c16", "?"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0), (2, 3)])
def test_arrays_come_back(shape, dtype):
    value = (np.random.default_rng(0).standard_normal(shape) * 3).astype(dtype)
    again = from_bytes(to_bytes(value))
    assert (again.dtype, again.shape) == (value.dtype, value.shape)
    assert again.tobytes() == value.tobytes()


def test_an_estimate_comes_back_to_the_last_bit():
    other_nan = struct.unpack("<d", bytes([1, 0, 0, 0, 0, 0, 0xF8, 0x7F]))[0]
    estimate = Estimate(np.array([3, 1]), np.array([0.1, -0.0]), np.array([math.inf, other_nan]), np.array([0, 1e-310]))
    again = from_bytes(to_bytes((estimate, 2)))
    assert isinstance(again[0], Estimate)
    for name in ("indices", "value", "error", "kink"):
        assert getattr(again[0], name).tobytes() == getattr(estimate, name).tobytes()


def test_arrays_can_be_written_to_as_before():
    again = from_bytes(to_bytes(np.zeros(2)))
    again += 1
    assert again.tolist() == [1, 1]


@pytest.mark.parametrize("value", [object(), {1: 2}, b"bytes", {1}, Fraction(1, 2), Own(1)])
def test_what_a_journal_cannot_hold_is_refused(value):
    with pytest.raises(TypeError, match="a journal cannot hold"):
        to_bytes(value)


@pytest.mark.parametrize("name", ["os:system", "fractions:Fraction", "gradcheck_rnn.journal.values:from_bytes"])
def test_nothing_but_our_own_dataclasses_is_made_of_what_a_file_says(name):
    with pytest.raises(TypeError, match="a journal cannot hold"):
        from_bytes(f'["{name}","echo"]\n'.encode())


def test_nothing_is_unpickled():
    file = io.BytesIO()
    np.lib.format.write_array(file, np.array([None]), allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        from_bytes(b'["array"]\n' + file.getvalue())
