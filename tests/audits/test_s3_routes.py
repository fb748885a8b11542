"""The audits of route tables that do not lead S3 to its gateway endpoint."""

from dataclasses import replace

import pytest
from audit_worlds import (
    FARGATE,
    PRIVATE,
    S3_LIST,
    TO_S3,
    endpoint,
    heads,
    scene,
    task,
    without,
    world,
)

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.topology.model import (
    EndpointType,
    HostedZone,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Unreadable,
)
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Severity

E, W = Severity.ERROR, Severity.WARNING
IDS = tuple(subnet.id for subnet in PRIVATE)
OUT = Route(destination="0.0.0.0/0", target=RouteTarget.NAT_GATEWAY, target_id="nat-1")
BECAUSE = "image layers in Amazon ECR are downloaded from Amazon S3"


def nat(destination: str, *, active: bool = True) -> Route:
    """Return a route to the NAT gateway."""
    return replace(OUT, destination=destination, active=active)


def routed(*routes: Route, **changes: object) -> Snapshot:
    """Return the healthy VPC, with these routes in the private subnets' table."""
    public = world(()).route_tables or ()
    mine = RouteTable(id="rtb-private", routes=routes, subnets=IDS)
    tables = (*(each for each in public if each.id != mine.id), mine)
    return replace(world(without()), route_tables=tables, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("routes", "require_private", "severity"),
    [
        ((), False, E),
        ((OUT,), False, W),
        ((OUT,), True, E),
        ((replace(TO_S3, active=False),), False, E),
        ((replace(TO_S3, active=False), OUT), False, E),
        ((replace(TO_S3, target_id="vpce-logs"),), False, E),
        ((replace(TO_S3, destination="pl-dynamodb"),), False, E),
    ],
)
def test_a_table_without_the_route_is_one_finding(
    routes: tuple[Route, ...], require_private: bool, severity: Severity
) -> None:
    """Whatever stands in its place, all subnets of the table lose S3, and NAT only excuses it."""
    sight = scene(routed(*routes), require_private=require_private)
    (finding,) = run_audits(sight)
    assert heads((finding,)) == [(Code.S3_GATEWAY_NO_ROUTE, severity, "rtb-private")]
    assert set(finding.blocks) == {Cell(claim, id_, "s3") for claim in PATH_CLAIMS for id_ in IDS}


@pytest.mark.parametrize("routes", [(TO_S3,), (replace(TO_S3, target_id="vpce-owners"),)])
def test_a_route_to_the_gateway_is_enough(routes: tuple[Route, ...]) -> None:
    """A participant of a shared VPC sees the route and not the owner's endpoint."""
    assert run_audits(scene(routed(*routes))) == ()


def test_what_lacks_the_route_is_told_and_mended() -> None:
    """Table, endpoint and subnets are named; one command associates them."""
    (finding,) = run_audits(scene(routed(), FARGATE))
    assert finding.summary == (
        "rtb-private does not lead s3 to the gateway endpoint vpce-s3, so private-a, private-b, "
        f"private-c cannot reach it at all: {BECAUSE}"
    )
    assert finding.expected == "a route pl-s3 -> vpce-s3 in rtb-private"
    assert finding.observed == "no such route, for the table is not associated with the endpoint"
    assert finding.launch_types == FARGATE
    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-s3"
        " --add-route-table-ids rtb-private",
    )
    assert finding.remedy.terraform == (
        'resource "aws_vpc_endpoint_route_table_association" "s3" {\n'
        '  route_table_id  = "rtb-private"\n'
        '  vpc_endpoint_id = "vpce-s3"\n'
        "}"
    )


def test_a_dead_route_is_told() -> None:
    """A blackhole is there, and leads nowhere."""
    (finding,) = run_audits(scene(routed(replace(TO_S3, active=False))))
    assert finding.observed == "pl-s3 -> vpce-s3 (blackhole)"


@pytest.mark.parametrize(
    "shadow",
    ["52.218.128.0/17", "52.218.128.0/18", "3.5.76.9/32", "52.218.0.0/16"],
)
def test_a_route_as_specific_or_more_so_wins(shadow: str) -> None:
    """Of equals a CIDR beats a prefix list; a shorter prefix takes nothing."""
    found = run_audits(scene(routed(TO_S3, nat(shadow))))
    wins = shadow != "52.218.0.0/16"
    assert heads(found) == ([(Code.S3_ROUTE_SHADOWED, E, "rtb-private")] if wins else [])


def test_a_public_path_excuses_a_shadow_that_leads_there() -> None:
    """S3 is reached, off the private path."""
    (finding,) = run_audits(scene(routed(TO_S3, nat("52.218.192.0/18"), OUT)))
    assert heads((finding,)) == [(Code.S3_ROUTE_SHADOWED, W, "rtb-private")]


