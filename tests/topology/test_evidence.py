"""What a cluster proves about needs: pure, from records to features, places and groups."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snapshot_builders import ACCOUNT, REGION, subnet, vpc_of

from pytest_ecs_privatelink.catalogue.rules import BOTH, Features
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    ContainerInstance,
    EcsService,
    MountTarget,
    Placement,
    Role,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.evidence import (
    Worn,
    features_of,
    launch_types_of,
    narrowed,
    registries_of,
    registry_of,
    subnets_of,
    worn_by,
)
from pytest_ecs_privatelink.topology.model import SecurityGroup, Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2
OTHER = "222222222222"
IMAGE = f"{OTHER}.dkr.ecr.{REGION}.amazonaws.com/app:1"
DEFAULT = SecurityGroup(id="sg-default", vpc="vpc-1", name="default", ingress=(), egress=())


def ecs_service(
    name: str = "app",
    launch_type: LaunchType = FARGATE,
    **changes: Any,  # noqa: ANN401  (fields of Placement)
) -> EcsService:
    """Return an ECS service with one placement, of the task definition of its name."""
    placement = Placement(launch_type=launch_type, task_definition=name)
    return EcsService(name=name, placements=(replace(placement, **changes),))


def task(name: str = "app", **container: Any) -> TaskDefinition:  # noqa: ANN401
    """Return a task definition of one container."""
    return TaskDefinition(
        arn=name, containers=(Container(**{"name": "c", "image": "busybox", **container}),)
    )


def having(*services: EcsService, **parts: Any) -> Snapshot:  # noqa: ANN401  (fields of Cluster)
    """Return a VPC of three subnets with a cluster."""
    cluster = Cluster(arn="arn:cluster/live", name="live", services=services)
    return vpc_of(
        *(subnet(f"subnet-{each}") for each in "abc"),
        cluster=replace(cluster, **parts),
        security_groups=(DEFAULT,),
    )


def instance(name: str, **changes: Any) -> ContainerInstance:  # noqa: ANN401
    """Return a container instance in the second subnet."""
    made = ContainerInstance(
        arn=name,
        instance=name,
        agent_version="1.90.0",
        agent_connected=True,
        registered=None,
        subnet="subnet-b",
        groups=("sg-i",),
    )
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("image", "registry"),
    [
        (IMAGE, OTHER),
        (f"{OTHER}.dkr.ecr.{REGION}.amazonaws.com/team/app@sha256:{'0' * 64}", OTHER),
        (f"{OTHER}.dkr-ecr.{REGION}.on.aws/team/app:1", OTHER),
        (f"{OTHER}.dkr.ecr-fips.{REGION}.amazonaws.com/app", OTHER),
        (f"{OTHER}.dkr.ecr.us-west-2.amazonaws.com/app", None),
        (f"{OTHER}.dkr.ecr.{REGION}.amazonaws.com.cn/app", None),
        (f"{OTHER}.dkr.ecr.{REGION}.amazonaws.com", None),
        (f"{OTHER}.dkr.ecr.{REGION}.amazonaws.com.example/app", None),
        (f"x{OTHER}.dkr.ecr.{REGION}.amazonaws.com/app", None),
        (f"22222222222.dkr.ecr.{REGION}.amazonaws.com/app", None),
        ("public.ecr.aws/docker/library/busybox", None),
        ("busybox", None),
        ("", None),
    ],
)
def test_registries_of_this_region(image: str, registry: str | None) -> None:
    """An image is private where its registry is an account's, of this Region and partition."""
    assert registry_of(image, REGION) == registry
    seen = features_of(having(ecs_service(), task_definitions=(task(image=image),)))
    assert seen.private_image == ((FARGATE,) if registry else ())
    assert seen.registries == ((registry,) if registry else ())


def test_china_has_its_own_suffix() -> None:
    """The partition says which suffix a registry has."""
    image = f"{OTHER}.dkr.ecr.cn-north-1.amazonaws.com.cn/app"
    assert registry_of(image, "cn-north-1") == OTHER


