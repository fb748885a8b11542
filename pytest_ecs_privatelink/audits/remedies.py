"""Remedies for endpoints: AWS CLI commands to paste and the Terraform that says the same.

What a snapshot knows is filled in: a new endpoint stands where the VPC's other endpoints stand and
wears what they wear. Only what nobody can know stays a word in capitals.
"""

import shlex
from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_network

from pytest_ecs_privatelink.audits.commands import aws, block, label, text, texts
from pytest_ecs_privatelink.catalogue.services import SERVICES, service_name
from pytest_ecs_privatelink.topology.lookup import aws_endpoints, effective_groups, table_of
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Snapshot, Subnet
from pytest_ecs_privatelink.topology.packets import Peer, admitting_ingress
from pytest_ecs_privatelink.verdict import LaunchType, Remedy

_UNKNOWN_TABLE = "ROUTE_TABLE_ID"
_ECS_THREE = frozenset({"ecs", "ecs-agent", "ecs-telemetry"})
ORDER = (
    "# container instances exist already? create ecs-agent, ecs-telemetry, ecs in this order,"
    " then restart each agent"
)


def new_endpoint(
    snapshot: Snapshot,
    service: str,
    subnets: Iterable[Subnet],
    launch_types: Iterable[LaunchType] = (),
) -> Remedy:
    """Return what creates the endpoint of ``service`` that serves ``subnets``.

    Container instances must not find the three ECS endpoints in any order (R17, R18): where there
    may be some, a comment says so, so that the lines can be pasted as they are.
    """
    made = _new_endpoint(snapshot, service, tuple(subnets))
    if service not in _ECS_THREE or LaunchType.EC2 not in launch_types:
        return made
    return Remedy((ORDER, *made.cli), made.terraform)


def _new_endpoint(snapshot: Snapshot, service: str, subnets: tuple[Subnet, ...]) -> Remedy:
    if SERVICES[service].gateway:
        return _gateway(snapshot, service, _tables(snapshot, subnets))
    places = _one_per_zone(snapshot, service, subnets)
    return _interface(snapshot, service, places, _customary_groups(snapshot, subnets))


def same_endpoint_again(snapshot: Snapshot, service: str, endpoint: Endpoint) -> Remedy:
    """Return what deletes ``endpoint`` and creates its like."""
    if endpoint.type is EndpointType.GATEWAY:
        again = _gateway(snapshot, service, endpoint.route_tables or (_UNKNOWN_TABLE,))
    else:
        again = _interface(snapshot, service, endpoint.subnets, endpoint.groups)
    return Remedy((deletion(snapshot, endpoint), *again.cli), again.terraform)


def deletion(snapshot: Snapshot, endpoint: Endpoint) -> str:
    """Return the command that deletes ``endpoint``."""
    return aws(snapshot, "delete-vpc-endpoints", "--vpc-endpoint-ids", endpoint.id)


def state_of(snapshot: Snapshot, endpoint: Endpoint) -> str:
    """Return the command that shows the state of ``endpoint`` and its last error."""
    query = ("--query", "VpcEndpoints[0].[State,LastError]")
    return aws(snapshot, "describe-vpc-endpoints", "--vpc-endpoint-ids", endpoint.id, *query)


def _interface(
    snapshot: Snapshot, service: str, subnets: tuple[str, ...], groups: tuple[str, ...]
) -> Remedy:
    new_group = f"aws_security_group.{label(service)}.id"
    made = _endpoint(
        snapshot,
        service,
        EndpointType.INTERFACE,
        ("--private-dns-enabled", *(("--subnet-ids", *subnets) if subnets else ())),
        subnet_ids=texts(subnets),
        security_group_ids=texts(groups) if groups else f"[{new_group}]",
        private_dns_enabled="true",
    )
    (create,) = made.cli
    if groups:
        return Remedy((f"{create} --security-group-ids {shlex.join(groups)}",), made.terraform)
    return Remedy(
        (*_new_group(snapshot, service), f'{create} --security-group-ids "$SG"'),
        f"{_new_group_block(snapshot, service)}\n{made.terraform}",
    )


def _gateway(snapshot: Snapshot, service: str, tables: tuple[str, ...]) -> Remedy:
    options = ("--route-table-ids", *tables)
    return _endpoint(
        snapshot, service, EndpointType.GATEWAY, options, route_table_ids=texts(tables)
    )


