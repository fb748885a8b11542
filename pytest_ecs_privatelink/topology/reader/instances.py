"""Container instances: what the ECS API says of them, joined with the VPC's interfaces."""

from pytest_ecs_privatelink.topology.cluster import ContainerInstance
from pytest_ecs_privatelink.topology.model import Interface
from pytest_ecs_privatelink.topology.reader.scope import optional, utc
from pytest_ecs_privatelink.topology.reader.wire import Raw


def standing_in(
    interfaces: tuple[Interface, ...] | None, raws: tuple[Raw, ...]
) -> tuple[ContainerInstance, ...]:
    """Return those that have their primary interface among the VPC's; all where unread (None).

    ECS Anywhere's machines (``mi-...``) are in no VPC.
    """
    primary = {each.instance: each for each in interfaces or () if each.instance and each.primary}
    return tuple(
        _container_instance(raw, primary.get(id_))
        for raw in sorted(raws, key=lambda raw: str(raw["containerInstanceArn"]))
        if (id_ := optional(raw, "ec2InstanceId")) is not None
        and id_.startswith("i-")
        and (interfaces is None or id_ in primary)
    )


def _container_instance(raw: Raw, interface: Interface | None) -> ContainerInstance:
    return ContainerInstance(
        arn=str(raw["containerInstanceArn"]),
        instance=str(raw["ec2InstanceId"]),
        agent_version=optional(raw.get("versionInfo") or {}, "agentVersion"),
        agent_connected=bool(raw.get("agentConnected")),
        registered=utc(raw.get("registeredAt")),
        subnet=None if interface is None else interface.subnet,
        groups=None if interface is None else interface.groups,
        managed=interface is not None and interface.managed,
        os=_os(raw),
    )


def _os(raw: Raw) -> str:
    """Return what runs there: ECS tells of Windows, and Bottlerocket of itself [its user guide]."""
    attributes = {str(each.get("name")): each.get("value") for each in raw.get("attributes") or ()}
    if attributes.get("ecs.os-type") == "windows":
        return "windows"
    if any(name.startswith("bottlerocket.") for name in attributes):
        return "bottlerocket"
    return "linux"
