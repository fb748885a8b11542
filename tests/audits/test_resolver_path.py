"""The audits of what stands before the VPC's resolver: name servers, rules, firewalls."""

from typing import Any

import pytest
from audit_worlds import BOTH, EC2, endpoint, heads, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    DnsFirewall,
    HostedZone,
    ResolverRule,
    Snapshot,
)
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

W = Severity.WARNING
SUFFIX = "us-west-2.amazonaws.com"
LOGS = f"logs.{SUFFIX}"
DHCP, RULE, FIREWALL = (
    Code.DHCP_CUSTOM_DNS,
    Code.RESOLVER_RULE_CAPTURES_NAME,
    Code.DNS_FIREWALL_BLOCKS,
)


def told_to_ask(*servers: str, **changes: Any) -> Snapshot:  # noqa: ANN401 fields of DhcpOptions
    """Return the healthy VPC with DHCP options that name these servers."""
    options = DhcpOptions(id="dopt-2", name_servers=servers, **changes)
    return world(without(), dhcp_options=options)


def forwarding(*rules: tuple[str, str], **changes: Any) -> Snapshot:  # noqa: ANN401 fields of Snapshot
    """Return the healthy VPC with rules, each a type and a domain."""
    made = tuple(
        ResolverRule(id=f"rslvr-rr-{i}", domain=domain, type=type_, targets=("10.9.0.2",))
        for i, (type_, domain) in enumerate(rules, 1)
    )
    return world(without(), resolver_rules=made, **changes)


def only(snapshot: Snapshot) -> Finding:
    """Return the only finding, a warning that blocks nothing."""
    (finding,) = run_audits(scene(snapshot))
    assert (finding.severity, finding.blocks) == (W, ())
    return finding


@pytest.mark.parametrize(
    "servers",
    [
        ("AmazonProvidedDNS",),
        ("10.0.0.2",),
        ("169.254.169.253",),
        ("fd00:ec2::253", "169.254.169.253"),
        (),
    ],
)
def test_the_vpcs_resolver_by_any_name(servers: tuple[str, ...]) -> None:
    """The word, the base+2 address and the link-local ones are one resolver."""
    assert run_audits(scene(told_to_ask(*servers))) == ()


def test_own_name_servers_are_a_warning() -> None:
    """R10: whether they forward what they must is not for a snapshot to say."""
    finding = only(told_to_ask("10.9.0.2", "10.9.0.3"))

    assert (finding.code, finding.subject, finding.launch_types) == (DHCP, "dopt-2", BOTH)
    assert finding.summary == (
        "DHCP options dopt-2 of vpc-0abc name 10.9.0.2, 10.9.0.3, not AmazonProvidedDNS: unless "
        "these forward amazonaws.com to the VPC's resolver (10.0.0.2), endpoints' names lead to "
        "public addresses"
    )
    assert finding.expected == "name servers AmazonProvidedDNS"
    assert finding.observed == "name servers 10.9.0.2, 10.9.0.3"
    assert finding.reference.endswith("/VPC_DHCP_Options.html")


def test_the_default_options_mend_it() -> None:
    """They keep the domain name; the other way, forwarding, is told beside them."""
    finding = only(told_to_ask("10.9.0.2", domain_name="corp.example"))

    assert finding.remedy.cli == (
        "# either have them forward amazonaws.com to 10.0.0.2, by way of a Resolver inbound "
        "endpoint where they stand outside the VPC, or:",
        "OPTIONS=$(aws ec2 create-dhcp-options --region us-west-2 --dhcp-configurations"
        " Key=domain-name-servers,Values=AmazonProvidedDNS Key=domain-name,Values=corp.example"
        " --query DhcpOptions.DhcpOptionsId --output text)",
        "aws ec2 associate-dhcp-options --region us-west-2 --vpc-id vpc-0abc"
        ' --dhcp-options-id "$OPTIONS"',
    )
    assert finding.remedy.terraform == (
        'resource "aws_vpc_dhcp_options" "amazon_dns" {\n'
        '  domain_name_servers = ["AmazonProvidedDNS"]\n'
        '  domain_name         = "corp.example"\n'
        "}\n"
        'resource "aws_vpc_dhcp_options_association" "amazon_dns" {\n'
        '  vpc_id          = "vpc-0abc"\n'
        "  dhcp_options_id = aws_vpc_dhcp_options.amazon_dns.id\n"
        "}"
    )


