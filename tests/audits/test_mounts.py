"""The audit of EFS file systems that tasks cannot mount."""

import ipaddress
from dataclasses import replace
from typing import Any

import pytest
from audit_clusters import definition, placement, refused, running
from audit_worlds import (
    BOTH,
    DEFAULT_GROUP,
    EC2,
    ENDPOINT_GROUP,
    FARGATE,
    PRIVATE,
    VPC,
    heads,
    scene,
)
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.topology.cluster import EcsService, MountTarget
from pytest_ecs_privatelink.topology.model import (
    GroupRule,
    PrefixList,
    SecurityGroup,
    Snapshot,
    Subnet,
)
from pytest_ecs_privatelink.verdict import Code, LaunchType, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.EFS_MOUNT_UNREACHABLE


def nfs(**peer: str) -> GroupRule:
    """Return a rule for TCP 2049 with one peer."""
    return GroupRule(protocol="tcp", from_port=2049, to_port=2049, **peer)


def group(*ingress: GroupRule, id_: str = "sg-nfs") -> SecurityGroup:
    """Return a group of mount targets."""
    return SecurityGroup(id=id_, vpc=VPC, name=id_, ingress=ingress, egress=())


def target(zone: str, *groups: str) -> MountTarget:
    """Return fs-1's mount target in the zone of private subnet ``zone``."""
    return MountTarget(
        id=f"fsmt-{zone}",
        file_system="fs-1",
        subnet=f"subnet-{zone}",
        az=f"us-west-2{zone}",
        address="10.0.0.99",
        groups=groups or ("sg-nfs",),
    )


EVERYWHERE = tuple(map(target, "abc"))
OPEN = group(nfs(cidr="10.0.0.0/16"))


def mounting(
    admitting: SecurityGroup = OPEN,
    targets: tuple[MountTarget, ...] | None = EVERYWHERE,
    as_: tuple[LaunchType, ...] = FARGATE,
    **changes: Any,  # noqa: ANN401 fields of Snapshot
) -> Snapshot:
    """Return a VPC in which web:3 mounts fs-1."""
    service = EcsService(name="web", placements=tuple(placement(launch_type=kind) for kind in as_))
    fields: dict[str, Any] = {
        "of_cluster": {"services": (service,)},
        "security_groups": (DEFAULT_GROUP, ENDPOINT_GROUP, admitting),
        "mount_targets": targets,
    }
    return running(definition(file_systems=("fs-1",)), **(fields | changes))


def wearing(snapshot: Snapshot, hosts: tuple[str, ...] | None = None) -> Scene:
    """Set the scene; ``hosts`` is what container instances wear."""
    return replace(scene(snapshot, BOTH), wearers={LaunchType.EC2: hosts})


def unknown(sight: Scene) -> tuple[Unseen, ...]:
    """Return what this audit could not judge."""
    return tuple(each for each in unseen(sight) if each.code is CODE)


@pytest.mark.parametrize(
    ("rules", "severity"),
    [
        ((nfs(cidr="10.0.0.0/16"),), None),
        (tuple(nfs(cidr=each.cidr) for each in PRIVATE), None),
        ((nfs(group="sg-tasks"),), None),
        ((nfs(prefix_list="pl-1"),), None),
        ((GroupRule(protocol="-1", cidr="0.0.0.0/0"),), None),
        ((GroupRule(protocol="6", from_port=2000, to_port=3000, cidr="10.0.0.0/8"),), None),
        ((), E),
        ((nfs(cidr="10.0.0.0/24"),), E),
        ((nfs(group="sg-other"),), E),
        ((nfs(prefix_list="pl-gone"),), E),
        ((nfs(cidr="::/0"),), E),
        ((GroupRule(protocol="udp", from_port=2049, to_port=2049, cidr="0.0.0.0/0"),), E),
        ((GroupRule(protocol="tcp", from_port=443, to_port=443, cidr="0.0.0.0/0"),), E),
        ((nfs(cidr="10.0.0.0/25"), nfs(cidr="10.0.1.0/24"), nfs(cidr="10.0.2.0/24")), W),
    ],
)
def test_a_mount_target_must_admit_2049_from_its_zone(
    rules: tuple[GroupRule, ...], severity: Severity | None
) -> None:
    """All of the subnet, or what tasks wear; a part of it is a warning."""
    lists = (PrefixList(id="pl-1", name="nets", cidrs=("10.0.0.0/8",)),)
    found = run_audits(wearing(mounting(group(*rules), prefix_lists=lists)))
    assert heads(found) == ([(CODE, severity, "fs-1")] if severity else [])


