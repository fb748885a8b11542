"""Other ways to be right: VPCs that look unlike the lab's own, and are as healthy."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from rehearsals import Emulated, rehearse
from test_stories import behind_nat, https, hub_and_spoke, outside_rfc_1918

from pytest_ecs_privatelink.catalogue.services import layer_bucket, parse_service_name
from pytest_ecs_privatelink.lab.images import lab_image
from pytest_ecs_privatelink.lab.workload_edits import with_container, with_definition
from pytest_ecs_privatelink.lab.world import SUBNET_CIDRS, World
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.cluster import Secret
from pytest_ecs_privatelink.topology.lookup import s3_prefix_list
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    GroupRule,
    NetworkAcl,
    PrefixList,
    SecurityGroup,
    Snapshot,
)
from pytest_ecs_privatelink.topology.starting import parameters_of, pulls_of, secrets_of
from pytest_ecs_privatelink.verdict import CALLING_CLAIMS, PATH_CLAIMS

OWN_LIST = "pl-0123456789abcdef0"
RETURN_PORTS = (32768, 60999)  # net.ipv4.ip_local_port_range of Linux


def with_rules(
    snapshot: Snapshot, change: Callable[[SecurityGroup], SecurityGroup], *ids: str
) -> Snapshot:
    """Return the VPC with the groups of these ids changed."""
    groups = tuple(
        change(each) if each.id in ids else each for each in snapshot.security_groups or ()
    )
    return replace(snapshot, security_groups=groups)


def admitting(snapshot: Snapshot, world: World, *rules: GroupRule) -> Snapshot:
    """Return the VPC whose endpoints' group admits by ``rules`` alone."""
    return with_rules(snapshot, lambda group: replace(group, ingress=rules), world.endpoint_group)


def by_group_reference(snapshot: Snapshot, world: World) -> Snapshot:
    """Admit whoever wears the tasks' or the container instances' group."""
    worn = (*world.task_groups, *world.instance_groups)
    return admitting(snapshot, world, *(https(group=group) for group in worn))


def by_prefix_list(snapshot: Snapshot, world: World) -> Snapshot:
    """Admit the ranges of a list of one's own."""
    own = PrefixList(id=OWN_LIST, name="private", cidrs=tuple(SUBNET_CIDRS.values()))
    listed = replace(snapshot, prefix_lists=(*(snapshot.prefix_lists or ()), own))
    return admitting(listed, world, https(prefix_list=OWN_LIST))


def by_any_protocol(snapshot: Snapshot, world: World) -> Snapshot:
    """Admit all protocols, and let all out."""
    inward = GroupRule(protocol="-1", cidr="10.0.0.0/16")
    outward = GroupRule(protocol="-1", cidr="0.0.0.0/0")
    return with_rules(
        admitting(snapshot, world, inward),
        lambda group: replace(group, egress=(outward,)),
        *world.task_groups,
        *world.instance_groups,
    )


def by_halves_and_port_ranges(snapshot: Snapshot, world: World) -> Snapshot:
    """Admit each subnet in two halves, by port ranges that hold 443 among others."""
    halves = ("10.0.0.0/17", "10.0.128.0/17")
    rules = (GroupRule(protocol="6", from_port=400, to_port=500, cidr=cidr) for cidr in halves)
    return admitting(snapshot, world, *rules)


def with_tight_acls(snapshot: Snapshot, _: World) -> Snapshot:
    """Guard every subnet by an ACL that knows 443 and Linux's return ports, and nothing else."""
    s3 = s3_prefix_list(snapshot)
    assert s3 is not None
    ranges = ("10.0.0.0/16", *s3.cidrs)
    entries = [
        AclEntry(
            number=number + step,
            egress=egress,
            allow=True,
            protocol="6",
            cidr=cidr,
            from_port=ports[0],
            to_port=ports[1],
        )
        for step, cidr in enumerate(ranges)
        for number, egress, ports in (
            (100, True, (443, 443)),
            (200, False, RETURN_PORTS),
            (300, False, (443, 443)),
            (400, True, RETURN_PORTS),
        )
    ]
    acls = tuple(
        NetworkAcl(id=f"acl-{subnet.name}", entries=tuple(entries), subnets=(subnet.id,))
        for subnet in snapshot.subnets
    )
    return replace(snapshot, network_acls=acls)


