"""A cluster in the snapshot plans the run: needs, launch types, subnets, groups, registries."""

from dataclasses import replace
from typing import Any

import pytest
from planned_vpc import EVERY_SERVICE, REGION, SERVICES, SUBNETS, check, planned, vpc

from pytest_ecs_privatelink import records
from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.settle import settle
from pytest_ecs_privatelink.plugin.wearing import wearers_of
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    ContainerInstance,
    EcsService,
    Placement,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import (
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
)
from pytest_ecs_privatelink.verdict import Code, LaunchType, Verdict

FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2
ACCOUNTS = ("222222222222", "333333333333")
GROUPS = tuple(
    SecurityGroup(id=id_, vpc="vpc-1", name=id_, ingress=(), egress=())
    for id_ in ("sg-a", "sg-b", "sg-i")
)


def service(
    name: str,
    launch_type: LaunchType = FARGATE,
    subnet: str = "subnet-a",
    group: str = "sg-a",
) -> EcsService:
    """Return an ECS service in one subnet."""
    placement = Placement(
        launch_type=launch_type, task_definition=name, subnets=(subnet,), groups=(group,)
    )
    return EcsService(name=name, placements=(placement,))


def task(name: str, account: str) -> TaskDefinition:
    """Return a task definition with an image of an account's registry, logs, and a secret."""
    container = Container(
        name="app",
        image=f"{account}.dkr.ecr.{REGION}.amazonaws.com/app",
        log_driver="awslogs",
        secrets=(Secret(reference=f"arn:aws:secretsmanager:{REGION}:{account}:secret:x"),),
    )
    return TaskDefinition(arn=name, containers=(container,))


INSTANCE = ContainerInstance(
    arn="i",
    instance="i-1",
    agent_version="1.90.0",
    agent_connected=True,
    registered=None,
    subnet="subnet-b",
    groups=("sg-i",),
)


def running(*services: EcsService, **parts: Any) -> Snapshot:  # noqa: ANN401  (fields of Cluster)
    """Return a VPC with endpoints for everything and a cluster in it."""
    tasks = tuple(task(each.name, ACCOUNTS[i % 2]) for i, each in enumerate(services))
    cluster = Cluster(
        arn="arn:aws:ecs:us-west-2:111111111111:cluster/live",
        name="live",
        services=services,
        task_definitions=tasks,
    )
    snapshot = vpc(*EVERY_SERVICE, security_groups=GROUPS)
    return replace(snapshot, cluster=replace(cluster, **parts))


def needs(plan: Plan) -> dict[str, Need]:
    """Return the need of each endpoint service under test."""
    return {each.service: each.need for each in plan.terms.services}


def test_task_definitions_make_needs_required() -> None:
    """What tasks use is required; what nobody was seen to use stays assumed."""
    plan = planned(running(service("web"), service("batch", EC2), instances=(INSTANCE,)))
    assert needs(plan) == {
        **dict.fromkeys(("ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager"), Need.REQUIRED),
        **dict.fromkeys(("ecs", "ecs-agent", "ecs-telemetry"), Need.ASSUMED),
    }


def test_a_missing_endpoint_of_a_seen_need_is_an_error() -> None:
    """Without evidence the absence of Secrets Manager's endpoint is a warning at most."""
    snapshot = running(service("web"))
    rest = tuple(each for each in snapshot.endpoints if "secretsmanager" not in each.id)
    (missing,) = planned(replace(snapshot, endpoints=rest)).findings
    assert (missing.code, missing.subject, missing.severity) == (
        Code.ENDPOINT_MISSING,
        "secretsmanager",
        "error",
    )
    (guessed,) = planned(replace(snapshot, endpoints=rest, cluster=None)).findings
    assert guessed.severity == "warning"


def test_launch_types_are_the_clusters() -> None:
    """The three ecs endpoints are no evidence of EC2 where a cluster shows that there is none."""
    assert planned(running(service("web"))).launch_types == (FARGATE,)
    assert planned(running(service("web"), instances=(INSTANCE,))).launch_types == (FARGATE, EC2)
    assert planned(running(service("batch", EC2))).launch_types == (EC2,)
    assert planned(running()).launch_types == (FARGATE, EC2)
    assert planned(running(service("web")), launch_types=(EC2,)).launch_types == (EC2,)