def test_a_gateway_that_no_task_has_an_address_for_excuses_nothing() -> None:
    """An internet gateway takes packets of public addresses only."""
    out = replace(OUT, target=RouteTarget.INTERNET_GATEWAY, target_id="igw-1")
    tasks = tuple(task(id_) for id_ in IDS)
    assert [
        finding.severity
        for finding in (
            *run_audits(scene(routed(out, interfaces=tasks))),
            *run_audits(scene(routed(out))),
        )
    ] == [E, W]


def test_what_a_shadow_takes_is_told_and_mended() -> None:
    """The part, the route with its target and state, and the command that removes it.

    That there is a public path helps nothing: what is taken is lost.
    """
    shadow = nat("52.218.192.0/18", active=False)
    (finding,) = run_audits(scene(routed(TO_S3, shadow, OUT)))
    assert finding.severity is E
    assert finding.summary == (
        "rtb-private sends 52.218.192.0/18 of s3 past the gateway endpoint vpce-s3 from private-a, "
        "private-b, private-c, for a more specific route wins "
        f"(52.218.192.0/18 -> nat-1 (blackhole)): {BECAUSE}"
    )
    assert finding.expected == "all of pl-s3 -> vpce-s3"
    assert finding.observed == "52.218.192.0/18 -> nat-1 (blackhole)"
    assert finding.remedy.cli == (
        "aws ec2 delete-route --region us-west-2 --route-table-id rtb-private"
        " --destination-cidr-block 52.218.192.0/18",
    )
    assert finding.remedy.terraform == (
        "# remove the route to 52.218.192.0/18 from aws_route_table rtb-private, or its aws_route"
    )
    assert {cell.claim for cell in finding.blocks} == set(PATH_CLAIMS)


def test_subnets_without_table_of_their_own_use_the_main_one() -> None:
    """The main table is the one to associate; without any, a word in capitals stands for it."""
    main = RouteTable(id="rtb-main", routes=(), main=True, name="main")
    for tables, subject in (((main,), "rtb-main"), ((), "vpc-0abc")):
        (finding,) = run_audits(scene(replace(world(without()), route_tables=tables)))
        assert (finding.code, finding.subject) == (Code.S3_GATEWAY_NO_ROUTE, subject)
    assert finding.remedy.cli[0].endswith("--add-route-table-ids ROUTE_TABLE_ID")


def test_without_the_prefix_list_the_association_tells() -> None:
    """Whether a route shadows it is not visible then."""
    denied = Unreadable(
        part="prefix_lists", permission="ec2:GetManagedPrefixListEntries", error="AccessDenied"
    )
    sight = scene(routed(prefix_lists=None, unreadable=(denied,)))
    assert run_audits(sight) == ()
    assert [(each.code, each.reason) for each in unseen(sight)] == [
        (
            Code.S3_ROUTE_SHADOWED,
            "the prefix lists could not be read: "
            "missing permission ec2:GetManagedPrefixListEntries",
        )
    ]


def test_unread_route_tables_are_not_visible() -> None:
    """Neither code can be raised or denied."""
    sight = scene(replace(world(without()), route_tables=None))
    assert run_audits(sight) == ()
    assert {(each.code, each.permissions) for each in unseen(sight)} == {
        (code, ("ec2:DescribeRouteTables",))
        for code in (Code.S3_GATEWAY_NO_ROUTE, Code.S3_ROUTE_SHADOWED)
    }


def test_who_else_may_answer_for_s3_is_left_to_probes() -> None:
    """A zone's addresses need no route to the gateway; an interface's neither."""
    zone = HostedZone(id="Z1", name="s3.us-west-2.amazonaws.com", records=None)
    sight = scene(routed(hosted_zones=(zone,)))
    assert run_audits(sight) == ()
    assert (Code.S3_GATEWAY_NO_ROUTE, "rtb-private") in {
        (each.code, each.subject) for each in unseen(sight)
    }
    groups = ("sg-endpoints",)
    led = endpoint(
        "s3", id="vpce-s3i", type=EndpointType.INTERFACE, private_dns=True, groups=groups
    )
    assert run_audits(scene(routed(endpoints=(*without(), led)))) == ()


def test_lists_without_ranges_and_ipv6_do_no_harm() -> None:
    """What an emulator leaves empty, and addresses that ECS does not use."""
    bare = replace(S3_LIST, cidrs=("2600:1f00::/24",))
    six = replace(nat("::/0"), target=RouteTarget.EGRESS_ONLY_GATEWAY)
    assert run_audits(scene(routed(TO_S3, six, prefix_lists=(bare,)))) == ()