def _endpoint(
    snapshot: Snapshot, service: str, kind: EndpointType, options: tuple[str, ...], **arguments: str
) -> Remedy:
    """Return the creation of an endpoint: its own CLI ``options`` and Terraform ``arguments``."""
    name = service_name(service, snapshot.region)
    create = aws(
        snapshot,
        *("create-vpc-endpoint", "--vpc-id", snapshot.vpc.id, "--vpc-endpoint-type", kind),
        *("--service-name", name, *options),
    )
    terraform = block(
        "aws_vpc_endpoint",
        service,
        vpc_id=text(snapshot.vpc.id),
        service_name=text(name),
        vpc_endpoint_type=text(kind),
        **arguments,
    )
    return Remedy((create,), terraform)


def _new_group(snapshot: Snapshot, service: str) -> tuple[str, ...]:
    """Return the commands that make a group admitting the VPC on 443 (R11), its id in ``$SG``."""
    create = aws(
        snapshot,
        *("create-security-group", "--vpc-id", snapshot.vpc.id, "--group-name", f"vpce-{service}"),
        *("--description", f"443 to {service}", "--query", "GroupId", "--output", "text"),
    )
    admit = aws(snapshot, "authorize-security-group-ingress", "--protocol", "tcp", "--port", "443")
    admissions = (f'{admit} --group-id "$SG" --cidr {cidr}' for cidr in snapshot.vpc.cidrs)
    return (f"SG=$({create})", *admissions)


def _new_group_block(snapshot: Snapshot, service: str) -> str:
    return "\n".join(
        (
            f'resource "aws_security_group" "{label(service)}" {{',
            f"  name   = {text(f'vpce-{service}')}",
            f"  vpc_id = {text(snapshot.vpc.id)}",
            "  ingress {",
            "    from_port   = 443",
            "    to_port     = 443",
            '    protocol    = "tcp"',
            f"    cidr_blocks = {texts(snapshot.vpc.cidrs)}",
            "  }",
            "}",
        )
    )


def _tables(snapshot: Snapshot, subnets: Iterable[Subnet]) -> tuple[str, ...]:
    tables = {table.id for each in subnets if (table := table_of(snapshot, each.id)) is not None}
    return tuple(sorted(tables)) or (_UNKNOWN_TABLE,)


def _one_per_zone(snapshot: Snapshot, service: str, subnets: tuple[Subnet, ...]) -> tuple[str, ...]:
    """Return one subnet for each zone of ``subnets`` in which AWS offers the service.

    An endpoint takes at most one subnet per zone; one that holds endpoints already is preferred.
    """
    holding = {place for each in _interface_endpoints(snapshot) for place in each.subnets}
    holders = [subnet for subnet in snapshot.subnets if subnet.id in holding]
    ordered = sorted(holders, key=lambda each: each.id) + sorted(subnets, key=lambda each: each.id)
    zones = {subnet.az for subnet in subnets}
    offered = zones & offered_zones(snapshot, service) or zones
    return tuple(next(each.id for each in ordered if each.az == zone) for zone in sorted(offered))


def offered_zones(snapshot: Snapshot, service: str) -> frozenset[str]:
    """Return the zones in which AWS offers ``service``; an emulator's offers say nothing."""
    name = service_name(service, snapshot.region)
    return frozenset(
        zone
        for offer in (() if snapshot.emulated else snapshot.endpoint_services or ())
        if offer.service_name == name
        for zone in offer.azs
    )


def _customary_groups(snapshot: Snapshot, subnets: tuple[Subnet, ...]) -> tuple[str, ...]:
    """Return the groups that most of the VPC's endpoints for AWS services wear, if they fit.

    Groups that do not admit 443 from each of ``subnets`` would make an endpoint that is silent
    (R11): then none are returned. Where rules name groups instead, nobody knows who wears these.
    """
    worn = Counter(
        each.groups
        for each in _interface_endpoints(snapshot)
        if each.groups and _admit(snapshot, each, subnets)
    )
    return min(worn, key=lambda groups: (-worn[groups], groups), default=())


def _admit(snapshot: Snapshot, endpoint: Endpoint, subnets: tuple[Subnet, ...]) -> bool:
    groups = effective_groups(snapshot, endpoint)
    sources = (
        Peer(address=str(edge), groups=None)
        for subnet in subnets
        for edge in (ip_network(subnet.cidr)[0], ip_network(subnet.cidr)[-1])
    )
    return all(admitting_ingress(snapshot, groups, source) for source in sources)


def _interface_endpoints(snapshot: Snapshot) -> tuple[Endpoint, ...]:
    found = aws_endpoints(snapshot, types=(EndpointType.INTERFACE,))
    return tuple(endpoint for endpoint, _ in found if endpoint.state == "available")
