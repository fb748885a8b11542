"""What decides how names resolve: DHCP options, zones, Resolver rules, firewalls, Profiles."""

import re

from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    DnsFirewall,
    HostedZone,
    ResolverRule,
    ZoneRecord,
)
from pytest_ecs_privatelink.topology.reader.scope import Scope, optional
from pytest_ecs_privatelink.topology.reader.wire import AnswerError, Raw, Refused

_AMAZON_DNS = "AmazonProvidedDNS"
# What decides an address. Other types (TXT above all) may hold what is nobody's business.
_RECORD_TYPES = frozenset({"A", "AAAA", "CNAME", "NS"})
# Registry names of dual-stack images: ACCOUNT.dkr-ecr.REGION.on.aws.
_REGISTRY_SUFFIX = "on.aws"
_OCTAL = re.compile(r"\\([0-7]{3})")


def read_dhcp_options(scope: Scope) -> DhcpOptions:
    """Return the VPC's DHCP option set.

    The id ``default`` is AWS's word for "none set" (no name servers at all), while emulators mean
    the default set by it and do not list it.
    """
    id_ = scope.vpc.dhcp_options or "default"
    if id_ == "default":
        return DhcpOptions(id=id_, name_servers=(_AMAZON_DNS,) if scope.emulated else ())
    operation = "DescribeDhcpOptions"
    found = scope.wire.records("ec2", operation, "DhcpOptions", _dhcp_options, DhcpOptionsIds=[id_])
    if not found:
        raise Refused(f"ec2:{operation}", AnswerError(f"the answer does not hold {id_}"))
    return found[0]


def read_zones(scope: Scope) -> tuple[HostedZone, ...]:
    """Return the VPC's hosted zones, records not yet read; Profiles' zones are not listed."""
    return scope.wire.records(
        "route53",
        "ListHostedZonesByVPC",
        "HostedZoneSummaries",
        _zone,
        VPCId=scope.vpc.id,
        VPCRegion=scope.region,
    )


def is_of_interest(zone: HostedZone, region: str) -> bool:
    """Whether the zone lies above or below the Region's AWS names, so that it can shadow them."""
    partition = partition_of(region)
    bases = (
        f"{region}.{partition.dns_suffix}",
        f"{region}.{partition.dual_stack_suffix}",
        f"{region}.{_REGISTRY_SUFFIX}",
    )
    return any(_within(zone.name, base) or _within(base, zone.name) for base in bases)


def read_zone_records(scope: Scope, zone: HostedZone) -> tuple[ZoneRecord, ...]:
    """Return those records of the zone that lead to addresses."""
    found = scope.wire.records(
        "route53",
        "ListResourceRecordSets",
        "ResourceRecordSets",
        _record,
        HostedZoneId=zone.id,
    )
    return tuple(record for record in found if record.type in _RECORD_TYPES)


def read_resolver_rules(scope: Scope) -> tuple[ResolverRule, ...]:
    """Return the Resolver rules associated with the VPC, own and shared ones."""
    associated = scope.wire.records(
        "route53resolver",
        "ListResolverRuleAssociations",
        "ResolverRuleAssociations",
        lambda raw: str(raw["ResolverRuleId"]),
        Filters=[{"Name": "VPCId", "Values": [scope.vpc.id]}],
    )
    if not associated:
        return ()
    # One list for the account instead of one call for each rule.
    rules = scope.wire.records(
        "route53resolver", "ListResolverRules", "ResolverRules", _resolver_rule
    )
    return tuple(rule for rule in rules if rule.id in associated)


def read_dns_firewalls(scope: Scope) -> tuple[DnsFirewall, ...]:
    """Return the DNS Firewall rule groups associated with the VPC."""
    return scope.wire.records(
        "route53resolver",
        "ListFirewallRuleGroupAssociations",
        "FirewallRuleGroupAssociations",
        _dns_firewall,
        VpcId=scope.vpc.id,
    )


def read_profiles(scope: Scope) -> tuple[str, ...]:
    """Return the ids of the Route 53 Profiles associated with the VPC."""
    return scope.wire.records(
        "route53profiles",
        "ListProfileAssociations",
        "ProfileAssociations",
        lambda raw: str(raw["ProfileId"]),
        ResourceId=scope.vpc.id,
    )


def _dhcp_options(raw: Raw) -> DhcpOptions:
    values = {
        entry["Key"]: tuple(value["Value"] for value in entry.get("Values", ()))
        for entry in raw.get("DhcpConfigurations", ())
    }
    return DhcpOptions(
        id=raw["DhcpOptionsId"],
        name_servers=values.get("domain-name-servers", ()),
        domain_name=next(iter(values.get("domain-name", ())), None),
    )


def _zone(raw: Raw) -> HostedZone:
    owner = raw.get("Owner") or {}
    return HostedZone(
        id=str(raw["HostedZoneId"]).rpartition("/")[2],
        name=_name(raw["Name"]),
        owner=optional(owner, "OwningAccount") or optional(owner, "OwningService"),
        records=None,
    )


def _record(raw: Raw) -> ZoneRecord:
    alias = raw.get("AliasTarget")
    return ZoneRecord(
        name=_name(raw["Name"]),
        type=raw["Type"],
        values=tuple(entry["Value"] for entry in raw.get("ResourceRecords", ())),
        alias=_name(alias["DNSName"]) if alias else None,
    )


def _resolver_rule(raw: Raw) -> ResolverRule:
    return ResolverRule(
        id=raw["Id"],
        domain=_name(raw["DomainName"]),
        type=str(raw["RuleType"]),
        targets=tuple(
            str(target.get("Ip") or target["Ipv6"]) for target in raw.get("TargetIps", ())
        ),
    )


def _dns_firewall(raw: Raw) -> DnsFirewall:
    return DnsFirewall(
        id=raw["FirewallRuleGroupId"], priority=int(raw["Priority"]), name=optional(raw, "Name")
    )


def _name(text: str) -> str:
    r"""Return a Route 53 name as DNS tools show it: ``\052.x.`` is ``*.x``; the root stays."""
    plain = _OCTAL.sub(lambda match: chr(int(match[1], 8)), text).lower()
    return plain.rstrip(".") or "."


def _within(name: str, zone: str) -> bool:
    return zone == "." or name == zone or name.endswith(f".{zone}")
