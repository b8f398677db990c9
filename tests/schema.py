"""The JSON schema that the package ships, held against what the tests see."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft7Validator


@cache
def shipped_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(
        files("gradcheck_rnn.report.formats").joinpath("report.schema.json").read_text()
    )
    Draft7Validator.check_schema(schema)
    return schema


@cache
def _validator(definition: str) -> Draft7Validator:
    schema = shipped_schema()
    return Draft7Validator({"$ref": f"#/definitions/{definition}", "definitions": schema["definitions"]})


def validated(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of `check` or `fix`, once the schema has nothing against it; any other as it is."""
    kinds = {"reports": "reports", "patches": "repair", "parameters": "report"}
    kind = next((kind for key, kind in kinds.items() if key in document), None)
    if kind is not None:
        _validator(kind).validate(document)
    return document
