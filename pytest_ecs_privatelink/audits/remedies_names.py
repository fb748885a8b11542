"""Remedies for names: DNS attributes, private DNS, DHCP options, Resolver rules, firewalls."""

import json

from pytest_ecs_privatelink.audits.commands import aws, block, command, text, texts
from pytest_ecs_privatelink.audits.elsewhere import labels, within
from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    DnsFirewall,
    Endpoint,
    ResolverRule,
    Snapshot,
)
from pytest_ecs_privatelink.verdict import Remedy

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


def default_dhcp_options(snapshot: Snapshot, options: DhcpOptions, resolver: str) -> Remedy:
    """Return what gives the VPC a DHCP option set with Amazon's name server, or the other way."""
    suffix = partition_of(snapshot.region).dns_suffix
    forward = (
        f"# either have them forward {suffix} to {resolver}, by way of a Resolver inbound endpoint "
        "where they stand outside the VPC, or:"
    )
    domain = options.domain_name
    named = (f"Key=domain-name,Values={domain}",) if domain else ()
    create = aws(
        snapshot,
        *("create-dhcp-options", "--dhcp-configurations"),
        *("Key=domain-name-servers,Values=AmazonProvidedDNS", *named),
        *("--query", "DhcpOptions.DhcpOptionsId", "--output", "text"),
    )
    associate = aws(snapshot, "associate-dhcp-options", "--vpc-id", snapshot.vpc.id)
    return Remedy(
        (forward, f"OPTIONS=$({create})", f'{associate} --dhcp-options-id "$OPTIONS"'),
        _amazon_dns(snapshot.vpc.id, domain),
    )


def _amazon_dns(vpc: str, domain: str | None) -> str:
    extra = {"domain_name": text(domain)} if domain else {}
    servers = {"domain_name_servers": texts(("AmazonProvidedDNS",))}
    blocks = (
        block("aws_vpc_dhcp_options", "amazon_dns", **servers, **extra),
        block(
            "aws_vpc_dhcp_options_association",
            "amazon_dns",
            vpc_id=text(vpc),
            dhcp_options_id="aws_vpc_dhcp_options.amazon_dns.id",
        ),
    )
    return "\n".join(blocks)


def names_given_back(snapshot: Snapshot, rule: ResolverRule) -> Remedy:
    """Return what has the VPC's resolver answer again: a rule for AWS's own names, or none.

    A rule for a wider domain forwards other names too, which it may go on doing: the more specific
    rule decides [Route 53 Developer Guide, "Resolver rules"].
    """
    vpc, own = snapshot.vpc.id, f"{snapshot.region}.{partition_of(snapshot.region).dns_suffix}"
    if within(labels(rule.domain), labels(own)):
        words = ("disassociate-resolver-rule", "--vpc-id", vpc, "--resolver-rule-id", rule.id)
        return Remedy(
            (command(snapshot.region, "route53resolver", *words),),
            f"# remove the aws_route53_resolver_rule_association of {rule.id} with {vpc}",
        )
    return _system_rule(snapshot.region, vpc, own)


def _system_rule(region: str, vpc: str, own: str) -> Remedy:
    """Return what has the resolver of ``vpc`` itself answer for the domain ``own``."""
    create = command(
        region,
        *("route53resolver", "create-resolver-rule", "--creator-request-id", f"system-{own}"),
        *("--rule-type", "SYSTEM", "--domain-name", own),
        *("--query", "ResolverRule.Id", "--output", "text"),
    )
    associate = command(region, "route53resolver", "associate-resolver-rule", "--vpc-id", vpc)
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
            command(snapshot.region, "route53resolver", *words),
            f"# a rule ALLOW for *.{suffix} must come before any that blocks it",
        ),
        f"# aws_route53_resolver_firewall_rule of {firewall.id}: ALLOW *.{suffix} first",
    )
