"""Whether a JSON report follows its published schema."""

import json
import re
from pathlib import Path
from typing import Any

SCHEMA = json.loads(
    (Path(__file__).parents[1] / "docs" / "report-schema-1.json").read_text(encoding="utf-8")
)
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}


def violations(value: Any, rule: dict[str, Any], path: str = "$") -> list[str]:  # noqa: ANN401 - any JSON
    """Return where ``value`` breaks ``rule``: the part of JSON Schema that ours is written in."""
    if "$ref" in rule:
        rule = SCHEMA["$defs"][rule["$ref"].rpartition("/")[2]]
    found = []
    if "const" in rule and value != rule["const"]:
        found.append(f"{path}: not {rule['const']}")
    if "enum" in rule and value not in rule["enum"]:
        found.append(f"{path}: {value!r} is none of {rule['enum']}")
    if "type" in rule:
        kinds = rule["type"] if isinstance(rule["type"], list) else [rule["type"]]
        if not any(isinstance(value, TYPES[kind]) for kind in kinds):
            return [*found, f"{path}: {value!r} is no {kinds}"]
    if isinstance(value, str) and not re.search(rule.get("pattern", ""), value):
        found.append(f"{path}: {value!r} does not match {rule['pattern']}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            found += violations(item, rule["items"], f"{path}[{number}]")
    if isinstance(value, dict):
        properties, others = rule.get("properties", {}), rule["additionalProperties"]
        found += [f"{path}: no {name}" for name in rule.get("required", ()) if name not in value]
        for name, item in value.items():
            if name not in properties and others is False:
                found.append(f"{path}: unknown {name}")
            else:
                found += violations(item, properties.get(name, others), f"{path}.{name}")
    return found