@pytest.mark.parametrize(
    ("reference", "purpose", "field"),
    [
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a-1", "value", "secrets"),
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a-1:key::", "value", "secrets"),
        (f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:a-1", "registry", "secrets"),
        ("registry-login", "registry", "secrets"),
        (f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/a", "value", "ssm_parameters"),
        ("/app/token", "value", "ssm_parameters"),
        ("token", "log option", "ssm_parameters"),
        (f"arn:aws:secretsmanager:us-west-2:{ACCOUNT}:secret:a-1", "value", None),
        (f"arn:aws:ssm:us-west-2:{ACCOUNT}:parameter/a", "value", None),
        ("arn:aws:ssm", "value", "ssm_parameters"),
    ],
)
def test_where_a_secret_is_kept(reference: str, purpose: str, field: str | None) -> None:
    """ARNs say it; a bare name is a parameter, but for a registry's credentials."""
    secret = Secret(reference=reference, purpose=purpose)
    seen = features_of(having(ecs_service(), task_definitions=(task(secrets=(secret,)),)))
    told = {name for name in ("secrets", "ssm_parameters") if getattr(seen, name)}
    assert told == ({field} if field else set())


@pytest.mark.parametrize(
    ("container", "seen"),
    [
        ({"log_driver": "awslogs"}, True),
        ({"log_driver": "awslogs", "log_region": REGION}, True),
        ({"log_driver": "awslogs", "log_region": "us-west-2"}, False),
        ({"log_driver": "awsfirelens"}, False),
        ({}, False),
    ],
)
def test_logs_of_this_region(container: dict[str, Any], seen: bool) -> None:
    """Only the awslogs driver, writing to this Region, needs this VPC's logs endpoint."""
    features = features_of(having(ecs_service(), task_definitions=(task(**container),)))
    assert features.awslogs == ((FARGATE,) if seen else ())


def test_features_are_told_by_launch_type() -> None:
    """What one launch type does says nothing of the other; order is the catalogue's."""
    two = replace(ecs_service("b", EC2), execute_command=True)
    three = replace(ecs_service("c"), service_connect=True)
    snapshot = having(
        ecs_service("a"),
        two,
        three,
        task_definitions=(
            task("a", env_files=("arn:aws:s3:::b/c",)),
            task("b", image=IMAGE, env_files=("arn:aws:s3:::b/c",)),
        ),
        exec_kms_key=True,
    )
    assert features_of(snapshot) == Features(
        private_image=(EC2,),
        env_files=BOTH,
        ecs_exec=(EC2,),
        ecs_exec_kms=(EC2,),
        service_connect=(FARGATE,),
        registries=(OTHER,),
    )


def test_a_key_of_the_cluster_matters_to_ecs_exec_alone() -> None:
    """Where no ECS service switches ECS Exec on, nothing is decrypted."""
    assert features_of(having(ecs_service(), exec_kms_key=True)).ecs_exec_kms == ()


@pytest.mark.parametrize("part", ["services", "task_definitions", "instances"])
def test_what_was_not_read_is_not_seen(part: str) -> None:
    """A part that is None takes only what it would have told."""
    whole = having(
        replace(ecs_service(subnets=("subnet-a",)), execute_command=True),
        task_definitions=(task(image=IMAGE),),
        instances=(instance("i-1"),),
    )
    assert whole.cluster is not None
    unread: dict[str, Any] = {part: None}
    snapshot = replace(whole, cluster=replace(whole.cluster, **unread))
    without = {
        "services": ((), (EC2,), {"subnet-b"}),
        "task_definitions": ((), BOTH, {"subnet-a", "subnet-b"}),
        "instances": ((FARGATE,), (FARGATE,), {"subnet-a"}),
    }[part]
    images, kinds, subnets = without
    assert features_of(snapshot).private_image == images
    assert launch_types_of(snapshot) == kinds
    assert subnets_of(snapshot) == subnets


def test_without_a_cluster_nothing_is_seen() -> None:
    """The registry is the VPC owner's then, as ever."""
    snapshot = vpc_of()
    assert features_of(snapshot) == Features()
    assert (launch_types_of(snapshot), subnets_of(snapshot)) == ((), frozenset())
    assert worn_by(snapshot, FARGATE) == worn_by(snapshot, EC2) == ()
    assert registries_of(snapshot) == (ACCOUNT,)
    assert narrowed(snapshot, ("app",)) == snapshot


def test_subnets_of_other_vpcs_are_nobodys() -> None:
    """Only what this snapshot has can be tested."""
    snapshot = having(ecs_service(subnets=("subnet-c", "subnet-elsewhere")))
    assert subnets_of(snapshot) == {"subnet-c"}


def test_groups_that_agree_are_one_set() -> None:
    """Order does not matter, and an ECS service without groups wears the VPC's default one."""
    snapshot = having(
        ecs_service("b", groups=("sg-2", "sg-1")),
        ecs_service("a", groups=("sg-1", "sg-2")),
        ecs_service("c"),
        ecs_service("d", EC2, groups=("sg-task-interface",)),
        instances=(instance("i-2"), instance("i-1")),
    )
    assert worn_by(snapshot, FARGATE) == (
        Worn(groups=("sg-1", "sg-2"), by=("a", "b")),
        Worn(groups=("sg-default",), by=("c",)),
    )
    assert worn_by(snapshot, EC2) == (Worn(groups=("sg-i",), by=("i-1", "i-2")),)


def test_one_unknown_wearer_makes_all_unknown() -> None:
    """A set that nobody knows may be the one that is broken."""
    unread = having(ecs_service("a", groups=("sg-1",)), ecs_service("b"))
    assert worn_by(replace(unread, security_groups=None), FARGATE) == ()
    lost = having(instances=(instance("i-1"), instance("i-2", groups=None)))
    assert worn_by(lost, EC2) == ()


def target(file_system: str) -> MountTarget:
    """Return a mount target."""
    return MountTarget(
        id=f"fsmt-{file_system}",
        file_system=file_system,
        subnet="subnet-a",
        az="us-east-1a",
        address="10.0.0.9",
    )


def test_narrowing_keeps_what_the_named_ones_refer_to() -> None:
    """Definitions, roles, file systems and instances of the others go with them."""
    web = replace(task("web"), execution_role="arn:role/web", file_systems=("fs-1",))
    batch = replace(task("batch"), execution_role="arn:role/batch", file_systems=("fs-2",))
    whole = replace(
        having(
            ecs_service("batch", EC2),
            ecs_service("web"),
            task_definitions=(batch, web),
            instances=(instance("i-1"),),
        ),
        roles=(Role(arn="arn:role/batch", policies=()), Role(arn="arn:role/web", policies=())),
        mount_targets=(target("fs-1"), target("fs-2")),
    )
    only = narrowed(whole, ("web",))
    assert only.cluster is not None
    assert [each.name for each in only.cluster.services or ()] == ["web"]
    assert only.cluster.task_definitions == (web,)
    assert only.cluster.instances == ()
    assert [each.arn for each in only.roles or ()] == ["arn:role/web"]
    assert [each.file_system for each in only.mount_targets or ()] == ["fs-1"]
    assert narrowed(whole, ("web", "batch")) == whole


NAMES = ("a", "b", "c")
_PLACED = st.builds(
    ecs_service,
    st.sampled_from(NAMES),
    st.sampled_from(LaunchType),
    groups=st.sets(st.sampled_from(["sg-1", "sg-2"])).map(lambda ids: tuple(sorted(ids))),
    subnets=st.sets(st.sampled_from(["subnet-a", "subnet-b"])).map(lambda ids: tuple(sorted(ids))),
)
_TASKS = st.builds(
    task,
    st.sampled_from(NAMES),
    image=st.sampled_from([IMAGE, "busybox"]),
    log_driver=st.sampled_from(["awslogs", None]),
    secrets=st.sampled_from([(), (Secret(reference="name"),)]),
)


@given(st.lists(_PLACED, max_size=4), st.lists(_TASKS, max_size=3), st.sampled_from(NAMES))
def test_fewer_ecs_services_never_show_more(
    services: list[EcsService], tasks: list[TaskDefinition], name: str
) -> None:
    """Evidence is monotone: narrowed, each feature, place and group was there before."""
    whole = having(*services, task_definitions=tuple(tasks))
    part = narrowed(whole, (name,))
    before, after = features_of(whole), features_of(part)
    for field in Features.__dataclass_fields__:
        assert set(getattr(after, field)) <= set(getattr(before, field))
    assert subnets_of(part) <= subnets_of(whole)
    assert set(launch_types_of(part)) <= set(launch_types_of(whole))
    for kind in LaunchType:
        assert {each.groups for each in worn_by(part, kind)} <= {
            each.groups for each in worn_by(whole, kind)
        }
        wearers = [name for each in worn_by(whole, kind) for name in each.by]
        assert len(wearers) >= len({each.groups for each in worn_by(whole, kind)})
