"""In which subnet of the snapshot this machine stands, if in any: never by its address alone."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.probes.metadata_endpoints import (
    INSTANCE_ENDPOINT,
    INSTANCE_ENDPOINT_IPV6,
)
from pytest_ecs_privatelink.probes.metadata_service import MetadataError
from pytest_ecs_privatelink.topology.model import Interface, Snapshot
from pytest_ecs_privatelink.vantage.metadata import (
    InstancePlace,
    TaskPlace,
    read_instance_place,
    read_task_place,
)

_GIVE_IT = "give --ecs-local-subnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """The machine's ``subnet`` and the ``groups`` that it wears (None where nobody knows).

    ``how`` names the evidence for ``subnet``; without one it is empty and ``reasons`` tell, one
    line each, what was looked at and what spoke against it.
    """

    subnet: str | None = None
    groups: tuple[str, ...] | None = None
    how: str = ""
    reasons: tuple[str, ...] = ()


def find_local_subnet(
    snapshot: Snapshot,
    *,
    explicit: str | None,
    environ: Mapping[str, str],
    interfaces: Path = Path("/sys/class/net"),
    timeout: float = 1.0,
) -> Whereabouts:
    """Find the subnet by ``explicit``, else task metadata, instance metadata, MAC addresses.

    The first evidence decides, also against: a task or an instance of another VPC stands nowhere
    here. Each metadata service gets one attempt of ``timeout`` seconds and honours
    ``ECS_CONTAINER_METADATA_URI_V4``, ``AWS_EC2_METADATA_DISABLED``,
    ``AWS_EC2_METADATA_SERVICE_ENDPOINT`` and its ``_MODE``. ``interfaces`` is a folder of
    ``*/address`` files. Raises `SettingsError` for an ``explicit`` subnet of another VPC.
    """
    macs = _local_macs(interfaces)
    if explicit is not None:
        return _given(snapshot, explicit, macs)
    if snapshot.emulated:
        return Whereabouts(reasons=("the VPC is emulated: no machine stands in it",))
    reasons: list[str] = []
    lookers: tuple[Callable[[], Whereabouts | str], ...] = (
        lambda: _by_task(snapshot, environ, timeout),
        lambda: _by_instance(snapshot, environ, timeout),
        lambda: _by_mac(snapshot, macs),
    )
    for look in lookers:
        evidence = look()
        if isinstance(evidence, Whereabouts):
            return replace(evidence, reasons=(*reasons, *evidence.reasons))
        reasons.append(evidence)
    return Whereabouts(reasons=tuple(reasons))


def _given(snapshot: Snapshot, subnet: str, macs: frozenset[str]) -> Whereabouts:
    legal = [known.id for known in snapshot.subnets]
    if subnet not in legal:
        raise SettingsError(
            f"--ecs-local-subnet {subnet}: no subnet of {snapshot.vpc.id}; "
            f"its subnets are {', '.join(legal)}"
        )
    groups = {found.groups for found in _matching(snapshot, macs) if found.subnet == subnet}
    return Whereabouts(
        subnet=subnet,
        groups=groups.pop() if len(groups) == 1 else None,
        how="--ecs-local-subnet",
    )


# Each looker returns what decides, for a subnet or against all, or why it could not tell.


def _by_task(snapshot: Snapshot, environ: Mapping[str, str], timeout: float) -> Whereabouts | str:
    uri = environ.get("ECS_CONTAINER_METADATA_URI_V4")
    if not uri:
        return "ECS task metadata: not in an ECS task (no ECS_CONTAINER_METADATA_URI_V4)"
    try:
        place = read_task_place(uri, timeout)
    except MetadataError as error:
        return f"ECS task metadata: {error}"
    if place.vpc is not None and place.vpc != snapshot.vpc.id:
        return _elsewhere("ECS task metadata: the task", place.vpc, snapshot)
    if not place.networks:
        return f"ECS task metadata: network mode {place.mode} gives the task no interface"
    return _of_task(snapshot, place)


def _of_task(snapshot: Snapshot, place: TaskPlace) -> Whereabouts:
    macs = frozenset(network.mac for network in place.networks)
    found = _matching(snapshot, macs)
    if found:
        return _standing_at(found, "ECS task metadata")
    # A range is unique within its VPC, so it counts where the metadata names the VPC.
    ranges = {network.subnet_cidr for network in place.networks}
    subnets = [subnet.id for subnet in snapshot.subnets if subnet.cidr in ranges]
    if place.vpc is not None and len(subnets) == 1:
        return Whereabouts(subnet=subnets[0], how="ECS task metadata (VPC and subnet range)")
    return Whereabouts(
        reasons=(
            f"ECS task metadata: no interface of the snapshot has the task's MAC address "
            f"{', '.join(sorted(macs))}; if the snapshot is older than the task, {_GIVE_IT}",
        )
    )


def _by_instance(
    snapshot: Snapshot, environ: Mapping[str, str], timeout: float
) -> Whereabouts | str:
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return "instance metadata: switched off (AWS_EC2_METADATA_DISABLED)"
    ipv6 = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "").lower() == "ipv6"
    default = INSTANCE_ENDPOINT_IPV6 if ipv6 else INSTANCE_ENDPOINT
    endpoint = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or default
    try:
        place = read_instance_place(endpoint, timeout)
    except MetadataError as error:
        return f"instance metadata: {error}"
    return _of_instance(snapshot, place)


def _of_instance(snapshot: Snapshot, place: InstancePlace) -> Whereabouts:
    if place.vpc != snapshot.vpc.id:
        return _elsewhere("instance metadata: this instance", place.vpc, snapshot)
    if place.subnet not in {subnet.id for subnet in snapshot.subnets}:
        return Whereabouts(
            reasons=(f"instance metadata: {place.subnet} is not in the snapshot of the VPC",)
        )
    return Whereabouts(subnet=place.subnet, groups=place.groups, how="instance metadata")


def _by_mac(snapshot: Snapshot, macs: frozenset[str]) -> Whereabouts | str:
    if snapshot.interfaces is None:
        return "MAC addresses: the VPC's interfaces could not be read"
    found = _matching(snapshot, macs)
    if not found:
        return "MAC addresses: none of this machine's is an interface's of the VPC"
    return _standing_at(found, "MAC address")


def _standing_at(found: tuple[Interface, ...], how: str) -> Whereabouts:
    subnets = sorted({interface.subnet for interface in found})
    if len(subnets) > 1:
        return Whereabouts(
            reasons=(f"{how}: interfaces in {' and '.join(subnets)}; {_GIVE_IT}",),
        )
    groups = {interface.groups for interface in found}
    return Whereabouts(
        subnet=subnets[0],
        groups=groups.pop() if len(groups) == 1 else None,
        how=f"{how}, interface {found[0].id}",
    )


def _elsewhere(who: str, vpc: str, snapshot: Snapshot) -> Whereabouts:
    return Whereabouts(reasons=(f"{who} stands in {vpc}, not in {snapshot.vpc.id}",))


def _matching(snapshot: Snapshot, macs: Iterable[str]) -> tuple[Interface, ...]:
    wanted = frozenset(macs)
    return tuple(
        interface
        for interface in snapshot.interfaces or ()
        if interface.mac is not None and interface.mac.lower() in wanted
    )


def _local_macs(interfaces: Path) -> frozenset[str]:
    found = set()
    for address in interfaces.glob("*/address"):
        # An interface may vanish between the listing and the look.
        with contextlib.suppress(OSError):
            found.add(address.read_text(encoding="ascii").strip().lower())
    return frozenset(found) - {"", "00:00:00:00:00:00"}
