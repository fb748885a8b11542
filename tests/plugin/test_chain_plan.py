"""What a run pulls, writes to and fetches, and where chain claims have cells."""

from dataclasses import replace
from typing import Any

import pytest
from planned_vpc import REGION, SERVICES, planned, vpc

from pytest_ecs_privatelink import records
from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.header import unproven_lines
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import Cloud, Part, pack, unpack
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    EcsService,
    Placement,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.starting import LogGroup, Pull
from pytest_ecs_privatelink.verdict import CHAIN_CLAIMS, Cell, Claim, Code, LaunchType

PULL, AWSLOGS, FETCH = Claim.ECR_PULL, Claim.AWSLOGS, Claim.SECRET
ACCOUNT = "111111111111"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/app:1"
OTHER = f"222222222222.dkr.ecr.{REGION}.amazonaws.com/app:2"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:app-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/app/token"
APP = Container(
    name="app",
    image=IMAGE,
    log_driver="awslogs",
    log_group="/ecs/app",
    secrets=(Secret(reference=f"{SECRET}:key::"), Secret(reference="/app/flag")),
)


def running(
    *containers: Container,
    services: tuple[str, ...] = (*SERVICES, "ssm"),
    **task: Any,  # noqa: ANN401 - fields of TaskDefinition
) -> Snapshot:
    """Return a VPC with an ECS service of one task definition."""
    definition = TaskDefinition(arn="app:1", containers=containers, **task)
    placement = Placement(
        launch_type=LaunchType.FARGATE, task_definition="app:1", subnets=("subnet-a",)
    )
    cluster = Cluster(
        arn="arn",
        name="live",
        services=(EcsService(name="web", placements=(placement,)),),
        task_definitions=(definition,),
    )
    return replace(vpc(*services), cluster=cluster)


def stands(plan: Plan) -> set[tuple[Claim, str]]:
    """Return where chain claims have cells."""
    return {
        (claim, each.service)
        for claim in CHAIN_CLAIMS
        for each in plan.terms.services
        if plan.carries(claim, each.service)
    }


def test_errands_are_those_of_the_task_definitions() -> None:
    """What tasks pull, write to and fetch in this Region, each once, as it is written there."""
    public = Container(name="side", image="nginx:1", log_driver="awslogs", log_group="/ecs/app")
    abroad = Container(
        name="abroad",
        image=f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/app:1",
        log_driver="awslogs",
        log_group="/abroad",
        log_region="eu-west-1",
        secrets=(Secret(reference=SECRET.replace(REGION, "eu-west-1")),),
    )
    errands = planned(running(APP, public, abroad), run="0123456789ab").terms.errands
    assert errands.pulls == (Pull(image=IMAGE, platform="linux/amd64"),)
    assert errands.log_groups == (LogGroup(name="/ecs/app"),)
    assert errands.secrets == (f"{SECRET}:key::",)
    assert errands.parameters == ("/app/flag",)
    assert errands.mark == "pytest-ecs-privatelink/0123456789ab"
    assert not errands.read_only


@pytest.mark.parametrize(
    ("task", "platform"),
    [
        ({}, "linux/amd64"),
        ({"architecture": "X86_64"}, "linux/amd64"),
        ({"architecture": "ARM64"}, "linux/arm64"),
        ({"windows": True}, "windows/amd64"),
    ],
)
def test_an_image_is_pulled_for_the_platform_of_its_tasks(
    task: dict[str, Any], platform: str
) -> None:
    """An index may have no manifest for another one; so for an image that an option names."""
    snapshot = running(APP, **task)
    pull = Pull(image=IMAGE, platform=platform)
    assert planned(snapshot).terms.errands.pulls == (pull,)
    named = planned(snapshot, images=(IMAGE, OTHER)).terms.errands.pulls
    assert named == (pull, Pull(image=OTHER, platform=None))


def test_a_group_is_made_by_tasks_where_all_of_them_make_it() -> None:
    """One container that does not would fail to start, were the group not there."""
    makes = replace(APP, log_create_group=True)
    (group,) = planned(running(makes)).terms.errands.log_groups
    assert group == LogGroup(name="/ecs/app", made_by_tasks=True)
    (group,) = planned(running(makes, APP)).terms.errands.log_groups
    assert group == LogGroup(name="/ecs/app")


def test_options_replace_what_task_definitions_name() -> None:
    """``--ecs-image``, ``--ecs-log-group``, ``--ecs-secret``, ``--ecs-read-only``."""
    plan = planned(
        running(APP),
        images=(OTHER,),
        log_group="/mine",
        secrets=("token", PARAMETER),
        read_only=True,
    )
    errands = plan.terms.errands
    assert [each.image for each in errands.pulls] == [OTHER]
    assert errands.log_groups == (LogGroup(name="/mine"),)
    assert (errands.secrets, errands.parameters) == (("token",), (PARAMETER,))
    assert errands.read_only


