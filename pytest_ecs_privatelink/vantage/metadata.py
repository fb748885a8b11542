"""What AWS's two metadata services tell a machine about its place; each is asked once."""

import json
from dataclasses import dataclass
from typing import Any

from pytest_ecs_privatelink.probes.metadata_service import MetadataError, MetadataService


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlace:
    """Where an ECS task's network is: ``networks`` is empty unless its mode is ``awsvpc``.

    ``vpc`` is None on Fargate and with agents older than 1.63.1.
    """

    mode: str
    vpc: str | None
    networks: tuple["TaskNetwork", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNetwork:
    """An interface of an ``awsvpc`` task: its MAC address and its subnet's IPv4 range."""

    mac: str
    subnet_cidr: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstancePlace:
    """Where an instance's primary interface is, and the security groups that it wears."""

    subnet: str
    vpc: str
    groups: tuple[str, ...]


def read_task_place(uri: str, timeout: float) -> TaskPlace:
    """Read ``ECS_CONTAINER_METADATA_URI_V4``'s task document; raise `MetadataError`.

    Fields: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-response.html
    """
    with MetadataService(uri, timeout) as service:
        document = _object(service.request("GET", "/task"))
    networks = [
        network
        for container in _objects(document.get("Containers"))
        for network in _objects(container.get("Networks"))
    ]
    return TaskPlace(
        mode=next((str(network.get("NetworkMode")) for network in networks), "unknown"),
        vpc=document.get("VPCID") or None,
        networks=_unique_networks(networks),
    )


def _unique_networks(networks: list[dict[str, Any]]) -> tuple[TaskNetwork, ...]:
    own = {
        TaskNetwork(
            mac=str(network["MACAddress"]).lower(), subnet_cidr=network.get("IPv4SubnetCIDRBlock")
        )
        for network in networks
        if network.get("NetworkMode") == "awsvpc" and network.get("MACAddress")
    }
    return tuple(sorted(own, key=lambda network: network.mac))


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        raise MetadataError("its answer is no JSON") from None
    if not isinstance(document, dict):
        raise MetadataError("its answer is no JSON object")
    return document


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def read_instance_place(endpoint: str, timeout: float) -> InstancePlace:
    """Read the primary interface's place from instance metadata v2; raise `MetadataError`.

    Categories: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
    """
    with MetadataService(endpoint, timeout) as service:
        read = service.instance_reader()
        interface = f"network/interfaces/macs/{read('mac')}"
        return InstancePlace(
            subnet=read(f"{interface}/subnet-id"),
            vpc=read(f"{interface}/vpc-id"),
            groups=tuple(sorted(read(f"{interface}/security-group-ids").split())),
        )
