"""Whatever stands in a task definition or an instance, audits say something or nothing."""

from audit_clusters import definition, placement, running
from audit_worlds import BOTH, endpoint, scene, without
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.topology.cluster import (
    Container,
    ContainerInstance,
    EcsService,
    MountTarget,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.verdict import LaunchType

ODD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *("arn:aws:secretsmanager:eu-west-1:1:secret", "arn:aws:ssm:eu-west-1:1:", "arn:::::"),
            *(
                "arn:aws:s3:::bucket/key",
                "arn:aws:ssm:eu-west-1:1:parameter/",
                "a:b:c:eu-west-1:x:y",
            ),
            *("eu-west-1", "us-west-2", "111111111111.dkr.ecr.eu-west-1.amazonaws.com/x", "nginx"),
            *("1.25.0", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01"),
        ]
    ),
)
MAYBE = st.none() | ODD
SUBNETS = st.lists(st.sampled_from(["subnet-a", "subnet-b", "subnet-gone"]), max_size=3).map(tuple)
CONTAINERS = st.builds(
    Container,
    name=ODD,
    image=ODD,
    log_driver=st.sampled_from([None, "awslogs"]),
    log_group=MAYBE,
    log_region=MAYBE,
    secrets=st.lists(st.builds(Secret, reference=ODD, purpose=ODD), max_size=2).map(tuple),
)
DEFINITIONS = st.builds(
    TaskDefinition,
    arn=ODD | st.just(definition().arn),
    containers=st.lists(CONTAINERS, max_size=2).map(tuple),
    file_systems=st.lists(ODD, max_size=2).map(tuple),
)
SERVICES = st.builds(
    EcsService,
    name=ODD,
    placements=st.lists(
        st.builds(
            placement,
            launch_type=st.sampled_from(LaunchType),
            task_definition=ODD | st.just(definition().arn),
            subnets=SUBNETS,
            groups=st.lists(ODD, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    service_connect=st.booleans(),
)
INSTANCES = st.builds(
    ContainerInstance,
    arn=ODD,
    instance=MAYBE,
    agent_version=MAYBE,
    agent_connected=st.booleans(),
    registered=MAYBE,
    subnet=st.none() | st.sampled_from(["subnet-a", "subnet-gone"]),
    managed=st.booleans(),
)
TARGETS = st.builds(
    MountTarget,
    id=ODD,
    file_system=ODD,
    subnet=ODD,
    az=st.sampled_from(["us-west-2a", "x"]),
    address=ODD,
    groups=st.lists(ODD, max_size=2).map(tuple),
)


def some(of: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...] | None]:
    """Return a part of a snapshot: up to three records, or unread."""
    return st.none() | st.lists(of, max_size=3).map(tuple)


@given(
    definitions=some(DEFINITIONS),
    services=some(SERVICES),
    instances=some(INSTANCES),
    targets=some(TARGETS),
    times=st.tuples(MAYBE, MAYBE, MAYBE, ODD),
)
def test_no_cluster_raises(
    definitions: object,
    services: object,
    instances: object,
    targets: object,
    times: tuple[str, ...],
) -> None:
    """A finding, or that it is not known, or nothing; each check has an id of its own."""
    three = ("ecs", "ecs-agent", "ecs-telemetry")
    made = (endpoint(each, created=time) for each, time in zip(three, times, strict=False))
    snapshot = running(
        endpoints=(*without(*three), *made),
        mount_targets=targets,
        taken=times[3],
        of_cluster={
            "task_definitions": definitions,
            "services": services,
            "instances": instances,
        },
    )
    sight = scene(snapshot, BOTH)
    told = {(each.code, each.subject) for each in run_audits(sight)}
    unknown = [(each.code, each.subject) for each in unseen(sight)]
    assert not told.intersection(unknown)
    assert len(unknown) == len(set(unknown)) or _twice(definitions)


def _twice(definitions: object) -> bool:
    """Return whether two task definitions have one name, which AWS does not allow."""
    names = [each.arn.rpartition("/")[2] for each in definitions or ()]  # type: ignore[attr-defined]
    return len(names) > len(set(names))
