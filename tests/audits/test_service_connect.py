"""The audit of Service Connect without an ecs-agent endpoint (R12)."""

import pytest
from audit_clusters import NAT, TRANSIT, placement, refused, running
from audit_worlds import BOTH, EC2, FARGATE, PRIVATE, endpoint, heads, scene, without

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.requirements import Features
from pytest_ecs_privatelink.topology.cluster import EcsService
from pytest_ecs_privatelink.topology.model import HostedZone, RouteTarget, Snapshot
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, LaunchType, Severity

E, W = Severity.ERROR, Severity.WARNING
CONNECTED = Features(service_connect=FARGATE)


def services(*names: str, service_connect: bool = True) -> dict[str, tuple[EcsService, ...]]:
    """Return ECS services, as a field of the cluster."""
    return {
        "services": tuple(
            EcsService(name=name, placements=(placement(),), service_connect=service_connect)
            for name in names
        )
    }


def meshed(way_out: RouteTarget | None = None, **changes: object) -> Snapshot:
    """Return a VPC in which ECS service web uses Service Connect, without ecs-agent endpoint."""
    fields = {"endpoints": without("ecs-agent"), "of_cluster": services("web"), **changes}
    return running(way_out=way_out, **fields)  # type: ignore[arg-type]


def sight(
    snapshot: Snapshot,
    launch_types: tuple[LaunchType, ...] = FARGATE,
    *,
    require_private: bool = False,
) -> Scene:
    """Set the scene with the evidence that derives the requirement."""
    return scene(snapshot, launch_types, features=CONNECTED, require_private=require_private)


@pytest.mark.parametrize(
    ("way_out", "require_private", "severity"),
    [(None, False, E), (NAT, False, W), (NAT, True, E), (TRANSIT, False, W)],
)
def test_the_way_out_decides_how_grave_it_is(
    way_out: RouteTarget | None, require_private: bool, severity: Severity
) -> None:
    """It stands in for what would be said of the missing endpoint: one break, one finding."""
    found = run_audits(sight(meshed(way_out), require_private=require_private))
    assert heads(found) == [(Code.SERVICE_CONNECT_PUBLIC, severity, "ecs-agent")]


def test_an_endpoint_serves_the_proxies() -> None:
    """With it, all is well."""
    assert run_audits(sight(running(of_cluster=services("web")))) == ()


def test_without_service_connect_the_endpoint_is_just_missing() -> None:
    """On EC2 the agent needs it all the same."""
    snapshot = running(
        endpoints=without("ecs-agent"), of_cluster=services("web", service_connect=False)
    )
    assert heads(run_audits(scene(snapshot, EC2))) == [(Code.ENDPOINT_MISSING, E, "ecs-agent")]


def test_it_blocks_the_cells_of_ecs_agent() -> None:
    """They are what a probe finds public."""
    (finding,) = run_audits(sight(meshed()))
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, "ecs-agent") for claim in PATH_CLAIMS for subnet in PRIVATE
    }


def test_one_line_names_the_cause() -> None:
    """The summary says who uses it, what is missing, and what happens instead."""
    (finding,) = run_audits(sight(meshed()))
    assert finding.summary == (
        "ECS service web uses Service Connect, and vpc-0abc has no interface endpoint for "
        "ecs-agent, without which the public ecs-sc endpoint manages the proxies: there is no "
        "other way out of private-a, private-b, private-c"
    )
    assert finding.expected == "interface endpoint for com.amazonaws.us-west-2.ecs-agent"
    assert finding.observed == "no such endpoint; Service Connect in web"
    assert finding.launch_types == FARGATE
    assert finding.remedy.cli == (
        "aws ec2 create-vpc-endpoint --region us-west-2 --vpc-id vpc-0abc"
        " --vpc-endpoint-type Interface --service-name com.amazonaws.us-west-2.ecs-agent"
        " --private-dns-enabled --subnet-ids subnet-a subnet-b subnet-c"
        " --security-group-ids sg-endpoints",
    )
    assert finding.remedy.terraform.startswith('resource "aws_vpc_endpoint" "ecs_agent" {')
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
    )


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("web", "api"), "api, web use Service Connect, and "),
        (tuple("abcde"), "5 ECS services use Service Connect, and "),
    ],
)
def test_many_users_are_counted(names: tuple[str, ...], told: str) -> None:
    """A summary stays one line."""
    (finding,) = run_audits(sight(meshed(of_cluster=services(*names)), BOTH))
    assert finding.summary.startswith(told)


def test_a_copied_endpoint_is_the_better_thing_to_say() -> None:
    """Another Region's endpoint in its place is told by its own audit."""
    copy = endpoint("ecs-agent", region="us-east-1", id="vpce-copied")
    found = run_audits(sight(meshed(endpoints=(*without("ecs-agent"), copy))))
    assert heads(found) == [(Code.ENDPOINT_WRONG_REGION, E, "vpce-copied")]


def test_a_hubs_zone_leaves_it_to_probes() -> None:
    """A hub may share its endpoint for ecs-agent."""
    zone = HostedZone(id="Z1", name="ecs-a.us-west-2.amazonaws.com", records=None)
    looked = sight(meshed(hosted_zones=(zone,)))
    assert run_audits(looked) == ()
    assert Unseen(
        code=Code.SERVICE_CONNECT_PUBLIC,
        subject="ecs-agent",
        reason="hosted zone Z1 (ecs-a.us-west-2.amazonaws.com) may answer for it: "
        "only probing can tell",
    ) in unseen(looked)


def test_services_that_could_not_be_read_leave_it_unknown() -> None:
    """Nobody knows whether Service Connect is in use; never green."""
    snapshot = meshed(
        of_cluster={"services": None},
        unreadable=refused("cluster.services", "ecs:ListServices"),
    )
    told = [each for each in unseen(sight(snapshot)) if each.code is Code.SERVICE_CONNECT_PUBLIC]
    assert told == [
        Unseen(
            code=Code.SERVICE_CONNECT_PUBLIC,
            subject="prod",
            reason="ECS services could not be read: missing permission ecs:ListServices",
            permissions=("ecs:ListServices",),
        )
    ]


def test_where_nothing_needs_ecs_agent_nothing_is_said() -> None:
    """``--ecs-need`` replaces what is derived."""
    assert run_audits(scene(meshed(), FARGATE, only=("logs",))) == ()