@pytest.mark.parametrize(
    ("rules", "taken"),
    [
        ((("FORWARD", LOGS),), ["rslvr-rr-1"]),
        ((("FORWARD", LOGS.upper() + "."),), ["rslvr-rr-1"]),
        ((("FORWARD", f"dkr.ecr.{SUFFIX}"), ("FORWARD", LOGS)), ["rslvr-rr-1", "rslvr-rr-2"]),
        ((("FORWARD", f"s3.{SUFFIX}"),), ["rslvr-rr-1"]),
        ((("FORWARD", "amazonaws.com"), ("SYSTEM", SUFFIX)), []),
        ((("RECURSIVE", "."), ("SYSTEM", LOGS)), []),
        ((("FORWARD", "corp.example"),), []),
        ((("FORWARD", f"x.{LOGS}"),), []),
        ((("FORWARD", f"xlogs.{SUFFIX}"),), []),
    ],
)
def test_which_rules_take_a_name(rules: tuple[tuple[str, str], ...], taken: list[str]) -> None:
    """The most specific rule decides, and only one that forwards is told."""
    assert heads(run_audits(scene(forwarding(*rules)))) == [(RULE, W, each) for each in taken]


@pytest.mark.parametrize(("domain", "services"), [("amazonaws.com", "s3"), (".", "s3")])
def test_private_dns_is_closer_than_a_wide_rule(domain: str, services: str) -> None:
    """Only what no zone answers for is forwarded."""
    finding = only(forwarding(("FORWARD", domain)))
    assert f"and with it the names of {services}:" in finding.summary


def test_a_zone_is_closer_than_a_wide_rule() -> None:
    """A hosted zone below the rule's domain keeps its names."""
    zone = HostedZone(id="Z1", name=f"s3.{SUFFIX}", records=None)
    snapshot = forwarding(("FORWARD", "amazonaws.com"), hosted_zones=(zone,))
    assert run_audits(scene(snapshot)) == ()


def test_one_line_names_the_rule() -> None:
    """The summary says what is forwarded, whither, and who is meant."""
    finding = only(forwarding(("FORWARD", LOGS)))

    assert finding.summary == (
        f"resolver rule rslvr-rr-1 of vpc-0abc forwards {LOGS} to 10.9.0.2, and with it the names "
        "of logs: what these answer is not in the snapshot"
    )
    assert finding.expected == "the VPC's resolver, or a hub's, answers these names"
    assert finding.observed == f"FORWARD rule for {LOGS}"
    assert finding.reference.endswith("/resolver-overview-DSN-queries-to-vpc.html")


def test_a_rule_of_one_launch_type_is_told_so() -> None:
    """The launch types are those of the services that it takes."""
    finding = only(forwarding(("FORWARD", f"ecs-t.{SUFFIX}")))
    assert finding.launch_types == EC2


def test_a_rule_for_one_name_is_taken_away() -> None:
    """Nothing else goes by it."""
    finding = only(forwarding(("FORWARD", LOGS)))

    assert finding.remedy.cli == (
        "aws route53resolver disassociate-resolver-rule --region us-west-2 --vpc-id vpc-0abc"
        " --resolver-rule-id rslvr-rr-1",
    )
    assert finding.remedy.terraform == (
        "# remove the aws_route53_resolver_rule_association of rslvr-rr-1 with vpc-0abc"
    )


