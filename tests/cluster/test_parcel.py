"""Tasks on their way: what they share travels once, and is one and the same object for tasks that follow each other."""

import numpy as np

from gradcheck_rnn.analytic.point import Point
from gradcheck_rnn.cluster.parcel import Packer, Unpacker
from tests.analytic.adapters import point

LARGE = Point({"W": np.ones(100_000)}, point().batch)


def test_a_shared_point_is_not_in_the_parcels():
    packer = Packer()
    parcels = [packer.packed(max, (LARGE, k)) for k in range(3)]
    assert [len(parcel.pickled) < 200 for parcel in parcels] == [True] * 3
    assert len({name for parcel in parcels for name in parcel.names}) == 1
    assert [len(content) > 800_000 for content in packer.shared.values()] == [True]


def test_tasks_come_out_as_they_went_in():
    packer, unpacker = Packer(), Unpacker()
    for arguments in [(LARGE, 1), ({"nested": (LARGE, point())}, "two"), (3,)]:
        parcel = packer.packed(max, arguments)
        task, again = unpacker.unpacked(parcel, packer.shared)
        assert task is max
        assert repr(again) == repr(arguments)


def test_what_was_there_for_the_last_task_need_not_be_sent_again():
    packer, unpacker = Packer(), Unpacker()
    first, second = (packer.packed(max, (LARGE, k)) for k in range(2))
    _, (one, _) = unpacker.unpacked(first, packer.shared)
    _, (two, _) = unpacker.unpacked(second, {})
    assert one is two
