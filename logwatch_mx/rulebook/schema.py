"""The JSON Schema of a rule file, for editors (taplo, Even Better TOML) and for CI.

An editor sees keys and types; conditions and contradictions between keys are left to ``load``.
"""

from collections.abc import Mapping
from typing import Any

from logwatch_mx.rulebook.keys import EXAMPLE_KEYS, RULE_KEYS, Key


def rule_schema() -> dict[str, Any]:
    """Return the schema as a value that ``json.dumps`` takes."""
    table = _table(RULE_KEYS)
    table["properties"]["examples"] = {
        "description": "Real log lines with what the rule makes of them.",
        "type": "array",
        "items": _table(EXAMPLE_KEYS),
    }
    switch = {"required": ["id", "enabled"], "maxProperties": 2}
    required = table.pop("required")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A rule of logwatch-mx",
        **table,
        "anyOf": [{"required": required}, switch],
    }


def _table(keys: Mapping[str, Key]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, key in keys.items() if key.required],
        "properties": {
            name: {"description": key.about, **key.schema} for name, key in keys.items()
        },
    }
