"""The audit of hosted zones that shadow a name, or have one that nobody asks for."""

from typing import Any

import pytest
from audit_worlds import BOTH, OWNER, PRIVATE, endpoint, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    HostedZone,
    RouteTarget,
    Snapshot,
    Unreadable,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.PHZ_SHADOWS_NAME
SUFFIX = "us-west-2.amazonaws.com"
LOGS = f"logs.{SUFFIX}"
DKR = f"dkr.ecr.{SUFFIX}"
REGISTRY = f"{OWNER}.{DKR}"
LAYERS = f"prod-us-west-2-starport-layer-bucket.s3.{SUFFIX}"
VPCE = "vpce-1-abcd.dkr.ecr.us-west-2.vpce.amazonaws.com"


def zone(name: str, *held: str, **changes: Any) -> HostedZone:  # noqa: ANN401 fields of HostedZone
    """Return a zone with an A record for each name that it holds."""
    records = tuple(ZoneRecord(name=each, type="A", values=("10.0.0.9",)) for each in held)
    return HostedZone(**{"id": "Z1", "name": name, "records": records, **changes})


def bare(service: str, *dns_names: str) -> tuple[Endpoint, ...]:
    """Return the healthy VPC's endpoints, that of ``service`` without private DNS."""
    return (*without(service), endpoint(service, private_dns=False, dns_names=dns_names))


def found(snapshot: Snapshot, **asked: Any) -> list[Finding]:  # noqa: ANN401 arguments of scene
    """Return the findings of this audit."""
    return [each for each in run_audits(scene(snapshot, **asked)) if each.code is CODE]


def unknown(snapshot: Snapshot) -> list[Unseen]:
    """Return what this audit could not judge."""
    return [each for each in unseen(scene(snapshot)) if each.code is CODE]


def blocked(finding: Finding) -> set[str]:
    """Return the services of which every cell is blocked; half a service is none."""
    services = {cell.service for cell in finding.blocks}
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, service)
        for claim in PATH_CLAIMS
        for subnet in PRIVATE
        for service in services
    }
    return services


def test_a_registry_zone_without_the_wildcard() -> None:
    """Story 6: the zone takes every registry name and knows the bare one only."""
    snapshot = world(bare("ecr.dkr", VPCE), hosted_zones=(zone(DKR, DKR),))
    (finding,) = run_audits(scene(snapshot))

    assert (finding.code, finding.severity, finding.subject) == (CODE, E, "Z1")
    assert blocked(finding) == {"ecr.dkr"}
    assert finding.summary == (
        f"hosted zone Z1 ({DKR}) covers {REGISTRY} and has no record for it: the answer is "
        "NXDOMAIN, and public DNS is not asked"
    )
    assert finding.expected == f"a record for {REGISTRY}, or no zone that covers it"
    assert finding.observed == f"Z1 ({DKR}) holds {DKR}"
    assert finding.launch_types == BOTH
    assert finding.reference.endswith("/hosted-zone-private-considerations.html")


def test_the_wildcard_mends_it() -> None:
    """The commands show the endpoint's own name and zone, then add the alias."""
    snapshot = world(bare("ecr.dkr", VPCE), hosted_zones=(zone(DKR, DKR),))
    (finding,) = found(snapshot)

    assert finding.remedy.cli == (
        "aws ec2 describe-vpc-endpoints --region us-west-2 --vpc-endpoint-ids vpce-ecrdkr"
        " --query 'VpcEndpoints[0].DnsEntries[0]'",
        "aws route53 change-resource-record-sets --region us-west-2 --hosted-zone-id Z1"
        ' --change-batch \'{"Changes":[{"Action":"UPSERT","ResourceRecordSet":'
        f'{{"Name":"*.{DKR}","Type":"A","AliasTarget":'
        '{"HostedZoneId":"HOSTED_ZONE_ID_OF_THE_ENDPOINT",'
        f'"DNSName":"{VPCE}","EvaluateTargetHealth":false}}}}}}]}}\'',
    )
    assert finding.remedy.terraform == (
        'resource "aws_route53_record" "any_dkr_ecr_us_west_2_amazonaws_com" {\n'
        '  zone_id = "Z1"\n'
        f'  name    = "*.{DKR}"\n'
        '  type    = "A"\n'
        "  alias {\n"
        f'    name                   = "{VPCE}"\n'
        '    zone_id                = "HOSTED_ZONE_ID_OF_THE_ENDPOINT"\n'
        "    evaluate_target_health = false\n"
        "  }\n"
        "}"
    )