def test_a_wide_rule_gets_an_exception() -> None:
    """It may go on forwarding all but the Region's AWS names."""
    finding = only(forwarding(("FORWARD", ".")))

    assert finding.remedy.cli == (
        "RULE=$(aws route53resolver create-resolver-rule --region us-west-2"
        f" --creator-request-id system-{SUFFIX} --rule-type SYSTEM --domain-name {SUFFIX}"
        " --query ResolverRule.Id --output text)",
        "aws route53resolver associate-resolver-rule --region us-west-2 --vpc-id vpc-0abc"
        ' --resolver-rule-id "$RULE"',
    )
    assert finding.remedy.terraform == (
        'resource "aws_route53_resolver_rule" "system" {\n'
        f'  domain_name = "{SUFFIX}"\n'
        '  rule_type   = "SYSTEM"\n'
        "}\n"
        'resource "aws_route53_resolver_rule_association" "system" {\n'
        "  resolver_rule_id = aws_route53_resolver_rule.system.id\n"
        '  vpc_id           = "vpc-0abc"\n'
        "}"
    )


def test_every_firewall_rule_group_is_told_once() -> None:
    """Its rules are not read, so any of them may take AWS's names."""
    twice = tuple(
        DnsFirewall(id=f"rslvr-frg-{i}", priority=100 + j, name=name)
        for j, (i, name) in enumerate(((1, "allow-list"), (2, None), (1, "allow-list")))
    )
    first, second = run_audits(scene(world(without(), dns_firewalls=twice)))

    assert heads((first, second)) == [(FIREWALL, W, "rslvr-frg-1"), (FIREWALL, W, "rslvr-frg-2")]
    assert (first.blocks, first.launch_types) == ((), BOTH)
    assert first.summary == (
        "DNS Firewall rule group rslvr-frg-1 (allow-list) is associated with vpc-0abc: a rule of "
        "it that blocks amazonaws.com, or all but a list without it, takes every endpoint's name"
    )
    assert second.summary.startswith("DNS Firewall rule group rslvr-frg-2 is associated")
    assert first.expected == "its rules let amazonaws.com pass"
    assert second.observed == "associated with priority 101; its rules are not read"
    assert first.remedy.cli == (
        "aws route53resolver list-firewall-rules --region us-west-2"
        " --firewall-rule-group-id rslvr-frg-1",
        "# a rule ALLOW for *.amazonaws.com must come before any that blocks it",
    )
    assert first.remedy.terraform == (
        "# aws_route53_resolver_firewall_rule of rslvr-frg-1: ALLOW *.amazonaws.com first"
    )
    assert first.reference.endswith("/resolver-dns-firewall.html")


@pytest.mark.parametrize(
    ("part", "code", "what", "action"),
    [
        ("dhcp_options", DHCP, "DHCP options", "ec2:DescribeDhcpOptions"),
        (
            "dns_firewalls",
            FIREWALL,
            "DNS Firewall",
            "route53resolver:ListFirewallRuleGroupAssociations",
        ),
        (
            "resolver_rules",
            RULE,
            "resolver rules",
            "route53resolver:ListResolverRuleAssociations",
        ),
    ],
)
def test_unread_parts_are_unknown(part: str, code: Code, what: str, action: str) -> None:
    """Each leaves its own code open, for the whole VPC; an emulator's absence does not."""
    snapshot = world(without(), **{part: None})
    emulated = world(without(), emulated=True, **{part: None})

    assert unseen(scene(snapshot)) == (
        Unseen(
            code=code,
            subject="vpc-0abc",
            reason=f"{what} could not be read: missing permission {action}",
            permissions=(action,),
        ),
    )
    assert (run_audits(scene(emulated)), unseen(scene(emulated))) == ((), ())


def test_another_partitions_suffix() -> None:
    """What must be forwarded is the partition's own suffix."""
    chinese = world(
        (endpoint("s3", region="cn-north-1"),),
        region="cn-north-1",
        dhcp_options=DhcpOptions(id="dopt-2", name_servers=("10.9.0.2",)),
    )
    (finding,) = (each for each in run_audits(scene(chinese)) if each.code is DHCP)
    assert "unless these forward amazonaws.com.cn to" in finding.summary
