"""Which needed endpoint services lack an endpoint, where, and how much that matters."""

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.elsewhere import may_answer, unread_permissions
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.audits.unread import permission_for
from pytest_ecs_privatelink.audits.wording import named, ways_out
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES, ServiceName, host_names
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.lookup import aws_endpoints, default_group
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot, Subnet
from pytest_ecs_privatelink.topology.public_address import none_public
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Severity

_PUBLIC = frozenset({Egress.NAT, Egress.IGW})
# Snapshot fields that decide about a subnet's way out, and the IAM action that reading them takes.
_WAYS_OUT = (
    ("route_tables", "ec2:DescribeRouteTables"),
    ("nat_gateways", "ec2:DescribeNatGateways"),
    ("internet_gateways", "ec2:DescribeInternetGateways"),
    ("block_public_access", "ec2:DescribeVpcBlockPublicAccessOptions"),
)
# A peering connection forwards to the peer's CIDRs only, never on to the internet
# (docs.aws.amazon.com/vpc/latest/peering/vpc-peering-basics.html).
_SHUT = frozenset({Egress.NONE, Egress.PEERING})


@dataclass(frozen=True, slots=True)
class Lack:
    """Subnets that miss a service in the same way, with the same weight."""

    code: Code
    severity: Severity
    subnets: tuple[Subnet, ...]


@dataclass(frozen=True, slots=True)
class Hidden:
    """Why something cannot be seen; ``permissions`` are the IAM actions that would show it."""

    reason: str
    permissions: tuple[str, ...] = ()


def elsewhere(scene: Scene, service: str) -> str | None:
    """Return what else may answer for the names of ``service``, or None where it lacks one."""
    answers = [
        may_answer(scene.snapshot, host)
        for host in host_names(service, scene.snapshot.region, scene.registries)
    ]
    return answers[0] if all(answers) else None


def hidden(snapshot: Snapshot) -> Hidden | None:
    """Return why an endpoint that is not seen may exist, or another answer for it, or None."""
    if (blind := hidden_endpoints(snapshot)) is not None:
        return blind
    if missing := unread_permissions(snapshot):
        reason = "who else answers for it could not be read: missing permission "
        return Hidden(reason + ", ".join(missing), missing)
    return None


def hidden_endpoints(snapshot: Snapshot) -> Hidden | None:
    """Return why endpoints may exist that this account does not see, or None."""
    if shared := _shared(snapshot):
        return Hidden(shared)
    if _owner_unknown(snapshot):
        permission = permission_for(snapshot, "security_groups", "ec2:DescribeSecurityGroups")
        return Hidden(
            "whether this account owns the VPC, and so sees its endpoints, could not be read: "
            f"missing permission {permission}",
            (permission,),
        )
    return None


def _shared(snapshot: Snapshot) -> str | None:
    """Return why this account sees the VPC as a participant only, or None where it is the owner.

    Participants use the owner's endpoints, but see none of the owner's resources
    (docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html). The reader takes the VPC's owner
    for the account, so the default security group has to tell: every VPC has one, and only its
    owner sees it.
    """
    owner = snapshot.vpc.owner
    foreign = snapshot.account not in ("", owner)
    blind = snapshot.security_groups is not None and default_group(snapshot) is None
    if foreign or (blind and not snapshot.emulated):
        return f"the VPC is shared by account {owner}, which alone sees its endpoints"
    return None


def _owner_unknown(snapshot: Snapshot) -> bool:
    """Return whether nothing tells an owner from a participant: an endpoint would (see `_shared`).

    Participants cannot describe endpoints (docs.aws.amazon.com/vpc/latest/privatelink/
    create-interface-endpoint.html, "Shared subnets").
    """
    unread = snapshot.security_groups is None and not snapshot.emulated
    return unread and not snapshot.endpoints


def lacks(scene: Scene, requirement: Requirement) -> tuple[Lack, ...]:
    """Return where a service without endpoint is missed, the gravest first."""
    groups: dict[tuple[Severity, Code], list[Subnet]] = {}
    for subnet in scene.subnets:
        groups.setdefault(_weight(scene, requirement, subnet), []).append(subnet)
    return tuple(
        Lack(code, severity, tuple(subnets)) for (severity, code), subnets in sorted(groups.items())
    )