def test_each_registry_has_its_name() -> None:
    """``ecr.dkr`` is asked for by the registries in use, and no longer by the VPC owner's."""
    plan = planned(running(service("web"), service("api")))
    assert plan.terms.service("ecr.dkr").names == tuple(
        f"{account}.dkr.ecr.{REGION}.amazonaws.com" for account in ACCOUNTS
    )


def test_subnets_are_the_clusters_whatever_their_routes() -> None:
    """Tasks that were put into a public subnet are proven there, and nowhere else."""
    public = RouteTable(
        id="rtb-2",
        routes=(
            Route(destination="0.0.0.0/0", target=RouteTarget.INTERNET_GATEWAY, target_id="igw-1"),
        ),
        subnets=("subnet-a",),
    )
    snapshot = running(service("web"))
    snapshot = replace(snapshot, route_tables=(*(snapshot.route_tables or ()), public))
    plan = planned(snapshot)
    assert [each.id for each in plan.terms.subnets] == ["subnet-a"]
    assert plan.selection.because == "those of cluster live: web"
    both = planned(replace(snapshot, cluster=running(instances=(INSTANCE,)).cluster))
    assert [each.id for each in both.terms.subnets] == ["subnet-b"]
    assert both.selection.because == "those of cluster live: container instances"
    named = planned(snapshot, subnets=("subnet-b",))
    assert [each.id for each in named.terms.subnets] == ["subnet-b"]


@pytest.mark.parametrize(
    ("subnets", "severities"),
    [
        (("subnet-a",), {"error"}),
        (("subnet-b",), {"warning"}),
        (("subnet-a", "subnet-b"), {"error"}),
    ],
)
def test_what_hurts_only_subnets_that_the_cluster_is_not_in_is_a_warning(
    subnets: tuple[str, ...], severities: set[str]
) -> None:
    """A subnet named by option may be one where ECS is not seen: findings and cells warn there."""
    snapshot = running(service("web"))
    rest = tuple(each for each in snapshot.endpoints if "logs" not in each.id)
    plan = planned(replace(snapshot, endpoints=rest), subnets=subnets)
    assert {each.severity for each in plan.findings} == severities


@pytest.mark.parametrize(("subnet", "severity"), [("subnet-a", "error"), ("subnet-b", "warning")])
def test_so_is_what_is_said_of_such_a_subnet(subnet: str, severity: str) -> None:
    """A subnet without free addresses blocks no cell."""
    full = tuple(replace(each, free_addresses=0) for each in SUBNETS)
    plan = planned(replace(running(service("web")), subnets=full), subnets=(subnet,))
    (finding,) = plan.findings
    assert (finding.code, finding.severity) == (Code.SUBNET_ADDRESSES_EXHAUSTED, severity)


@pytest.mark.parametrize(
    ("subnet", "strict", "verdict"),
    [
        ("subnet-a", False, Verdict.FAILED),
        ("subnet-b", False, Verdict.WARNED),
        ("subnet-b", True, Verdict.FAILED),
    ],
)
def test_a_red_cell_where_the_cluster_is_not_is_a_warning(
    subnet: str, strict: bool, verdict: Verdict
) -> None:
    """As the finding that explains it; strictness makes both fail."""
    plan = planned(running(service("web")), subnets=("subnet-a", "subnet-b"), strict=strict)
    red = check(Verdict.FAILED, subnet=subnet, code=Code.TCP_TIMEOUT)
    assert settle(red, plan).verdict is verdict
    elsewhere = planned(running(), subnets=("subnet-a", "subnet-b"))
    assert settle(red, elsewhere).verdict is Verdict.FAILED


def test_a_cluster_that_shows_nothing_here_says_so() -> None:
    """Then subnets are chosen as without one."""
    plan = planned(running())
    assert plan.terms.subnets == SUBNETS
    assert plan.selection.because == (
        "cluster live shows none; no default route to an internet gateway"
    )


