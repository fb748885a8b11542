"""The audits of the VPC's DNS attributes: whom they hurt, and what is not known of them."""

from dataclasses import replace

import pytest
from audit_worlds import ASSUMED, BOTH, PRIVATE, VPC, endpoint, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import (
    EndpointType,
    HostedZone,
    RouteTarget,
    Snapshot,
    Unreadable,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
NAT = RouteTarget.NAT_GATEWAY
LOGS = "logs.us-west-2.amazonaws.com"
READING = "ec2:DescribeVpcAttribute"
BARE_S3 = endpoint("s3", type=EndpointType.INTERFACE, route_tables=(), private_dns=True)
LOGS_ZONE = HostedZone(
    id="Z1", name=LOGS, records=(ZoneRecord(name=LOGS, type="A", values=("10.0.0.9",)),)
)


def with_attributes(
    snapshot: Snapshot, *, support: bool | None = True, hostnames: bool | None = True
) -> Snapshot:
    """Return the VPC with these DNS attributes; None is one that could not be read."""
    return replace(
        snapshot, vpc=replace(snapshot.vpc, dns_support=support, dns_hostnames=hostnames)
    )


def found(snapshot: Snapshot, code: Code, *, require_private: bool = False) -> list[Finding]:
    """Return the findings of one code."""
    sight = scene(snapshot, require_private=require_private)
    return [each for each in run_audits(sight) if each.code is code]


def blocked(finding: Finding) -> set[str]:
    """Return the services of which every cell is blocked; half a service is none."""
    services = {cell.service for cell in finding.blocks}
    assert len(finding.blocks) == len(set(finding.blocks))
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, service)
        for claim in PATH_CLAIMS
        for subnet in PRIVATE
        for service in services
    }
    return services


def test_without_a_resolver_nothing_resolves() -> None:
    """With enableDnsSupport off every cell is blocked, also of S3 by its gateway."""
    (finding,) = run_audits(scene(with_attributes(world(without()), support=False)))

    assert (finding.code, finding.severity) == (Code.VPC_DNS_SUPPORT_OFF, E)
    assert blocked(finding) == set(ASSUMED)
    assert finding.summary == (
        "enableDnsSupport of vpc-0abc is false: the VPC has no resolver, and no name resolves in "
        "it, private or public"
    )
    assert (finding.expected, finding.observed) == (
        "enableDnsSupport true",
        "enableDnsSupport false",
    )
    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-attribute --region us-west-2 --vpc-id vpc-0abc --enable-dns-support"
        " '{\"Value\":true}'",
    )
    assert finding.remedy.terraform == (
        'resource "aws_vpc" "vpc_0abc" {\n  enable_dns_support = true\n}'
    )
    assert finding.reference.endswith("/AmazonDNS-concepts.html")
    assert (finding.subject, finding.launch_types) == (VPC, BOTH)


def test_without_host_names_private_dns_is_not_in_force() -> None:
    """Private names lead to public addresses, where only those of S3 belong."""
    (finding,) = run_audits(scene(with_attributes(world(without()), hostnames=False)))

    assert (finding.code, finding.severity) == (Code.VPC_DNS_HOSTNAMES_OFF, E)
    assert blocked(finding) == set(ASSUMED) - {"s3"}
    assert finding.summary == (
        "enableDnsHostnames of vpc-0abc is false: private DNS and hosted zones are not in force, "
        "and the names of 7 endpoint services lead to public addresses"
    )
    assert (finding.expected, finding.observed) == (
        "enableDnsHostnames true",
        "enableDnsHostnames false",
    )
    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-attribute --region us-west-2 --vpc-id vpc-0abc --enable-dns-hostnames"
        " '{\"Value\":true}'",
    )
    assert finding.remedy.terraform == (
        'resource "aws_vpc" "vpc_0abc" {\n  enable_dns_hostnames = true\n}'
    )
    assert finding.reference.endswith("/AmazonDNS-concepts.html")


