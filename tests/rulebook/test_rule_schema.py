"""The schema for editors knows what the loader knows."""

import json
import tomllib

import pytest

from logwatch_mx.model.rule import Example, Rule
from logwatch_mx.rulebook.fields import FIELDS
from logwatch_mx.rulebook.load import shipped_place
from logwatch_mx.rulebook.schema import rule_schema

FILES = sorted(shipped_place().iterdir(), key=lambda file: file.name)
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}


def fits(value, schema):
    """Tell whether *value* is what *schema* allows: the few words of JSON Schema that we use."""
    if "anyOf" in schema and not any(fits(value, one) for one in schema["anyOf"]):
        return False
    if "type" in schema and type(value) is not TYPES[schema["type"]]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, list):
        return all(fits(one, schema["items"]) for one in value)
    if not isinstance(value, dict):
        return True
    properties = schema.get("properties", {})
    if schema.get("additionalProperties") is False and not value.keys() <= properties.keys():
        return False
    if len(value) > schema.get("maxProperties", len(value)):
        return False
    present = set(schema.get("required", ())) <= value.keys()
    return present and all(fits(one, properties[key]) for key, one in value.items() if properties)


def test_the_schema_is_json():
    assert json.loads(json.dumps(rule_schema())) == rule_schema()


def test_the_schema_has_every_key_of_a_rule_and_of_an_example():
    properties = rule_schema()["properties"]
    assert properties.keys() == set(Rule.__struct_fields__) - {"source"}
    assert properties["examples"]["items"]["properties"].keys() == set(Example.__struct_fields__)


def test_the_schema_offers_every_field():
    assert set(FIELDS) < set(rule_schema()["properties"]["by"]["enum"])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_shipped_rules_fit_the_schema(file):
    assert fits(tomllib.loads(file.read_text()), rule_schema())


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({"id": "x", "enabled": False}, True),
        ({"id": "x", "title": "t", "when": "auth"}, True),
        ({"id": "x", "title": "t"}, False),
        ({"id": "x", "title": "t", "when": "auth", "colour": "red"}, False),
        ({"id": "x", "title": "t", "when": "auth", "severity": "bad"}, False),
        ({"id": "x", "title": "t", "when": "auth", "threshold": "3"}, False),
    ],
)
def test_the_schema_tells_right_from_wrong(table, expected):
    assert fits(table, rule_schema()) is expected