def weighed_blindly(scene: Scene, found: tuple[Lack, ...]) -> Hidden | None:
    """Return why nobody can say how grave ``found`` is, or None: ways out that were not read."""
    subnets = [subnet for lack in found for subnet in lack.subnets]
    grave = any(lack.severity is Severity.ERROR for lack in found)
    if grave or all(scene.egress[subnet.id] is not Egress.UNKNOWN for subnet in subnets):
        return None
    missing = tuple(
        permission_for(scene.snapshot, part, permission)
        for part, permission in _WAYS_OUT
        if getattr(scene.snapshot, part) is None
    )
    if not missing:
        return None
    reason = "it has none, and whether that is grave depends on ways out that could not be read: "
    return Hidden(f"{reason}missing permission {', '.join(missing)}", missing)


def weigh(scene: Scene, subnets: tuple[Subnet, ...]) -> Lack:
    """Return how grave it is where ``subnets`` need something that no endpoint serves.

    Where some of them have no way out, these alone are named: they are what breaks.
    """
    shut = tuple(subnet for subnet in subnets if is_shut(scene, subnet))
    if shut or scene.require_private:
        return Lack(Code.ENDPOINT_MISSING, Severity.ERROR, shut or subnets)
    public = all(scene.egress[subnet.id] in _PUBLIC for subnet in subnets)
    code = Code.ENDPOINT_MISSING_PUBLIC_PATH if public else Code.ENDPOINT_MISSING
    return Lack(code, Severity.WARNING, subnets)


def _weight(scene: Scene, requirement: Requirement, subnet: Subnet) -> tuple[Severity, Code]:
    gateway = SERVICES[requirement.service].gateway
    missing = Code.S3_GATEWAY_MISSING if gateway else Code.ENDPOINT_MISSING
    egress = scene.egress[subnet.id]
    if scene.require_private and requirement.need is not Need.POSSIBLE:
        return Severity.ERROR, missing
    shut = is_shut(scene, subnet)
    if egress in _PUBLIC and not shut:
        return Severity.WARNING, Code.ENDPOINT_MISSING_PUBLIC_PATH
    if shut and requirement.need is not Need.POSSIBLE:
        return Severity.ERROR, missing
    return Severity.WARNING, missing


def unjudged(scene: Scene, requirement: Requirement, found: tuple[Lack, ...]) -> Hidden | None:
    """Return why the absence of the requirement's endpoint cannot be judged, or None."""
    if other := elsewhere(scene, requirement.service):
        return Hidden(f"{other} may answer for it: only probing can tell")
    blind = None if requirement.need is Need.POSSIBLE else weighed_blindly(scene, found)
    return hidden(scene.snapshot) or blind


def consequence(scene: Scene, lack: Lack) -> str:
    """Return what the lack means for its subnets, as a clause."""
    where, ways = named(lack.subnets), ways_out(scene, lack.subnets)
    egress = {scene.egress[subnet.id] for subnet in lack.subnets}
    if lack.code is Code.ENDPOINT_MISSING_PUBLIC_PATH:
        only = " (there, tasks need assignPublicIp)" if Egress.IGW in egress else ""
        return f"{where} can reach it only through {ways}{only}, off the private path"
    if all(is_shut(scene, subnet) for subnet in lack.subnets):
        private = " (no task seen there has the public address that an internet gateway takes)"
        return f"there is no other way out of {where}{private if Egress.IGW in egress else ''}"
    if lack.severity is Severity.ERROR:
        return f"--ecs-require-private accepts no other way out of {where}"
    return f"what lies beyond {ways} is not visible from {where}"


def foreign(scene: Scene, service: str) -> tuple[tuple[Endpoint, ServiceName], ...]:
    """Return the endpoints for ``service`` of other Regions, but those that AWS offers across."""
    return tuple(
        (endpoint, name)
        for endpoint, name in aws_endpoints(scene.snapshot)
        if name.service == service
        and name.region not in (scene.snapshot.region, None)
        and not (SERVICES[service].cross_region and endpoint.service_region == name.region)
    )


def is_shut(scene: Scene, subnet: Subnet) -> bool:
    """Return whether nothing leads out of ``subnet``.

    An internet gateway counts only for interfaces with a public address. Where no task is seen
    nobody knows: with Fargate the ECS service's assignPublicIp decides, not the subnet.
    """
    egress = scene.egress[subnet.id]
    return egress in _SHUT or (egress is Egress.IGW and none_public(scene.snapshot, subnet.id))


def cells(requirement: Requirement | None, subnets: Iterable[Subnet]) -> tuple[Cell, ...]:
    """Return the cells of a service in ``subnets``; a need without endpoint may have none."""
    if requirement is None:
        return ()
    return tuple(
        Cell(claim, subnet.id, requirement.service)
        for subnet in sorted(subnets, key=lambda each: each.id)
        for claim in PATH_CLAIMS
    )
