"""Which container instances can be asked, subnet by subnet, and why others cannot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Interface, Snapshot
from pytest_ecs_privatelink.vantage.instance.template import (
    Connect,
    check_template,
    fields_of,
    fill,
    label_of,
)

_UNFIT = {
    "windows": "runs Windows, where the probes do not run",
    "bottlerocket": "runs Bottlerocket, which has no Python for the probes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A container instance that can be asked: its EC2 id, and ``spec``, how it is reached."""

    instance: str
    subnet: str
    groups: tuple[str, ...] | None
    spec: str

    @property
    def label(self) -> str:
        """How reports name it."""
        return label_of(self.spec)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """By subnet: the hosts to ask, the preferred one first; or why there is none."""

    hosts: Mapping[str, tuple[Host, ...]]
    absent: Mapping[str, str]


def choose(
    snapshot: Snapshot,
    subnets: Iterable[str],
    connect: Connect,
    worn: tuple[str, ...] | None = None,
) -> Chosen:
    """Return the hosts of ``subnets``; those that wear exactly ``worn`` come first.

    Raises `SettingsError` where ``connect`` has no meaning here, or no cluster is known.
    """
    check_template(connect.template, {name for each in connect.more.values() for name in each})
    cluster = snapshot.cluster
    if cluster is None:
        raise SettingsError(
            "--ecs-connect needs the container instances of a cluster: give --ecs-cluster"
        )
    primary = {
        each.instance: each for each in snapshot.interfaces or () if each.instance and each.primary
    }
    hosts: dict[str, tuple[Host, ...]] = {}
    absent: dict[str, str] = {}
    for subnet in subnets:
        standing = [each for each in cluster.instances or () if each.subnet == subnet]
        looks = [
            _host(each, primary.get(each.instance or ""), snapshot, connect) for each in standing
        ]
        found = [each for each in looks if isinstance(each, Host)]
        if found:
            hosts[subnet] = tuple(sorted(found, key=lambda each: each.groups != worn))
        else:
            absent[subnet] = _absence(cluster, [each for each in looks if isinstance(each, str)])
    _refuse_one_for_all(connect, hosts)
    return Chosen(hosts=hosts, absent=absent)


def _host(
    instance: ContainerInstance, interface: Interface | None, snapshot: Snapshot, connect: Connect
) -> Host | str:
    """Return how ``instance``, which stands in a subnet, is reached, or why it is not."""
    assert instance.instance is not None
    assert instance.subnet is not None
    if instance.managed:
        return f"{instance.instance} is an ECS Managed Instance, which lets nobody in"
    if instance.os in _UNFIT:
        return f"{instance.instance} {_UNFIT[instance.os]}"
    zones = {subnet.id: subnet.az for subnet in snapshot.subnets}
    values = {
        "instance_id": instance.instance,
        "subnet_id": instance.subnet,
        "az": zones[instance.subnet],
        **connect.more.get(instance.instance, {}),
    }
    if interface is not None and interface.addresses:
        values["private_ip"] = interface.addresses[0]
    if lacking := sorted(fields_of(connect.template) - set(values)):
        return f"of {instance.instance} no {lacking[0]} is known"
    return Host(
        instance=instance.instance,
        subnet=instance.subnet,
        groups=instance.groups,
        spec=fill(connect.template, values),
    )


def _absence(cluster: Cluster, reasons: list[str]) -> str:
    if reasons:
        return f"no vantage: {'; '.join(reasons)}"
    if cluster.instances is None:
        return f"no vantage: the container instances of cluster {cluster.name} could not be read"
    if any(each.subnet is None for each in cluster.instances):
        return f"no vantage: where cluster {cluster.name}'s container instances stand is not known"
    return f"no vantage: no container instance of cluster {cluster.name} stands in this subnet"


def _refuse_one_for_all(connect: Connect, hosts: Mapping[str, tuple[Host, ...]]) -> None:
    """Refuse a template that means one machine for several: its word would count for all."""
    known: dict[str, str] = {}
    for host in (each for several in hosts.values() for each in several):
        if (other := known.setdefault(host.spec, host.instance)) != host.instance:
            raise SettingsError(
                f"--ecs-connect {label_of(connect.template)!r}: means the same host for {other} "
                f"and {host.instance}; name them by {{private_ip}} or {{instance_id}}"
            )
