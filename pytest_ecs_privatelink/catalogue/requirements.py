"""Requirements: which endpoint services a VPC must offer to ECS, to what launch types, and why."""

import dataclasses
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.catalogue.partitions import introduced_since_2023
from pytest_ecs_privatelink.catalogue.rules import BOTH, RULES, Features, Need, Rule
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.verdict import LaunchType

__all__ = ("Features", "Need", "Requirement", "derive_requirements", "tested")

_EXISTS = "an endpoint exists: private DNS makes it the only path"
_SURENESS = tuple(Need)
_NO_EVIDENCE = Features()


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """An endpoint service that is needed: for which launch types, and because of what.

    ``because`` is one sentence; ``rule`` the rules of REQUIREMENTS.md behind it (``R8, R15``), or
    ``-``. ``absence_warns``: without an endpoint, even a merely possible need deserves a warning.
    """

    service: str
    need: Need
    launch_types: tuple[LaunchType, ...]
    because: str
    rule: str
    absence_warns: bool = True


def derive_requirements(
    *,
    region: str,
    launch_types: Iterable[LaunchType],
    features: Features = _NO_EVIDENCE,
    existing: frozenset[str] = frozenset(),
    only: tuple[str, ...] | None = None,
) -> tuple[Requirement, ...]:
    """Return what a VPC in ``region`` must offer, sorted by service, one entry per service.

    ``existing`` are the services that have an endpoint: private DNS makes an endpoint the only
    path, so one that nothing else asks for is still possible. ``only`` names the services that are
    required, and no rule asks for any other; `ValueError` for one that is not in the catalogue.
    """
    wanted = tuple(kind for kind in BOTH if kind in set(launch_types))
    derived = _ruled(region, wanted, features) if only is None else _named(only, wanted)
    services = {requirement.service for requirement in derived}
    derived += tuple(
        Requirement(
            service=service, need=Need.POSSIBLE, launch_types=wanted, because=_EXISTS, rule="-"
        )
        for service in existing
        if service in SERVICES and service not in services
    )
    return tuple(sorted(derived, key=lambda requirement: requirement.service))


def tested(
    requirements: Iterable[Requirement], existing: frozenset[str]
) -> tuple[Requirement, ...]:
    """Return the requirements that get cells: all but the possible ones without an endpoint."""
    return tuple(
        requirement
        for requirement in requirements
        if requirement.need is not Need.POSSIBLE or requirement.service in existing
    )


def _applying(region: str, wanted: tuple[LaunchType, ...], features: Features) -> Iterator[Rule]:
    """Yield the rows that hold here, each narrowed to the launch types that it holds for."""
    new = introduced_since_2023(region)
    for row in RULES:
        seen = wanted if row.evidence is None else getattr(features, row.evidence)
        kinds = tuple(kind for kind in wanted if kind in row.launch_types and kind in seen)
        if kinds and (new or not row.new_regions):
            yield dataclasses.replace(row, launch_types=kinds)


def _merged(service: str, rows: list[Rule]) -> Requirement:
    """Merge all rows of a service: the surest need, and every launch type with a sure one."""
    need = min((row.need for row in rows), key=_SURENESS.index)
    telling = [row for row in rows if row.need is need]
    sure = [row for row in rows if row.need is not Need.POSSIBLE] or telling
    kinds = {kind for row in sure for kind in row.launch_types}
    rules = dict.fromkeys(row.rule for row in telling if row.rule != "-")
    return Requirement(
        service=service,
        need=need,
        launch_types=tuple(kind for kind in BOTH if kind in kinds),
        because="; ".join(dict.fromkeys(row.because for row in telling)),
        rule=", ".join(rules) or "-",
        absence_warns=any(row.absence_warns for row in rows),
    )


def _ruled(
    region: str, wanted: tuple[LaunchType, ...], features: Features
) -> tuple[Requirement, ...]:
    rows: dict[str, list[Rule]] = {}
    for row in _applying(region, wanted, features):
        rows.setdefault(row.service, []).append(row)
    return tuple(_merged(service, found) for service, found in rows.items())


def _named(services: tuple[str, ...], wanted: tuple[LaunchType, ...]) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(
            service=service,
            need=Need.REQUIRED,
            launch_types=wanted,
            because="--ecs-need names it",
            rule="-",
        )
        for service in dict.fromkeys(map(_legal, services))
    )


def _legal(service: str) -> str:
    if service in SERVICES:
        return service
    close = difflib.get_close_matches(service, SERVICES, n=3)
    legal = ", ".join(dict.fromkeys((*close, *SERVICES)))
    raise ValueError(f"unknown endpoint service {service!r}; legal are: {legal}")
