"""Small points for edits to be tried at: no right gradient would be clipped there."""

import numpy as np
import pytest

from gradcheck_rnn.analytic.runner import running
from gradcheck_rnn.config import load_settings
from gradcheck_rnn.pipeline.check import silent, user_code
from gradcheck_rnn.pipeline.measurement import Plan
from gradcheck_rnn.pipeline.small_points import TRIED, UNSEEN, returned_clip, targets
from gradcheck_rnn.pipeline.user.latent_clip import Bound, shared_bound
from gradcheck_rnn.pipeline.user.opening import open_user_net
from tests.cli.running import MISBEHAVING, tagger_config

# the carry is missing, so that what is returned is smaller than it should be, and clipped all the same
CLIPPED = """
import numpy as np
import tagger_core
from tagger_core import loss
def gradients(parameters, batch):
    forgetful = {**parameters, "W_hh": 0 * parameters["W_hh"]}
    h, probabilities = tagger_core.forward(parameters, batch)
    found = tagger_core.backward(forgetful, batch, h, probabilities)
"""
BY_ENTRIES = "    return {name: np.clip(each, -1.5, 1.5) for name, each in found.items()}\n"
BY_NORM = """
    norm = np.sqrt(sum((each**2).sum() for each in found.values()))
    return {name: each * min(1.0, 2.5 / norm) for name, each in found.items()}
"""


@pytest.mark.parametrize(
    ("clip", "largest", "size"),
    [(BY_ENTRIES, 1.5, lambda value: np.abs(value).max()), (BY_NORM, 2.5, np.linalg.norm)],
    ids=["entries", "norm"],
)
def test_right_gradients_at_small_points_are_below_a_clip(clip, largest, size, tmp_path):
    file = tmp_path / "adapter.py"
    file.write_text(f"import sys\nsys.path.insert(1, {str(MISBEHAVING)!r})\n{CLIPPED}{clip}")
    settings = load_settings(str(tagger_config(tmp_path, file)))
    code = user_code(settings, settings.backward.adapter, {})
    with running(code, workers=0) as runner:
        user = open_user_net(runner, settings, code.path)
        plan = Plan(settings, None, silent, 0)
        found = targets(plan, user, (*TRIED, *UNSEEN), draw=0, loss="described", clip=returned_clip(user))
    assert len(found) == len(TRIED) + len(UNSEEN)
    assert max(size(each.value) for each in found) < largest


def test_a_norm_that_points_share_is_a_bound():
    one, other = np.array([3.0, 4.0]), np.array([[5.0, 0.0]])
    assert shared_bound([{"a": one}, {"a": other}]) == Bound(5.0, of_norm=True)


def test_the_largest_entry_is_a_bound_where_it_is_there_twice():
    assert shared_bound([{"a": np.array([-5.0, 1.0, 1.0])}, {"a": np.array([5.0, 2.0])}]) == Bound(5.0, of_norm=False)
    assert shared_bound([{"a": np.array([5.1, 1.0, 1.0])}, {"a": np.array([5.0, 2.0])}]) is None


def test_what_is_missing_or_not_finite_has_no_bound():
    assert shared_bound([{"a": np.array([np.nan, 1.0])}, {"a": None}]) is None
