"""Points: copies share nothing, every array that was written to is found, by its name."""

from dataclasses import replace

import numpy as np
import pytest

from gradcheck_rnn.analytic.point import nudged, write_protected
from tests.analytic.adapters import point

ARRAYS = {
    'parameters["W"]': lambda at: at.parameters["W"],
    "batch.inputs": lambda at: at.batch.inputs,
    "batch.tokens": lambda at: at.batch.tokens,
    "batch.targets": lambda at: at.batch.targets,
    'batch.initial_state["h"]': lambda at: at.batch.initial_state["h"],
}


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_that_was_written_to_is_named(name):
    given = point().copy()
    ARRAYS[name](given).reshape(-1)[-1] += 1
    assert given.changed_arrays(point()) == [name]


@pytest.mark.parametrize("name", ARRAYS)
def test_writing_into_a_copy_leaves_the_original(name):
    original = point()
    given = original.copy()
    ARRAYS[name](given)[...] = 7
    assert original.changed_arrays(point()) == []


def test_a_copy_is_unchanged():
    assert point().copy().changed_arrays(point()) == []


def test_a_change_of_the_last_bit_is_a_change():
    given = point().copy()
    given.parameters["W"][0, 0] = np.nextafter(1.0, 2.0)
    assert given.changed_arrays(point()) == ['parameters["W"]']


def test_nan_that_stays_nan_is_no_change():
    original = point().at({"W": np.array([np.nan])})
    assert original.copy().changed_arrays(original) == []


def test_a_reshaped_array_is_changed():
    given = point().copy()
    given.parameters["W"].resize((3, 1), refcheck=False)
    assert given.changed_arrays(point()) == ['parameters["W"]']


def test_an_array_that_was_taken_out_is_changed():
    given = point().copy()
    del given.parameters["W"]
    assert given.changed_arrays(point()) == ['parameters["W"]']


def test_an_array_in_another_s_place_is_changed():
    given = point().copy()
    given.parameters["W"] = np.zeros((1, 3))
    assert given.changed_arrays(point()) == ['parameters["W"]']


def test_dense_inputs_have_no_tokens():
    dense = replace(point(), batch=replace(point().batch, tokens=None))
    assert "batch.tokens" not in dense.arrays()
    assert dense.copy().changed_arrays(dense) == []


@pytest.mark.parametrize("name", ARRAYS)
def test_write_protected_arrays_refuse(name):
    protected = write_protected(point())
    with pytest.raises(ValueError, match="read-only"):
        ARRAYS[name](protected)[...] = 0


def test_write_protection_leaves_the_original_writable():
    original = point()
    write_protected(original)
    original.parameters["W"][...] = 0


def test_a_nudge_moves_every_entry_a_little_and_the_batch_not_at_all():
    original = point()
    moved = nudged(original, np.random.default_rng(0), 1e-3)
    shift = np.abs(moved.parameters["W"] - original.parameters["W"])
    assert (shift > 0).all()
    assert (shift < 1e-2 * (1 + np.abs(original.parameters["W"]))).all()
    assert moved.batch is original.batch
    assert original.changed_arrays(point()) == []