def test_groups_are_the_clusters_unless_named() -> None:
    """Tasks wear what their ECS service gives them, hosts what they have."""
    snapshot = running(service("web"), instances=(INSTANCE,))
    assert planned(snapshot).terms.wearers[FARGATE] == ("sg-a",)
    assert wearers_of(Settings(), snapshot) == {FARGATE: ("sg-a",), EC2: ("sg-i",)}
    said = Settings(security_groups=("sg-b",), instance_security_groups=("sg-a",))
    assert wearers_of(said, snapshot) == {FARGATE: ("sg-b",), EC2: ("sg-a",)}
    assert planned(snapshot, security_groups=("sg-b",)).terms.wearers[FARGATE] == ("sg-b",)


def test_on_ec2_hosts_count_and_not_their_tasks() -> None:
    """On EC2 pulls, logs and secrets leave by the host's interface."""
    plan = planned(running(service("batch", EC2, group="sg-b"), instances=(INSTANCE,)))
    assert plan.terms.wearers == {FARGATE: None, EC2: ("sg-i",)}


def test_groups_that_differ_are_all_kept() -> None:
    """The first by name is probed as; the others' rules must let them through as well."""
    terms = planned(running(service("web", group="sg-b"), service("api"))).terms
    assert (terms.wearers[FARGATE], terms.others[FARGATE]) == (("sg-a",), (("sg-b",),))
    named = planned(running(service("web", group="sg-b"), service("api")), ecs_services=("web",))
    assert (named.terms.wearers[FARGATE], named.terms.others[FARGATE]) == (("sg-b",), ())


def test_ecs_service_narrows_a_saved_cluster() -> None:
    """Needs, subnets and registries are then those of the named ones."""
    snapshot = running(service("web"), service("batch", EC2, "subnet-b"), instances=(INSTANCE,))
    plan = planned(snapshot, ecs_services=("web",), cluster="live")
    assert plan.launch_types == (FARGATE,)
    assert [each.id for each in plan.terms.subnets] == ["subnet-a"]
    by_arn = "arn:aws:ecs:us-west-2:111111111111:"
    asked = {"ecs_services": (f"{by_arn}service/live/web",), "cluster": f"{by_arn}cluster/live"}
    assert planned(snapshot, **asked).terms == plan.terms


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"cluster": "prod", "snapshot": "a.json"},
            "--ecs-cluster prod and --ecs-snapshot a.json contradict each other: that snapshot is "
            "of cluster live",
        ),
        ({"cluster": "prod"}, "--ecs-cluster prod: the lab's own world has cluster live"),
        (
            {"ecs_services": ("api",)},
            "--ecs-service api: cluster live has no ECS service of that name in this VPC; "
            "it has batch, web",
        ),
    ],
)
def test_what_the_cluster_is_not(said: dict[str, Any], message: str) -> None:
    """Another cluster, or an ECS service that it has not, is one line."""
    with pytest.raises(SettingsError) as refused:
        planned(running(service("web"), service("batch")), **said)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("said", "asked", "name"),
    [
        ({"cluster": "live"}, "--ecs-cluster live", "live"),
        ({"ecs_services": ("web",)}, "--ecs-service web", "NAME"),
    ],
)
def test_a_snapshot_without_cluster_has_no_evidence(
    said: dict[str, Any], asked: str, name: str
) -> None:
    """It says how to save one that has."""
    with pytest.raises(SettingsError) as refused:
        planned(vpc(*SERVICES), snapshot="a.json", **said)
    assert str(refused.value) == (
        f"{asked}: a.json holds no cluster: save it again with --ecs-cluster {name} "
        "--ecs-save-snapshot FILE"
    )


def test_workers_plan_the_same_from_json() -> None:
    """The cluster travels with the snapshot, narrowed or not."""
    snapshot = running(service("web"), service("batch", EC2), instances=(INSTANCE,))
    plan = planned(snapshot, ecs_services=("web",))
    sent = snapshots.from_text(snapshots.to_text(plan.snapshot), "the controller's")
    settings = records.from_json(Settings, records.to_json(plan.settings))
    assert planned(sent, ecs_services=settings.ecs_services) == plan
