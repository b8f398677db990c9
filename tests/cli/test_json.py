"""The report as JSON: strict, its keys as documented, the user's own names, null where there is no number."""

import math
from itertools import product

import pytest

from tests.cli.running import CONFIGS, run
from tests.thinned import thinned

REPORT = {"schema_version", "verdict", "accepted", "config", "seed", "loss", "parameters", "probe", "findings", "notes"}
ROW = {"name", "shape", "entries", "checked", "verdict", "max_relative_error", "worst"}
WORST = {"point", "index", "analytic", "numeric", "numeric_error"}
FINDING = {"kind", "term", "certainty", "message", "help", "parameters", "evidence", "location", "accepted"}


def documents(run_here, *arguments):
    document = run_here("check", *arguments, "--output-format", "json").document
    return document.get("reports", document)


def test_a_report_has_the_documented_keys(run_here):
    report = documents(run_here, CONFIGS / "pos_tagger.yaml")
    assert set(report) >= REPORT
    assert (report["schema_version"], report["verdict"], report["loss"]) == (1, "fail", "described")
    assert report["config"] == str(CONFIGS / "pos_tagger.yaml")
    assert isinstance(report["seed"], int)


def test_a_row_has_the_documented_keys(run_here):
    for row in documents(run_here, CONFIGS / "pos_tagger.yaml")["parameters"]:
        assert set(row) == ROW
        assert set(row["worst"]) == WORST
        assert row["worst"]["point"] in ("configured", "probe")
        assert all(0 <= at < length for at, length in zip(row["worst"]["index"], row["shape"], strict=True))


def test_the_relative_error_is_that_of_the_worst_entry(run_here):
    for row in documents(run_here, CONFIGS / "pos_tagger.yaml")["parameters"]:
        analytic, numeric = row["worst"]["analytic"], row["worst"]["numeric"]
        error = abs(analytic - numeric) / max(abs(analytic), abs(numeric))
        assert math.isclose(row["max_relative_error"], error, rel_tol=1e-9, abs_tol=1e-12)


def test_the_rows_of_the_probe_stand_by_themselves(run_here):
    report = documents(run_here, CONFIGS / "pos_tagger.yaml")
    probe = report["probe"]["parameters"]
    assert [row["name"] for row in probe] == [row["name"] for row in report["parameters"]]
    assert {row["worst"]["point"] for row in probe} == {"probe"}


def test_a_finding_has_the_documented_keys(run_here, tagger):
    (finding,) = documents(run_here, tagger("gradients_mutate_inputs"))["findings"]
    assert set(finding) == FINDING
    assert set(finding["location"]) == {"file", "line"}
    assert finding["certainty"] in ("matched", "likely")


def test_a_note_has_the_shape_of_a_finding(run_here, tagger):
    (note,) = documents(run_here, tagger("loss_in_millionths"))["notes"]
    assert set(note) == FINDING


def test_rows_carry_the_users_names_and_shapes(run_here):
    rows = documents(run_here, CONFIGS / "language_model_right.yaml")["parameters"]
    assert [row["name"] for row in rows] == ["U", "V", "W"]
    for row in rows:
        assert row["entries"] == math.prod(row["shape"]) == row["checked"]


def test_a_sample_is_counted_as_one(run_here):
    rows = documents(run_here, CONFIGS / "pos_tagger_right.yaml", "--set", "check.entries=3")["parameters"]
    assert {row["checked"] for row in rows} == {3}
    assert all(row["entries"] > 3 for row in rows)


@pytest.mark.parametrize("name", ["gradients_with_a_nan", "gradients_with_an_inf"])
def test_what_is_not_finite_is_null(name, run_here, tagger):
    rows = documents(run_here, tagger(name))["parameters"]
    (row,) = [row for row in rows if row["verdict"] == "fail"]
    assert row["worst"]["index"] == [0, 0]
    assert row["worst"]["analytic"] is None
    assert row["max_relative_error"] is None
    assert isinstance(row["worst"]["numeric"], float)


def test_a_loss_that_is_not_finite_leaves_strict_json(run_here, tagger):
    assert documents(run_here, tagger("loss_is_nan"))["parameters"] == []


def test_several_configurations_stand_in_one_document(run_here):
    names = ["pos_tagger_right", "pos_tagger"]
    reports = documents(run_here, *[CONFIGS / f"{name}.yaml" for name in names])
    assert [report["config"] for report in reports] == [str(CONFIGS / f"{name}.yaml") for name in names]
    assert [report["verdict"] for report in reports] == ["pass", "fail"]


def test_files_below_the_working_directory_are_named_from_there(tmp_path, adapter):
    config = adapter("from tagger_core import loss\ndef gradients(parameters, batch):\n    1 / 0\n")
    (finding,) = run("check", config.name, "--output-format", "json", cwd=tmp_path).document["findings"]
    assert finding["location"] == {"file": "adapter.py", "line": 5}


@pytest.mark.parametrize(
    ("loss", "config"), thinned(product(["auto", "user"], ["word_bptt", "language_model_right"]), every=4)
)
def test_reports_are_equal_on_every_run_and_with_any_number_of_workers(config, loss, run_here, monkeypatch):
    arguments = [CONFIGS / f"{config}.yaml", "--set", f"check.loss={loss}"]
    first, *others = [documents(run_here, *arguments, "--workers", workers) for workers in ("1", "1", "0", "2")]
    assert others == [first] * 3
    monkeypatch.setattr("gradcheck_rnn.analytic.runner.PATIENCE", 0.0)
    monkeypatch.setattr("gradcheck_rnn.numeric.black_box.LEAST_SHARD_SECONDS", 0.01)  # some for each
    assert documents(run_here, *arguments) == first
