"""Remedies for EFS: mount targets, and who may reach them."""

from collections.abc import Mapping

from pytest_ecs_privatelink.audits.commands import block, command, label, text, texts
from pytest_ecs_privatelink.topology.cluster import MountTarget
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.verdict import Remedy

_UNKNOWN_GROUP = "SECURITY_GROUP"


def mount_remedy(
    snapshot: Snapshot,
    file_system: str,
    zones: Mapping[str, Subnet],
    shut: Mapping[Subnet, MountTarget],
    targets: tuple[MountTarget, ...],
) -> Remedy:
    """Return what makes a mount target in each of ``zones`` and admits 2049 from ``shut`` subnets.

    New targets wear what the others wear.
    """
    groups = next((each.groups for each in targets if each.groups), (_UNKNOWN_GROUP,))
    made = [
        *(_target(snapshot, file_system, zones[zone], groups) for zone in sorted(zones)),
        *(
            _admission(snapshot, target.groups[0] if target.groups else _UNKNOWN_GROUP, subnet)
            for subnet, target in sorted(shut.items(), key=lambda pair: pair[0].id)
        ),
    ]
    return Remedy(
        tuple(line for each in made for line in each.cli),
        "\n".join(each.terraform for each in made),
    )


def _target(
    snapshot: Snapshot, file_system: str, subnet: Subnet, groups: tuple[str, ...]
) -> Remedy:
    create = command(
        *(snapshot.region, "efs", "create-mount-target", "--file-system-id", file_system),
        *("--subnet-id", subnet.id, "--security-groups", *groups),
    )
    return Remedy(
        (create,),
        block(
            "aws_efs_mount_target",
            label(subnet.az),
            file_system_id=text(file_system),
            subnet_id=text(subnet.id),
            security_groups=texts(groups),
        ),
    )


def _admission(snapshot: Snapshot, group: str, subnet: Subnet) -> Remedy:
    admit = command(
        *(snapshot.region, "ec2", "authorize-security-group-ingress", "--group-id", group),
        *("--protocol", "tcp", "--port", "2049", "--cidr", subnet.cidr),
    )
    return Remedy(
        (admit,),
        block(
            "aws_vpc_security_group_ingress_rule",
            label(f"nfs_{subnet.id}"),
            security_group_id=text(group),
            cidr_ipv4=text(subnet.cidr),
            ip_protocol=text("tcp"),
            from_port="2049",
            to_port="2049",
        ),
    )
