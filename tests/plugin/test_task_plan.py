"""For which launch types and subnets one-off tasks are started, and the reasons why not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from planned_vpc import REGION, SERVICES, check, planned, vpc

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.plugin.header import unproven_lines
from pytest_ecs_privatelink.plugin.keys import tasks_unsigned
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Accepted
from pytest_ecs_privatelink.plugin.settle import settle
from pytest_ecs_privatelink.plugin.share import Cloud, Part, pack, unpack
from pytest_ecs_privatelink.plugin.tasks import tasks_overladen
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.targets.trust import CaBundle
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    ContainerInstance,
    EcsService,
    Placement,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import (
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    LaunchType,
    Verdict,
    task_cell,
)

FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2
IMAGE = f"111111111111.dkr.ecr.{REGION}.amazonaws.com/probe:1"
ONLY = {"claims": (Claim.TASK_START, Claim.AUDIT), "images": (IMAGE,)}
ROLE = "arn:aws:iam::111111111111:role/execution"
DEFINITION = TaskDefinition(arn="app:1", containers=(), execution_role=ROLE)
BOTH = {"launch_types": (FARGATE, EC2)}


def running(*services: str, **changes: Any) -> Snapshot:  # noqa: ANN401 - fields of Cluster
    """Return a VPC with a Fargate service in both subnets and an instance in the second one."""
    placement = Placement(
        launch_type=FARGATE,
        task_definition="app:1",
        subnets=("subnet-a", "subnet-b"),
        groups=("sg-tasks",),
    )
    instance = ContainerInstance(
        arn="arn/1",
        instance="i-1",
        agent_version="1.80.0",
        agent_connected=True,
        registered=None,
        subnet="subnet-b",
        groups=("sg-hosts",),
    )
    cluster = Cluster(
        arn="arn",
        name="live",
        services=(EcsService(name="web", placements=(placement,)),),
        task_definitions=(DEFINITION,),
        instances=(instance,),
    )
    return replace(vpc(*(services or SERVICES)), cluster=replace(cluster, **changes))


def told(plan: Plan) -> tuple[str, ...]:
    """Return what the header says of tasks that are not started."""
    return tuple(each for each in unproven_lines(plan) if Claim.TASK_START in each)


def test_each_subnet_gets_a_fargate_task_and_each_with_an_instance_one_on_ec2() -> None:
    """Placement on EC2 needs a container instance of the cluster in that subnet."""
    plan = planned(running(), **ONLY, **BOTH)
    assert plan.started == (("subnet-a", FARGATE), ("subnet-b", EC2), ("subnet-b", FARGATE))
    assert told(plan) == ()


@pytest.mark.parametrize(
    ("snapshot", "said", "line"),
    [
        (
            vpc(*SERVICES),
            {"images": (IMAGE,)},
            "not proven: task-start (no cluster is known: --ecs-cluster names the one to start "
            "tasks in)",
        ),
        (
            running(),
            {"images": ()},
            "not proven: task-start (give --ecs-image (with Python 3) or --ecs-task-definition)",
        ),
        (
            running(task_definitions=(replace(DEFINITION, execution_role=None),)),
            BOTH,
            "not proven: task-start (the cluster's task definitions name no execution role for a "
            "generated one: give --ecs-task-definition)",
        ),
        (
            running(services=(), instances=()),
            {"launch_types": (FARGATE,), "task_definition": "probe"},
            "not proven: task-start (what Fargate tasks wear is unknown: --ecs-security-group "
            "names it)",
        ),
        (
            running(instances=()),
            {"launch_types": (EC2,), "task_definition": "probe"},
            "not proven: task-start (no container instance of live stands in a subnet under test)",
        ),
        (
            running(instances=None),
            {"launch_types": (EC2,), "task_definition": "probe"},
            "not proven: task-start (the container instances could not be read)",
        ),
        (
            running(instances=()),
            BOTH,
            "not proven: task-start of ec2 (no container instance of live stands in a subnet under "
            "test)",
        ),
    ],
)
def test_what_is_not_started_is_told_with_its_reason(
    snapshot: Snapshot, said: dict[str, Any], line: str
) -> None:
    """Nobody has to guess why a claim has no cell."""
    assert told(planned(snapshot, **{**ONLY, **said})) == (line,)


def test_a_task_definition_of_ones_own_needs_no_image() -> None:
    """It brings its own."""
    plan = planned(running(), claims=(Claim.TASK_START,), task_definition="probe", **BOTH)
    assert len(plan.started) == 3


def test_a_read_only_run_keeps_its_cells() -> None:
    """They are skipped with that reason, not left out."""
    assert len(planned(running(), read_only=True, **ONLY, **BOTH).started) == 3


def test_a_run_without_credentials_says_so() -> None:
    """RunTask is signed; a run that starts nothing asks for none."""
    plan = planned(running(), **ONLY, **BOTH)

    def none() -> Credentials:
        raise VantageError("no AWS credentials were found")

    assert tasks_unsigned(none, plan) == {Claim.TASK_START: "no AWS credentials were found"}
    assert tasks_unsigned(none, planned(running(), read_only=True, **ONLY)) == {}
    assert plan.without(tasks_unsigned(none, plan)).started == ()


def test_tasks_are_planned_alike_in_every_process() -> None:
    """A worker selects what the controller's broker starts."""
    plan = planned(running(), **ONLY, **BOTH)
    assert unpack(pack(Part(plan=plan, cloud=Cloud(region=REGION), link=None), None)).plan == plan


