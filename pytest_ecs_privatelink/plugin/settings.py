"""Settings: the options' values, validated, each with where it came from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

import pytest

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.naming import image_references, secret_references
from pytest_ecs_privatelink.plugin.options import OPTIONS, option_value
from pytest_ecs_privatelink.plugin.task_settings import seconds_of, task_settings
from pytest_ecs_privatelink.vantage.instance.template import check_template
from pytest_ecs_privatelink.verdict import Claim, Code, LaunchType

E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", str, str | None)
_VPC_ID = re.compile(r"vpc-[0-9a-f]{8,17}")
_GROUP_ID = re.compile(r"sg-[0-9a-f]{8,17}")
# Names as the ECS API allows them, or ARNs that end in one.
_ECS_NAME = re.compile(r"(arn:[^\s]+/)?[A-Za-z0-9_-]{1,255}")
# [CloudWatch Logs API, CreateLogGroup].
_LOG_GROUP = re.compile(r"[A-Za-z0-9_./#-]{1,512}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A finding that the user accepts: any subject where ``subject`` is None."""

    code: Code
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user asked for. None and empty tuples mean: not said. Seconds for ``timeout``.

    ``run`` is the run's id, which nobody asks for; it is empty until there is a run.
    """

    vpc: str | None = None
    lab: bool = False
    snapshot: str | None = None
    save_snapshot: str | None = None
    faults: tuple[str, ...] = ()
    region: str | None = None
    profile: str | None = None
    launch_types: tuple[LaunchType, ...] = ()
    claims: tuple[Claim, ...] = tuple(Claim)
    need: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    local_subnet: str | None = None
    connect: str | None = None
    lend_credentials: bool = False
    security_groups: tuple[str, ...] = ()
    instance_security_groups: tuple[str, ...] = ()
    cluster: str | None = None
    ecs_services: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    log_group: str | None = None
    secrets: tuple[str, ...] = ()
    task_definition: str | None = None
    task_timeout: float = 300.0
    platform_version: str | None = None
    capacity_provider: str | None = None
    architecture: str | None = None
    read_only: bool = False
    require_private: bool = False
    require_probed: bool = False
    strict: bool = False
    ignore: tuple[Accepted, ...] = ()
    timeout: float = 5.0
    json: str | None = None
    run: str = ""
    sources: dict[str, str] = field(default_factory=dict)

    @property
    def own_world(self) -> bool:
        """Whether the lab builds its own world rather than somebody's VPC."""
        return self.lab and self.vpc is None and self.snapshot is None

    def accepts(self, code: Code, subject: str | None) -> bool:
        """Return whether ``--ecs-ignore`` names this finding."""
        return any(
            accepted.code is code and accepted.subject in (None, subject)
            for accepted in self.ignore
        )


def read_settings(config: pytest.Config) -> Settings:
    """Return the validated settings; `SettingsError` in one line where a value has no meaning."""
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for option in OPTIONS:
        value, source = option_value(config, option.name)
        if value is not None:
            values[option.name] = value
            sources[option.name.removeprefix("ecs_")] = source
    settings = Settings(
        vpc=_matching(values, "ecs_vpc", _VPC_ID, "vpc-0123456789abcdef0"),
        lab=values.get("ecs_lab", False),
        snapshot=values.get("ecs_snapshot"),
        save_snapshot=values.get("ecs_save_snapshot"),
        faults=tuple(values.get("ecs_fault", ())),
        region=values.get("ecs_region"),
        profile=values.get("ecs_profile"),
        launch_types=_choices(values, "ecs_launch_type", LaunchType),
        claims=_choices(values, "ecs_claims", Claim) or tuple(Claim),
        need=_split(values.get("ecs_need", "")),
        subnets=tuple(values.get("ecs_subnet", ())),
        local_subnet=values.get("ecs_local_subnet"),
        connect=_connect(values.get("ecs_connect")),
        lend_credentials=values.get("ecs_lend_credentials", False),
        security_groups=_groups(values, "ecs_security_group"),
        instance_security_groups=_groups(values, "ecs_instance_security_group"),
        cluster=_ecs_name(values.get("ecs_cluster"), "ecs_cluster"),
        ecs_services=tuple(
            dict.fromkeys(_ecs_name(each, "ecs_service") for each in values.get("ecs_service", ()))
        ),
        images=image_references(values.get("ecs_image", ())),
        log_group=_log_group(values.get("ecs_log_group")),
        secrets=secret_references(values.get("ecs_secret", ())),
        **task_settings(values),
        read_only=values.get("ecs_read_only", False),
        require_private=values.get("ecs_require_private", False),
        require_probed=values.get("ecs_require_probed", False),
        strict=values.get("ecs_strict", False),
        ignore=tuple(_accepted(text) for text in values.get("ecs_ignore", ())),
        timeout=seconds_of(values, "ecs_timeout", 5.0, 0.1, 300),
        json=values.get("ecs_json"),
        sources=sources,
    )
    _refuse_contradictions(settings)
    return settings


