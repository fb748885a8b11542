"""Remedies for names: DNS attributes, private DNS, hosted zones, DHCP options, Resolver rules."""

import json
import shlex
from collections.abc import Iterable
from typing import Any

from pytest_ecs_privatelink.audits.elsewhere import labels, within
from pytest_ecs_privatelink.audits.remedies import aws, block, listed, text
from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    DnsFirewall,
    Endpoint,
    HostedZone,
    ResolverRule,
    Snapshot,
)
from pytest_ecs_privatelink.verdict import Remedy

UNKNOWN_ENDPOINT = "ENDPOINT_DNS_NAME"
_UNKNOWN_ZONE = "HOSTED_ZONE_ID_OF_THE_ENDPOINT"
_TRUE = json.dumps({"Value": True}, separators=(",", ":"))
_ATTRIBUTES = {
    "enableDnsSupport": ("--enable-dns-support", "enable_dns_support"),
    "enableDnsHostnames": ("--enable-dns-hostnames", "enable_dns_hostnames"),
}


def vpc_attribute(snapshot: Snapshot, attribute: str) -> Remedy:
    """Return what turns a DNS attribute of the VPC on."""
    option, argument = _ATTRIBUTES[attribute]
    vpc = snapshot.vpc.id
    return Remedy(
        (aws(snapshot, "modify-vpc-attribute", "--vpc-id", vpc, option, _TRUE),),
        block("aws_vpc", vpc, **{argument: "true"}),
    )


def private_dns_on(snapshot: Snapshot, endpoint: Endpoint, service: str) -> Remedy:
    """Return what has the VPC's resolver answer by ``endpoint``, attributes first."""
    before = [
        vpc_attribute(snapshot, attribute).cli[0]
        for attribute, value in (
            ("enableDnsSupport", snapshot.vpc.dns_support),
            ("enableDnsHostnames", snapshot.vpc.dns_hostnames),
        )
        if value is False
    ]
    modify = ("modify-vpc-endpoint", "--vpc-endpoint-id", endpoint.id)
    enable = aws(snapshot, *modify, "--private-dns-enabled")
    terraform = block("aws_vpc_endpoint", service, private_dns_enabled="true")
    if endpoint.private_dns:  # for inbound Resolver endpoints only
        only = "PrivateDnsOnlyForInboundResolverEndpoint=false"
        enable = aws(snapshot, *modify, "--dns-options", only)
    return Remedy((*before, enable), terraform)


def default_dhcp_options(snapshot: Snapshot, options: DhcpOptions) -> Remedy:
    """Return what gives the VPC a DHCP option set with Amazon's name server."""
    domain = options.domain_name
    named = (f"Key=domain-name,Values={domain}",) if domain else ()
    create = aws(
        snapshot,
        *("create-dhcp-options", "--dhcp-configurations"),
        *("Key=domain-name-servers,Values=AmazonProvidedDNS", *named),
        *("--query", "DhcpOptions.DhcpOptionsId", "--output", "text"),
    )
    associate = aws(snapshot, "associate-dhcp-options", "--vpc-id", snapshot.vpc.id)
    made = "aws_vpc_dhcp_options.amazon_dns.id"
    extra = {"domain_name": text(domain)} if domain else {}
    servers = {"domain_name_servers": listed(("AmazonProvidedDNS",))}
    blocks = (
        block("aws_vpc_dhcp_options", "amazon_dns", **servers, **extra),
        block(
            "aws_vpc_dhcp_options_association",
            "amazon_dns",
            vpc_id=text(snapshot.vpc.id),
            dhcp_options_id=made,
        ),
    )
    return Remedy(
        (f"OPTIONS=$({create})", f'{associate} --dhcp-options-id "$OPTIONS"'), "\n".join(blocks)
    )


def call(snapshot: Snapshot, service: str, *words: str) -> str:
    """Return a command of the CLI for ``service``, its words quoted."""
    return shlex.join(("aws", service, words[0], "--region", snapshot.region, *words[1:]))


def new_records(snapshot: Snapshot, zone: HostedZone, names: Iterable[tuple[str, str]]) -> Remedy:
    """Return what adds aliases to ``zone``: ``names`` are pairs of a name and its endpoint's."""
    pairs = tuple(names)
    command = call(
        snapshot,
        *("route53", "change-resource-record-sets", "--hosted-zone-id", zone.id),
        *("--change-batch", _changes(pairs)),
    )
    return Remedy(
        (*_by_its_owner(snapshot, zone), command),
        "\n".join(_record(f'"{zone.id}"', name, target) for name, target in pairs),
    )


