"""Policies as JSON text, for tests."""

import json
from typing import Any


def allow(action: object, resource: object = "*", **more: object) -> dict[str, Any]:
    """Return a statement of an endpoint's policy that allows everyone."""
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}


def deny(action: object, resource: object = "*", **more: object) -> dict[str, Any]:
    """Return a statement that denies everyone."""
    return {**allow(action, resource, **more), "Effect": "Deny"}


def role_allows(action: object, resource: object = "*", **more: object) -> dict[str, Any]:
    """Return a statement of a role's policy."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> str:
    """Return a policy of these statements."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def when(operator: str, key: str, *values: object) -> dict[str, Any]:
    """Return a Condition of one operator and one key."""
    return {operator: {key: list(values)}}
