"""What lets packets through: security groups, prefix lists, network ACLs, Block Public Access."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_ecs_privatelink.catalogue.services import parse_service_name
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    Endpoint,
    GroupRule,
    Interface,
    NetworkAcl,
    PrefixList,
    RouteTable,
    SecurityGroup,
)
from pytest_ecs_privatelink.topology.reader.scope import Scope, optional
from pytest_ecs_privatelink.topology.reader.wire import Raw

_VALUES_PER_FILTER = 200  # limit of the EC2 API
_OFF = "off"
_EXCLUSIONS = {"allow-bidirectional": _OFF, "allow-egress": "block-ingress"}
_EXCLUSION_IN_FORCE = frozenset({"create-complete", "update-in-progress", "update-complete"})


@dataclass(frozen=True, slots=True)
class Blocking:
    """Block Public Access: the VPC's mode, and other modes by subnet id."""

    mode: str
    subnets: Mapping[str, str]


def read_groups(scope: Scope) -> tuple[SecurityGroup, ...]:
    """Return the VPC's security groups."""
    return scope.of_vpc("DescribeSecurityGroups", "SecurityGroups", _group)


def read_foreign_groups(scope: Scope, ids: tuple[str, ...]) -> tuple[SecurityGroup, ...]:
    """Return groups of other VPCs by id; those that this account cannot see are absent."""
    # A filter, for naming an id that is not visible would fail the whole call.
    return tuple(
        group
        for start in range(0, len(ids), _VALUES_PER_FILTER)
        for group in scope.wire.records(
            "ec2",
            "DescribeSecurityGroups",
            "SecurityGroups",
            _group,
            Filters=[{"Name": "group-id", "Values": ids[start : start + _VALUES_PER_FILTER]}],
        )
    )


def foreign_group_ids(
    groups: Iterable[SecurityGroup],
    endpoints: Iterable[Endpoint],
    interfaces: Iterable[Interface],
) -> tuple[str, ...]:
    """Return ids of groups that are named by rules or worn, and are not among ``groups``."""
    known = tuple(groups)
    named = {rule.group for rule in _rules(known) if rule.group}
    worn = {id_ for endpoint in endpoints for id_ in endpoint.groups}
    worn |= {id_ for interface in interfaces for id_ in interface.groups}
    return tuple(sorted((named | worn) - {group.id for group in known}))


def read_network_acls(scope: Scope) -> tuple[NetworkAcl, ...]:
    """Return the VPC's network ACLs."""
    return scope.of_vpc("DescribeNetworkAcls", "NetworkAcls", _network_acl)


def read_service_lists(scope: Scope) -> tuple[PrefixList, ...]:
    """Return the prefix lists of AWS's gateway endpoint services; emulators omit the CIDRs."""
    return scope.wire.records("ec2", "DescribePrefixLists", "PrefixLists", _service_list)


def read_list(scope: Scope, known: PrefixList) -> PrefixList:
    """Return the list with its CIDRs, by a call of its own."""
    cidrs = scope.wire.records(
        "ec2",
        "GetManagedPrefixListEntries",
        "Entries",
        lambda raw: str(raw["Cidr"]),
        PrefixListId=known.id,
    )
    return PrefixList(id=known.id, name=known.name, cidrs=cidrs)


def lists_to_complete(
    lists: Iterable[PrefixList],
    tables: Iterable[RouteTable],
    groups: Iterable[SecurityGroup],
    region: str,
) -> tuple[PrefixList, ...]:
    """Return, without CIDRs, the lists that routes or rules name and that have none yet.

    The Region's S3 list is always wanted. A customer's list gets its id for a name.
    """
    known = {entry.id: entry for entry in lists}
    routed = {route.destination for table in tables for route in table.routes}
    wanted = {id_ for id_ in routed if id_.startswith("pl-")}
    wanted |= {rule.prefix_list for rule in _rules(groups) if rule.prefix_list}
    wanted |= {entry.id for entry in known.values() if _is_s3(entry, region)}
    nameless = (known.get(id_, PrefixList(id=id_, name=id_, cidrs=())) for id_ in sorted(wanted))
    return tuple(entry for entry in nameless if not entry.cidrs)