def test_a_hubs_zone_is_mended_by_its_owner() -> None:
    """Another account's zone and endpoint: who must act is said, what is unknown is in capitals."""
    spoke = world(without("logs"), hosted_zones=(zone(LOGS, owner="222222222222"),))
    (finding,) = found(spoke)

    assert finding.remedy.cli[0] == "# as account 222222222222, which owns Z1"
    assert '"DNSName":"ENDPOINT_DNS_NAME"' in finding.remedy.cli[1]
    assert len(finding.remedy.cli) == 2


def test_a_zone_for_one_registry_cannot_hold_the_wildcard() -> None:
    """What lies above a zone is no record of it: there the name itself is added."""
    snapshot = world(without(), hosted_zones=(zone(REGISTRY),))
    (finding,) = found(snapshot)

    assert blocked(finding) == {"ecr.dkr"}
    assert f'"Name":"{REGISTRY}"' in finding.remedy.cli[1]


def test_a_wide_zone_takes_the_names_of_gateways() -> None:
    """No private DNS stands before S3's public names, and no record can lead to a gateway."""
    (finding,) = run_audits(scene(world(without(), hosted_zones=(zone(SUFFIX),))))

    assert blocked(finding) == {"s3"}
    assert f"covers {LAYERS} and has no record for it" in finding.summary
    assert finding.observed == f"Z1 ({SUFFIX}) holds no record"
    assert finding.remedy.cli == (
        "aws route53 disassociate-vpc-from-hosted-zone --region us-west-2 --hosted-zone-id Z1"
        " --vpc VPCRegion=us-west-2,VPCId=vpc-0abc",
    )
    assert finding.remedy.terraform == (
        "# remove the aws_route53_zone_association of Z1 with vpc-0abc"
    )


def test_one_zone_is_one_finding() -> None:
    """However many names it takes, one zone is to be mended; many are counted."""
    snapshot = world(
        (endpoint("s3"),), hosted_zones=(zone(SUFFIX, *(f"x{i}.{SUFFIX}" for i in range(9))),)
    )
    (finding,) = found(snapshot)

    assert len(blocked(finding)) == 7
    assert f"hosted zone Z1 ({SUFFIX}) covers 7 names and has no record for them" in finding.summary
    assert finding.expected == "a record for 7 names, or no zone that covers them"
    assert finding.observed == f"Z1 ({SUFFIX}) holds 9 other names"


@pytest.mark.parametrize(
    "right",
    [
        (zone(LOGS, LOGS),),
        (zone(SUFFIX, f"*.{SUFFIX}"),),
        (zone(LOGS),),
        (zone(f"us-east-1.{SUFFIX}"), zone("example.com", id="Z2")),
    ],
    ids=["it holds the name", "a wildcard", "private DNS comes first", "beside AWS's names"],
)
def test_zones_that_shadow_nothing(right: tuple[HostedZone, ...]) -> None:
    """The healthy VPC stays healthy beside them."""
    assert found(world(without(), hosted_zones=right)) == []


def test_registries_are_judged_each() -> None:
    """A record for one registry leaves the others without."""
    snapshot = world(bare("ecr.dkr"), hosted_zones=(zone(DKR, REGISTRY),))
    (finding,) = found(snapshot, registries=(OWNER, "222222222222"))

    assert found(snapshot) == []
    assert f"covers 222222222222.{DKR} and has no record" in finding.summary


MISNAMED = zone(f"ecr.api.{SUFFIX}", f"ecr.api.{SUFFIX}")


@pytest.mark.parametrize(
    ("service", "wrong", "right"),
    [
        ("ecr.api", "ecr.api", "api.ecr"),
        ("ecr.dkr", "ecr.dkr", "dkr.ecr"),
        ("ecs-agent", "ecs-agent", "ecs-a"),
        ("ecs-telemetry", "ecs-telemetry", "ecs-t"),
    ],
)
def test_a_zone_called_after_the_service(service: str, wrong: str, right: str) -> None:
    """Story 6: the service and its host have other names, and only the host's is asked for."""
    snapshot = world(bare(service), hosted_zones=(zone(f"{wrong}.{SUFFIX}"),))
    (finding,) = run_audits(scene(snapshot))

    assert (finding.code, finding.severity, finding.subject) == (CODE, E, "Z1")
    assert blocked(finding) == {service}
    assert finding.summary == (
        f"hosted zone Z1 is called {wrong}.{SUFFIX}, but the names of {service} lie in "
        f"{right}.{SUFFIX}: the zone is never asked, and they lead to public addresses"
    )
    assert finding.expected == f"a hosted zone {right}.{SUFFIX}"


