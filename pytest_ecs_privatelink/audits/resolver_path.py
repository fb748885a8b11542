"""Audits: what stands between a name and the VPC's resolver, for good or ill.

None of these blocks a cell: name servers may forward as they should, a rule may forward to a hub's
resolver, a firewall may let AWS's names pass. They explain what probes find, so they are warnings.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from pytest_ecs_privatelink.audits.answering import answers, under_test
from pytest_ecs_privatelink.audits.remedies_names import (
    default_dhcp_options,
    firewall_rules,
    names_given_back,
)
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import unread
from pytest_ecs_privatelink.audits.wording import counted
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    DnsFirewall,
    ResolverRule,
    Snapshot,
)
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

_AMAZON_DNS = "AmazonProvidedDNS"
# docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html, "Amazon DNS server".
_LINK_LOCAL = ("169.254.169.253", "fd00:ec2::253")


def dhcp_custom_dns(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find DHCP options that name other name servers than the VPC's resolver (R10).

    Endpoints support Amazon-provided DNS only; others have to forward AWS's names to it.
    """
    snapshot, code = scene.snapshot, Code.DHCP_CUSTOM_DNS
    if snapshot.dhcp_options is None:
        yield from unread(snapshot, "dhcp_options", "ec2:DescribeDhcpOptions", "DHCP options", code)
        return
    known = (_AMAZON_DNS, *_LINK_LOCAL, *_resolver(snapshot))
    own = tuple(each for each in snapshot.dhcp_options.name_servers if each not in known)
    if own:
        yield _custom_dns(scene, snapshot.dhcp_options, own)


def _resolver(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the address of the VPC's resolver: the primary CIDR's base plus two."""
    return tuple(
        str(IPv4Network(cidr, strict=False).network_address + 2) for cidr in snapshot.vpc.cidrs[:1]
    )


def _custom_dns(scene: Scene, options: DhcpOptions, own: tuple[str, ...]) -> Finding:
    snapshot = scene.snapshot
    suffix = partition_of(snapshot.region).dns_suffix
    resolver = next(iter(_resolver(snapshot)), _AMAZON_DNS)
    return Finding(
        code=Code.DHCP_CUSTOM_DNS,
        severity=Severity.WARNING,
        subject=options.id,
        summary=(
            f"DHCP options {options.id} of {snapshot.vpc.id} name {', '.join(own)}, not "
            f"{_AMAZON_DNS}: unless these forward {suffix} to the VPC's resolver ({resolver}), "
            "endpoints' names lead to public addresses"
        ),
        expected=f"name servers {_AMAZON_DNS}",
        observed=f"name servers {', '.join(options.name_servers)}",
        remedy=default_dhcp_options(snapshot, options, resolver),
        reference=PAGES[Code.DHCP_CUSTOM_DNS],
        launch_types=scene.launch_types,
    )


def rule_captures(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find Resolver rules that forward names of services under test (R10)."""
    snapshot, code = scene.snapshot, Code.RESOLVER_RULE_CAPTURES_NAME
    if snapshot.resolver_rules is None:
        reading = "route53resolver:ListResolverRuleAssociations"
        yield from unread(snapshot, "resolver_rules", reading, "resolver rules", code)
        return
    told = answers(scene)
    taken: dict[str, tuple[ResolverRule, list[Requirement]]] = {}
    for requirement in under_test(scene):
        rules = (each.rule for each in told[requirement.service] if each.rule is not None)
        for rule in dict.fromkeys(rules):
            taken.setdefault(rule.id, (rule, []))[1].append(requirement)
    for _, (rule, hurt) in sorted(taken.items()):
        yield _captures(scene, rule, hurt)


def _captures(scene: Scene, rule: ResolverRule, hurt: list[Requirement]) -> Finding:
    kinds = {kind for each in hurt for kind in each.launch_types}
    whither = counted(rule.targets, "servers") or "other servers"
    domain = rule.domain.removesuffix(".") or "."
    return Finding(
        code=Code.RESOLVER_RULE_CAPTURES_NAME,
        severity=Severity.WARNING,
        subject=rule.id,
        summary=(
            f"resolver rule {rule.id} of {scene.snapshot.vpc.id} forwards {domain} to {whither}, "
            f"and with it the names of {counted(tuple(each.service for each in hurt))}: "
            "what these answer is not in the snapshot"
        ),
        expected="the VPC's resolver, or a hub's, answers these names",
        observed=f"{rule.type} rule for {domain}",
        remedy=names_given_back(scene.snapshot, rule),
        reference=PAGES[Code.RESOLVER_RULE_CAPTURES_NAME],
        launch_types=tuple(kind for kind in LaunchType if kind in kinds),
    )


def firewall_may_block(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find DNS Firewall rule groups, whose rules are not read: any may block AWS's names."""
    snapshot, code = scene.snapshot, Code.DNS_FIREWALL_BLOCKS
    if snapshot.dns_firewalls is None:
        reading = "route53resolver:ListFirewallRuleGroupAssociations"
        yield from unread(snapshot, "dns_firewalls", reading, "DNS Firewall", code)
        return
    groups = {each.id: each for each in snapshot.dns_firewalls}
    for _, firewall in sorted(groups.items()):
        yield _may_block(scene, firewall)


def _may_block(scene: Scene, firewall: DnsFirewall) -> Finding:
    snapshot = scene.snapshot
    called = f" ({firewall.name})" if firewall.name else ""
    suffix = partition_of(snapshot.region).dns_suffix
    return Finding(
        code=Code.DNS_FIREWALL_BLOCKS,
        severity=Severity.WARNING,
        subject=firewall.id,
        summary=(
            f"DNS Firewall rule group {firewall.id}{called} is associated with {snapshot.vpc.id}: "
            f"a rule of it that blocks {suffix}, or all but a list without it, takes every "
            "endpoint's name"
        ),
        expected=f"its rules let {suffix} pass",
        observed=f"associated with priority {firewall.priority}; its rules are not read",
        remedy=firewall_rules(snapshot, firewall),
        reference=PAGES[Code.DNS_FIREWALL_BLOCKS],
        launch_types=scene.launch_types,
    )