def test_what_options_name_is_required() -> None:
    """An option is evidence as a task definition is; a registry that it names has its name."""
    bare = vpc("ecr.api", "ecr.dkr")
    plan = planned(bare, images=(OTHER,), log_group="/mine", secrets=("token", PARAMETER))
    assert {each.service: each.need for each in plan.terms.services} == dict.fromkeys(
        ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager", "ssm"), Need.REQUIRED
    )
    assert plan.terms.service("ecr.dkr").names == (OTHER.partition("/")[0],)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"images": (OTHER.replace(REGION, "eu-west-1"),)},
            f"--ecs-image {OTHER.replace(REGION, 'eu-west-1')}: that is in eu-west-1, the VPC is "
            f"in {REGION}, and endpoints serve their own Region",
        ),
        (
            {"secrets": (SECRET.replace(REGION, "eu-west-1"),)},
            f"--ecs-secret {SECRET.replace(REGION, 'eu-west-1')}: that is in eu-west-1, the VPC "
            f"is in {REGION}, and endpoints serve their own Region",
        ),
        (
            {"secrets": (PARAMETER.replace(REGION, "eu-west-1"),)},
            f"--ecs-secret {PARAMETER.replace(REGION, 'eu-west-1')}: that is in eu-west-1, the "
            f"VPC is in {REGION}, and endpoints serve their own Region",
        ),
    ],
)
def test_what_is_in_another_region_is_refused(said: dict[str, Any], message: str) -> None:
    """No endpoint of this VPC leads there."""
    with pytest.raises(SettingsError) as refused:
        planned(running(APP), **said)
    assert str(refused.value) == message


def test_chains_have_cells_where_they_stand() -> None:
    """One service each carries them, ``ssm`` where a parameter is named."""
    assert stands(planned(running(APP))) == {
        (PULL, "ecr.dkr"),
        (AWSLOGS, "logs"),
        (FETCH, "secretsmanager"),
        (FETCH, "ssm"),
    }
    plain = replace(APP, secrets=())
    assert (FETCH, "ssm") not in stands(planned(running(plain)))
    assert (FETCH, "secretsmanager") in stands(planned(running(plain)))


def test_path_claims_have_cells_at_every_service() -> None:
    """Whatever is under test has names and a port."""
    plan = planned(running(APP))
    assert all(
        plan.carries(claim, each.service)
        for claim in (Claim.PRIVATE_DNS, Claim.TCP_443)
        for each in plan.terms.services
    )


def test_a_chain_without_an_image_or_a_service_is_not_proven_and_the_header_says_why() -> None:
    """Nothing is selected, and nobody has to guess the reason."""
    plan = planned(vpc("kms"), need=("kms",))
    assert stands(plan) == set()
    assert unproven_lines(plan) == (
        "not proven: ecr-pull (no image of this Region's ECR is known: --ecs-image names one)",
        "not proven: awslogs (logs is not under test)",
        "not proven: secret (secretsmanager and ssm are not under test)",
        "not proven: task-start (no cluster is known: --ecs-cluster names the one to start tasks "
        "in)",
    )
    assert unproven_lines(planned(running(APP), claims=CHAIN_CLAIMS)) == ()
    chosen = planned(vpc("kms"), need=("kms",), claims=(AWSLOGS,))
    assert unproven_lines(chosen) == ("not proven: awslogs (logs is not under test)",)


def test_a_place_may_leave_chains_out_and_workers_hear_of_it() -> None:
    """A run without credentials, or without the services, says so once, in every process."""
    plan = planned(running(APP), claims=CHAIN_CLAIMS).without(
        dict.fromkeys(CHAIN_CLAIMS, "no AWS credentials")
    )
    assert stands(plan) == set()
    assert unproven_lines(plan) == ("not proven: ecr-pull, awslogs, secret (no AWS credentials)",)
    part = Part(plan=plan, cloud=Cloud(region=REGION), link=None)
    assert unpack(pack(part, None)).plan.unproven == plan.unproven


def test_errands_are_planned_alike_in_every_process() -> None:
    """Settings cross as JSON; the key under which values are told apart never does."""
    plan = planned(running(APP), run="0123456789ab", images=(IMAGE,), secrets=("token",))
    part = Part(plan=plan, cloud=Cloud(region=REGION), link=None)
    packed = pack(part, None)
    assert unpack(packed).plan == plan
    assert plan.terms.errands.key not in packed
    assert plan.terms.errands.key not in repr(plan)
    assert records.from_json(Settings, records.to_json(plan.settings)) == plan.settings


def test_findings_of_a_path_block_the_chain_that_goes_through_it() -> None:
    """A missing endpoint of ``ecr.api`` breaks pulls, that of ``logs`` log delivery."""
    for service, cell in (
        ("ecr.api", Cell(PULL, "subnet-a", "ecr.dkr")),
        ("ecr.dkr", Cell(PULL, "subnet-a", "ecr.dkr")),
        ("logs", Cell(AWSLOGS, "subnet-a", "logs")),
        ("secretsmanager", Cell(FETCH, "subnet-a", "secretsmanager")),
        ("ssm", Cell(FETCH, "subnet-a", "ssm")),
    ):
        rest = tuple(each for each in (*SERVICES, "ssm") if each != service)
        plan = planned(running(APP, services=rest))
        (finding,) = (each for each in plan.findings if each.code is Code.ENDPOINT_MISSING)
        assert [each for each in finding.blocks if each.claim in CHAIN_CLAIMS] == [cell]
        assert plan.blamed[cell] == finding