def test_the_right_zone_mends_a_misnamed_one() -> None:
    """It is created for the VPC, with its record."""
    (finding,) = found(world(bare("ecr.api"), hosted_zones=(MISNAMED,)))
    _, create, change = finding.remedy.cli

    assert create == (
        f"ZONE=$(aws route53 create-hosted-zone --region us-west-2 --name api.ecr.{SUFFIX}"
        f" --caller-reference api.ecr.{SUFFIX} --vpc VPCRegion=us-west-2,VPCId=vpc-0abc"
        " --query HostedZone.Id --output text)"
    )
    assert change.startswith("aws route53 change-resource-record-sets --region us-west-2 ")
    assert f'"Name":"api.ecr.{SUFFIX}"' in change
    assert change.endswith(' --hosted-zone-id "$ZONE"')
    assert finding.remedy.terraform.startswith(
        'resource "aws_route53_zone" "api_ecr_us_west_2_amazonaws_com" {\n'
        f'  name = "api.ecr.{SUFFIX}"\n'
        "  vpc {\n"
        '    vpc_id = "vpc-0abc"\n'
        "  }\n"
        "}\n"
        'resource "aws_route53_record" "api_ecr_us_west_2_amazonaws_com" {\n'
        "  zone_id = aws_route53_zone.api_ecr_us_west_2_amazonaws_com.id\n"
    )


def test_a_misnamed_zone_harms_nothing_where_the_name_is_answered() -> None:
    """A leftover beside private DNS is no reason to be red."""
    assert run_audits(scene(world(without(), hosted_zones=(MISNAMED,)))) == ()


def test_a_public_path_excuses_a_misnamed_zone() -> None:
    """Then the names work off the private path, as without any zone."""
    snapshot = world(bare("ecr.api"), RouteTarget.NAT_GATEWAY, hosted_zones=(MISNAMED,))
    (finding,) = found(snapshot)
    assert finding.severity is W


def test_unread_zones_are_unknown() -> None:
    """Without permission to list zones nobody can say that none shadows a name."""
    action = "route53:ListHostedZonesByVPC"
    assert unknown(world(without(), hosted_zones=None)) == [
        Unseen(
            code=CODE,
            subject="vpc-0abc",
            reason=f"hosted zones could not be read: missing permission {action}",
            permissions=(action,),
        )
    ]


def test_unread_records_are_unknown_for_what_the_zone_covers() -> None:
    """The permission is asked for, of one service and no other."""
    action = "route53:ListResourceRecordSets"
    snapshot = world(
        bare("logs"),
        hosted_zones=(zone(LOGS, records=None),),
        unreadable=(Unreadable(part="hosted_zones:Z1", permission=action, error="denied"),),
    )
    assert found(snapshot) == []
    assert unknown(snapshot) == [
        Unseen(
            code=CODE,
            subject="logs",
            reason=f"the records of hosted zone Z1 ({LOGS}) could not be read: "
            f"missing permission {action}",
            permissions=(action,),
        )
    ]


def test_a_hubs_records_are_not_for_a_spoke_to_see() -> None:
    """No permission here shows another account's records: only probing can tell."""
    snapshot = world(
        without("logs"), hosted_zones=(zone(LOGS, records=None, owner="222222222222"),)
    )
    assert unknown(snapshot) == [
        Unseen(
            code=CODE,
            subject="logs",
            reason=f"the records of hosted zone Z1 ({LOGS}) are for account 222222222222 to see: "
            "only probing can tell",
        )
    ]


def test_a_profile_may_hold_a_closer_zone() -> None:
    """What a Route 53 Profile brings is not listed, so a shadow is not certain."""
    assert found(world(without(), hosted_zones=(zone(SUFFIX),), route53_profiles=("rp-1",))) == []


@pytest.mark.parametrize(
    ("part", "action"),
    [
        ("resolver_rules", "route53resolver:ListResolverRuleAssociations"),
        ("route53_profiles", "route53profiles:ListProfileAssociations"),
    ],
)
def test_a_shadow_is_not_certain_where_a_closer_answer_is_unread(part: str, action: str) -> None:
    """A rule may take the name before the zone, a Profile may hold it: neither red nor green."""
    parts: dict[str, Any] = {"hosted_zones": (zone(SUFFIX),), part: None}
    assert found(world(without(), **parts)) == []
    assert unknown(world(without(), **parts)) == [
        Unseen(
            code=CODE,
            subject="Z1",
            reason=f"who else answers for it could not be read: missing permission {action}",
            permissions=(action,),
        )
    ]
    assert len(found(world(without(), emulated=True, **parts))) == 1
