"""The settings of one-off tasks, and seconds that options name."""

import re
from collections.abc import Mapping
from typing import Any

from pytest_ecs_privatelink.errors import SettingsError

# A family with or without its revision, or the ARN of one [ECS API, RunTask].
_DEFINITION = re.compile(r"(arn:[^\s]+:task-definition/)?[A-Za-z0-9_-]{1,255}(:[0-9]{1,9})?")
_VERSION = re.compile(r"LATEST|\d{1,2}\.\d{1,2}\.\d{1,2}")
_PROVIDER = re.compile(r"[A-Za-z0-9_-]{1,255}")
_ARCHITECTURES = ("x86_64", "arm64")


def task_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Settings` about tasks; `SettingsError` for what has no meaning."""
    return {
        "task_definition": _fitting(
            values, "ecs_task_definition", _DEFINITION, "not a family or ARN of a task definition"
        ),
        "task_timeout": seconds_of(values, "ecs_task_timeout", 300.0, 1, 3600),
        "platform_version": _fitting(
            values, "ecs_platform_version", _VERSION, "not LATEST or a version such as 1.4.0"
        ),
        "capacity_provider": _fitting(
            values, "ecs_capacity_provider", _PROVIDER, "not the name of a capacity provider"
        ),
        "architecture": _architecture(values.get("ecs_architecture")),
    }


def seconds_of(
    values: Mapping[str, Any], name: str, default: float, least: float, most: float
) -> float:
    """Return the seconds that an option says; `SettingsError` where they are out of bounds."""
    text = values.get(name, default)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not least <= seconds <= most:
        raise SettingsError(f"{_flag(name)} {text!r}: give seconds between {least:g} and {most:g}")
    return seconds


def _fitting(
    values: Mapping[str, Any], name: str, pattern: re.Pattern[str], otherwise: str
) -> str | None:
    value: str | None = values.get(name)
    if value is None or pattern.fullmatch(value):
        return value
    raise SettingsError(f"{_flag(name)} {value!r}: {otherwise}")


def _architecture(value: str | None) -> str | None:
    if value is None or value in _ARCHITECTURES:
        return value
    raise SettingsError(f"--ecs-architecture {value!r}: choose from {', '.join(_ARCHITECTURES)}")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
