"""Follow what a VPC's parts refer to: groups and lists outside it, records of hosted zones."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any

from pytest_ecs_privatelink.topology.model import HostedZone, PrefixList, SecurityGroup
from pytest_ecs_privatelink.topology.reader.errands import Refusals, gather
from pytest_ecs_privatelink.topology.reader.filters import (
    foreign_group_ids,
    lists_to_complete,
    read_foreign_groups,
    read_list,
)
from pytest_ecs_privatelink.topology.reader.names import is_of_interest, read_zone_records
from pytest_ecs_privatelink.topology.reader.scope import Scope

_GROUPS = "security_groups:foreign"


def follow(pool: Executor, scope: Scope, parts: dict[str, Any]) -> tuple[dict[str, Any], Refusals]:
    """Return completed ``security_groups``, ``prefix_lists`` and ``hosted_zones``, and refusals.

    A part that was refused as a whole stays None. A foreign group or a list that is refused is
    absent from its part; a zone whose records are refused, or lie beside the Region's AWS names,
    has None for records.
    """
    errands = _for_groups(scope, parts) | _for_lists(scope, parts) | _for_zones(scope, parts)
    brought, refusals = gather(pool, errands)
    completed = {
        "security_groups": _with_foreign(parts["security_groups"], brought),
        "prefix_lists": _with_cidrs(parts["prefix_lists"], brought),
        "hosted_zones": _with_records(parts["hosted_zones"], brought),
    }
    return completed, refusals


def _for_groups(scope: Scope, parts: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    if parts["security_groups"] is None:
        return {}
    ids = foreign_group_ids(parts["security_groups"], parts["endpoints"], parts["interfaces"] or ())
    return {_GROUPS: partial(read_foreign_groups, scope, ids)} if ids else {}


def _for_lists(scope: Scope, parts: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    if parts["prefix_lists"] is None:
        return {}
    incomplete = lists_to_complete(
        parts["prefix_lists"],
        parts["route_tables"] or (),
        parts["security_groups"] or (),
        scope.region,
    )
    return {f"prefix_lists:{entry.id}": partial(read_list, scope, entry) for entry in incomplete}


def _for_zones(scope: Scope, parts: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    return {
        f"hosted_zones:{zone.id}": partial(read_zone_records, scope, zone)
        for zone in parts["hosted_zones"] or ()
        if is_of_interest(zone, scope.region)
    }


def _with_foreign(
    groups: tuple[SecurityGroup, ...] | None, brought: dict[str, Any]
) -> tuple[SecurityGroup, ...] | None:
    return None if groups is None else groups + (brought.get(_GROUPS) or ())


def _with_cidrs(
    lists: tuple[PrefixList, ...] | None, brought: dict[str, Any]
) -> tuple[PrefixList, ...] | None:
    if lists is None:
        return None
    # A list without CIDRs would say "empty" where the truth is "not read".
    complete = {entry.id: entry for entry in lists if entry.cidrs}
    for key, entry in brought.items():
        if key.startswith("prefix_lists:") and entry is not None:
            complete[entry.id] = entry
    return tuple(complete[id_] for id_ in sorted(complete))


def _with_records(
    zones: tuple[HostedZone, ...] | None, brought: dict[str, Any]
) -> tuple[HostedZone, ...] | None:
    if zones is None:
        return None
    return tuple(
        replace(zone, records=brought[key])
        if (key := f"hosted_zones:{zone.id}") in brought
        else zone
        for zone in zones
    )
