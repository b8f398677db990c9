"""The JSON schema says what the loader does, judged by an independent validator."""

import copy
import json
import math
import re

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcheck_rnn.config.keys import KEYS, MOST_LAYERS, NAMED
from gradcheck_rnn.config.places import Source
from gradcheck_rnn.config.read import read_values
from gradcheck_rnn.config.schema import json_schema
from gradcheck_rnn.config.tree import read_tree
from gradcheck_rnn.explain import SAMPLE_FOLDER
from gradcheck_rnn.init.example import CONFIG
from gradcheck_rnn.pipeline.demo.stages import TAGGER
from tests.cli.running import CONFIGS, ROOT

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
# files of the repository that are no configuration: linters, hooks, broken on purpose
SHIPPED = sorted({*CONFIGS.glob("*.yaml"), *(ROOT / "fixtures").rglob("*.yaml"), *SAMPLE_FOLDER.glob("*.yaml")})
VALID = {
    "model": {"cell": "tanh", "input_size": 4, "hidden_size": 3, "output_size": 4},
    "sequence": {"length": 3},
    "seed": 0,
}


class _CoreLoader(yaml.SafeLoader):
    """YAML as an editor reads it: `on` is a text, `1e-6` a number, as the core schema of YAML 1.2 has it."""


_CoreLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern) for tag, pattern in known if tag.rpartition(":")[2] not in ("bool", "float", "int", "timestamp")
    ]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern in (
    ("bool", r"^(true|True|TRUE|false|False|FALSE)$"),
    ("int", r"^[-+]?[0-9]+$"),
    ("float", r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$"),
):
    _CoreLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), None)


def accepts_schema(document):
    return VALIDATOR.is_valid(document)


def accepts_loader(document, folder):
    """Whether every key of a document is read; what depends on several keys comes after that."""
    source = Source("net.yaml", json.dumps(document), folder)
    tree = read_tree(source)
    return not tree.mistakes and not read_values(tree.root, source.top).mistakes


def test_the_schema_is_one_of_draft_07():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    json.dumps(SCHEMA, allow_nan=False)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_every_shipped_configuration_is_valid(file):
    VALIDATOR.validate(yaml.load(file.read_text(), _CoreLoader))


@pytest.mark.parametrize("text", [CONFIG, TAGGER], ids=["init", "demo"])
def test_what_the_commands_write_is_valid(text):
    VALIDATOR.validate(yaml.load(text, _CoreLoader))


def test_the_schema_beside_the_configurations_is_up_to_date():
    assert json.loads((CONFIGS / "gradcheck-rnn.schema.json").read_text()) == SCHEMA


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.name)
def test_a_shipped_configuration_names_the_schema_for_editors(file):
    """An editor takes the path as relative to the configuration."""
    (line,) = [line for line in file.read_text().splitlines() if line.startswith("# yaml-language-server:")]
    assert (file.parent / line.partition("$schema=")[2]).is_file()


def property_at(path):
    """The schema of the key or section at a dotted path."""
    place = SCHEMA
    for name in path.split("."):
        mapping = place if "properties" in place else next(each for each in place["anyOf"] if "properties" in each)
        place = mapping["properties"][name]
    return place


@pytest.mark.parametrize("path", NAMED)
def test_every_key_and_section_is_described(path):
    assert property_at(path)["description"] == NAMED[path].doc


def test_the_defaults_are_valid_and_those_that_elman_yaml_shows():
    """`configs/elman.yaml` writes every key at its default, except the sizes and `backward`."""
    shown = yaml.load((CONFIGS / "elman.yaml").read_text(), _CoreLoader)
    for path in KEYS:
        schema, place = property_at(path), shown
        for name in path.split("."):
            place = place.get(name) if isinstance(place, dict) else None
        if "default" in schema:
            assert jsonschema.Draft7Validator(schema).is_valid(schema["default"])
            assert schema["default"] == place or path.startswith(("model.lstm", "model.gru")), path


