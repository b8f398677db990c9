"""The JSON schema of a configuration, draft-07, read off the table of keys.

It says of each key what it takes. What depends on several keys, or on files that are there, only reading can tell.
"""

from typing import Any

from gradcheck_rnn.config.keys import KEYS, NAMED, Key, Section

DRAFT = "http://json-schema.org/draft-07/schema#"


def json_schema() -> dict[str, Any]:
    """Return the schema in JSON's own types."""
    return {
        "$schema": DRAFT,
        "title": "gradcheck-rnn configuration",
        "description": "One check of the backward pass of a recurrent net: `gradcheck-rnn check FILE`.",
        **_mapping(""),
    }


def _mapping(section: str) -> dict[str, Any]:
    """The keys of a section, or those at the top level."""
    known = [each for each in NAMED.values() if each.section == section]
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {each.name: _property(each) for each in known},
    }
    if required := [each.name for each in known if _is_required(each)]:
        schema["required"] = required
    if conditions := [_unless(each) for each in known if isinstance(each, Key) and each.required and each.unless]:
        schema["allOf"] = conditions
    return schema


def _property(known: Key | Section) -> dict[str, Any]:
    described = {"description": known.doc}
    if isinstance(known, Key):
        default = {} if known.required else known.kind.schema_default(known.default)
        return {**described, **known.kind.schema(), **default}
    mapping = _mapping(known.path)
    if known.word is not None:
        return {**described, "anyOf": [{"enum": [known.word]}, {**mapping, "minProperties": 1}], "default": known.word}
    # nothing below a section is every key of it at its default
    return {**described, **mapping, **({} if _is_required(known) else {"type": ["object", "null"]})}


def _is_required(known: Key | Section) -> bool:
    """Whether it must be there, whatever the others are."""
    if isinstance(known, Key):
        return known.required and known.unless is None
    return any(_is_required(each) for each in NAMED.values() if each.section == known.path)


def _unless(key: Key) -> dict[str, Any]:
    """A key must be there, unless another key of its section has some value."""
    other, value = key.unless or ("", "")
    name = KEYS[other].name
    excused = {"properties": {name: {"const": value}}, "required": [name]}
    return {"if": {"not": excused}, "then": {"required": [key.name]}}
