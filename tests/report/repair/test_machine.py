"""A repair as JSON: the documented keys, strict JSON, diffs that programs apply."""

import json
import math
import subprocess

import pytest

from gradcheck_rnn.repair.value import Searched
from gradcheck_rnn.report.repair.machine import to_json
from gradcheck_rnn.report.repair.value import Repair
from tests.repair.editing import BACKWARD, TRANSPOSE, edit_of, notebook_of, patch_of
from tests.report.repair.test_text import FINDING, WRONG
from tests.report.samples import compared, report_of
from tests.schema import validated


def refuse(constant):
    raise ValueError(f"not JSON: {constant}")


def document(repair, folder, **more):
    return validated(json.loads(to_json(repair, folder=folder, **more), parse_constant=refuse))


@pytest.fixture
def net(tmp_path):
    """A file with a mistake, in the working directory."""
    file = tmp_path / "net.py"
    file.write_text(BACKWARD)
    return file


def test_a_patch_has_the_documented_keys(net, tmp_path):
    said = document(Repair(WRONG, Searched((patch_of(net, findings=(FINDING,)),), 812)), tmp_path)
    (patch,) = said["patches"]
    assert (said["schema_version"], said["verdict"], said["tried"], said["written"]) == (1, "fail", 812, [])
    assert (patch["edits"], patch["max_relative_error"]) == (1, 3e-14)
    assert (patch["file"], patch["cell"], patch["line"]) == ("net.py", None, 9)
    assert patch["parameters"] == [{"name": "W_hh", "before": 1.9, "after": 3e-14}]
    assert (patch["verified_at"], patch["kinds"]) == (["T = 4, H = 5"], ["transpose"])
    assert patch["findings"] == [{"kind": "untransposed-weight", "term": "W_hh"}]


def test_diffs_of_patches_and_of_equivalent_edits_can_be_applied(net, tmp_path):
    other = edit_of(patch_of(net).originals[0], "dz @ W_hh\n", "np.dot(W_hh, dz)\n")
    said = document(Repair(WRONG, Searched((patch_of(net, equivalent=((other,),)),), 9)), tmp_path)
    (patch,) = said["patches"]
    for diff, expected in (
        (patch["diff"], BACKWARD.replace(*TRANSPOSE)),
        (patch["equivalent"][0], BACKWARD.replace("dz @ W_hh\n", "np.dot(W_hh, dz)\n")),
    ):
        net.write_text(BACKWARD)
        subprocess.run(["patch", "-p1"], input=diff, text=True, cwd=tmp_path, capture_output=True, check=True)
        assert net.read_text() == expected


def test_a_notebook_has_its_cell(tmp_path):
    file = tmp_path / "net.ipynb"
    file.write_text(notebook_of("a = 1", BACKWARD))
    (patch,) = document(Repair(WRONG, Searched((patch_of(file),), 9)), tmp_path)["patches"]
    assert (patch["file"], patch["cell"], patch["line"]) == ("net.ipynb", 2, 9)


@pytest.mark.parametrize("left", [None, math.nan, math.inf])
def test_what_is_no_number_is_null(net, tmp_path, left):
    patch = patch_of(net, before={"W_hh": left, "b_h": 1.0}, after={"W_hh": 1e-12, "b_h": left})
    (said,) = document(Repair(WRONG, Searched((patch,), 9)), tmp_path)["patches"]
    assert [(each["before"], each["after"]) for each in said["parameters"]] == [(None, 1e-12), (1.0, None)]
    assert said["max_relative_error"] is None


def test_a_search_that_found_nothing_tells_how_far_it_came(tmp_path):
    searched = Searched(tried=7, mended={"W_hh": 2}, seconds=1.5, stopped_by="time-limit")
    said = document(Repair(WRONG, searched), tmp_path)
    assert (said["patches"], said["tried"], said["mended"]) == ([], 7, {"W_hh": 2})
    assert (said["seconds"], said["stopped_by"], said["reason"]) == (1.5, "time-limit", None)
    assert said["findings"][0]["kind"] == "untransposed-weight"


def test_where_there_was_no_search_there_is_no_patch(tmp_path):
    said = document(Repair(report_of([compared("W_xh")], outcome="pass")), tmp_path)
    assert (said["verdict"], said["patches"], said["tried"], said["findings"]) == ("pass", [], 0, [])