def with_policies_by_wildcard(snapshot: Snapshot, _: World) -> Snapshot:
    """Give each endpoint a policy that allows by wildcards what ECS needs, and little else."""
    return replace(
        snapshot,
        endpoints=tuple(
            replace(each, policy=_policy(each.service_name, snapshot.region))
            for each in snapshot.endpoints
        ),
    )


def _policy(service_name: str, region: str) -> str:
    parsed = parse_service_name(service_name)
    assert parsed is not None
    actions, resource = {
        "s3": (["s3:Get*"], f"arn:aws:s3:::{layer_bucket(region)}/*"),
        "ecs-agent": (["ecs:P*"], "*"),
        "ecs-telemetry": (["ecs:*"], "*"),
    }.get(parsed.service, ([f"{parsed.service.partition('.')[0]}:*"], "*"))
    allow = {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": allow})


def beside_nat(snapshot: Snapshot, world: World) -> Snapshot:
    """Add a NAT gateway to complete endpoints: nothing of ECS's goes there."""
    return behind_nat(snapshot, world)


def with_a_secondary_range(snapshot: Snapshot, world: World) -> Snapshot:
    """Move private-c into a second range of the VPC's."""
    text = snapshots.to_text(snapshot).replace('"10.0.3.', '"100.64.3.')
    moved = snapshots.from_text(text, "moved")
    wide = replace(moved, vpc=replace(moved.vpc, cidrs=("10.0.0.0/16", "100.64.0.0/16")))
    return admitting(wide, world, *(https(cidr=cidr) for cidr in wide.vpc.cidrs))


def in_china(snapshot: Snapshot, _: World) -> Snapshot:
    """Move the VPC to cn-north-1, where ECR's endpoint services have a prefix of their own."""
    text = (
        snapshots.to_text(snapshot)
        .replace('"com.amazonaws.us-east-1.ecr', '"cn.com.amazonaws.us-east-1.ecr')
        .replace("us-east-1", "cn-north-1")
        .replace('amazonaws.com"', 'amazonaws.com.cn"')
        .replace("amazonaws.com/", "amazonaws.com.cn/")  # images
        .replace('"partition": "aws"', '"partition": "aws-cn"')  # ARNs stay what the cloud knows
    )
    return snapshots.from_text(text, "moved")


def pulling_by_digest_for_arm(snapshot: Snapshot, world: World) -> Snapshot:
    """Name the image of one task definition by its digest, and run it on Graviton."""
    (named,) = {pull.image for pull in pulls_of(snapshot)}
    by_digest = f"{named.rpartition(':')[0]}@{lab_image().index.digest}"
    return with_definition(
        with_container(snapshot, world, image=by_digest),
        world,
        lambda definition: replace(definition, architecture="ARM64"),
    )


def naming_secrets_by_stage_and_name(snapshot: Snapshot, world: World) -> Snapshot:
    """Refer to the secret's current version by its stage, and to the parameter by its bare name."""
    (secret,), (parameter,) = secrets_of(snapshot), parameters_of(snapshot)
    references = (f"{secret}::AWSCURRENT:", f"/{parameter.partition(':parameter/')[2]}")
    return with_container(
        snapshot, world, secrets=tuple(Secret(reference=each) for each in references)
    )


def logging_to_a_group_that_tasks_make(snapshot: Snapshot, world: World) -> Snapshot:
    """Have tasks create their group by awslogs-create-group where it is there already."""
    return with_container(snapshot, world, log_create_group=True)


VARIANTS = (
    by_group_reference,
    by_prefix_list,
    by_any_protocol,
    by_halves_and_port_ranges,
    with_tight_acls,
    with_policies_by_wildcard,
    beside_nat,
    outside_rfc_1918,
    with_a_secondary_range,
    in_china,
    hub_and_spoke,
    pulling_by_digest_for_arm,
    naming_secrets_by_stage_and_name,
    logging_to_a_group_that_tasks_make,
)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.__name__)
def test_what_is_right_in_another_way_stays_green(
    emulated: Emulated, variant: Callable[[Snapshot, World], Snapshot]
) -> None:
    """Every cell passes on real packets, and no audit holds anything against it."""
    world = emulated.world

    judged = rehearse(
        variant(emulated.snapshot, world),
        groups=world.task_groups,
        instance_groups=world.instance_groups,
        cloud=emulated.socket,
    )

    assert {claim for claim, _, _ in judged.checks} == {*PATH_CLAIMS, *CALLING_CLAIMS}
    assert judged.not_passed == {}
    assert judged.plan.findings == ()