@pytest.mark.parametrize(
    ("zones", "missing"),
    [("abc", ""), ("ab", "us-west-2c"), ("", "us-west-2a, us-west-2b, us-west-2c")],
)
def test_each_zone_in_use_wants_a_mount_target(zones: str, missing: str) -> None:
    """Tasks mount in their own zone."""
    found = run_audits(wearing(mounting(targets=tuple(map(target, zones)))))
    told = [f"there is no mount target in {missing}"] if missing else []
    assert [each.observed for each in found] == told


def test_a_zone_that_no_task_is_in_wants_none() -> None:
    """The ECS service's subnets decide, not all that are under test."""
    service = EcsService(name="web", placements=(placement(subnets=("subnet-a",)),))
    snapshot = mounting(targets=(target("a"),), of_cluster={"services": (service,)})
    assert run_audits(wearing(snapshot)) == ()


def test_another_file_systems_mount_target_serves_nobody_else() -> None:
    """It is by file system."""
    other = tuple(replace(each, file_system="fs-2") for each in EVERYWHERE)
    assert heads(run_audits(wearing(mounting(targets=other)))) == [(CODE, E, "fs-1")]


def test_one_line_names_the_cause_and_what_mends_it() -> None:
    """New targets wear what the others wear; each subnet is admitted by its range."""
    narrow = group(nfs(cidr="10.0.0.0/24"))
    (finding,) = run_audits(wearing(mounting(narrow, tuple(map(target, "ab")))))
    assert finding.summary == (
        "web:3 cannot mount fs-1 from everywhere: there is no mount target in us-west-2c; "
        "sg-nfs of fsmt-b does not admit TCP 2049 from private-b"
    )
    assert finding.expected == (
        "a mount target in each zone in use, which admits TCP 2049 from its tasks"
    )
    assert finding.observed == (
        "there is no mount target in us-west-2c; "
        "sg-nfs of fsmt-b does not admit TCP 2049 from private-b"
    )
    assert finding.launch_types == FARGATE
    assert finding.blocks == ()
    assert finding.remedy.cli == (
        "aws efs create-mount-target --region us-west-2 --file-system-id fs-1"
        " --subnet-id subnet-c --security-groups sg-nfs",
        "aws ec2 authorize-security-group-ingress --region us-west-2 --group-id sg-nfs"
        " --protocol tcp --port 2049 --cidr 10.0.1.0/24",
    )
    assert finding.remedy.terraform == (
        'resource "aws_efs_mount_target" "us_west_2c" {\n'
        '  file_system_id  = "fs-1"\n'
        '  subnet_id       = "subnet-c"\n'
        '  security_groups = ["sg-nfs"]\n'
        "}\n"
        'resource "aws_vpc_security_group_ingress_rule" "nfs_subnet_b" {\n'
        '  security_group_id = "sg-nfs"\n'
        '  cidr_ipv4         = "10.0.1.0/24"\n'
        '  ip_protocol       = "tcp"\n'
        "  from_port         = 2049\n"
        "  to_port           = 2049\n"
        "}"
    )
    assert finding.reference == "https://docs.aws.amazon.com/efs/latest/ug/network-access.html"


def test_a_part_of_a_subnet_is_said_to_be_one() -> None:
    """It depends on the address that a task gets."""
    half = (nfs(cidr=cidr) for cidr in ("10.0.0.0/25", "10.0.1.0/24", "10.0.2.0/24"))
    (finding,) = run_audits(wearing(mounting(group(*half))))
    assert finding.observed == "sg-nfs of fsmt-a admits TCP 2049 only from a part of private-a"


