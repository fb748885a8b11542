"""Faults of what runs: Regions, and what task definitions reach for.

All are edits of the snapshot: `workload_edits` says what the emulator's API cannot express. Nor has
it Regions of their own: a world is in another one by its names.
"""

from dataclasses import replace
from functools import partial

from pytest_ecs_privatelink.lab import workload_edits as edits
from pytest_ecs_privatelink.lab.expectations import tasks, unresolved
from pytest_ecs_privatelink.lab.faults.fault import Edit, Fault
from pytest_ecs_privatelink.lab.world import IN_ORDER, World
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.cluster import Container, MountTarget, Secret, TaskDefinition
from pytest_ecs_privatelink.topology.model import GroupRule, SecurityGroup, Snapshot
from pytest_ecs_privatelink.verdict import Code, LaunchType, Verdict

NEW_REGION = "ca-west-1"
"""The page's own example of a Region introduced since December 2023 (R1)."""
FAR_REGION = "eu-west-1"
SIDECAR = "docker.io/library/nginx:1.27"
FILE_SYSTEM = "fs-0123456789abcdef0"
_MOUNT_GROUP = "sg-0123456789abcdef0"


def _in_a_new_region(snapshot: Snapshot, _: World) -> Snapshot:
    text = snapshots.to_text(edits.without(snapshot, *IN_ORDER))
    return snapshots.from_text(text.replace(snapshot.region, NEW_REGION), NEW_REGION)


def _meshed(snapshot: Snapshot, world: World) -> Snapshot:
    return edits.with_services(edits.without(snapshot, "ecs-agent"), world, service_connect=True)


def _far_image(snapshot: Snapshot, world: World) -> Snapshot:
    return edits.with_container(snapshot, world, image=edits.image(snapshot, FAR_REGION))


def _far_secret(snapshot: Snapshot, world: World) -> Snapshot:
    reference = edits.secret(snapshot, FAR_REGION)
    return edits.with_container(snapshot, world, secrets=(Secret(reference=reference),))


def _with_sidecar(snapshot: Snapshot, world: World) -> Snapshot:
    def add(definition: TaskDefinition) -> TaskDefinition:
        proxy = Container(name="proxy", image=SIDECAR)
        return replace(definition, containers=(*definition.containers, proxy))

    return edits.with_definition(snapshot, world, add)


def _mounted_in_two_zones(snapshot: Snapshot, world: World) -> Snapshot:
    """Give tasks a file system with mount targets for the first two zones only."""
    nfs = GroupRule(protocol="tcp", from_port=2049, to_port=2049, cidr=snapshot.vpc.cidrs[0])
    group = SecurityGroup(
        id=_MOUNT_GROUP, vpc=world.vpc_id, name="mounts", ingress=(nfs,), egress=()
    )
    mounting = edits.with_definition(
        snapshot, world, lambda definition: replace(definition, file_systems=(FILE_SYSTEM,))
    )
    targets = tuple(
        MountTarget(
            id=f"fsmt-0123456789abcdef{at}",
            file_system=FILE_SYSTEM,
            subnet=subnet.id,
            az=subnet.az,
            address=f"{subnet.cidr.rpartition('.')[0]}.200",
            groups=(_MOUNT_GROUP,),
        )
        for at, subnet in enumerate(sorted(snapshot.subnets, key=lambda each: each.az)[:2])
    )
    groups = (*(snapshot.security_groups or ()), group)
    return replace(mounting, mount_targets=targets, security_groups=groups)


def _broken(code: Code, summary: str, edit: Edit) -> Fault:
    return Fault(name=str(code), code=code, summary=summary, edit=edit, findings=(code,))


FAULTS = (
    Fault(
        name="ecs-endpoints-incomplete",
        code=Code.ECS_ENDPOINTS_INCOMPLETE,
        summary=f"the world is in {NEW_REGION}, without the three ecs endpoints, and no way out",
        edit=_in_a_new_region,
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, *IN_ORDER),
        findings=(Code.ENDPOINT_MISSING, Code.ECS_ENDPOINTS_INCOMPLETE),
    ),
    Fault(
        name="service-connect-public",
        code=Code.SERVICE_CONNECT_PUBLIC,
        summary="Service Connect without an endpoint for ecs-agent, and no way out",
        edit=_meshed,
        expected=(
            *unresolved(Code.DNS_PUBLIC_ANSWER, "ecs-agent"),
            # Which Fargate tasks need in a mesh.
            *tasks(Verdict.FAILED, LaunchType.FARGATE, code=Code.DNS_PUBLIC_ANSWER),
        ),
        findings=(Code.SERVICE_CONNECT_PUBLIC,),
    ),
    _broken(
        Code.CROSS_REGION_IMAGE, f"a task definition's image is in {FAR_REGION}'s ECR", _far_image
    ),
    _broken(
        Code.CROSS_REGION_LOGS,
        f"a task definition's awslogs-region is {FAR_REGION}",
        partial(edits.with_container, log_region=FAR_REGION),
    ),
    _broken(Code.CROSS_REGION_SECRET, f"a task definition's secret is {FAR_REGION}'s", _far_secret),
    _broken(
        Code.IMAGE_REGISTRY_PUBLIC,
        "a sidecar's image is from Docker Hub, and no way out",
        _with_sidecar,
    ),
    _broken(
        Code.EFS_MOUNT_UNREACHABLE,
        "a task definition's file system has no mount target in private-c's zone",
        _mounted_in_two_zones,
    ),
)