def test_few_services_are_named() -> None:
    """One endpoint with private DNS is one name in the sentence."""
    snapshot = with_attributes(world((endpoint("logs"), endpoint("s3"))), hostnames=False)
    (finding,) = found(snapshot, Code.VPC_DNS_HOSTNAMES_OFF)

    assert blocked(finding) == {"logs"}
    assert "and the names of logs lead to public addresses" in finding.summary


def test_s3_by_interface_alone_is_hurt_too() -> None:
    """Without a gateway the layer bucket's name must lead to the interfaces."""
    snapshot = with_attributes(world((BARE_S3,)), hostnames=False)
    (finding,) = found(snapshot, Code.VPC_DNS_HOSTNAMES_OFF)
    assert blocked(finding) == {"s3"}


@pytest.mark.parametrize(
    ("way_out", "require_private", "severity"), [(None, False, E), (NAT, False, W), (NAT, True, E)]
)
def test_a_hubs_zone_is_excused_by_a_public_path(
    way_out: RouteTarget | None, require_private: bool, severity: Severity
) -> None:
    """No endpoint of this VPC claims the name: a public answer works there."""
    spoke = world((endpoint("s3"),), way_out, hosted_zones=(LOGS_ZONE,))
    snapshot = with_attributes(spoke, hostnames=False)
    (finding,) = found(snapshot, Code.VPC_DNS_HOSTNAMES_OFF, require_private=require_private)

    assert finding.severity is severity
    assert blocked(finding) == {"logs"}


def test_an_endpoints_own_name_is_never_excused() -> None:
    """NAT rescues nothing where private DNS claims the name."""
    snapshot = with_attributes(world(without(), NAT), hostnames=False)
    (finding,) = found(snapshot, Code.VPC_DNS_HOSTNAMES_OFF)
    assert finding.severity is E


def test_where_nothing_relies_on_it_it_may_be_off() -> None:
    """Without private DNS and hosted zones the attribute decides nothing."""
    snapshot = with_attributes(world((endpoint("s3"),), NAT), hostnames=False)
    assert found(snapshot, Code.VPC_DNS_HOSTNAMES_OFF) == []


def test_unread_zones_may_rely_on_host_names() -> None:
    """Nothing that was read relies on the attribute, and nobody knows of hosted zones."""
    action = "route53:ListHostedZonesByVPC"
    bare = with_attributes(world((endpoint("s3"),), NAT, hosted_zones=None), hostnames=False)
    assert found(bare, Code.VPC_DNS_HOSTNAMES_OFF) == []
    assert [each for each in unseen(scene(bare)) if each.code is Code.VPC_DNS_HOSTNAMES_OFF] == [
        Unseen(
            code=Code.VPC_DNS_HOSTNAMES_OFF,
            subject="vpc-0abc",
            reason=f"hosted zones could not be read: missing permission {action}",
            permissions=(action,),
        )
    ]


@pytest.mark.parametrize(
    "noted", [(), (Unreadable(part="vpc.dns_support", permission="x:y", error=""),)]
)
def test_unread_attributes_are_unknown(noted: tuple[Unreadable, ...]) -> None:
    """What could not be read is neither green nor red, and its permission is asked for."""
    snapshot = replace(
        with_attributes(world(without()), support=None, hostnames=None), unreadable=noted
    )
    permission = "x:y" if noted else READING

    assert run_audits(scene(snapshot)) == ()
    assert unseen(scene(snapshot)) == (
        Unseen(
            code=Code.VPC_DNS_HOSTNAMES_OFF,
            subject=VPC,
            reason=f"enableDnsHostnames could not be read: missing permission {READING}",
            permissions=(READING,),
        ),
        Unseen(
            code=Code.VPC_DNS_SUPPORT_OFF,
            subject=VPC,
            reason=f"enableDnsSupport could not be read: missing permission {permission}",
            permissions=(permission,),
        ),
    )


def test_an_emulator_without_attributes_has_them_on() -> None:
    """What an emulator does not tell is as AWS has it."""
    snapshot = with_attributes(world(without(), emulated=True), support=None, hostnames=None)
    assert (run_audits(scene(snapshot)), unseen(scene(snapshot))) == ((), ())
