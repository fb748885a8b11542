"""The audits of what tasks' and container instances' groups let out on 443."""

from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import BOTH, EC2, FARGATE, S3_LIST, heads
from filter_worlds import (
    INTERFACES,
    TASKS,
    TO_ENDPOINTS,
    TO_S3,
    blocked,
    changed,
    found,
    group,
    healthy,
    rule,
    seen,
    unjudged,
)

from pytest_ecs_privatelink.audits.register import run_audits
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import (
    GroupRule,
    HostedZone,
    Route,
    RouteTarget,
    Snapshot,
    Unreadable,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import Claim, Code, LaunchType, Severity

E = Severity.ERROR
TO_ALL = GroupRule(protocol="-1", cidr="0.0.0.0/0")
INSIDE = rule(cidr="10.0.0.0/16")
HOSTS = group("sg-hosts", egress=(TO_ENDPOINTS, TO_S3))
APART = {LaunchType.FARGATE: TASKS, LaunchType.EC2: ("sg-hosts",)}


@pytest.mark.parametrize(
    "egress",
    [
        (TO_ENDPOINTS, TO_S3),
        (TO_ALL,),
        (INSIDE, TO_S3),
        (INSIDE, *(rule(cidr=cidr) for cidr in S3_LIST.cidrs)),
        # Where the endpoints stand: .10 to .17 of each subnet.
        (*(rule(cidr=f"10.0.{n}.0/27") for n in range(3)), TO_S3),
    ],
)
def test_what_reaches_every_interface_and_s3_is_right(egress: tuple[GroupRule, ...]) -> None:
    """By group, by CIDR, by prefix list or by everything."""
    assert found(healthy(group("sg-tasks", egress=egress))) == ()


def test_nothing_let_out_to_endpoints_is_one_error() -> None:
    """Its words, its cells and what mends it."""
    (finding,) = found(healthy(group("sg-tasks", egress=(TO_S3,))))
    assert heads((finding,)) == [(Code.TASK_SG_EGRESS, E, "sg-tasks")]
    assert finding.summary == (
        "sg-tasks, which tasks and container instances wear, lets no 443 out to sg-endpoints: "
        "they cannot reach 7 endpoint services from private-a, private-b, private-c"
    )
    assert finding.expected == "outbound TCP 443 to sg-endpoints"
    assert finding.observed == "outbound TCP 443 to 3.5.76.0/22, 52.218.128.0/17"
    assert set(finding.blocks) == blocked(INTERFACES)
    assert finding.launch_types == BOTH
    assert finding.remedy.cli == (
        "aws ec2 authorize-security-group-egress --region us-west-2 --group-id sg-tasks"
        " --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,"
        "UserIdGroupPairs=[{GroupId=sg-endpoints}]'",
    )
    assert finding.remedy.terraform == (
        'resource "aws_vpc_security_group_egress_rule" "https_1" {\n'
        '  security_group_id            = "sg-tasks"\n'
        '  referenced_security_group_id = "sg-endpoints"\n'
        '  ip_protocol                  = "tcp"\n'
        "  from_port                    = 443\n"
        "  to_port                      = 443\n"
        "}"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
    )


def test_one_interface_that_is_not_reached_is_enough() -> None:
    """Every address of the name is dialled, whatever zone it is in."""
    two = (rule(cidr="10.0.0.0/24"), rule(cidr="10.0.1.0/24"), TO_S3)
    (finding,) = found(healthy(group("sg-tasks", egress=two)))
    assert set(finding.blocks) == blocked(INTERFACES)


def test_who_wears_what_decides_for_whom() -> None:
    """On EC2 the hosts' groups count: what only hosts need is spared by the tasks' group."""
    shut = group("sg-tasks", egress=(TO_S3,))
    (finding,) = found(healthy(shut, HOSTS), APART)
    assert finding.launch_types == FARGATE
    assert finding.summary.startswith("sg-tasks, which tasks wear, lets no 443 out")
    assert {cell.service for cell in finding.blocks} == {
        "ecr.api",
        "ecr.dkr",
        "logs",
        "secretsmanager",
    }
    hosts = group("sg-hosts", egress=(TO_S3,))
    (finding,) = found(healthy(hosts), APART)
    assert (finding.subject, finding.launch_types) == ("sg-hosts", EC2)
    assert set(finding.blocks) == blocked(INTERFACES)


def test_groups_that_nobody_knows_are_never_green() -> None:
    """Without an option or a cluster nobody knows what tasks wear: both codes say so."""
    shut = healthy(group("sg-tasks"))
    assert found(shut, {}) == ()
    tasks = "what tasks wear is unknown: name it with --ecs-security-group"
    hosts = "what container instances wear is unknown: name it with --ecs-instance-security-group"
    assert unjudged(shut, {}) == tuple(
        Unseen(code=code, subject=subject, reason=reason)
        for code in (Code.TASK_SG_EGRESS, Code.TASK_SG_EGRESS_S3)
        for subject, reason in (("container instances", hosts), ("tasks", tasks))
    )


def test_groups_of_one_launch_type_may_be_known() -> None:
    """What is known is judged all the same."""
    worn = {LaunchType.FARGATE: TASKS}
    assert [each.code for each in found(healthy(group("sg-tasks", egress=(TO_S3,))), worn)] == [
        Code.TASK_SG_EGRESS
    ]
    assert {each.subject for each in unjudged(healthy(), worn)} == {"container instances"}


def test_each_set_of_groups_is_judged_where_ecs_services_differ() -> None:
    """An ECS service beside the first one may wear a group that lets nothing out."""
    snapshot = healthy(group("sg-second"))
    sight = replace(seen(snapshot), others={LaunchType.FARGATE: (("sg-second",),)})
    findings = run_audits(sight)
    assert heads(findings) == [
        (Code.TASK_SG_EGRESS, E, "sg-second"),
        (Code.TASK_SG_EGRESS_S3, E, "sg-second"),
    ]
    assert {each.launch_types for each in findings} == {FARGATE}


def test_an_endpoint_that_wears_another_group_is_told_alone() -> None:
    """The remedy names that group."""
    other = group("sg-other", ingress=(rule(cidr="10.0.0.0/16"),))
    (finding,) = found(changed(healthy(other), "logs", groups=("sg-other",)))
    assert set(finding.blocks) == blocked(["logs"])
    assert "{GroupId=sg-other}" in finding.remedy.cli[0]


def spoke(*egress: GroupRule) -> Snapshot:
    """Return the VPC whose logs are a hub's, with what tasks let out besides."""
    name = "logs.us-west-2.amazonaws.com"
    record = ZoneRecord(name=name, type="A", values=("10.100.0.9", "10.100.1.9"))
    to_hub = Route(destination="10.100.0.0/16", target=RouteTarget.TRANSIT_GATEWAY, target_id="t")
    made = healthy(group("sg-tasks", egress=(TO_ENDPOINTS, TO_S3, *egress)))
    return replace(
        made,
        endpoints=tuple(each for each in made.endpoints if each.id != "vpce-logs"),
        hosted_zones=(HostedZone(id="Z1", name=name, records=(record,)),),
        route_tables=tuple(
            replace(each, routes=(*each.routes, to_hub)) for each in made.route_tables or ()
        ),
    )


def test_a_hubs_addresses_wear_no_group_of_this_vpc() -> None:
    """Rules that name the endpoints' group do not lead there: addresses are to be let out to."""
    (finding,) = found(spoke(rule(cidr="10.100.0.0/24")))
    assert heads((finding,)) == [(Code.TASK_SG_EGRESS, E, "sg-tasks")]
    assert finding.summary == (
        "sg-tasks, which tasks and container instances wear, lets no 443 out to 10.100.1.9, where "
        "hosted zones lead: they cannot reach logs from private-a, private-b, private-c"
    )
    assert finding.expected == "outbound TCP 443 to 10.100.1.9"
    assert finding.observed.startswith("outbound TCP 443 to 3.5.76.0/22, 10.100.0.0/24")
    unseen = {replace(each, claim=Claim.PRIVATE_DNS) for each in blocked(["logs"])}
    assert set(finding.blocks) == blocked(["logs"]) | unseen  # no certificate is to be seen
    assert finding.remedy.cli == (
        "aws ec2 authorize-security-group-egress --region us-west-2 --group-id sg-tasks"
        " --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,"
        "IpRanges=[{CidrIp=10.100.1.9/32}]'",
    )
    assert 'cidr_ipv4         = "10.100.1.9/32"' in finding.remedy.terraform


def test_what_lets_out_to_the_hub_is_right() -> None:
    """By a range around its addresses; and who is unknown is not accused."""
    assert found(spoke(rule(cidr="10.100.0.0/16"))) == ()
    assert found(spoke(), {}) == ()


def test_s3_needs_every_range_of_its_prefix_list() -> None:
    """One range that is not let out is enough, and it is named."""
    one = (TO_ENDPOINTS, rule(cidr=S3_LIST.cidrs[0]))
    (finding,) = found(healthy(group("sg-tasks", egress=one)))
    assert heads((finding,)) == [(Code.TASK_SG_EGRESS_S3, E, "sg-tasks")]
    assert finding.summary == (
        "sg-tasks, which tasks and container instances wear, lets no 443 out to 52.218.128.0/17 of "
        "S3 (pl-s3): image layers cannot be pulled from private-a, private-b, private-c"
    )
    assert finding.expected == "outbound TCP 443 to pl-s3"
    assert finding.observed == "outbound TCP 443 to 3.5.76.0/22 and wearers of sg-endpoints"
    assert set(finding.blocks) == blocked(["s3"])
    assert finding.remedy.cli == (
        "aws ec2 authorize-security-group-egress --region us-west-2 --group-id sg-tasks"
        " --ip-permissions 'IpProtocol=tcp,FromPort=443,ToPort=443,"
        "PrefixListIds=[{PrefixListId=pl-s3}]'",
    )
    assert 'prefix_list_id    = "pl-s3"' in finding.remedy.terraform
    assert finding.reference == (
        "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"
    )


def test_s3_without_a_gateway_is_not_judged_here() -> None:
    """Other audits say that it is missing; where the table lacks the route names fail already."""
    shut = healthy(group("sg-tasks", egress=(TO_ENDPOINTS,)))
    gone = replace(shut, endpoints=tuple(each for each in shut.endpoints if each.id != "vpce-s3"))
    unrouted = replace(
        shut,
        route_tables=tuple(replace(each, routes=()) for each in shut.route_tables or ()),
    )
    for snapshot in (gone, unrouted):
        codes = {finding.code for finding in found(snapshot)}
        assert Code.TASK_SG_EGRESS_S3 not in codes


@pytest.mark.parametrize(
    ("part", "permission", "code"),
    [
        ("security_groups", "ec2:DescribeSecurityGroups", Code.TASK_SG_EGRESS),
        ("prefix_lists", "ec2:GetManagedPrefixListEntries", Code.TASK_SG_EGRESS_S3),
        ("interfaces", "ec2:DescribeNetworkInterfaces", Code.TASK_SG_EGRESS),
    ],
)
def test_what_could_not_be_read_is_unseen(part: str, permission: str, code: Code) -> None:
    """Not green, and not red either; the permission is named."""
    some = group("sg-tasks", egress=(rule(cidr="10.0.0.0/25"), rule(cidr="10.0.2.0/23")))
    listed = group("sg-tasks", egress=(TO_ENDPOINTS, rule(cidr="3.5.0.0/16")))
    snapshot = healthy(listed if part == "prefix_lists" else some)
    if part == "interfaces":
        standing = healthy(some).endpoints
        snapshot = replace(
            snapshot, endpoints=tuple(replace(each, subnets=each.subnets[:1]) for each in standing)
        )
    denied = Unreadable(part=part, permission=permission, error="no")
    absent: dict[str, Any] = {part: None}
    blind = replace(snapshot, unreadable=(denied,), **absent)
    told = {each.code: each for each in unjudged(blind)}
    assert told[code].subject == "sg-tasks"
    assert told[code].permissions == (permission,)
    assert told[code].reason.endswith(f"could not be read: missing permission {permission}")
    assert code not in {finding.code for finding in found(blind)}


def test_a_group_is_not_unseen_where_it_is_wrong_for_certain() -> None:
    """The finding and "not visible" would be one check with two verdicts."""
    narrow = group("sg-tasks", egress=(rule(cidr="10.0.1.0/28"), TO_S3))
    snapshot = changed(healthy(narrow, interfaces=None), "logs", subnets=("subnet-b",))
    assert (Code.TASK_SG_EGRESS, E, "sg-tasks") in heads(found(snapshot))
    assert Code.TASK_SG_EGRESS not in {each.code for each in unjudged(snapshot)}
