"""A baseline is written so that it is read back the same, and never holds more than what is proven."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gradcheck_rnn.baseline.entry import NOWHERE, Entry
from gradcheck_rnn.baseline.write import Update, as_written, baseline_text, updated
from gradcheck_rnn.findings import Finding
from tests.baseline.known import CUT, ENTRY, baseline, failing


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").touch()
    return tmp_path


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip)
entries = st.builds(
    Entry,
    config=texts,
    kind=st.sampled_from(["truncated-chain", "clipped-gradient", "missing-key"]),
    term=texts | st.sampled_from(["4", "null", "on", "1e5", "-", "#", "tanh' of dy", "h[t-1]", "f: o"]),
    parameters=st.lists(texts | st.just(""), max_size=3, unique=True).map(tuple),
    reason=texts,
    damage=st.none() | texts,
    amount=st.none() | st.integers(-99_999, 99_999).map(lambda number: number / 100),
)


@given(st.lists(entries, max_size=3, unique_by=lambda entry: entry.config), texts)
def test_any_entries_are_read_back_as_they_were(some, message):
    update = Update(baseline(*some), (message,) * len(some), ())
    assert [replace(entry, location=NOWHERE) for entry in as_written(update).entries] == some
    plain = yaml.safe_load(baseline_text(update))["accepted"]
    assert [(each["config"], each["term"], each["reason"]) for each in plain] == [
        (entry.config, entry.term, entry.reason) for entry in some
    ]


def test_a_proven_fault_is_added_with_all_that_it_is_known_by_and_a_reason_to_fill_in():
    (entry,) = updated(baseline(), [failing(CUT)]).baseline.entries
    expected = replace(ENTRY, parameters=("W_xh", "W_hh"), reason="FILL IN", location=NOWHERE)
    assert entry == expected


def test_a_fault_that_two_findings_name_alike_is_added_once():
    assert len(updated(baseline(), [failing(CUT, CUT)]).baseline.entries) == 1


def test_what_is_not_proven_is_left_out():
    findings = [
        Finding("unexplained", "W_hh", "no known fault", certainty="likely", parameters=("W_hh",)),
        Finding("non-finite", "W_xh", "dW_xh holds NaN", parameters=("W_xh",)),
        Finding("clipped-gradient", "b_h", "clipped at 5", certainty="likely", parameters=("b_h",)),
        Finding("nondeterministic-loss", "loss", "the loss varies"),
    ]
    update = updated(baseline(), [failing(*findings)])
    assert (update.baseline.entries, update.left_out) == ((), tuple(findings))


def test_a_reason_that_was_given_stays():
    assert updated(baseline(ENTRY), [failing(CUT)]).baseline.entries == (ENTRY,)


def test_a_fault_that_has_changed_loses_its_reason():
    wider = replace(CUT, parameters=("W_xh", "W_hh", "b_h"))
    (entry,) = updated(baseline(ENTRY), [failing(wider)]).baseline.entries
    assert (entry.parameters, entry.reason) == (("W_xh", "W_hh", "b_h"), "FILL IN")


def test_what_is_stale_goes_and_what_was_not_checked_stays(here):
    (here / "other.yaml").touch()
    other, lost = replace(ENTRY, config="other.yaml"), replace(ENTRY, config="lost.yaml")
    assert updated(baseline(ENTRY, lost, other), [failing(wrong=())]).baseline.entries == (other,)


def test_configurations_are_written_as_seen_from_the_file(here):
    (here / "ci").mkdir()
    (entry,) = updated(baseline(folder="ci"), [failing(CUT)]).baseline.entries
    assert entry.config == "../net.yaml"


def test_what_a_finding_says_stands_above_its_entry_on_one_line():
    text = baseline_text(updated(baseline(), [failing(replace(CUT, message="cut\n  - config: x"))]))
    assert "  # cut\\n  - config: x\n  - config: net.yaml\n" in text