def test_findings_of_a_path_block_the_tasks_that_need_it() -> None:
    """A missing endpoint stops both kinds where both need it, one where one does."""
    plan = planned(running("ecr.api", "ecr.dkr", "secretsmanager", "ecs"), **ONLY, **BOTH)
    blocked = {
        finding.subject: {cell for cell in finding.blocks if cell.claim is Claim.TASK_START}
        for finding in plan.findings
        if finding.code is Code.ENDPOINT_MISSING
    }
    hosts = task_cell("subnet-b", EC2)
    assert blocked["logs"] == {task_cell(subnet, kind) for subnet, kind in plan.started}
    assert blocked["ecs-agent"] == {hosts}


def test_a_subnet_without_addresses_stops_its_own_tasks_only() -> None:
    """A finding about no path stands whatever other tasks do."""
    snapshot = running()
    full = tuple(
        replace(each, free_addresses=0) if each.id == "subnet-a" else each
        for each in snapshot.subnets
    )
    plan = planned(replace(snapshot, subnets=full), **ONLY, **BOTH)
    (held,) = (each for each in plan.findings if each.code is Code.SUBNET_ADDRESSES_EXHAUSTED)
    assert held.blocks == (task_cell("subnet-a", FARGATE),)
    assert held.of_others


def dead(service: str, **changes: Any) -> Check:  # noqa: ANN401 - fields of Check
    """Return the check of a Fargate task in subnet-a that died at ``service``."""
    made = check(Verdict.FAILED, Claim.TASK_START, None, launch_types=(FARGATE,), subject=service)
    return replace(made, code=Code.TASK_FAILED_TO_START, phase="logs", **changes)


def test_an_accepted_finding_excuses_the_deaths_that_it_explains_and_no_other() -> None:
    """A task dies of one thing: that another is accepted is no reason."""
    accepted = (Accepted(code=Code.ENDPOINT_MISSING, subject="logs"),)
    plan = planned(running("ecr.api", "ecr.dkr", "secretsmanager"), ignore=accepted, **ONLY, **BOTH)
    assert settle(dead("logs"), plan).reason == "accepted: endpoint-missing"
    assert settle(dead("ecr.api"), plan).verdict is Verdict.FAILED


def test_a_required_task_that_was_not_probed_fails_where_proof_is_asked_for() -> None:
    """A task of a launch type under test is required."""
    plan = planned(running(), require_probed=True, **ONLY, **BOTH)
    skipped = check(
        Verdict.SKIPPED, Claim.TASK_START, None, launch_types=(FARGATE,), basis=Basis.DERIVED
    )
    assert settle(skipped, plan).verdict is Verdict.FAILED


def test_a_check_knows_its_cell() -> None:
    """Of a task by its launch type, of others by their endpoint service, of audits none."""
    assert dead("logs").cell == task_cell("subnet-a", FARGATE)
    assert check(Verdict.PASSED).cell == Cell(Claim.PRIVATE_DNS, "subnet-a", "logs")
    assert check(Verdict.FAILED, Claim.AUDIT, subnet=None).cell is None


def test_a_bundle_that_no_task_definition_holds_is_told_before_any_is_made(tmp_path: Path) -> None:
    """``AWS_CA_BUNDLE`` is often the system's, of which each task would refuse to take 200 kB."""
    large, small = tmp_path / "large.pem", tmp_path / "small.pem"
    large.write_bytes(bytes(8_001))
    small.write_bytes(bytes(8_000))
    bundle, plan = CaBundle(str(large), "AWS_CA_BUNDLE"), planned(running(), **ONLY)

    assert told(plan.without(tasks_overladen(bundle, plan))) == (
        f"not proven: task-start (AWS_CA_BUNDLE={large} is too large to go with a task: name a "
        "file with the few certificates that are needed, or unset it for the image's own trust)",
    )
    assert tasks_overladen(CaBundle(str(small), "AWS_CA_BUNDLE"), plan) == {}
    assert tasks_overladen(CaBundle(str(large), "botocore"), plan) == {}
    own = planned(running(), task_definition="app", **ONLY)
    assert tasks_overladen(bundle, own) == {}
