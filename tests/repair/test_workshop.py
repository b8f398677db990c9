"""Edits in workers: one that takes its process along costs itself alone."""

import pytest

from gradcheck_rnn.repair.workshop import Workshop
from tests.repair.problem import SOURCE, replaced, target, written

TARGETS = [target(3), target(1)]


@pytest.mark.parametrize(
    "deadly",
    [
        "import os; os._exit(3)",
        "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "x = np.ones((1 << 20, 1 << 20))",
    ],
    ids=["leaves", "crashes", "exhausts memory"],
)
def test_an_edit_that_ends_its_process_costs_itself_alone(deadly, tmp_path):
    code = written(tmp_path, SOURCE.replace("da += 2", "da += 3"))
    kills, mends = replaced(code, "da = 0.0", deadly), replaced(code, "da += 3", "da += 2")
    shop = Workshop(code, 2)
    found = list(shop.try_all({}, [mends, kills, mends], TARGETS))
    assert [edit for edit, _ in found] == [mends, kills, mends]
    assert found[1][1] is None
    assert [outcome is not None and outcome.is_right for _, outcome in found] == [True, False, True]


def test_texts_stand_in_the_place_of_files(tmp_path):
    code = written(tmp_path, SOURCE.replace("da += 2", "da += 3"))
    shop = Workshop(code, 1)
    wrong, right = shop.outcome({}, TARGETS), shop.outcome({code.path: SOURCE}, TARGETS)
    assert wrong is not None
    assert right is not None
    assert not wrong.is_right
    assert right.is_right


@pytest.mark.parametrize(
    "text",
    [
        "def gradients(:",
        "raise ValueError",
        SOURCE.replace("** 2", "** 4"),
        SOURCE.replace("da = 0.0", "da = nobody"),
        SOURCE.replace("return float(", "return nobody("),
    ],
)
def test_texts_that_do_not_run_or_have_another_loss_give_nothing(text, tmp_path):
    assert Workshop(written(tmp_path, SOURCE), 1).outcome({tmp_path / "adapter.py": text}, TARGETS) is None