def right_zone(
    snapshot: Snapshot, wrong: HostedZone, apex: str, names: Iterable[tuple[str, str]]
) -> Remedy:
    """Return what makes the zone ``apex`` with aliases in the place of the zone ``wrong``."""
    pairs, vpc = tuple(names), snapshot.vpc.id
    create = call(
        snapshot,
        *("route53", "create-hosted-zone", "--name", apex, "--caller-reference", apex),
        *("--vpc", f"VPCRegion={snapshot.region},VPCId={vpc}"),
        *("--query", "HostedZone.Id", "--output", "text"),
    )
    change = call(
        snapshot, "route53", "change-resource-record-sets", "--change-batch", _changes(pairs)
    )
    made = (
        f'resource "aws_route53_zone" "{_name(apex)}" {{\n  name = "{apex}"\n'
        f'  vpc {{\n    vpc_id = "{vpc}"\n  }}\n}}'
    )
    records = (_record(f"aws_route53_zone.{_name(apex)}.id", *pair) for pair in pairs)
    return Remedy(
        (
            *_by_its_owner(snapshot, wrong),
            f"ZONE=$({create})",
            f'{change} --hosted-zone-id "$ZONE"',
        ),
        "\n".join((made, *records)),
    )


def without_zone(snapshot: Snapshot, zone: HostedZone) -> Remedy:
    """Return what takes ``zone`` from the VPC: one zone for each service's name leaves the rest."""
    vpc = f"VPCRegion={snapshot.region},VPCId={snapshot.vpc.id}"
    words = ("disassociate-vpc-from-hosted-zone", "--hosted-zone-id", zone.id, "--vpc", vpc)
    return Remedy(
        (*_by_its_owner(snapshot, zone), call(snapshot, "route53", *words)),
        f"# remove the aws_route53_zone_association of {zone.id} with {snapshot.vpc.id}",
    )


def names_given_back(snapshot: Snapshot, rule: ResolverRule) -> Remedy:
    """Return what has the VPC's resolver answer again: a rule for AWS's own names, or none.

    A rule for a wider domain forwards other names too, which it may go on doing: the more specific
    rule decides [Route 53 Developer Guide, "Resolver rules"].
    """
    vpc, own = snapshot.vpc.id, f"{snapshot.region}.{partition_of(snapshot.region).dns_suffix}"
    if within(labels(rule.domain), labels(own)):
        words = ("disassociate-resolver-rule", "--vpc-id", vpc, "--resolver-rule-id", rule.id)
        return Remedy(
            (call(snapshot, "route53resolver", *words),),
            f"# remove the aws_route53_resolver_rule_association of {rule.id} with {vpc}",
        )
    create = call(
        snapshot,
        *("route53resolver", "create-resolver-rule", "--creator-request-id", f"system-{own}"),
        *("--rule-type", "SYSTEM", "--domain-name", own),
        *("--query", "ResolverRule.Id", "--output", "text"),
    )
    associate = call(snapshot, "route53resolver", "associate-resolver-rule", "--vpc-id", vpc)
    made = "aws_route53_resolver_rule.system.id"
    domain, kind = {"domain_name": text(own)}, {"rule_type": text("SYSTEM")}
    blocks = (
        block("aws_route53_resolver_rule", "system", **domain, **kind),
        block(
            "aws_route53_resolver_rule_association",
            "system",
            resolver_rule_id=made,
            vpc_id=text(vpc),
        ),
    )
    return Remedy(
        (f"RULE=$({create})", f'{associate} --resolver-rule-id "$RULE"'), "\n".join(blocks)
    )


def firewall_rules(snapshot: Snapshot, firewall: DnsFirewall) -> Remedy:
    """Return what shows the rules of the group, for nobody knows which of them is too much."""
    words = ("list-firewall-rules", "--firewall-rule-group-id", firewall.id)
    suffix = partition_of(snapshot.region).dns_suffix
    return Remedy(
        (
            call(snapshot, "route53resolver", *words),
            f"# a rule ALLOW for *.{suffix} must come before any that blocks it",
        ),
        f"# aws_route53_resolver_firewall_rule of {firewall.id}: ALLOW *.{suffix} first",
    )


def _by_its_owner(snapshot: Snapshot, zone: HostedZone) -> tuple[str, ...]:
    if zone.owner in (None, snapshot.account):
        return ()
    return (f"# as account {zone.owner}, which owns {zone.id}",)


def _changes(pairs: tuple[tuple[str, str], ...]) -> str:
    changes: list[dict[str, Any]] = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": name,
                "Type": "A",
                "AliasTarget": {
                    "HostedZoneId": _UNKNOWN_ZONE,
                    "DNSName": target,
                    "EvaluateTargetHealth": False,
                },
            },
        }
        for name, target in pairs
    ]
    return json.dumps({"Changes": changes}, separators=(",", ":"))


def _record(zone: str, name: str, target: str) -> str:
    return "\n".join(
        (
            f'resource "aws_route53_record" "{_name(name)}" {{',
            f"  zone_id = {zone}",
            f'  name    = "{name}"',
            '  type    = "A"',
            "  alias {",
            f'    name                   = "{target}"',
            f'    zone_id                = "{_UNKNOWN_ZONE}"',
            "    evaluate_target_health = false",
            "  }",
            "}",
        )
    )


def _name(host: str) -> str:
    return host.replace("*", "any").replace(".", "_").replace("-", "_")