def _split(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _matching(
    values: Mapping[str, Any], name: str, pattern: re.Pattern[str], example: str
) -> str | None:
    value: str | None = values.get(name)
    if value is None or pattern.fullmatch(value):
        return value
    raise SettingsError(f"{_flag(name)} {value!r}: not an id such as {example}")


def _groups(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    groups: tuple[str, ...] = tuple(values.get(name, ()))
    for group in groups:
        _matching({name: group}, name, _GROUP_ID, "sg-0123456789abcdef0")
    return groups


def _ecs_name(value: N, name: str) -> N:
    if value is None or _ECS_NAME.fullmatch(value):
        return value
    raise SettingsError(f"{_flag(name)} {value!r}: not a name or ARN of ECS")


def _connect(value: str | None) -> str | None:
    if value is not None:
        check_template(value)
    return value


def _log_group(value: str | None) -> str | None:
    if value is None or _LOG_GROUP.fullmatch(value):
        return value
    raise SettingsError(f"--ecs-log-group {value!r}: not the name of a log group, such as /ecs/app")


def _choices(values: Mapping[str, Any], name: str, kind: type[E]) -> tuple[E, ...]:
    parts = _split(values.get(name, ""))
    if name in values and not parts:
        raise SettingsError(f"{_flag(name)} is empty: choose from {', '.join(kind)}")
    for part in parts:
        if part not in tuple(kind):
            raise SettingsError(f"{_flag(name)} {part!r}: choose from {', '.join(kind)}")
    return tuple(kind(part) for part in parts)


def _accepted(text: str) -> Accepted:
    code, colon, subject = text.partition(":")
    if code not in tuple(Code):
        raise SettingsError(f"--ecs-ignore {code!r}: no such code; there are {', '.join(Code)}")
    if colon and not subject:  # a shell's empty variable must not accept every subject
        raise SettingsError(f"--ecs-ignore {text!r}: give CODE or CODE:SUBJECT")
    return Accepted(code=Code(code), subject=subject or None)


def _refuse_contradictions(settings: Settings) -> None:
    if settings.faults and not settings.own_world:
        raise SettingsError(
            "--ecs-fault breaks the lab's own world: use it with --ecs-lab, "
            "without --ecs-vpc and --ecs-snapshot"
        )
    if settings.snapshot and settings.save_snapshot:
        raise SettingsError("--ecs-save-snapshot saves what was read; --ecs-snapshot reads nothing")
    if settings.ecs_services and not (settings.cluster or settings.snapshot or settings.own_world):
        raise SettingsError(
            f"--ecs-service {settings.ecs_services[0]}: name its cluster with --ecs-cluster"
        )
    if settings.lend_credentials and settings.connect is None:
        raise SettingsError(
            "--ecs-lend-credentials lends to container instances: reach them with --ecs-connect"
        )
    if settings.lab and settings.local_subnet:
        raise SettingsError("--ecs-local-subnet has no meaning in the lab: only its twin is probed")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