def read_blocking(scope: Scope) -> Blocking:
    """Return the VPC's Block Public Access mode and its subnets' exclusions.

    DescribeVpcs says where it is off, which saves the calls that need further permissions.
    """
    if scope.blocking_mode == _OFF:
        return Blocking(_OFF, {})
    mode = scope.wire.answer(
        "ec2",
        "DescribeVpcBlockPublicAccessOptions",
        lambda answer: str(answer["VpcBlockPublicAccessOptions"]["InternetGatewayBlockMode"]),
    )
    if mode == _OFF:
        return Blocking(_OFF, {})
    excluded = dict(
        scope.wire.records(
            "ec2",
            "DescribeVpcBlockPublicAccessExclusions",
            "VpcBlockPublicAccessExclusions",
            _exclusion,
        )
    )
    subnets = {id_: own for id_, own in excluded.items() if id_.startswith("subnet-") and own}
    return Blocking(excluded.get(scope.vpc.id) or mode, subnets)


def _exclusion(raw: Raw) -> tuple[str, str | None]:
    """Return the excluded resource's id and the mode that is left in force there."""
    resource = str(raw["ResourceArn"]).rpartition("/")[2]
    in_force = raw.get("State") in _EXCLUSION_IN_FORCE
    return resource, _EXCLUSIONS.get(raw["InternetGatewayExclusionMode"]) if in_force else None


def _group(raw: Raw) -> SecurityGroup:
    return SecurityGroup(
        id=raw["GroupId"],
        vpc=optional(raw, "VpcId") or "",
        name=optional(raw, "GroupName") or "",
        ingress=tuple(_permissions(raw.get("IpPermissions", ()))),
        egress=tuple(_permissions(raw.get("IpPermissionsEgress", ()))),
    )


def _permissions(permissions: Iterable[Raw]) -> Iterator[GroupRule]:
    for raw in permissions:
        protocol = str(raw["IpProtocol"])
        from_port, to_port = _port(raw, "FromPort"), _port(raw, "ToPort")
        for field, value in _peers(raw):
            yield GroupRule(
                protocol=protocol,
                from_port=from_port,
                to_port=to_port,
                cidr=value if field == "cidr" else None,
                group=value if field == "group" else None,
                prefix_list=value if field == "prefix_list" else None,
            )


def _peers(raw: Raw) -> Iterator[tuple[str, str]]:
    for entry in raw.get("IpRanges", ()):
        yield "cidr", entry["CidrIp"]
    for entry in raw.get("Ipv6Ranges", ()):
        yield "cidr", entry["CidrIpv6"]
    for entry in raw.get("UserIdGroupPairs", ()):
        yield "group", entry["GroupId"]
    for entry in raw.get("PrefixListIds", ()):
        yield "prefix_list", entry["PrefixListId"]


def _port(raw: Raw, key: str) -> int | None:
    # -1 is "all" where ports or ICMP types do not matter.
    value = raw.get(key)
    return None if value in (None, -1) else int(value)


def _network_acl(raw: Raw) -> NetworkAcl:
    entries = sorted(raw.get("Entries", ()), key=lambda entry: (entry["Egress"], _number(entry)))
    return NetworkAcl(
        id=raw["NetworkAclId"],
        entries=tuple(_acl_entry(entry) for entry in entries),
        subnets=tuple(sorted(entry["SubnetId"] for entry in raw.get("Associations", ()))),
        default=bool(raw.get("IsDefault")),
    )


def _acl_entry(raw: Raw) -> AclEntry:
    ports = raw.get("PortRange", {})
    return AclEntry(
        number=_number(raw),
        egress=bool(raw["Egress"]),
        allow=raw["RuleAction"] == "allow",
        protocol=str(raw["Protocol"]),
        cidr=optional(raw, "CidrBlock") or str(raw["Ipv6CidrBlock"]),
        from_port=ports.get("From"),
        to_port=ports.get("To"),
    )


def _number(raw: Raw) -> int:
    return int(raw["RuleNumber"])


def _service_list(raw: Raw) -> PrefixList:
    return PrefixList(
        id=raw["PrefixListId"],
        name=optional(raw, "PrefixListName") or raw["PrefixListId"],
        cidrs=tuple(raw.get("Cidrs", ())),
    )


def _is_s3(entry: PrefixList, region: str) -> bool:
    parsed = parse_service_name(entry.name)
    return parsed is not None and (parsed.service, parsed.region) == ("s3", region)


def _rules(groups: Iterable[SecurityGroup]) -> Iterator[GroupRule]:
    for group in groups:
        yield from group.ingress
        yield from group.egress