def test_without_any_mount_target_the_group_stays_a_word() -> None:
    """Nobody can know what they should wear."""
    (finding,) = run_audits(wearing(mounting(targets=())))
    assert finding.remedy.cli[0].endswith("--subnet-id subnet-a --security-groups SECURITY_GROUP")


def test_fargate_without_groups_wears_the_default_one() -> None:
    """That is what ECS gives its tasks."""
    service = EcsService(name="web", placements=(placement(groups=()),))
    admits = group(nfs(group="sg-default"))
    assert run_audits(wearing(mounting(admits, of_cluster={"services": (service,)}))) == ()


@pytest.mark.parametrize(
    ("hosts", "found", "reason"),
    [
        (("sg-hosts",), [], None),
        (("sg-tasks",), [(CODE, E, "fs-1")], None),
        (None, [], "admits members of sg-hosts: nobody knows who mounts"),
    ],
)
def test_on_ec2_the_container_instance_mounts(
    hosts: tuple[str, ...] | None, found: list[object], reason: str | None
) -> None:
    """Its groups count; where nobody knows them nobody can tell."""
    sight = wearing(mounting(group(nfs(group="sg-hosts")), as_=EC2), hosts)
    assert heads(run_audits(sight)) == found
    told = [each.reason for each in unseen(sight) if each.code is CODE]
    assert told == (["; ".join(f"fsmt-{zone} {reason}" for zone in "abc")] if reason else [])


def test_mount_targets_that_could_not_be_read_leave_it_unknown() -> None:
    """Never green, and the missing permission is named; no file system, no question."""
    denied = refused("mount_targets", "elasticfilesystem:DescribeMountTargets")
    snapshot = mounting(targets=None, unreadable=denied)
    assert unknown(wearing(snapshot)) == (
        Unseen(
            code=CODE,
            subject="prod",
            reason="mount targets could not be read: missing permission "
            "elasticfilesystem:DescribeMountTargets",
            permissions=("elasticfilesystem:DescribeMountTargets",),
        ),
    )
    assert unknown(wearing(running(mount_targets=None, unreadable=denied))) == ()


def test_groups_that_could_not_be_read_leave_it_unknown() -> None:
    """What they admit decides."""
    denied = refused("security_groups", "ec2:DescribeSecurityGroups")
    (told,) = (
        each
        for each in unseen(wearing(mounting(security_groups=None, unreadable=denied)))
        if each.code is CODE
    )
    assert told.reason == (
        "security groups could not be read: missing permission ec2:DescribeSecurityGroups"
    )


def test_a_group_of_another_account_leaves_it_unknown() -> None:
    """It is not for this account to see."""
    targets = tuple(target(zone, "sg-far") for zone in "abc")
    sight = wearing(mounting(targets=targets))
    assert run_audits(sight) == ()
    assert [each.reason for each in unknown(sight)] == [
        "; ".join(
            f"the groups of mount target fsmt-{zone} are not in the snapshot" for zone in "abc"
        )
    ]


@given(
    st.lists(
        st.tuples(st.integers(0, 255), st.sampled_from([22, 23, 24, 25, 26, 30, 32])), max_size=6
    )
)
def test_what_is_admitted_is_what_the_rules_cover(rules: list[tuple[int, int]]) -> None:
    """Address by address, the audit and the rules agree on a /24."""
    networks = [
        ipaddress.ip_network(f"10.0.0.{host}/{length}", strict=False) for host, length in rules
    ]
    zone_a: tuple[Subnet, ...] = PRIVATE[:1]
    service = EcsService(name="web", placements=(placement(subnets=("subnet-a",)),))
    admitting = group(*(nfs(cidr=str(network)) for network in networks))
    snapshot = mounting(admitting, (target("a"),), of_cluster={"services": (service,)})
    severities = [each.severity for each in run_audits(scene(snapshot, FARGATE, subnets=zone_a))]
    covered = {
        any(address in network for network in networks)
        for address in ipaddress.ip_network("10.0.0.0/24")
    }
    assert severities == {frozenset({True}): [], frozenset({False}): [E]}.get(
        frozenset(covered), [W]
    )
