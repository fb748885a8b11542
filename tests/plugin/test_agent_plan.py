"""Where the claim about container agents has cells, and why it has none elsewhere."""

from dataclasses import replace
from typing import Any

import pytest
from planned_vpc import EVERY_SERVICE, SERVICES, planned, vpc

from pytest_ecs_privatelink.plugin.header import unproven_lines
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.share import Cloud, Part, pack, unpack
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Snapshot, Unreadable
from pytest_ecs_privatelink.verdict import Cell, Claim, Code, LaunchType

AGENT = Claim.AGENT
EC2 = (LaunchType.EC2,)
ASKED = {"claims": (AGENT, Claim.AUDIT), "sources": {"claims": "option"}}


def instance(id_: str, subnet: str, **changes: Any) -> ContainerInstance:  # noqa: ANN401 - its fields
    """Return a container instance that stands in ``subnet``."""
    made = ContainerInstance(
        arn=f"arn:aws:ecs:us-west-2:111111111111:container-instance/live/{id_}",
        instance=id_,
        agent_version="1.90.0",
        agent_connected=True,
        registered="2026-01-01T00:00:00Z",
        subnet=subnet,
    )
    return replace(made, **changes)


def hosted(*instances: ContainerInstance, services: tuple[str, ...] = EVERY_SERVICE) -> Snapshot:
    """Return a VPC with a cluster of these container instances."""
    cluster = Cluster(arn="arn:aws:ecs:us-west-2:1:cluster/live", name="live", instances=instances)
    return replace(vpc(*services), cluster=cluster)


def cells(plan: Plan) -> set[tuple[str, str]]:
    """Return subnets and services at which the claim has cells."""
    return {
        (subnet.id, each.service)
        for subnet in plan.terms.subnets
        for each in plan.terms.services
        if plan.carries(AGENT, each.service) and plan.stands(AGENT, subnet.id)
    }


HERE = instance("i-1", "subnet-a")


@pytest.mark.parametrize(
    ("instances", "subnets"),
    [
        ((HERE,), {"subnet-a"}),
        (
            (HERE, instance("i-2", "subnet-b"), instance("i-3", "subnet-b")),
            {"subnet-a", "subnet-b"},
        ),
        ((HERE, instance("i-2", "subnet-b", managed=True)), {"subnet-a"}),
        ((HERE, instance("i-2", "subnet-x")), {"subnet-a"}),
    ],
)
def test_cells_are_where_own_instances_stand(
    instances: tuple[ContainerInstance, ...], subnets: set[str]
) -> None:
    """At ``ecs-agent``, in each subnet under test in which an instance of one's own is."""
    plan = planned(hosted(*instances), subnets=("subnet-a", "subnet-b"))
    assert cells(plan) == {(each, "ecs-agent") for each in subnets}
    assert AGENT not in plan.unproven


def test_other_claims_have_cells_everywhere() -> None:
    """Only agents stand somewhere."""
    plan = planned(hosted(HERE), subnets=("subnet-a", "subnet-b"))
    assert all(plan.stands(claim, "subnet-b") for claim in Claim if claim is not AGENT)
    assert not plan.stands(AGENT, "subnet-b")
    assert plan.carries(Claim.PRIVATE_DNS, "ecs-agent")


UNREAD = Unreadable(
    part="cluster.instances", permission="ecs:ListContainerInstances", error="AccessDenied"
)


@pytest.mark.parametrize(
    ("snapshot", "said", "reason"),
    [
        (
            vpc(*EVERY_SERVICE),
            {},
            "no container instance is known: --ecs-cluster names their cluster",
        ),
        (
            replace(
                vpc(*EVERY_SERVICE),
                cluster=Cluster(arn="arn", name="live", instances=None),
                unreadable=(UNREAD,),
            ),
            {},
            "the container instances could not be read"
            " (missing permission ecs:ListContainerInstances)",
        ),
        (
            hosted(instance("i-1", "subnet-a", managed=True)),
            {},
            "all container instances are ECS Managed Instances, whose agents are AWS's to keep",
        ),
        (
            hosted(HERE),
            {"subnets": ("subnet-b",)},
            "no container instance of live stands in a subnet under test",
        ),
        (hosted(), {}, "no container instance of live stands in a subnet under test"),
        (hosted(HERE, services=SERVICES), {"need": ("logs",)}, "ecs-agent is not under test"),
    ],
)
def test_without_a_cell_the_reason_is_told(
    snapshot: Snapshot, said: dict[str, Any], reason: str
) -> None:
    """With what would help, where anything does."""
    plan = planned(snapshot, launch_types=EC2, **said)
    assert cells(plan) == set()
    assert plan.unproven[AGENT] == reason
    assert f"not proven: agent ({reason})" in unproven_lines(plan)


def test_a_run_about_fargate_says_nothing_of_agents_unasked() -> None:
    """Nobody misses what is EC2's alone, unless he asked for it."""
    fargate = {"launch_types": (LaunchType.FARGATE,)}
    plan = planned(hosted(HERE), **fargate)
    assert plan.unproven[AGENT] == "ec2 is no launch type under test"
    assert not any("agent" in each for each in unproven_lines(plan))
    asked = planned(hosted(HERE), **fargate, **ASKED)
    assert unproven_lines(asked) == ("not proven: agent (ec2 is no launch type under test)",)


def test_what_nobody_asked_for_is_not_unproven() -> None:
    """A run of other claims has no reason to give."""
    assert AGENT not in planned(vpc(*SERVICES), claims=(Claim.AUDIT,)).unproven


def test_workers_plan_the_same_cells() -> None:
    """They get the snapshot and plan by themselves."""
    plan = planned(hosted(HERE))
    part = Part(plan=plan, cloud=Cloud(region="us-west-2"), link=None, lab=None)
    again = unpack(pack(part, None)).plan
    assert (again.agents, cells(again)) == (plan.agents, cells(plan))


def test_findings_know_where_agents_are_asked() -> None:
    """An old agent blocks its own cell, before any host is asked."""
    old = instance("i-1", "subnet-a", agent_version="1.0.0")
    plan = planned(hosted(old, instance("i-2", "subnet-b")))
    (finding,) = (each for each in plan.findings if each.code is Code.AGENT_TOO_OLD)
    assert finding.blocks == (Cell(AGENT, "subnet-a", "ecs-agent"),)