def differ(document, folder):
    """Whether schema and loader disagree about a document that both can judge."""
    return accepts_schema(document) != accepts_loader(document, folder)


WORDS = sorted({word for key in KEYS.values() for word in getattr(key.kind, "choices", ())})
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 40),
    st.sampled_from([2**63 - 1, 2**63, -(10**30), 10**400]),
    st.floats(allow_nan=False).filter(lambda number: not (math.isfinite(number) and number.is_integer())),
    st.text(max_size=6),
    st.sampled_from(
        ["auto", "all", "screen", "on", "off", "reference", "null", "true", "1e-5", "z", "1-z", "adapter.py"]
    ),
    st.sampled_from(WORDS),
)
values = leaves | st.lists(leaves, max_size=2) | st.dictionaries(st.text(max_size=4), leaves, max_size=2)
places = st.sampled_from(sorted(NAMED)) | st.sampled_from(["hiden_size", "model.sedd", "check.tolerence", "a.b"])


@st.composite
def documents(draw):
    """A right document with values put at keys, or keys taken away."""
    document = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 3))):
        *sections, name = draw(places).split(".")
        place = document
        for section in sections:
            if not isinstance(place.get(section), dict):
                place[section] = {}
            place = place[section]
        if draw(st.integers(0, 4)):
            place[name] = draw(values)
        else:
            place.pop(name, None)
    return document


@pytest.mark.parametrize("examples", [100, pytest.param(20_000, marks=pytest.mark.campaign)])
def test_schema_and_loader_agree_about_any_document(examples, tmp_path):
    """Left out is what JSON cannot say: that 3.0 is no integer, which files and faults there are, NaN."""
    (tmp_path / "adapter.py").touch()
    judged = {True: 0, False: 0}

    @settings(max_examples=examples)
    @given(documents())
    def judge(document):
        backward = document.get("backward")
        if isinstance(backward, dict) and (
            backward.get("fault") or backward.get("adapter") not in (None, "adapter.py")
        ):
            return
        judged[accepts_schema(document)] += 1
        assert not differ(document, tmp_path)

    judge()
    assert min(judged.values()) > examples // 20


# both sides of most bounds, every type; then what takes longer
EDGES = [None, True, [], {}, "", "adapter.py", -1, 0, 1, 2**63, 1e-5, 1_000_000, math.inf, "on", "auto"]
MORE_EDGES = [
    *(False, [1], {"a": 1}, "3", "1e-5", "missing-term:dh_next", 2, MOST_LAYERS, MOST_LAYERS + 1, 2**63 - 1, 10**400),
    *(-0.5, 0.999, 1.001, 999_999, 999_999.5, 1_000_000.5, -math.inf),
    *("all", "screen", "off", "yes", "reference", "null", "true", *WORDS),
]


@pytest.mark.parametrize("edges", [EDGES, pytest.param(MORE_EDGES, marks=pytest.mark.campaign)], ids=["some", "more"])
@pytest.mark.parametrize("path", NAMED)
def test_schema_and_loader_agree_about_the_edges_of_what_a_key_takes(path, edges, tmp_path):
    (tmp_path / "adapter.py").touch()
    *sections, name = path.split(".")
    words = getattr(getattr(NAMED[path], "kind", None), "choices", ())
    for value in [*edges, *words]:
        document = copy.deepcopy(VALID)
        place = document
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
        if path == "backward.adapter" and isinstance(value, str) and value not in ("", "adapter.py"):
            continue  # that there is no such file is not for a schema to say
        assert not differ(document, tmp_path), value


@pytest.mark.parametrize("outputs", ["layer", "states", None])
@pytest.mark.parametrize("size", [4, None])
def test_the_size_of_the_outputs_is_required_unless_they_are_the_states(outputs, size, tmp_path):
    model = {"input_size": 4, "hidden_size": 3, "outputs": outputs, "output_size": size}
    document = {**VALID, "model": {key: value for key, value in model.items() if value is not None}}
    assert accepts_schema(document) == (size is not None or outputs == "states")
    assert not differ(document, tmp_path)
