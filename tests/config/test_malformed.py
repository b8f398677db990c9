"""Whatever a file holds, it is read or refused with places; nothing else is ever raised."""

import io
import json
import re

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcheck_rnn.config import load_settings
from gradcheck_rnn.config.keys import KEYS, NAMED
from gradcheck_rnn.errors import UsageError

# files that must have been refused, over all examples
MALFORMED = (150, pytest.param(2000, marks=pytest.mark.campaign))
VALID = """\
# everything that can be said
model: {cell: tanh, input_size: 4, hidden_size: 3, output_size: 4, biases: true, layout: row}
sequence:
  length: 3
  batch_size: null
  inputs: distinct_tokens
loss:
  kind: softmax_cross_entropy
seed: 0
dtype: "float64"
backward: reference
check:
  method: auto
  tolerance: 1e-6
  probe: off
"""
PLACED = re.compile(r"<stdin>:[1-9][0-9]*:[1-9][0-9]*: error: [^\n]+")
ARGUMENT = re.compile(r"--set [^\n]*: error: ")

names = st.sampled_from([known.name for known in NAMED.values()]) | st.text(max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["tanh", "auto", "all", "on", "reference", "mse", "1e-5", "3"])
    | st.integers(min_value=1, max_value=9)
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | scalars, inner, max_size=6),
    max_leaves=20,
)


def as_yaml(document: object) -> bytes:
    return yaml.dump(document, allow_unicode=True, sort_keys=False).encode("utf-8", "replace")


@st.composite
def with_one_bad_key(draw: st.DrawFn) -> bytes:
    """A right document with any value at any of its keys."""
    document = yaml.safe_load(VALID)
    *sections, name = draw(st.sampled_from(list(KEYS))).split(".")
    place = document
    for section in sections:
        if not isinstance(place.get(section), dict):
            place[section] = {}
        place = place[section]
    place[draw(st.just(name) | names)] = draw(documents)
    return draw(st.sampled_from([as_yaml, lambda value: json.dumps(value, default=str).encode()]))(document)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A right text with characters or lines dropped, doubled or replaced."""
    by_line = draw(st.booleans())
    pieces = VALID.splitlines(keepends=True) if by_line else list(VALID)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(pieces) - 1))
        piece = draw(st.sampled_from(["", pieces[at] * 2, *":{}[]&*!|>'\"%@`#,-?~\t\n\0\\"]) | st.text(max_size=3))
        pieces[at] = piece
    return "".join(pieces).encode("utf-8", "replace")


files = (
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
    | st.binary(max_size=60)
    | mutated()
    | mutated()
    | with_one_bad_key()
    | documents.map(as_yaml)
)


def mistakes(content: bytes, *overrides: str) -> list[str]:
    """What the user reads about the content; nothing where it is right."""
    try:
        load_settings("-", overrides=overrides, stdin=io.BytesIO(content))
    except UsageError as err:
        return [str(mistake) for mistake in err.mistakes] or ["an error without a mistake"]
    return []


def is_placed(mistake: str) -> bool:
    """Whether a mistake of the file starts with its place, and spoils no terminal."""
    head, *below = mistake.split("\n")
    return PLACED.fullmatch(head) is not None and all(line.isprintable() for line in [head, *below])


@pytest.mark.parametrize("malformed", MALFORMED)
def test_malformed_files_are_refused_with_places(malformed):
    met = 0

    @settings(
        max_examples=malformed * 3 // 2, deadline=None, database=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )  # fmt: skip
    @given(files)
    def meet(content: bytes) -> None:
        nonlocal met
        found = mistakes(content)
        assert [mistake for mistake in found if not is_placed(mistake)] == []
        met += bool(found)

    meet()
    assert met >= malformed


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.lists(st.builds("{}={}".format, st.sampled_from(list(NAMED)) | names, scalars) | st.text(), max_size=4))
def test_any_overrides_are_taken_or_refused_with_places(overrides):
    found = mistakes(VALID.encode(), *overrides)
    assert [mistake for mistake in found if not (is_placed(mistake) or ARGUMENT.match(mistake))] == []
