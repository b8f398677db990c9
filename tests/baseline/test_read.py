"""A baseline is read as it stands, or refused with every place that is wrong."""

import pytest

from gradcheck_rnn.baseline.read import read_baseline
from gradcheck_rnn.errors import UsageError

RIGHT = """\
version: 1
accepted:
  - config: nets/word.yaml
    kind: truncated-chain
    term: "4"
    parameters: [U, W]
    damage: cut after some lags
    amount: 4
    reason: the window of the paper
"""


@pytest.fixture
def mistakes(tmp_path, monkeypatch):
    """What is wrong with a text, as place and message of each mistake."""
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> list[str]:
        (tmp_path / "known.yaml").write_text(text)
        with pytest.raises(UsageError) as caught:
            read_baseline("known.yaml")
        return [f"{each.location}: {each.message}" for each in caught.value.mistakes]

    return read


def test_every_key_of_an_entry_is_read(tmp_path):
    (tmp_path / "known.yaml").write_text(RIGHT)
    (entry,) = read_baseline(str(tmp_path / "known.yaml")).entries
    assert (entry.config, entry.kind, entry.term) == ("nets/word.yaml", "truncated-chain", "4")
    assert (entry.parameters, entry.damage, entry.amount) == (("U", "W"), "cut after some lags", 4.0)
    assert (entry.reason, entry.location.line) == ("the window of the paper", 3)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("version: 1\n", "", "known.yaml:1:1: missing key `version`"),
        ("version: 1", "version: 2", "known.yaml:1:10: `version`: expected 1, got the integer `2`"),
        ("version: 1", "version: true", "known.yaml:1:10: `version`: expected 1, got the boolean `true`"),
        ('term: "4"', "term: 4", "known.yaml:5:11: `term`: expected a text, got the integer `4`"),
        ("kind: truncated-chain", "kind: truncated-chian",
         "known.yaml:4:11: no fault is of the kind `truncated-chian`"),
        ("kind: truncated-chain", "kind: latent-clip", "known.yaml:4:11: no fault is of the kind `latent-clip`"),
        ("    kind: truncated-chain\n", "", "known.yaml:3:5: missing key `kind` of an accepted fault"),
        ("    reason: the window of the paper\n", "", "known.yaml:3:5: missing key `reason` of an accepted fault"),
        ("reason: the window of the paper", "reason: ''", "known.yaml:9:13: `reason`: expected a text, got "),
        ("reason: the window of the paper", "reason: FILL IN", "known.yaml:9:13: the reason is still to be filled in"),
        ("[U, W]", "U", "known.yaml:6:17: `parameters`: expected a list of names, got the text `U`"),
        ("[U, W]", "[U, 3]", "known.yaml:6:21: `parameters`: expected a name, got the integer `3`"),
        ("amount: 4", "amount: four", "known.yaml:8:13: `amount`: expected a finite number, got the text `four`"),
        ("amount: 4", "amount: .nan", "known.yaml:8:13: `amount`: expected a finite number, got the number `.nan`"),
        ("amount: 4", "amuont: 4", "known.yaml:8:5: unknown key `amuont`"),
        ("accepted:", "acepted:", "known.yaml:2:1: unknown key `acepted`"),
        ("version: 1", "version: 1\nversion: 1", "known.yaml:2:1: key `version` is set twice, first in line 1"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_at_its_place(old, new, expected, mistakes):
    assert RIGHT.count(old) == 1
    assert any(each.startswith(expected) for each in mistakes(RIGHT.replace(old, new)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "known.yaml:1:1: expected a mapping with `version` and `accepted`, got nothing"),
        ("version: 1\naccepted:\n", "known.yaml:2:1: `accepted`: expected a list, got nothing"),
        ("version: 1\naccepted: [3]\n", "known.yaml:2:12: expected a fault, got the integer `3`"),
        ("version: 1\naccepted: [\n", "known.yaml:3:1: a bracket is never closed"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(text, expected, mistakes):
    assert mistakes(text) == [expected]


def test_all_mistakes_are_told_at_once(mistakes):
    assert len(mistakes(RIGHT.replace('"4"', "4").replace("[U, W]", "U").replace("amount: 4", "amount: x"))) == 3


def test_the_same_fault_twice_is_refused_whatever_the_order_of_its_parameters(mistakes):
    again = RIGHT.partition("accepted:\n")[2].replace("[U, W]", "[W, U]").replace("paper", "book")
    assert mistakes(RIGHT + again) == ["known.yaml:10:5: this fault is accepted twice, first in line 3"]


def test_a_file_that_is_not_there_gets_the_option_that_writes_it(tmp_path):
    with pytest.raises(UsageError, match="--write-baseline"):
        read_baseline(str(tmp_path / "known.yaml"))


def test_a_file_that_is_about_to_be_written_need_not_be_there_nor_have_reasons(tmp_path):
    file = tmp_path / "known.yaml"
    assert read_baseline(str(file), may_be_absent=True).entries == ()
    file.write_text(RIGHT.replace("the window of the paper", "FILL IN"))
    assert read_baseline(str(file), may_be_open=True).entries[0].reason == "FILL IN"
